/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Transactions of the SQLite store: how long they wait for other processes, how
   durable they are, and which of them change the generation. */

#include "lib.h"
#include "geotrip-store-sqlite.h"

void geotrip_sqlite_next_generation(struct geotrip_store *store)
{
	if (++store->generation == 0)
		store->generation++;
}

int geotrip_sqlite_change_number(struct geotrip_store *store,
				 int64_t *number_r, const char **error_r)
{
	static const char sql[] = "SELECT number FROM change";

	return geotrip_sqlite_get_int(store, sql, number_r, error_r);
}

static int
sqlite_run_sql(struct geotrip_store *store, const char *sql,
	       const char **error_r)
{
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	return stmt == NULL ? -1 : geotrip_sqlite_run(store, stmt, error_r);
}

int geotrip_sqlite_begin(struct geotrip_store *store, const char **error_r)
{
	static const char sql[] = "BEGIN IMMEDIATE";
	int ret = sqlite_run_sql(store, sql, error_r);

	if (store->db != NULL && (ret < 0) != store->impatient) {
		/* A process that has held the lock for this long will probably
		   keep it: wait only once until it is free again. */
		store->impatient = ret < 0;
		(void)sqlite3_busy_timeout(store->db, store->impatient ? 0 :
					   store->set.lock_wait_msecs);
	}
	return ret;
}

int geotrip_sqlite_begin_now(struct geotrip_store *store, const char **error_r)
{
	static const char sql[] = "BEGIN IMMEDIATE";
	int ret, code = SQLITE_OK;

	if (store->db != NULL)
		(void)sqlite3_busy_timeout(store->db, 0);
	ret = sqlite_run_sql(store, sql, error_r);
	if (store->db != NULL) {
		code = sqlite3_errcode(store->db);
		if (ret == 0)
			store->impatient = FALSE;
		(void)sqlite3_busy_timeout(store->db, store->impatient ? 0 :
					   store->set.lock_wait_msecs);
	}
	if (ret == 0)
		return 1;
	return (code & 0xff) == SQLITE_BUSY ? 0 : -1;
}

int geotrip_sqlite_commit(struct geotrip_store *store, const char **error_r)
{
	static const char sql[] = "COMMIT";

	if (sqlite_run_sql(store, sql, error_r) < 0) {
		geotrip_sqlite_rollback(store);
		return -1;
	}
	return 0;
}

int geotrip_sqlite_commit_known(struct geotrip_store *store,
				const char **error_r)
{
	int64_t number;

	if (geotrip_sqlite_change_number(store, &number, error_r) < 0) {
		geotrip_sqlite_rollback(store);
		return -1;
	}
	if (geotrip_sqlite_commit(store, error_r) < 0)
		return -1;
	store->change_number = number;
	return 0;
}

void geotrip_sqlite_rollback(struct geotrip_store *store)
{
	static const char sql[] = "ROLLBACK";
	const char *error;

	/* ids assigned in this transaction are invalid now */
	geotrip_sqlite_next_generation(store);
	/* SQLite itself rolls back after some errors */
	if (sqlite3_get_autocommit(store->db) == 0 &&
	    sqlite_run_sql(store, sql, &error) < 0 &&
	    sqlite3_get_autocommit(store->db) == 0) {
		/* do not keep the lock */
		store->broken = TRUE;
	}
}

int geotrip_sqlite_set_durable(struct geotrip_store *store, bool durable,
			       const char **error_r)
{
	static const char full[] = "PRAGMA synchronous = FULL";
	static const char normal[] = "PRAGMA synchronous = NORMAL";

	return sqlite_run_sql(store, durable ? full : normal, error_r);
}
