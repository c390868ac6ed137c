/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Notices: queueing, claiming for delivery, and their outcome. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite-notice.h"

void geotrip_sqlite_notice(pool_t pool, sqlite3_stmt *stmt,
			   struct geotrip_notice *notice_r)
{
	i_zero(notice_r);
	notice_r->id = sqlite3_column_int64(stmt, 0);
	notice_r->kind = geotrip_notice_kind_parse(
		(const char *)sqlite3_column_text(stmt, 1));
	notice_r->state = geotrip_notice_state_parse(
		(const char *)sqlite3_column_text(stmt, 2));
	notice_r->attempts = sqlite3_column_int(stmt, 3);
	notice_r->next_attempt = sqlite3_column_int64(stmt, 4);
	notice_r->lease_until = sqlite3_column_int64(stmt, 5);
	notice_r->pending_to = geotrip_sqlite_text(pool, stmt, 6);
	notice_r->sent_at = sqlite3_column_int64(stmt, 7);
	notice_r->error = geotrip_sqlite_text(pool, stmt, 8);
}

int geotrip_sqlite_queue_notice(struct geotrip_store *store,
				int64_t suspension_id,
				enum geotrip_notice_kind kind, int64_t time,
				const char **error_r)
{
	static const char sql[] =
		"INSERT INTO notice (suspension_id, kind, next_attempt) "
		"VALUES (?1, ?2, ?3) "
		"ON CONFLICT (suspension_id, kind) DO NOTHING";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, suspension_id);
	geotrip_sqlite_bind_text(stmt, 2, geotrip_notice_kind_name(kind));
	(void)sqlite3_bind_int64(stmt, 3, time);
	return geotrip_sqlite_run(store, stmt, error_r);
}

/* If the owner was told of a suspension that has ended, queue that sending
   works again. */
static int
queue_released(struct geotrip_store *store, int64_t suspension_id,
	       int64_t time, const char **error_r)
{
	/* one that was accepted for some of its addresses was sent, too */
	static const char sql[] =
		"INSERT INTO notice (suspension_id, kind, next_attempt) "
		"SELECT suspension.id, 'released', ?2 "
		"FROM suspension JOIN notice "
		"ON notice.suspension_id = suspension.id "
		"AND notice.kind = 'suspended' "
		"WHERE suspension.id = ?1 "
		"AND suspension.released_at IS NOT NULL "
		"AND (notice.state = 'sent' OR notice.pending_to IS NOT NULL) "
		"ON CONFLICT (suspension_id, kind) DO NOTHING";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, suspension_id);
	(void)sqlite3_bind_int64(stmt, 2, time);
	return geotrip_sqlite_run(store, stmt, error_r);
}

int geotrip_sqlite_end_notices(struct geotrip_store *store,
			       int64_t suspension_id, int64_t time,
			       bool by_operator, const char **error_r)
{
	static const char sql[] =
		"UPDATE notice SET state = 'withdrawn' "
		"WHERE suspension_id = ?1 AND kind = 'suspended' "
		"AND pending_to IS NULL AND "IS_FREE("?2");
	sqlite3_stmt *stmt;

	if (by_operator) {
		stmt = geotrip_sqlite_stmt(store, sql, error_r);
		if (stmt == NULL)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, suspension_id);
		(void)sqlite3_bind_int64(stmt, 2, time);
		if (geotrip_sqlite_run(store, stmt, error_r) < 0)
			return -1;
	}
	return queue_released(store, suspension_id, time, error_r);
}

int geotrip_store_notices_due(struct geotrip_store *store,
			      enum geotrip_notice_kind kind, int64_t time,
			      unsigned int *count_r, const char **error_r)
{
	static const char sql[] =
		"SELECT count(*) FROM notice WHERE kind = ?1 "
		"AND "IS_OVER("next_attempt", "?2")"AND "IS_FREE("?3");
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, geotrip_notice_kind_name(kind));
	(void)sqlite3_bind_int64(stmt, 2, time);
	(void)sqlite3_bind_int64(stmt, 3, geotrip_now());
	if (geotrip_sqlite_step(store, stmt, error_r) < 0)
		return -1;
	*count_r = sqlite3_column_int(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}

