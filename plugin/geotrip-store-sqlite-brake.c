/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The brake: how many accounts tripped lately, and whether it holds. */

#include "lib.h"
#include "geotrip-store-sqlite.h"

int geotrip_store_brake(struct geotrip_store *store, pool_t pool,
			struct geotrip_brake *brake_r, const char **error_r)
{
	static const char sql[] =
		"SELECT id, since, max, over_at FROM brake "
		"WHERE ended_at IS NULL";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	ret = geotrip_sqlite_step(store, stmt, error_r);
	if (ret > 0) {
		i_zero(brake_r);
		brake_r->id = sqlite3_column_int64(stmt, 0);
		brake_r->since = sqlite3_column_int64(stmt, 1);
		brake_r->max = geotrip_sqlite_text(pool, stmt, 2);
		brake_r->over_at = sqlite3_column_int64(stmt, 3);
		(void)sqlite3_reset(stmt);
	}
	return ret;
}

int geotrip_store_count_tripped(struct geotrip_store *store, int64_t since,
				int64_t now,
				const struct geotrip_store_user *except,
				unsigned int max, unsigned int *count_r,
				const char **error_r)
{
	/* with another index SQLite would look at all logins. A brake that
	   ended far in the future is from a clock that was ahead. Accounts
	   that trip again and again are not looked at for ever. */
	static const char sql[] =
		"SELECT count(*) FROM (SELECT DISTINCT user_id FROM "
		"(SELECT user_id FROM login INDEXED BY login_tripped "
		"WHERE (verdict = 'trip' OR verdict = 'observe') "
		"AND time > max(?1, (SELECT coalesce(max(ended_at), 0) "
		"FROM brake WHERE ended_at <= ?3 + 3600000000)) "
		"AND time <= ?3 AND user_id <> ?4 "
		"ORDER BY time DESC LIMIT ?2 * 100) LIMIT ?2)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, since);
	(void)sqlite3_bind_int64(stmt, 2, max);
	(void)sqlite3_bind_int64(stmt, 3, now);
	(void)sqlite3_bind_int64(stmt, 4, except == NULL ||
		except->id_generation != store->generation ? 0 : except->id);
	if (geotrip_sqlite_step(store, stmt, error_r) < 0)
		return -1;
	*count_r = sqlite3_column_int(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
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

/* Returns 1, 0 if it holds already, -1 with an error. */
static int
begin_brake(struct geotrip_store *store, const char *max, int64_t now,
	    bool tell_admin, const char **error_r)
{
	static const char sql[] =
		"INSERT INTO brake (since, max, over_at) VALUES (?1, ?2, ?1) "
		"ON CONFLICT DO NOTHING";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, now);
	geotrip_sqlite_bind_text(stmt, 2, max);
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

int geotrip_store_brake_begin(struct geotrip_store *store, const char *max,
			      int64_t now, bool tell_admin,
			      const char **error_r)
{
	int ret;

	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	ret = begin_brake(store, max, now, tell_admin, error_r);
	if (ret <= 0) {
		geotrip_sqlite_rollback(store);
		return ret;
	}
	return geotrip_sqlite_commit(store, error_r) < 0 ? -1 : 1;
}

int geotrip_store_brake_prolong(struct geotrip_store *store, int64_t now,
				const char **error_r)
{
	static const char sql[] =
		"UPDATE brake SET over_at = ?1 WHERE ended_at IS NULL";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, now);
	return geotrip_sqlite_run(store, stmt, error_r);
}

int geotrip_store_brake_end(struct geotrip_store *store, enum geotrip_end by,
			    const char **error_r)
{
	static const char sql[] =
		"UPDATE brake SET ended_at = ?1, ended_by = ?2 "
		"WHERE ended_at IS NULL";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, geotrip_now());
	geotrip_sqlite_bind_text(stmt, 2, geotrip_end_name(by));
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	return sqlite3_changes(store->db) > 0 ? 1 : 0;
}
