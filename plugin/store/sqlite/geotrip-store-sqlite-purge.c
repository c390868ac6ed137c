/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Deletes old rows in small steps. */

#include "lib.h"
#include "geotrip-store-sqlite.h"

#include <unistd.h>

/* The number of rows that are examined in a transaction, which takes some
   milliseconds. Deleting a user deletes some other rows, too. */
#define CHUNK 2000
#define USERS_CHUNK 200
/* One user may have most of the rows. */
#define ROWS_CHUNK 2000
/* A pause in which logins can get the lock. */
#define PURGE_PAUSE_USECS 2000

/* Each step deletes old rows among those with ids after *after, and moves
   *after to the last id that was examined. The parameters of the statements are
   ?1 = before, ?2 = *after and ?3 = the chunk. */
struct purge_step {
	unsigned int chunk;
	/* returns the last id of the chunk, and whether any of its rows are
	   old */
	const char *sql_chunk;
	/* the same parameters, but ?3 = the last id of the chunk, and ?4 = the
	   last id of a login that was looked at */
	const char *sql_delete;
	/* sql_delete deletes at most this many rows (?5), and is repeated until
	   it deletes fewer; 0: it deletes all of them */
	unsigned int max_rows;
};

/* Rows of login are ordered by time, except for those that had to wait while
   the store failed, and those written while the clock was ahead. So the old
   rows end at the first chunk in which nothing is old or in the future. */
static const struct purge_step step_logins = {
	CHUNK,
	"SELECT max(id), min(time) < ?1 "
	"OR max(time) > strftime('%s', 'now') * 1000000 + 3600000000 FROM "
	"(SELECT id, time FROM login WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM login WHERE id > ?2 AND id <= ?3 AND time < ?1 "
	"AND id < (SELECT max(id) FROM login) "
	"AND NOT EXISTS (SELECT 1 FROM evidence JOIN suspension "
	"ON suspension.id = evidence.suspension_id "
	"WHERE evidence.login_id = login.id "
	"AND suspension.released_at IS NULL)",
	0,
};
static const struct purge_step step_suspensions = {
	CHUNK,
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM suspension WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM suspension WHERE id > ?2 AND id <= ?3 "
	"AND released_at < ?1",
	0,
};
static const struct purge_step step_brakes = {
	CHUNK,
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM brake WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM brake WHERE id > ?2 AND id <= ?3 AND ended_at < ?1",
	0,
};
static const struct purge_step step_marks = {
	CHUNK,
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM mark WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM mark WHERE id > ?2 AND id <= ?3 AND time < ?1",
	0,
};
static const struct purge_step step_tripped = {
	CHUNK,
	"SELECT max(user_id), ?1 > 0 FROM (SELECT user_id FROM tripped "
	"WHERE user_id > ?2 ORDER BY user_id LIMIT ?3)",
	"DELETE FROM tripped WHERE user_id > ?2 AND user_id <= ?3 "
	"AND time < ?1",
	0,
};
static const struct purge_step step_tripped_domains = {
	CHUNK,
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM tripped_domain WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM tripped_domain WHERE id > ?2 AND id <= ?3 "
	"AND NOT EXISTS (SELECT 1 FROM tripped "
	"WHERE tripped.domain = tripped_domain.domain)",
	0,
};
static const struct purge_step step_user_logins = {
	USERS_CHUNK,
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM user WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM user_login WHERE (user_id, login_id) IN "
	"(SELECT user_id, login_id FROM user_login "
	"WHERE user_id > ?2 AND user_id <= ?3 AND login_id <= ?4 "
	"AND NOT EXISTS (SELECT 1 FROM login WHERE id = login_id) LIMIT ?5)",
	ROWS_CHUNK,
};
/* A place's last time may be up to a minute too early. */
static const struct purge_step step_places = {
	CHUNK,
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM user WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM place WHERE user_id > ?2 AND user_id <= ?3 "
	"AND last_time < ?1 - 120000000",
	0,
};
/* An active user will get a login soon. Deleting one without logins, and
   therefore without places, loses nothing but the time up to which its window
   is cleared. The last login of all is always kept. */
