/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Rows written while the clock was ahead: once it is right again they are in
   the future, and would hide what comes after them. */

#include "lib.h"
#include "geotrip-store-sqlite.h"

/* The time of clearing, corrected. */
#define CLEARED "(SELECT min(cleared_at - ?3, ?2 - 1) FROM user WHERE id = ?1)"

static int
run_update(struct geotrip_store *store, const char *sql, int64_t user_id,
	   const struct geotrip_set_back *clock, const char **error_r)
{
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user_id);
	(void)sqlite3_bind_int64(stmt, 2, clock->to);
	(void)sqlite3_bind_int64(stmt, 3, clock->by);
	return geotrip_sqlite_run(store, stmt, error_r);
}

int geotrip_sqlite_mend_times(struct geotrip_store *store, int64_t user_id,
			      const struct geotrip_set_back *clock,
			      const char **error_r)
{
	/* Logins up to the time of clearing do not count, and must not start to
	   when it is moved back. */
	static const char sql_cleared_places[] =
		"UPDATE place SET last_time = min(last_time, ?2), "
		"allowed_time = min(allowed_time, "CLEARED") "
		"WHERE user_id = ?1 AND allowed_time <= "
		"(SELECT cleared_at FROM user WHERE id = ?1 "
		"AND cleared_at > ?2)";
	static const char sql_user[] =
		"UPDATE user SET cleared_at = min(cleared_at - ?3, ?2 - 1) "
		"WHERE id = ?1 AND cleared_at > ?2";
	/* If the clock was ahead by some hours, as in a virtual machine with
	   another time zone, this was written recently. Times more than a day
	   in the future may be of any age. */
	static const char sql_places[] =
		"UPDATE place SET last_time = min(last_time, ?2), "
		"allowed_time = CASE "
		"WHEN allowed_time - ?3 <= ?2 + 86400000000 "
		"THEN min(allowed_time - ?3, ?2) END "
		"WHERE user_id = ?1 AND allowed_time > ?2";

	if (run_update(store, sql_cleared_places, user_id, clock,
		       error_r) < 0 ||
	    run_update(store, sql_user, user_id, clock, error_r) < 0 ||
	    run_update(store, sql_places, user_id, clock, error_r) < 0)
		return -1;
	return 0;
}

int geotrip_store_mend_times(struct geotrip_store *store,
			     const struct geotrip_store_user *user,
			     const struct geotrip_set_back *clock,
			     const char **error_r)
{
	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	/* changes by others up to now are not ours */
	if (geotrip_store_sync(store, error_r) < 0 ||
	    geotrip_sqlite_mend_times(store, user->id, clock, error_r) < 0) {
		geotrip_sqlite_rollback(store);
		return -1;
	}
	return geotrip_sqlite_commit_known(store, error_r);
}
