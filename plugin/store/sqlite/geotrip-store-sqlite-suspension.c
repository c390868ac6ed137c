/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Beginning and ending suspensions. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite.h"

int geotrip_sqlite_insert_suspension(struct geotrip_store *store,
				     int64_t user_id,
				     const struct geotrip_suspension *new,
				     int64_t *id_r, const char **error_r)
{
	static const char sql[] =
		"INSERT INTO suspension (user_id, since, until, reason, rule, "
		"countries, source, reason_from) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user_id);
	(void)sqlite3_bind_int64(stmt, 2, new->since);
	geotrip_sqlite_bind_until(stmt, 3, new->until);
	geotrip_sqlite_bind_text(stmt, 4, new->reason);
	geotrip_sqlite_bind_text(stmt, 5, new->rule);
	geotrip_sqlite_bind_text(stmt, 6, new->countries);
	geotrip_sqlite_bind_text(stmt, 7, geotrip_source_name(new->source));
	geotrip_sqlite_bind_text(stmt, 8, geotrip_reason_name(
		new->reason_from));
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	*id_r = sqlite3_last_insert_rowid(store->db);
	return geotrip_sqlite_queue_notice(store, *id_r,
					   GEOTRIP_NOTICE_SUSPENDED,
					   new->since, error_r);
}

/* End an active suspension. Nothing that the user did before the end counts any
   more. */
static int
end_suspension(struct geotrip_store *store, int64_t suspension_id, int64_t end,
	       enum geotrip_end by, const char *reason, const char **error_r)
{
	static const char sql[] =
		"UPDATE suspension SET released_at = ?2, released_by = ?3, "
		"release_reason = ?4 WHERE id = ?1";
	static const char sql_user[] =
		"UPDATE user SET cleared_at = max(cleared_at, ?2) WHERE id = "
		"(SELECT user_id FROM suspension WHERE id = ?1)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, suspension_id);
	(void)sqlite3_bind_int64(stmt, 2, end);
	geotrip_sqlite_bind_text(stmt, 3, geotrip_end_name(by));
	geotrip_sqlite_bind_text(stmt, 4, reason);
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;

	stmt = geotrip_sqlite_stmt(store, sql_user, error_r);
	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, suspension_id);
	(void)sqlite3_bind_int64(stmt, 2, end);
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	return geotrip_sqlite_end_notices(store, suspension_id, geotrip_now(),
					  by == GEOTRIP_END_OPERATOR, error_r);
}

/* Within a transaction: close the suspensions that have expired at now, of the
   user or of all users (0), and append them to ended. */
static int
expire(struct geotrip_store *store, int64_t user_id, int64_t now, pool_t pool,
       ARRAY_TYPE(geotrip_suspension) *ended, const char **error_r)
{
	struct geotrip_suspension *row;

	if (geotrip_sqlite_ended_suspensions(store, user_id, now, pool, ended,
					     error_r) < 0)
		return -1;
	array_foreach_modifiable(ended, row) {
		row->released_at = row->until;
		row->released_by = GEOTRIP_END_TIME;
		if (end_suspension(store, row->id, row->released_at,
				   row->released_by, NULL, error_r) < 0)
			return -1;
	}
	return 0;
}

int geotrip_sqlite_expire_user(struct geotrip_store *store, int64_t user_id,
			       int64_t now, const char **error_r)
{
	ARRAY_TYPE(geotrip_suspension) ended;

	t_array_init(&ended, 1);
	return expire(store, user_id, now, pool_datastack_create(), &ended,
		      error_r);
}

/* Returns 1 if there is something to close, 0 if not, -1 with an error. */
static int
anything_ended(struct geotrip_store *store, int64_t now, const char **error_r)
{
	static const char sql[] =
		"SELECT 1 FROM suspension WHERE released_at IS NULL "
		"AND until <= ?1 LIMIT 1";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, now);
	ret = geotrip_sqlite_step(store, stmt, error_r);
	(void)sqlite3_reset(stmt);
	return ret;
}

int geotrip_store_expire(struct geotrip_store *store,
			 geotrip_suspension_callback_t *callback,
			 void *context, const char **error_r)
{
	ARRAY_TYPE(geotrip_suspension) ended;
	int64_t now = geotrip_now();
	pool_t pool;
	int ret;

	/* usually there are none, so avoid taking the write lock */
	ret = anything_ended(store, now, error_r);
	if (ret <= 0)
		return ret;
	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;

	pool = pool_alloconly_create("geotrip suspensions", 4096);
	p_array_init(&ended, pool, 16);
	ret = geotrip_store_sync(store, error_r);
	if (ret == 0)
		ret = expire(store, 0, now, pool, &ended, error_r);
	if (ret < 0)
		geotrip_sqlite_rollback(store);
	else
		ret = geotrip_sqlite_commit_known(store, error_r);
	/* report only what has been committed */
	if (ret == 0)
		geotrip_sqlite_tell_suspensions(&ended, callback, context);
	pool_unref(&pool);
	return ret;
}

