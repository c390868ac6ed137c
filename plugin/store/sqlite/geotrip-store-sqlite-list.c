/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Reading suspensions: single rows and lists. */

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

/* A row from a version that did not record where its reason comes from. */
static enum geotrip_reason
reason_by_text(const struct geotrip_suspension *suspension)
{
	const char *reason = suspension->reason;

	if (suspension->rule != NULL)
		return GEOTRIP_REASON_RULE;
	if (null_strcmp(reason, geotrip_reason_text(
			GEOTRIP_REASON_NOT_GIVEN)) == 0)
		return GEOTRIP_REASON_NOT_GIVEN;
	if (null_strcmp(reason, geotrip_reason_text(
			GEOTRIP_REASON_REWRITTEN)) == 0)
		return GEOTRIP_REASON_REWRITTEN;
	return GEOTRIP_REASON_GIVEN;
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
	suspension_r->source = geotrip_source_parse(
		(const char *)sqlite3_column_text(stmt, idx++));
	suspension_r->released_at = sqlite3_column_int64(stmt, idx++);
	suspension_r->released_by = geotrip_end_parse(
		(const char *)sqlite3_column_text(stmt, idx++));
	suspension_r->release_reason = geotrip_sqlite_text(pool, stmt, idx++);
	suspension_r->reason_from = geotrip_reason_parse(
		(const char *)sqlite3_column_text(stmt, idx));
	if (suspension_r->reason_from == GEOTRIP_REASON_UNKNOWN)
		suspension_r->reason_from = reason_by_text(suspension_r);
}

static int
read_suspensions(struct geotrip_store *store, sqlite3_stmt *stmt, pool_t pool,
		 ARRAY_TYPE(geotrip_suspension) *rows, const char **error_r)
{
	struct geotrip_suspension *row;
	int ret;

	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		row = array_append_space(rows);
		geotrip_sqlite_suspension(pool, stmt, 0, row);
		row->notice_state = geotrip_notice_state_parse(
			(const char *)sqlite3_column_text(
				stmt, GEOTRIP_SQLITE_SUSPENSION_COLUMN_COUNT));
	}
	return ret;
}

void geotrip_sqlite_tell_suspensions(const ARRAY_TYPE(geotrip_suspension) *rows,
				     geotrip_suspension_callback_t *callback,
				     void *context)
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
	ARRAY_TYPE(geotrip_suspension) rows;
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
		geotrip_sqlite_tell_suspensions(&rows, callback, context);
	pool_unref(&pool);
	return ret;
}

int geotrip_sqlite_ended_suspensions(struct geotrip_store *store,
				     int64_t user_id, int64_t now, pool_t pool,
				     ARRAY_TYPE(geotrip_suspension) *ended,
				     const char **error_r)
{
	static const char sql[] =
		"SELECT "SUSPENSION_COLUMNS SUSPENSION_TABLES
		"WHERE suspension.released_at IS NULL "
		"AND suspension.until <= ?2 "
		"AND (?1 = 0 OR suspension.user_id = ?1)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user_id);
	(void)sqlite3_bind_int64(stmt, 2, now);
	return read_suspensions(store, stmt, pool, ended, error_r);
}
