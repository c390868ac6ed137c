/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Suspensions: how they begin, end and are listed. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite.h"

#define SUSPENSION_COLUMNS GEOTRIP_SQLITE_SUSPENSION_COLUMNS", notice.state "
#define SUSPENSION_TABLES \
	"FROM suspension JOIN user ON user.id = suspension.user_id " \
	"LEFT JOIN notice ON notice.suspension_id = suspension.id " \
	"AND notice.kind = 'suspended' "
#define IS_ACTIVE(now) \
	"suspension.released_at IS NULL AND " \
	"(suspension.until IS NULL OR suspension.until > " now ") "

int geotrip_sqlite_insert_suspension(struct geotrip_store *store,
				     int64_t user_id,
				     const struct geotrip_suspension *new,
				     int64_t *id_r, const char **error_r)
{
	static const char sql[] =
		"INSERT INTO suspension (user_id, since, until, reason, rule, "
		"countries, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user_id);
	(void)sqlite3_bind_int64(stmt, 2, new->since);
	geotrip_sqlite_bind_until(stmt, 3, new->until);
	geotrip_sqlite_bind_text(stmt, 4, new->reason);
	geotrip_sqlite_bind_text(stmt, 5, new->rule);
	geotrip_sqlite_bind_text(stmt, 6, new->countries);
	geotrip_sqlite_bind_text(stmt, 7, new->source);
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	*id_r = sqlite3_last_insert_rowid(store->db);
	return geotrip_sqlite_queue_notice(store, *id_r,
					   GEOTRIP_NOTICE_SUSPENDED,
					   new->since, error_r);
}

void geotrip_sqlite_suspension(pool_t pool, sqlite3_stmt *stmt, int idx,
			       struct geotrip_suspension *suspension_r)
{
	i_zero(suspension_r);
	suspension_r->id = sqlite3_column_int64(stmt, idx++);
	suspension_r->user = geotrip_sqlite_text(pool, stmt, idx++);
	suspension_r->since = sqlite3_column_int64(stmt, idx++);
	suspension_r->until = geotrip_sqlite_until(stmt, idx++);
	suspension_r->reason = geotrip_sqlite_text(pool, stmt, idx++);
	suspension_r->rule = geotrip_sqlite_text(pool, stmt, idx++);
	suspension_r->countries = geotrip_sqlite_text(pool, stmt, idx++);
	suspension_r->source = geotrip_sqlite_text(pool, stmt, idx++);
	suspension_r->released_at = sqlite3_column_int64(stmt, idx++);
	suspension_r->released_by = geotrip_sqlite_text(pool, stmt, idx++);
	suspension_r->release_reason = geotrip_sqlite_text(pool, stmt, idx);
}

ARRAY_DEFINE_TYPE(suspension, struct geotrip_suspension);

static int
read_suspensions(struct geotrip_store *store, sqlite3_stmt *stmt, pool_t pool,
		 ARRAY_TYPE(suspension) *rows, const char **error_r)
{
	struct geotrip_suspension *row;
	int ret;

	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		row = array_append_space(rows);
		geotrip_sqlite_suspension(pool, stmt, 0, row);
		row->notice_state = geotrip_sqlite_text(
			pool, stmt, GEOTRIP_SQLITE_SUSPENSION_COLUMN_COUNT);
	}
	return ret;
}

static void
call_suspensions(const ARRAY_TYPE(suspension) *rows,
		 geotrip_suspension_callback_t *callback, void *context)
{
	const struct geotrip_suspension *row;

	array_foreach(rows, row) T_BEGIN {
		callback(row, context);
	} T_END;
}

static const char *suspensions_sql(enum geotrip_store_suspensions which)
{
	/* ?1: the user, NULL for all, ?2: now */
	static const char active[] =
		"SELECT "SUSPENSION_COLUMNS SUSPENSION_TABLES
		"WHERE (?1 IS NULL OR user.name = ?1) AND "IS_ACTIVE("?2")
		"ORDER BY suspension.since, suspension.id";
	static const char all[] =
		"SELECT "SUSPENSION_COLUMNS SUSPENSION_TABLES
		"WHERE (?1 IS NULL OR user.name = ?1) AND ?2 > 0 "
		"ORDER BY suspension.since, suspension.id";
	static const char last[] =
		"SELECT "SUSPENSION_COLUMNS SUSPENSION_TABLES
		"WHERE (?1 IS NULL OR user.name = ?1) AND ?2 > 0 "
		"ORDER BY suspension.since DESC, suspension.id DESC LIMIT 1";

	switch (which) {
	case GEOTRIP_STORE_SUSPENSIONS_ACTIVE:
		return active;
	case GEOTRIP_STORE_SUSPENSIONS_ALL:
		return all;
	case GEOTRIP_STORE_SUSPENSIONS_LAST:
		return last;
	}
	i_unreached();
}