/* Returns 1, 0 if there is none, -1 with an error. */
static int
find_due(struct geotrip_store *store, enum geotrip_notice_kind kind,
	 int64_t time, const struct geotrip_notice *like, pool_t pool,
	 struct geotrip_notice *notice_r, const char **error_r)
{
	static const char sql[] =
		"SELECT "NOTICE_COLUMNS", "GEOTRIP_SQLITE_SUSPENSION_COLUMNS
		", (SELECT error FROM notice AS owners "
		"WHERE owners.suspension_id = suspension.id "
		"AND owners.state = 'failed' "
		"AND owners.kind IN ('suspended', 'released') "
		"ORDER BY owners.id DESC LIMIT 1), "
		"brake.id, brake.since, brake.domain, brake.max, "
		"brake.over_at, brake.ended_at "
		"FROM notice LEFT JOIN suspension "
		"ON suspension.id = notice.suspension_id "
		"LEFT JOIN user ON user.id = suspension.user_id "
		"LEFT JOIN brake ON brake.id = notice.brake_id "
		"WHERE notice.kind = ?1 "
		"AND "IS_OVER("notice.next_attempt", "?2")"AND "IS_FREE("?3")
		"AND (?4 OR notice.pending_to IS ?5) "
		"ORDER BY notice.next_attempt, notice.id LIMIT 1";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret, idx = NOTICE_COLUMN_COUNT;

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, geotrip_notice_kind_name(kind));
	(void)sqlite3_bind_int64(stmt, 2, time);
	(void)sqlite3_bind_int64(stmt, 3, geotrip_now());
	(void)sqlite3_bind_int(stmt, 4, like == NULL ? 1 : 0);
	geotrip_sqlite_bind_text(stmt, 5, like == NULL ? NULL :
				 like->pending_to);
	ret = geotrip_sqlite_step(store, stmt, error_r);
	if (ret > 0) {
		geotrip_sqlite_notice(pool, stmt, notice_r);
		geotrip_sqlite_suspension(pool, stmt, idx,
					  &notice_r->suspension);
		idx += GEOTRIP_SQLITE_SUSPENSION_COLUMN_COUNT;
		notice_r->owner_error = geotrip_sqlite_text(pool, stmt, idx++);
		notice_r->brake.id = sqlite3_column_int64(stmt, idx++);
		notice_r->brake.since = sqlite3_column_int64(stmt, idx++);
		notice_r->brake.domain =
			geotrip_sqlite_text(pool, stmt, idx++);
		notice_r->brake.max = geotrip_sqlite_text(pool, stmt, idx++);
		notice_r->brake.over_at = sqlite3_column_int64(stmt, idx++);
		notice_r->brake.ended_at = sqlite3_column_int64(stmt, idx);
		(void)sqlite3_reset(stmt);
	}
	return ret;
}

static int
take_lease(struct geotrip_store *store, int64_t id, int64_t lease_until,
	   const char **error_r)
{
	static const char sql[] =
		"UPDATE notice SET attempts = attempts + 1, lease_until = ?2 "
		"WHERE id = ?1";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	(void)sqlite3_bind_int64(stmt, 2, lease_until);
	return geotrip_sqlite_run(store, stmt, error_r);
}

int geotrip_store_notice_claim(struct geotrip_store *store,
			       enum geotrip_notice_kind kind, int64_t time,
			       int64_t lease_until,
			       const struct geotrip_notice *like, pool_t pool,
			       struct geotrip_notice *notice_r,
			       const char **error_r)
{
	int ret;

	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	ret = find_due(store, kind, time, like, pool, notice_r, error_r);
	if (ret > 0) {
		notice_r->attempts++;
		notice_r->lease_until = lease_until;
		if (take_lease(store, notice_r->id, lease_until, error_r) < 0)
			ret = -1;
	}
	if (ret <= 0) {
		geotrip_sqlite_rollback(store);
		return ret;
	}
	return geotrip_sqlite_commit(store, error_r) < 0 ? -1 : 1;
}

