/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Identifies the database and the version of its schema, and migrates older
   versions. */

#include "lib.h"
#include "geotrip-migrations.h"
#include "geotrip-store-sqlite.h"

static unsigned int schema_version(void)
{
	unsigned int count = 0;

	while (geotrip_migrations[count] != NULL)
		count++;
	return count;
}

int geotrip_sqlite_check_id(struct geotrip_store *store, const char **error_r)
{
	static const char sql_id[] = "PRAGMA application_id";
	static const char sql_tables[] = "SELECT count(*) FROM sqlite_schema";
	int64_t id, tables;

	if (geotrip_sqlite_get_int(store, sql_id, &id, error_r) < 0 ||
	    geotrip_sqlite_get_int(store, sql_tables, &tables, error_r) < 0)
		return -1;
	if (id == GEOTRIP_SQLITE_APPLICATION_ID)
		return 0;
	if (id != 0 || tables > 0)
		return geotrip_sqlite_refuse(store, FALSE, error_r);
	/* another process may be creating it just now */
	return store->set.create ? 0 :
		geotrip_sqlite_refuse(store, TRUE, error_r);
}

/* Get the version of the schema. Versions newer than this code are refused. */
static int
store_get_version(struct geotrip_store *store, int64_t *version_r,
		  const char **error_r)
{
	static const char sql[] = "PRAGMA user_version";

	if (geotrip_sqlite_get_int(store, sql, version_r, error_r) < 0)
		return -1;
	if (*version_r < 0) {
		*error_r = geotrip_sqlite_error(store, SQLITE_CORRUPT);
		return -1;
	}
	if (*version_r > schema_version()) {
		*error_r = t_strdup_printf(
			"Database geotrip_db=%s: has version %"PRId64" of "
			"the schema, but this geotrip knows only versions up "
			"to %u. Install the newer geotrip again, or set "
			"another file name",
			store->set.path, *version_r, schema_version());
		return -1;
	}
	return 0;
}

static int
store_migrate_from(struct geotrip_store *store, int64_t version,
		   const char **error_r)
{
	for (; geotrip_migrations[version] != NULL; version++) {
		if (geotrip_sqlite_exec(store, geotrip_migrations[version],
					error_r) < 0)
			return -1;
	}
	return geotrip_sqlite_exec(store, t_strdup_printf(
		"PRAGMA application_id = %d; PRAGMA user_version = %"PRId64,
		GEOTRIP_SQLITE_APPLICATION_ID, version), error_r);
}

int geotrip_sqlite_migrate(struct geotrip_store *store, const char **error_r)
{
	int64_t version;

	if (store_get_version(store, &version, error_r) < 0)
		return -1;
	if (version == schema_version())
		return 0;
	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	/* another process may have migrated it while we waited for the lock */
	if (store_get_version(store, &version, error_r) < 0 ||
	    store_migrate_from(store, version, error_r) < 0) {
		geotrip_sqlite_rollback(store);
		return -1;
	}
	if (geotrip_sqlite_commit(store, error_r) < 0)
		return -1;
	store->created = version == 0;
	return 0;
}
