/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Marks: how they are written, and lists of them. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite.h"

/* At most this many are read at a time: a few hundred kilobytes. */
#define CHUNK 2000

#define MARK_COLUMNS \
	"mark.id, user.name, mark.time, mark.rule, mark.countries, mark.cause"

int geotrip_sqlite_insert_mark(struct geotrip_store *store,
			       const struct geotrip_store_login *login,
			       const char **error_r)
{
	static const char sql[] =
		"INSERT INTO mark (user_id, time, rule, countries, cause) "
		"VALUES (?1, ?2, ?3, ?4, ?5)";
	const struct geotrip_store_mark *mark = login->mark;
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, login->user->id);
	(void)sqlite3_bind_int64(stmt, 2, login->time);
	geotrip_sqlite_bind_text(stmt, 3, mark->rule);
	geotrip_sqlite_bind_text(stmt, 4, mark->countries);
	geotrip_sqlite_bind_text(stmt, 5, geotrip_mark_cause_name(mark->cause));
	return geotrip_sqlite_run(store, stmt, error_r);
}

struct mark_row {
	int64_t id;
	struct geotrip_mark mark;
};
ARRAY_DEFINE_TYPE(mark_row, struct mark_row);

static int
read_marks(struct geotrip_store *store, sqlite3_stmt *stmt, pool_t pool,
	   ARRAY_TYPE(mark_row) *rows, const char **error_r)
{
	struct mark_row *row;
	int ret;

	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		row = array_append_space(rows);
		row->id = sqlite3_column_int64(stmt, 0);
		row->mark.user = geotrip_sqlite_text(pool, stmt, 1);
		row->mark.time = sqlite3_column_int64(stmt, 2);
		row->mark.rule = geotrip_sqlite_text(pool, stmt, 3);
		row->mark.countries = geotrip_sqlite_text(pool, stmt, 4);
		row->mark.cause = geotrip_mark_cause_parse(
			(const char *)sqlite3_column_text(stmt, 5));
	}
	return ret;
}

static void
tell_marks(const ARRAY_TYPE(mark_row) *rows,
	   geotrip_mark_callback_t *callback, void *context)
{
	const struct mark_row *row;

	array_foreach(rows, row) T_BEGIN {
		callback(&row->mark, context);
	} T_END;
}

/* Those after the last one of the previous chunk. */
static int
read_chunk(struct geotrip_store *store, const struct mark_row *last,
	   pool_t pool, ARRAY_TYPE(mark_row) *rows, const char **error_r)
{
	static const char sql[] =
		"SELECT "MARK_COLUMNS" FROM mark "
		"JOIN user ON user.id = mark.user_id "
		"WHERE (mark.time, mark.id) > (?1, ?2) "
		"ORDER BY mark.time, mark.id LIMIT ?3";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, last->mark.time);
	(void)sqlite3_bind_int64(stmt, 2, last->id);
	(void)sqlite3_bind_int(stmt, 3, CHUNK);
	return read_marks(store, stmt, pool, rows, error_r);
}

int geotrip_store_marks(struct geotrip_store *store,
			geotrip_mark_callback_t *callback, void *context,
			const char **error_r)
{
	struct mark_row last = { .mark.time = INT64_MIN };
	ARRAY_TYPE(mark_row) rows;
	unsigned int count;
	pool_t pool;
	int ret;

	pool = pool_alloconly_create("geotrip marks", 16384);
	do {
		p_clear(pool);
		p_array_init(&rows, pool, 64);
		ret = read_chunk(store, &last, pool, &rows, error_r);
		count = ret < 0 ? 0 : array_count(&rows);
		if (count > 0) {
			tell_marks(&rows, callback, context);
			last = *array_back(&rows);
		}
	} while (count == CHUNK);
	pool_unref(&pool);
	return ret;
}

int geotrip_store_user_marks(struct geotrip_store *store, const char *user,
			     unsigned int max,
			     geotrip_mark_callback_t *callback, void *context,
			     const char **error_r)
{
	static const char sql[] =
		"SELECT * FROM (SELECT "MARK_COLUMNS" FROM mark "
		"JOIN user ON user.id = mark.user_id WHERE mark.user_id = "
		"(SELECT id FROM user WHERE name = ?1) "
		"ORDER BY mark.time DESC, mark.id DESC LIMIT ?2) "
		"ORDER BY time, id";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	ARRAY_TYPE(mark_row) rows;
	pool_t pool;
	int ret;

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, user);
	(void)sqlite3_bind_int64(stmt, 2, max);
	pool = pool_alloconly_create("geotrip marks", 4096);
	p_array_init(&rows, pool, 16);
	ret = read_marks(store, stmt, pool, &rows, error_r);
	if (ret == 0)
		tell_marks(&rows, callback, context);
	pool_unref(&pool);
	return ret;
}
