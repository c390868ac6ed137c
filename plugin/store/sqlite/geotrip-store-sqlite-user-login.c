/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The index for finding the logins of a user: the auth process leaves updating
   it to others. */

#include "lib.h"
#include "geotrip-store-sqlite.h"

#include <unistd.h>

/* The number of logins indexed in one transaction: each one modifies a
   different page. */
#define CHUNK 500
/* A pause in which logins can get the lock. */
#define PAUSE_USECS 2000

/* Get the ids of a chunk. Returns 1, 0 if there is nothing to do, -1 with an
   error. */
static int
find_chunk(struct geotrip_store *store, int64_t *first_r, int64_t *last_r,
	   const char **error_r)
{
	static const char sql[] =
		"SELECT done.login_id, (SELECT max(id) FROM (SELECT id "
		"FROM login WHERE id > done.login_id ORDER BY id LIMIT ?1)) "
		"FROM user_login_end AS done";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int(stmt, 1, CHUNK);
	ret = geotrip_sqlite_step(store, stmt, error_r);
	if (ret <= 0)
		return ret;
	*first_r = sqlite3_column_int64(stmt, 0);
	*last_r = sqlite3_column_int64(stmt, 1);
	(void)sqlite3_reset(stmt);
	return *last_r > *first_r ? 1 : 0;
}

static int
run_chunk(struct geotrip_store *store, const char *sql, int64_t first,
	  int64_t last, const char **error_r)
{
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, first);
	(void)sqlite3_bind_int64(stmt, 2, last);
	ret = geotrip_sqlite_step(store, stmt, error_r);
	(void)sqlite3_reset(stmt);
	return ret < 0 ? -1 : 0;
}

/* Read the pages to be modified into memory before taking the lock. */
static int
read_chunk(struct geotrip_store *store, int64_t first, int64_t last,
	   const char **error_r)
{
	static const char sql[] =
		"SELECT sum(EXISTS (SELECT 1 FROM user_login "
		"WHERE user_login.user_id = login.user_id "
		"AND user_login.login_id > ?1)) "
		"FROM login WHERE id > ?1 AND id <= ?2";

	return run_chunk(store, sql, first, last, error_r);
}

static int
write_chunk(struct geotrip_store *store, int64_t first, int64_t last,
	    const char **error_r)
{
	/* another process may have indexed the same chunk */
	static const char insert[] =
		"INSERT OR IGNORE INTO user_login (user_id, login_id) "
		"SELECT user_id, id FROM login WHERE id > ?1 AND id <= ?2 "
		"ORDER BY user_id, id";
	static const char update[] =
		"UPDATE user_login_end SET login_id = ?2 "
		"WHERE login_id = ?1";

	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	if (run_chunk(store, insert, first, last, error_r) < 0 ||
	    run_chunk(store, update, first, last, error_r) < 0) {
		geotrip_sqlite_rollback(store);
		return -1;
	}
	return geotrip_sqlite_commit(store, error_r);
}

int geotrip_store_index_logins(struct geotrip_store *store,
			       const char **error_r)
{
	int64_t first, last;
	int ret;

	while ((ret = find_chunk(store, &first, &last, error_r)) > 0) {
		if (read_chunk(store, first, last, error_r) < 0 ||
		    write_chunk(store, first, last, error_r) < 0)
			return -1;
		(void)usleep(PAUSE_USECS);
	}
	return ret;
}
