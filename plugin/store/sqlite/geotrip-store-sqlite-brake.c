/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The brakes: which are active, and how they begin and end. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite.h"

int geotrip_store_brakes(struct geotrip_store *store, pool_t pool,
			 ARRAY_TYPE(geotrip_brake) *brakes,
			 const char **error_r)
{
	static const char sql[] =
		"SELECT id, since, domain, max, over_at FROM brake "
		"WHERE ended_at IS NULL ORDER BY domain IS NOT NULL, id";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	struct geotrip_brake *brake;
	int ret;

	if (stmt == NULL)
		return -1;
	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		brake = array_append_space(brakes);
		brake->id = sqlite3_column_int64(stmt, 0);
		brake->since = sqlite3_column_int64(stmt, 1);
		brake->domain = geotrip_sqlite_text(pool, stmt, 2);
		brake->max = geotrip_sqlite_text(pool, stmt, 3);
		brake->over_at = sqlite3_column_int64(stmt, 4);
	}
	return ret;
}

static int
queue_message(struct geotrip_store *store, int64_t brake_id, int64_t time,
	      const char **error_r)
{
	static const char sql[] =
		"INSERT INTO notice (brake_id, kind, next_attempt) "
		"VALUES (?1, ?2, ?3)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, brake_id);
	geotrip_sqlite_bind_text(stmt, 2, geotrip_notice_kind_name(
		GEOTRIP_NOTICE_BRAKE));
	(void)sqlite3_bind_int64(stmt, 3, time);
	return geotrip_sqlite_run(store, stmt, error_r);
}

/* Returns 1, 0 if it is active already, -1 with an error. */
static int
begin_brake(struct geotrip_store *store, const char *domain, const char *max,
	    int64_t now, bool tell_admin, const char **error_r)
{
	static const char sql[] =
		"INSERT INTO brake (since, max, over_at, domain) "
		"VALUES (?1, ?2, ?1, ?3) ON CONFLICT DO NOTHING";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, now);
	geotrip_sqlite_bind_text(stmt, 2, max);
	geotrip_sqlite_bind_text(stmt, 3, domain);
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	if (sqlite3_changes(store->db) == 0)
		return 0;
	if (tell_admin &&
	    queue_message(store, sqlite3_last_insert_rowid(store->db), now,
			  error_r) < 0)
		return -1;
	return 1;
}

int geotrip_store_brake_begin(struct geotrip_store *store, const char *domain,
			      const char *max, int64_t now, bool tell_admin,
			      const char **error_r)
{
	int ret;

	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	ret = begin_brake(store, domain, max, now, tell_admin, error_r);
	if (ret <= 0) {
		geotrip_sqlite_rollback(store);
		return ret;
	}
	return geotrip_sqlite_commit(store, error_r) < 0 ? -1 : 1;
}

int geotrip_store_brake_prolong(struct geotrip_store *store, int64_t id,
				int64_t now, const char **error_r)
{
	static const char sql[] =
		"UPDATE brake SET over_at = ?2 "
		"WHERE id = ?1 AND ended_at IS NULL";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	(void)sqlite3_bind_int64(stmt, 2, now);
	return geotrip_sqlite_run(store, stmt, error_r);
}

int geotrip_store_brake_end(struct geotrip_store *store, int64_t id,
			    enum geotrip_end by, const char **error_r)
{
	static const char sql[] =
		"UPDATE brake SET ended_at = ?2, ended_by = ?3 "
		"WHERE id = ?1 AND ended_at IS NULL";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	(void)sqlite3_bind_int64(stmt, 2, geotrip_now());
	geotrip_sqlite_bind_text(stmt, 3, geotrip_end_name(by));
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	return sqlite3_changes(store->db) > 0 ? 1 : 0;
}
