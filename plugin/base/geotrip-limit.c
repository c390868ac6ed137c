/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Parsing of limits. */

#include "lib.h"
#include "array.h"
#include "strnum.h"
#include "geotrip-common.h"
#include "geotrip-compat.h"
#include "geotrip-limit.h"

int geotrip_limit_parse(pool_t pool, const char *text,
			struct geotrip_limit *limit_r, const char **error_r)
{
	const char *const *words = t_strsplit_spaces(text, " \t");
	unsigned int length = str_array_length(words), secs;
	const char *error;

	i_zero(limit_r);
	limit_r->text = p_strdup(pool, text);
	if (length == 1 && strcmp(words[0], "0") == 0)
		return 0;
	if (length < 3 || strcmp(words[1], "in") != 0 ||
	    str_to_uint(words[0], &limit_r->count) < 0 ||
	    limit_r->count == 0 || limit_r->count > INT_MAX ||
	    geotrip_parse_time(t_strarray_join(words + 2, " "), &secs,
			       &error) < 0 || secs == 0) {
		*error_r = t_strdup_printf(
			"\"%s\" must be <number> in <time>, for example "
			"\"100 in 1h\", or 0", geotrip_escape(text));
		return -1;
	}
	limit_r->window = GEOTRIP_USECS(secs);
	return 0;
}