/* Returns 1, 0 if there is none, -1 with an error. */
static int
find_active(struct geotrip_store *store, int64_t user_id, int64_t *id_r,
	    const char **error_r)
{
	static const char sql[] =
		"SELECT id FROM suspension WHERE user_id = ?1 "
		"AND released_at IS NULL";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user_id);
	ret = geotrip_sqlite_step(store, stmt, error_r);
	if (ret > 0) {
		*id_r = sqlite3_column_int64(stmt, 0);
		(void)sqlite3_reset(stmt);
	}
	return ret;
}

static int
change_suspension(struct geotrip_store *store, int64_t id, int64_t until,
		  const char *reason, enum geotrip_reason reason_from,
		  const char **error_r)
{
	/* the owner of an account that tripped is not told an operator's
	   reason */
	static const char sql[] =
		"UPDATE suspension SET until = ?2, reason = ?3, reason_from = "
		"CASE WHEN rule IS NULL THEN ?4 ELSE 'rule' END WHERE id = ?1";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	geotrip_sqlite_bind_until(stmt, 2, until);
	geotrip_sqlite_bind_text(stmt, 3, reason);
	geotrip_sqlite_bind_text(stmt, 4, geotrip_reason_name(reason_from));
	return geotrip_sqlite_run(store, stmt, error_r);
}

static int
suspend(struct geotrip_store *store, const char *user, int64_t until,
	const char *reason, enum geotrip_reason reason_from,
	const char **error_r)
{
	const struct geotrip_suspension suspension = {
		.since = geotrip_now(),
		.until = until,
		.reason = reason,
		.reason_from = reason_from,
		.countries = "",
		.source = GEOTRIP_SOURCE_OPERATOR,
	};
	int64_t user_id, id;
	int ret;

	if (geotrip_sqlite_make_user(store, user, &user_id, error_r) < 0 ||
	    geotrip_sqlite_expire_user(store, user_id, suspension.since,
				       error_r) < 0)
		return -1;
	ret = find_active(store, user_id, &id, error_r);
	if (ret < 0)
		return -1;
	if (ret > 0) {
		return change_suspension(store, id, until, reason, reason_from,
					 error_r);
	}
	return geotrip_sqlite_insert_suspension(store, user_id, &suspension,
						&id, error_r);
}

static int
suspend_durably(struct geotrip_store *store, const char *user, int64_t until,
		const char *reason, enum geotrip_reason reason_from,
		const char **error_r)
{
	const char *ignored;
	int ret;

	if (geotrip_sqlite_set_durable(store, TRUE, error_r) < 0 ||
	    geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	ret = suspend(store, user, until, reason, reason_from, error_r);
	if (ret < 0)
		geotrip_sqlite_rollback(store);
	else
		ret = geotrip_sqlite_commit(store, error_r);
	(void)geotrip_sqlite_set_durable(store, FALSE, &ignored);
	return ret;
}

int geotrip_store_suspend(struct geotrip_store *store, const char *user,
			  int64_t until, const char *reason,
			  const char **error_r)
{
	enum geotrip_reason reason_from = GEOTRIP_REASON_GIVEN;

	if (reason == NULL) {
		reason_from = GEOTRIP_REASON_NOT_GIVEN;
		reason = geotrip_reason_text(reason_from);
	}
	return suspend_durably(store, user, until, reason, reason_from,
			       error_r);
}

int geotrip_store_suspend_again(struct geotrip_store *store, const char *user,
				int64_t until, const char **error_r)
{
	return suspend_durably(store, user, until, geotrip_reason_text(
		GEOTRIP_REASON_REWRITTEN), GEOTRIP_REASON_REWRITTEN, error_r);
}

static int
release(struct geotrip_store *store, const char *user, const char *reason,
	const char **error_r)
{
	int64_t user_id, id, now = geotrip_now();
	const struct geotrip_set_back clock = { .to = now };
	int ret;

	ret = geotrip_sqlite_find_user(store, user, &user_id, error_r);
	if (ret <= 0)
		return ret;
	if (geotrip_sqlite_expire_user(store, user_id, now, error_r) < 0)
		return -1;
	ret = find_active(store, user_id, &id, error_r);
	if (ret <= 0)
		return ret;
	/* whatever the clock was, nothing so far is later than now */
	if (geotrip_sqlite_mend_times(store, user_id, &clock, error_r) < 0 ||
	    end_suspension(store, id, now, GEOTRIP_END_OPERATOR, reason,
			   error_r) < 0)
		return -1;
	return 1;
}

int geotrip_store_release(struct geotrip_store *store, const char *user,
			  const char *reason, const char **error_r)
{
	const char *ignored;
	int ret;

	if (geotrip_sqlite_set_durable(store, TRUE, error_r) < 0 ||
	    geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	ret = release(store, user, reason, error_r);
	if (ret < 0)
		geotrip_sqlite_rollback(store);
	else if (geotrip_sqlite_commit(store, error_r) < 0)
		ret = -1;
	(void)geotrip_sqlite_set_durable(store, FALSE, &ignored);
	return ret;
}
