/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Users and their ids. */

#include "lib.h"
#include "geotrip-store-sqlite.h"

int geotrip_sqlite_find_user(struct geotrip_store *store, const char *name,
			     int64_t *id_r, const char **error_r)
{
	static const char sql[] = "SELECT id FROM user WHERE name = ?1";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, name);
	ret = geotrip_sqlite_step(store, stmt, error_r);
	if (ret > 0) {
		*id_r = sqlite3_column_int64(stmt, 0);
		(void)sqlite3_reset(stmt);
	}
	return ret;
}

int geotrip_sqlite_make_user(struct geotrip_store *store, const char *name,
			     int64_t *id_r, const char **error_r)
{
	static const char sql[] = "INSERT INTO user (name) VALUES (?1)";
	sqlite3_stmt *stmt;
	int ret;

	ret = geotrip_sqlite_find_user(store, name, id_r, error_r);
	if (ret != 0)
		return ret < 0 ? -1 : 0;

	stmt = geotrip_sqlite_stmt(store, sql, error_r);
	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, name);
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	*id_r = sqlite3_last_insert_rowid(store->db);
	return 0;
}

int geotrip_store_user_exists(struct geotrip_store *store, const char *user,
			      const char **error_r)
{
	int64_t id;

	return geotrip_sqlite_find_user(store, user, &id, error_r);
}
