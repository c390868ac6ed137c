/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Queued notices that must no longer be delivered. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite-notice.h"

int geotrip_store_notices_withdraw(struct geotrip_store *store,
				   bool all_released, unsigned int *count_r,
				   const char **error_r)
{
	static const char sql[] =
		"UPDATE notice SET state = 'withdrawn' "
		"WHERE "IS_FREE("?1")"AND pending_to IS NULL AND ("
		"(kind = 'suspended' AND EXISTS (SELECT 1 FROM suspension "
		"WHERE suspension.id = notice.suspension_id "
		"AND suspension.released_by = 'operator')) OR "
		"(kind = 'released' AND (?2 OR EXISTS ("
		"SELECT 1 FROM suspension AS past JOIN suspension AS present "
		"ON present.user_id = past.user_id "
		"WHERE past.id = notice.suspension_id "
		"AND present.released_at IS NULL))))";
	sqlite3_stmt *stmt;

	*count_r = 0;
	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	stmt = geotrip_sqlite_stmt(store, sql, error_r);
	if (stmt != NULL) {
		(void)sqlite3_bind_int64(stmt, 1, geotrip_now());
		(void)sqlite3_bind_int(stmt, 2, all_released ? 1 : 0);
	}
	if (stmt == NULL || geotrip_sqlite_run(store, stmt, error_r) < 0) {
		geotrip_sqlite_rollback(store);
		return -1;
	}
	*count_r = sqlite3_changes(store->db);
	return geotrip_sqlite_commit(store, error_r);
}

int geotrip_store_notices_queued(struct geotrip_store *store,
				 enum geotrip_notice_kind kind,
				 geotrip_notice_callback_t *callback,
				 void *context, const char **error_r)
{
	static const char sql[] =
		"SELECT "NOTICE_COLUMNS", "GEOTRIP_SQLITE_SUSPENSION_COLUMNS
		" FROM notice "
		"JOIN suspension ON suspension.id = notice.suspension_id "
		"JOIN user ON user.id = suspension.user_id "
		"WHERE notice.kind = ?1 AND "IS_FREE("?2")
		"ORDER BY notice.id";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	ARRAY(struct geotrip_notice) notices;
	struct geotrip_notice *notice;
	pool_t pool;
	int ret;

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, geotrip_notice_kind_name(kind));
	(void)sqlite3_bind_int64(stmt, 2, geotrip_now());
	pool = pool_alloconly_create("geotrip notices", 4096);
	p_array_init(&notices, pool, 16);
	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		notice = array_append_space(&notices);
		geotrip_sqlite_notice(pool, stmt, notice);
		geotrip_sqlite_suspension(pool, stmt, NOTICE_COLUMN_COUNT,
					  &notice->suspension);
	}
	if (ret == 0) {
		array_foreach_modifiable(&notices, notice) T_BEGIN {
			callback(notice, context);
		} T_END;
	}
	pool_unref(&pool);
	return ret;
}

int geotrip_store_notice_withdraw(struct geotrip_store *store, int64_t id,
				  const char **error_r)
{
	static const char sql[] =
		"UPDATE notice SET state = 'withdrawn' WHERE id = ?1 AND "
		IS_FREE("?2");
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	(void)sqlite3_bind_int64(stmt, 2, geotrip_now());
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	return sqlite3_changes(store->db) > 0 ? 1 : 0;
}
