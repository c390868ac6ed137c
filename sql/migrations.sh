#!/bin/sh
# Turn the numbered migrations into a C table: migrations.sh FILE.sql ...
# The first file brings an empty database to version 1, the next one to 2.
set -eu

cat <<'END'
/* Generated from sql/sqlite by sql/migrations.sh. */

#include "lib.h"
#include "geotrip-migrations.h"

const char *const geotrip_migrations[] = {
END
for file; do
	printf '\t/* %s */\n' "${file##*/}"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/\t"/' -e 's/$/\\n"/' \
		"$file"
	printf '\t,\n'
done
cat <<'END'
	NULL
};
END
