/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Deleting what is old, a little at a time. */

#include "lib.h"
#include "geotrip-store-sqlite.h"

#include <unistd.h>

/* So many rows are looked at in one transaction: some milliseconds. */
#define PURGE_CHUNK 2000
/* Logins get the lock in between. */
#define PURGE_PAUSE_USECS 2000

/* Each step deletes old rows among those with ids after *after, and moves it
   to the last one that was looked at. It gets the statements' parameters
   ?1 = before, ?2 = *after and ?3 = the chunk. */
struct purge_step {
	/* the last id of the chunk, and whether it has any row that is old */
	const char *sql_chunk;
	/* the same parameters, but ?3 = the last id of the chunk */
	const char *sql_delete;
};

/* Rows of login are in the order of time, but for those that had to wait for
   a store that was out of order, and those from a clock that was ahead. So the
   first chunk in which nothing is old, or yet to come, is where the old ones
   end. */
static const struct purge_step step_logins = {
	"SELECT max(id), min(time) < ?1 "
	"OR max(time) > strftime('%s', 'now') * 1000000 + 3600000000 FROM "
	"(SELECT id, time FROM login WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM login WHERE id > ?2 AND id <= ?3 AND time < ?1 "
	"AND NOT EXISTS (SELECT 1 FROM evidence JOIN suspension "
	"ON suspension.id = evidence.suspension_id "
	"WHERE evidence.login_id = login.id "
	"AND suspension.released_at IS NULL)",
};
static const struct purge_step step_suspensions = {
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM suspension WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM suspension WHERE id > ?2 AND id <= ?3 "
	"AND released_at < ?1",
};
static const struct purge_step step_brakes = {
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM brake WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM brake WHERE id > ?2 AND id <= ?3 AND ended_at < ?1",
};
static const struct purge_step step_places = {
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM user WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM country_user WHERE user_id > ?2 AND user_id <= ?3 "
	"AND last_day < ?1 / 86400000000",
};
/* A user who is in use gets a login soon; nothing is lost by deleting one
   that has none but for the time up to which its window is cleared. */
static const struct purge_step step_users = {
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM user WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM user WHERE id > ?2 AND id <= ?3 AND cleared_at < ?1 "
	"AND NOT EXISTS (SELECT 1 FROM login WHERE user_id = user.id) "
	"AND NOT EXISTS (SELECT 1 FROM suspension WHERE user_id = user.id)",
};

/* Returns 1, 0 if there is nothing old any more, -1 with an error. */
static int
purge_find_chunk(struct geotrip_store *store, const char *sql, int64_t before,
		 int64_t after, int64_t *last_r, const char **error_r)
{
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, before);
	(void)sqlite3_bind_int64(stmt, 2, after);
	(void)sqlite3_bind_int64(stmt, 3, PURGE_CHUNK);
	ret = geotrip_sqlite_step(store, stmt, error_r);
	if (ret < 0)
		return -1;
	i_assert(ret > 0);
	*last_r = sqlite3_column_int64(stmt, 0);
	ret = sqlite3_column_type(stmt, 0) == SQLITE_NULL ? 0 :
		sqlite3_column_int(stmt, 1);
	(void)sqlite3_reset(stmt);
	return ret;
}

static int
purge_chunk(struct geotrip_store *store, const char *sql, int64_t before,
	    int64_t after, int64_t last, uint64_t *count, const char **error_r)
{
	sqlite3_stmt *stmt;

	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	stmt = geotrip_sqlite_stmt(store, sql, error_r);
	if (stmt != NULL) {
		(void)sqlite3_bind_int64(stmt, 1, before);
		(void)sqlite3_bind_int64(stmt, 2, after);
		(void)sqlite3_bind_int64(stmt, 3, last);
	}
	if (stmt == NULL || geotrip_sqlite_run(store, stmt, error_r) < 0) {
		geotrip_sqlite_rollback(store);
		return -1;
	}
	*count += sqlite3_changes(store->db);
	return geotrip_sqlite_commit(store, error_r);
}

static int
purge_step(struct geotrip_store *store, const struct purge_step *step,
	   int64_t before, uint64_t *count, const char **error_r)
{
	int64_t after = 0, last;
	int ret;

	while ((ret = purge_find_chunk(store, step->sql_chunk, before, after,
				       &last, error_r)) > 0) {
		if (purge_chunk(store, step->sql_delete, before, after, last,
				count, error_r) < 0)
			return -1;
		after = last;
		(void)usleep(PURGE_PAUSE_USECS);
	}
	return ret;
}

int geotrip_store_purge(struct geotrip_store *store, int64_t before,
			struct geotrip_purge_count *count_r,
			const char **error_r)
{
	uint64_t uncounted = 0;

	i_zero(count_r);
	if (purge_step(store, &step_suspensions, before,
		       &count_r->suspensions, error_r) < 0 ||
	    purge_step(store, &step_logins, before, &count_r->logins,
		       error_r) < 0 ||
	    purge_step(store, &step_brakes, before, &uncounted,
		       error_r) < 0 ||
	    purge_step(store, &step_places, before, &uncounted,
		       error_r) < 0 ||
	    purge_step(store, &step_users, before, &count_r->users,
		       error_r) < 0)
		return -1;
	return 0;
}