static const struct purge_step step_users = {
	CHUNK,
	"SELECT max(id), ?1 > 0 FROM "
	"(SELECT id FROM user WHERE id > ?2 ORDER BY id LIMIT ?3)",
	"DELETE FROM user WHERE id > ?2 AND id <= ?3 AND cleared_at < ?1 "
	"AND NOT EXISTS (SELECT 1 FROM place WHERE user_id = user.id) "
	"AND id IS NOT (SELECT user_id FROM login ORDER BY id DESC LIMIT 1) "
	"AND NOT EXISTS (SELECT 1 FROM suspension WHERE user_id = user.id)",
	0,
};

/* Returns 1, 0 if nothing old is left, -1 with an error. */
static int
purge_find_chunk(struct geotrip_store *store, const struct purge_step *step,
		 int64_t before, int64_t after, int64_t *last_r,
		 const char **error_r)
{
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, step->sql_chunk,
						 error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, before);
	(void)sqlite3_bind_int64(stmt, 2, after);
	(void)sqlite3_bind_int64(stmt, 3, step->chunk);
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

/* Returns 1 if there may be more to delete in the chunk, 0 if not, -1 with an
   error. */
static int
purge_chunk(struct geotrip_store *store, const struct purge_step *step,
	    int64_t before, int64_t after, int64_t last, int64_t last_login,
	    uint64_t *count, const char **error_r)
{
	unsigned int deleted;
	sqlite3_stmt *stmt;

	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	stmt = geotrip_sqlite_stmt(store, step->sql_delete, error_r);
	if (stmt != NULL) {
		(void)sqlite3_bind_int64(stmt, 1, before);
		(void)sqlite3_bind_int64(stmt, 2, after);
		(void)sqlite3_bind_int64(stmt, 3, last);
		(void)sqlite3_bind_int64(stmt, 4, last_login);
		(void)sqlite3_bind_int64(stmt, 5, step->max_rows);
	}
	if (stmt == NULL || geotrip_sqlite_run(store, stmt, error_r) < 0) {
		geotrip_sqlite_rollback(store);
		return -1;
	}
	deleted = sqlite3_changes(store->db);
	*count += deleted;
	if (geotrip_sqlite_commit(store, error_r) < 0)
		return -1;
	return step->max_rows > 0 && deleted >= step->max_rows ? 1 : 0;
}

/* after_r is set to the last id that was examined. */
static int
purge_step(struct geotrip_store *store, const struct purge_step *step,
	   int64_t before, int64_t last_login, int64_t *after_r,
	   uint64_t *count, const char **error_r)
{
	int64_t last;
	int ret;

	*after_r = 0;
	while ((ret = purge_find_chunk(store, step, before, *after_r, &last,
				       error_r)) > 0) {
		do {
			ret = purge_chunk(store, step, before, *after_r, last,
					  last_login, count, error_r);
			if (ret < 0)
				return -1;
			(void)usleep(PURGE_PAUSE_USECS);
		} while (ret > 0);
		*after_r = last;
	}
	return ret;
}

int geotrip_store_purge(struct geotrip_store *store, int64_t before,
			struct geotrip_purge_count *count_r,
			const char **error_r)
{
	uint64_t uncounted = 0;
	const struct {
		const struct purge_step *step;
		uint64_t *count;
	} steps[] = {
		{ &step_user_logins, &uncounted },
		{ &step_brakes, &uncounted },
		{ &step_marks, &uncounted },
		{ &step_places, &uncounted },
		{ &step_users, &count_r->users },
		{ &step_tripped, &uncounted },
		{ &step_tripped_domains, &uncounted },
	};
	int64_t last, last_login = 0;
	unsigned int i;

	i_zero(count_r);
	if (purge_step(store, &step_suspensions, before, 0, &last,
		       &count_r->suspensions, error_r) < 0 ||
	    purge_step(store, &step_logins, before, 0, &last_login,
		       &count_r->logins, error_r) < 0)
		return -1;
	for (i = 0; i < N_ELEMENTS(steps); i++) {
		if (purge_step(store, steps[i].step, before, last_login, &last,
			       steps[i].count, error_r) < 0)
			return -1;
	}
	return 0;
}
