/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Suspensions and their notices: how they begin, end and are listed. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite.h"

#define SUSPENSION_COLUMNS \
	"suspension.id, user.name, suspension.since, suspension.until, " \
	"suspension.reason, suspension.rule, suspension.countries, " \
	"suspension.source, suspension.released_at, suspension.released_by, " \
	"suspension.release_reason, notice.state, notice.attempts "
#define SUSPENSION_TABLES \
	"FROM suspension JOIN user ON user.id = suspension.user_id " \
	"LEFT JOIN notice ON notice.suspension_id = suspension.id "
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
	static const char sql_notice[] =
		"INSERT INTO notice (suspension_id, next_attempt) "
		"VALUES (?1, ?2)";
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

	stmt = geotrip_sqlite_stmt(store, sql_notice, error_r);
	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, *id_r);
	(void)sqlite3_bind_int64(stmt, 2, new->since);
	return geotrip_sqlite_run(store, stmt, error_r);
}

static void
suspension_from_row(sqlite3_stmt *stmt, struct geotrip_suspension *row_r)
{
	i_zero(row_r);
	row_r->id = sqlite3_column_int64(stmt, 0);
	row_r->user = (const char *)sqlite3_column_text(stmt, 1);
	row_r->since = sqlite3_column_int64(stmt, 2);
	row_r->until = sqlite3_column_type(stmt, 3) == SQLITE_NULL ?
		GEOTRIP_NEVER : sqlite3_column_int64(stmt, 3);
	row_r->reason = (const char *)sqlite3_column_text(stmt, 4);
	row_r->rule = (const char *)sqlite3_column_text(stmt, 5);
	row_r->countries = (const char *)sqlite3_column_text(stmt, 6);
	row_r->source = (const char *)sqlite3_column_text(stmt, 7);
	row_r->released_at = sqlite3_column_int64(stmt, 8);
	row_r->released_by = (const char *)sqlite3_column_text(stmt, 9);
	row_r->release_reason = (const char *)sqlite3_column_text(stmt, 10);
	row_r->notice_state = (const char *)sqlite3_column_text(stmt, 11);
	row_r->notice_attempts = sqlite3_column_int(stmt, 12);
}

static int
each_suspension(struct geotrip_store *store, sqlite3_stmt *stmt,
		geotrip_suspension_callback_t *callback, void *context,
		const char **error_r)
{
	struct geotrip_suspension row;
	int ret;

	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) T_BEGIN {
		suspension_from_row(stmt, &row);
		callback(&row, context);
	} T_END;
	return ret;
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
	static const char to_notify[] =
		"SELECT "SUSPENSION_COLUMNS SUSPENSION_TABLES
		"WHERE (?1 IS NULL OR user.name = ?1) AND ?2 > 0 "
		"AND notice.state = 'queued' "
		"ORDER BY notice.next_attempt, notice.id";

	switch (which) {
	case GEOTRIP_STORE_SUSPENSIONS_ACTIVE:
		return active;
	case GEOTRIP_STORE_SUSPENSIONS_ALL:
		return all;
	case GEOTRIP_STORE_SUSPENSIONS_LAST:
		return last;
	case GEOTRIP_STORE_SUSPENSIONS_TO_NOTIFY:
		return to_notify;
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

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, user);
	(void)sqlite3_bind_int64(stmt, 2, geotrip_now());
	return each_suspension(store, stmt, callback, context, error_r);
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
	return geotrip_sqlite_run(store, stmt, error_r);
}

struct ended_suspension {
	int64_t id, end;
};
ARRAY_DEFINE_TYPE(ended_suspension, struct ended_suspension);

static int
find_ended(struct geotrip_store *store, int64_t user_id, int64_t now,
	   ARRAY_TYPE(ended_suspension) *ended, const char **error_r)
{
	static const char sql[] =
		"SELECT id, until FROM suspension WHERE released_at IS NULL "
		"AND until <= ?2 AND (?1 = 0 OR user_id = ?1)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	struct ended_suspension *row;
	int ret;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user_id);
	(void)sqlite3_bind_int64(stmt, 2, now);
	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		row = array_append_space(ended);
		row->id = sqlite3_column_int64(stmt, 0);
		row->end = sqlite3_column_int64(stmt, 1);
	}
	return ret;
}

int geotrip_sqlite_expire(struct geotrip_store *store, int64_t user_id,
			  int64_t now,
			  geotrip_suspension_callback_t *callback,
			  void *context, const char **error_r)
{
	static const char sql[] =
		"SELECT "SUSPENSION_COLUMNS SUSPENSION_TABLES
		"WHERE suspension.id = ?1";
	ARRAY_TYPE(ended_suspension) ended;
	const struct ended_suspension *row;
	sqlite3_stmt *stmt;

	t_array_init(&ended, 8);
	if (find_ended(store, user_id, now, &ended, error_r) < 0)
		return -1;
	array_foreach(&ended, row) {
		if (end_suspension(store, row->id, row->end, "time", NULL,
				   error_r) < 0)
			return -1;
		if (callback == NULL)
			continue;
		stmt = geotrip_sqlite_stmt(store, sql, error_r);
		if (stmt == NULL)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, row->id);
		if (each_suspension(store, stmt, callback, context,
				    error_r) < 0)
			return -1;
	}
	return 0;
}

int geotrip_store_expire(struct geotrip_store *store,
			 geotrip_suspension_callback_t *callback,
			 void *context, const char **error_r)
{
	ARRAY_TYPE(ended_suspension) ended;
	int64_t now = geotrip_now();

	/* mostly there are none, and no need to take the write lock */
	t_array_init(&ended, 8);
	if (find_ended(store, 0, now, &ended, error_r) < 0)
		return -1;
	if (array_count(&ended) == 0)
		return 0;

	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	if (geotrip_sqlite_expire(store, 0, now, callback, context,
				  error_r) < 0) {
		geotrip_sqlite_rollback(store);
		return -1;
	}
	return geotrip_sqlite_commit(store, error_r);
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
	    geotrip_sqlite_expire(store, user_id, suspension.since, NULL, NULL,
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
withdraw_notice(struct geotrip_store *store, int64_t suspension_id,
		const char **error_r)
{
	static const char sql[] =
		"UPDATE notice SET state = 'withdrawn' "
		"WHERE suspension_id = ?1 AND state = 'queued'";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, suspension_id);
	return geotrip_sqlite_run(store, stmt, error_r);
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
	if (geotrip_sqlite_expire(store, user_id, now, NULL, NULL,
				  error_r) < 0)
		return -1;
	ret = find_active(store, user_id, &id, error_r);
	if (ret <= 0)
		return ret;
	if (end_suspension(store, id, now, "operator", reason, error_r) < 0 ||
	    withdraw_notice(store, id, error_r) < 0)
		return -1;
	return 1;
}

int geotrip_store_release(struct geotrip_store *store, const char *user,
			  const char *reason, const char **error_r)
{
	int ret;

	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	ret = release(store, user, reason, error_r);
	if (ret < 0)
		geotrip_sqlite_rollback(store);
	else if (geotrip_sqlite_commit(store, error_r) < 0)
		ret = -1;
	return ret;
}