/* Returns 1, 0 if another process has the notice, -1 with an error. A lease is
   identified by its end: later ones of the same notice end later. */
static int
end_lease(struct geotrip_store *store, const struct geotrip_notice *notice,
	  const struct geotrip_notice_outcome *outcome, int64_t now,
	  const char **error_r)
{
	static const char sql[] =
		"UPDATE notice SET lease_until = NULL, state = ?3, "
		"next_attempt = ?4, pending_to = ?5, sent_at = ?6, "
		"error = ?7, attempts = attempts - ?8 "
		"WHERE id = ?1 AND lease_until = ?2 AND state = 'queued'";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, notice->id);
	(void)sqlite3_bind_int64(stmt, 2, notice->lease_until);
	geotrip_sqlite_bind_text(stmt, 3,
				 geotrip_notice_state_name(outcome->state));
	(void)sqlite3_bind_int64(stmt, 4, outcome->next_attempt);
	geotrip_sqlite_bind_text(stmt, 5, outcome->pending_to);
	if (outcome->state == GEOTRIP_NOTICE_SENT)
		(void)sqlite3_bind_int64(stmt, 6, now);
	geotrip_sqlite_bind_text(stmt, 7, outcome->error);
	(void)sqlite3_bind_int(stmt, 8, outcome->untried ? 1 : 0);
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	return sqlite3_changes(store->db) > 0 ? 1 : 0;
}

/* Returns 1, 0 if another process has the notice, -1 with an error. */
static int
finish_notice(struct geotrip_store *store, const struct geotrip_notice *notice,
	      const struct geotrip_notice_outcome *outcome,
	      const char **error_r)
{
	int64_t suspension_id = notice->suspension.id, now = geotrip_now();
	int ret;

	ret = end_lease(store, notice, outcome, now, error_r);
	if (ret <= 0)
		return ret;
	/* it may have been released while its notice was being sent */
	if (notice->kind == GEOTRIP_NOTICE_SUSPENDED &&
	    notice->suspension.released_at == 0 &&
	    queue_released(store, suspension_id, now, error_r) < 0)
		return -1;
	if (outcome->queue_copy &&
	    geotrip_sqlite_queue_notice(store, suspension_id,
					GEOTRIP_NOTICE_COPY, now,
					error_r) < 0)
		return -1;
	if (outcome->queue_undelivered &&
	    geotrip_sqlite_queue_notice(store, suspension_id,
					GEOTRIP_NOTICE_UNDELIVERED, now,
					error_r) < 0)
		return -1;
	return 1;
}

int geotrip_store_notice_finish(struct geotrip_store *store,
				const struct geotrip_notice *notice,
				const struct geotrip_notice_outcome *outcome,
				const char **error_r)
{
	int ret;

	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	ret = finish_notice(store, notice, outcome, error_r);
	if (ret <= 0) {
		geotrip_sqlite_rollback(store);
		return ret;
	}
	return geotrip_sqlite_commit(store, error_r) < 0 ? -1 : 1;
}

int geotrip_store_notices(struct geotrip_store *store, int64_t suspension_id,
			  geotrip_notice_callback_t *callback, void *context,
			  const char **error_r)
{
	static const char sql[] =
		"SELECT "NOTICE_COLUMNS" FROM notice "
		"WHERE suspension_id = ?1 ORDER BY id";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	ARRAY(struct geotrip_notice) notices;
	const struct geotrip_notice *notice;
	pool_t pool;
	int ret;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, suspension_id);
	pool = pool_alloconly_create("geotrip notices", 1024);
	p_array_init(&notices, pool, 4);
	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		geotrip_sqlite_notice(pool, stmt, array_append_space(&notices));
	}
	if (ret == 0) {
		array_foreach(&notices, notice) T_BEGIN {
			callback(notice, context);
		} T_END;
	}
	pool_unref(&pool);
	return ret;
}