int geotrip_store_suspensions(struct geotrip_store *store,
			      enum geotrip_store_suspensions which,
			      const char *user,
			      geotrip_suspension_callback_t *callback,
			      void *context, const char **error_r)
{
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(
		store, suspensions_sql(which), error_r);
	ARRAY_TYPE(suspension) rows;
	pool_t pool;
	int ret;

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, user);
	(void)sqlite3_bind_int64(stmt, 2, geotrip_now());

	pool = pool_alloconly_create("geotrip suspensions", 4096);
	p_array_init(&rows, pool, 16);
	ret = read_suspensions(store, stmt, pool, &rows, error_r);
	if (ret == 0)
		call_suspensions(&rows, callback, context);
	pool_unref(&pool);
	return ret;
}

/* End an active suspension. Whatever the user did before end is forgiven. */
static int
end_suspension(struct geotrip_store *store, int64_t suspension_id, int64_t end,
	       const char *by, const char *reason, const char **error_r)
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
	geotrip_sqlite_bind_text(stmt, 3, by);
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
					  strcmp(by, "operator") == 0,
					  error_r);
}

/* Within a transaction: close what is over at now, of the user or of all
   (0), and append it to ended. */
static int
expire(struct geotrip_store *store, int64_t user_id, int64_t now, pool_t pool,
       ARRAY_TYPE(suspension) *ended, const char **error_r)
{
	static const char sql[] =
		"SELECT "SUSPENSION_COLUMNS SUSPENSION_TABLES
		"WHERE suspension.released_at IS NULL "
		"AND suspension.until <= ?2 "
		"AND (?1 = 0 OR suspension.user_id = ?1)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	struct geotrip_suspension *row;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user_id);
	(void)sqlite3_bind_int64(stmt, 2, now);
	if (read_suspensions(store, stmt, pool, ended, error_r) < 0)
		return -1;
	array_foreach_modifiable(ended, row) {
		row->released_at = row->until;
		row->released_by = "time";
		if (end_suspension(store, row->id, row->released_at,
				   row->released_by, NULL, error_r) < 0)
			return -1;
	}
	return 0;
}

int geotrip_sqlite_expire_user(struct geotrip_store *store, int64_t user_id,
			       int64_t now, const char **error_r)
{
	ARRAY_TYPE(suspension) ended;

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
	ARRAY_TYPE(suspension) ended;
	int64_t now = geotrip_now();
	pool_t pool;
	int ret;

	/* mostly there are none, and no need to take the write lock */
	ret = anything_ended(store, now, error_r);
	if (ret <= 0)
		return ret;
	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;

	pool = pool_alloconly_create("geotrip suspensions", 4096);
	p_array_init(&ended, pool, 16);
	ret = expire(store, 0, now, pool, &ended, error_r);
	if (ret < 0)
		geotrip_sqlite_rollback(store);
	else
		ret = geotrip_sqlite_commit(store, error_r);
	/* nothing is told before it is true */
	if (ret == 0)
		call_suspensions(&ended, callback, context);
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
		  const char *reason, const char **error_r)
{
	static const char sql[] =
		"UPDATE suspension SET until = ?2, reason = ?3 WHERE id = ?1";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	geotrip_sqlite_bind_until(stmt, 2, until);
	geotrip_sqlite_bind_text(stmt, 3, reason);
	return geotrip_sqlite_run(store, stmt, error_r);
}

static int
suspend(struct geotrip_store *store, const char *user, int64_t until,
	const char *reason, const char **error_r)
{
	const struct geotrip_suspension suspension = {
		.since = geotrip_now(),
		.until = until,
		.reason = reason,
		.countries = "",
		.source = "operator",
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
		return change_suspension(store, id, until, reason,
					 error_r);
	}
	return geotrip_sqlite_insert_suspension(store, user_id, &suspension,
						&id, error_r);
}

int geotrip_store_suspend(struct geotrip_store *store, const char *user,
			  int64_t until, const char *reason,
			  const char **error_r)
{
	const char *ignored;
	int ret;

	if (geotrip_sqlite_set_durable(store, TRUE, error_r) < 0 ||
	    geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	ret = suspend(store, user, until, reason, error_r);
	if (ret < 0)
		geotrip_sqlite_rollback(store);
	else
		ret = geotrip_sqlite_commit(store, error_r);
	(void)geotrip_sqlite_set_durable(store, FALSE, &ignored);
	return ret;
}

static int
release(struct geotrip_store *store, const char *user, const char *reason,
	const char **error_r)
{
	int64_t user_id, id, now = geotrip_now();
	int ret;

	ret = geotrip_sqlite_find_user(store, user, &user_id, error_r);
	if (ret <= 0)
		return ret;
	if (geotrip_sqlite_expire_user(store, user_id, now, error_r) < 0)
		return -1;
	ret = find_active(store, user_id, &id, error_r);
	if (ret <= 0)
		return ret;
	if (end_suspension(store, id, now, "operator", reason, error_r) < 0)
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
