/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Statements and error texts of the SQLite store. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite.h"

static const char *error_mend(int code)
{
	switch (code & 0xff) {
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return "It and its directory must exist and belong to the "
			"user that Dovecot's auth process runs as";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "Another process holds a lock on it for too long: "
			"find it with fuser";
	case SQLITE_FULL:
		return "The disk is full: free some space";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "It is damaged: move it away, with its -wal and -shm "
			"files, and put a backup there or let Dovecot create "
			"a new one";
	case SQLITE_IOERR:
		return "See the kernel log for disk errors";
	case SQLITE_NOMEM:
		return "Raise the vsz_limit of the service";
	default:
		return "See the manual page dovecot-geotrip(7), "
			"under WHEN SOMETHING FAILS";
	}
}

/* Will the same connection work again once the cause is gone? */
static bool error_is_passing(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_NOMEM:
	case SQLITE_INTERRUPT:
		return TRUE;
	default:
		return FALSE;
	}
}

const char *geotrip_sqlite_error(struct geotrip_store *store, int code)
{
	const char *detail = sqlite3_errstr(code);

	if (!error_is_passing(code))
		store->broken = TRUE;
	if (store->db != NULL && sqlite3_extended_errcode(store->db) == code)
		detail = sqlite3_errmsg(store->db);
	return t_strdup_printf("Database geotrip_db=%s: %s. %s",
			       store->set.path, detail, error_mend(code));
}

sqlite3_stmt *geotrip_sqlite_stmt(struct geotrip_store *store,
				  const char *sql, const char **error_r)
{
	struct geotrip_sqlite_stmt *known, new = { .sql = sql };
	int ret;

	if (store->db == NULL) {
		*error_r = t_strdup(store->open_error);
		return NULL;
	}
	array_foreach_modifiable(&store->stmts, known) {
		if (known->sql == sql) {
			(void)sqlite3_reset(known->stmt);
			(void)sqlite3_clear_bindings(known->stmt);
			return known->stmt;
		}
	}
	ret = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
				 &new.stmt, NULL);
	if (ret != SQLITE_OK) {
		*error_r = geotrip_sqlite_error(
			store, sqlite3_extended_errcode(store->db));
		return NULL;
	}
	array_push_back(&store->stmts, &new);
	return new.stmt;
}

void geotrip_sqlite_bind_text(sqlite3_stmt *stmt, int idx, const char *text)
{
	if (text == NULL)
		(void)sqlite3_bind_null(stmt, idx);
	else
		(void)sqlite3_bind_text(stmt, idx, text, -1, SQLITE_STATIC);
}

void geotrip_sqlite_bind_until(sqlite3_stmt *stmt, int idx, int64_t time)
{
	if (time == GEOTRIP_NEVER)
		(void)sqlite3_bind_null(stmt, idx);
	else
		(void)sqlite3_bind_int64(stmt, idx, time);
}

void geotrip_sqlite_country(sqlite3_stmt *stmt, int idx,
			    struct geotrip_country *country_r)
{
	i_zero(country_r);
	if (sqlite3_column_bytes(stmt, idx) == 2)
		memcpy(country_r->code, sqlite3_column_text(stmt, idx), 2);
}

const char *geotrip_sqlite_text(pool_t pool, sqlite3_stmt *stmt, int idx)
{
	return p_strdup(pool, (const char *)sqlite3_column_text(stmt, idx));
}

int64_t geotrip_sqlite_until(sqlite3_stmt *stmt, int idx)
{
	return sqlite3_column_type(stmt, idx) == SQLITE_NULL ?
		GEOTRIP_NEVER : sqlite3_column_int64(stmt, idx);
}

int geotrip_sqlite_step(struct geotrip_store *store, sqlite3_stmt *stmt,
			const char **error_r)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		(void)sqlite3_reset(stmt);
		return 0;
	default:
		*error_r = geotrip_sqlite_error(
			store, sqlite3_extended_errcode(store->db));
		(void)sqlite3_reset(stmt);
		return -1;
	}
}

int geotrip_sqlite_run(struct geotrip_store *store, sqlite3_stmt *stmt,
		       const char **error_r)
{
	int ret = geotrip_sqlite_step(store, stmt, error_r);

	i_assert(ret <= 0);
	return ret;
}

int geotrip_sqlite_exec(struct geotrip_store *store, const char *sql,
			const char **error_r)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	*error_r = geotrip_sqlite_error(store,
					sqlite3_extended_errcode(store->db));
	return -1;
}

int geotrip_sqlite_get_int(struct geotrip_store *store, const char *sql,
			   int64_t *value_r, const char **error_r)
{
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	ret = geotrip_sqlite_step(store, stmt, error_r);
	if (ret < 0)
		return -1;
	if (ret == 0) {
		/* a row that the schema inserted is missing */
		*error_r = geotrip_sqlite_error(store, SQLITE_CORRUPT);
		return -1;
	}
	*value_r = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}
