/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_STORE_SQLITE_H
#define GEOTRIP_STORE_SQLITE_H

/* Shared by the parts of the SQLite store: the connection, transactions and
   statements. Only for geotrip-store-sqlite*.c. */

#include "geotrip-store.h"

#include <sqlite3.h>
#include <sys/stat.h>

struct geotrip_sqlite_stmt {
	const char *sql;
	sqlite3_stmt *stmt;
};

struct geotrip_store {
	struct geotrip_store_settings set;
	/* set.path with the links in its directory resolved; NULL: not known
	   yet */
	char *real_path;
	/* NULL: not open, see open_error */
	sqlite3 *db;
	char *open_error;
	ARRAY(struct geotrip_sqlite_stmt) stmts;
	/* of the open file */
	struct stat st;
	unsigned int generation;
	/* the state that generation stands for: PRAGMA data_version, the number
	   in the table change, and the last login that we wrote or know of */
	int64_t data_version, change_number, last_login_id;
	/* holds our lock, see geotrip_sqlite_join_peers(); -1: none */
	int peers_fd;
	/* the file was empty or did not exist when it was opened */
	bool created;
	/* after an error: only a new connection may work */
	bool broken;
	/* the lock could not be acquired: do not wait for it again */
	bool impatient;
};

/* "geoT": identifies our databases, also to file(1). */
#define GEOTRIP_SQLITE_APPLICATION_ID 0x67656f54

#define GEOTRIP_USECS_PER_DAY GEOTRIP_USECS(24 * 60 * 60)

/* Returns the last SQLite error with the path and what to do. */
const char *geotrip_sqlite_error(struct geotrip_store *store, int code);

/* A statement, reset and ready for its bindings, or NULL with an error. It is
   owned by the store. sql must be a constant, because statements are cached by
   its address. */
sqlite3_stmt *geotrip_sqlite_stmt(struct geotrip_store *store,
				  const char *sql, const char **error_r);
/* Bind a text. It may be NULL, and must stay valid until the statement is
   reset. */
void geotrip_sqlite_bind_text(sqlite3_stmt *stmt, int idx, const char *text);
/* Bind a time, NULL for GEOTRIP_NEVER. */
void geotrip_sqlite_bind_until(sqlite3_stmt *stmt, int idx, int64_t time);
/* Get a country from a column; NULL and the empty string are "not known". */
void geotrip_sqlite_country(sqlite3_stmt *stmt, int idx,
			    struct geotrip_country *country_r);
/* Get a text from a column, or NULL. */
const char *geotrip_sqlite_text(pool_t pool, sqlite3_stmt *stmt, int idx);
/* Get a time from a column; NULL is GEOTRIP_NEVER. */
int64_t geotrip_sqlite_until(sqlite3_stmt *stmt, int idx);
/* Returns 1 if there is a row, 0 if the statement is done, -1 with an error.
   When done or failed, the statement is reset. */
int geotrip_sqlite_step(struct geotrip_store *store, sqlite3_stmt *stmt,
			const char **error_r);
/* Step a statement that returns no rows. */
int geotrip_sqlite_run(struct geotrip_store *store, sqlite3_stmt *stmt,
		       const char **error_r);
/* Run uncached statements that return no rows. */
int geotrip_sqlite_exec(struct geotrip_store *store, const char *sql,
			const char **error_r);
/* Get the number that the constant statement returns. If there is no row, the
   database is damaged. */
int geotrip_sqlite_get_int(struct geotrip_store *store, const char *sql,
			   int64_t *value_r, const char **error_r);

/* May the file be opened, and those that SQLite keeps next to it? Must not be
   called while this process has it open. Sets store->real_path. */
int geotrip_sqlite_check_files(struct geotrip_store *store,
			       const char **error_r);
/* Refuse it: it is empty, or belongs to another program. Returns -1 with an
   error. */
int geotrip_sqlite_refuse(struct geotrip_store *store, bool is_empty,
			  const char **error_r);
/* Refuse the database of another program before anything in it is changed. */
int geotrip_sqlite_check_id(struct geotrip_store *store, const char **error_r);
/* Bring the schema up to date; refuse one that is newer than this code. Sets
   store->created if there was none. */
int geotrip_sqlite_migrate(struct geotrip_store *store, const char **error_r);

/* Show other processes that this one also records, until it leaves or exits.
   This needs locks on the database's directory: without them, processes do not
   see each other. */
void geotrip_sqlite_join_peers(struct geotrip_store *store);
void geotrip_sqlite_leave_peers(struct geotrip_store *store);

/* Invalidate everything that was read before. */
void geotrip_sqlite_next_generation(struct geotrip_store *store);
/* Get the number that increases with each change that affects cached users. */
int geotrip_sqlite_change_number(struct geotrip_store *store,
				 int64_t *number_r, const char **error_r);
/* A write transaction. After a successful begin there must be one commit or one
   rollback. If commit fails, it has rolled back. begin_now does not wait for
   other processes: returns 1, 0 if one is writing, or -1; the error is set in
   the last two cases. */
int geotrip_sqlite_begin(struct geotrip_store *store, const char **error_r);
int geotrip_sqlite_begin_now(struct geotrip_store *store,
			     const char **error_r);
int geotrip_sqlite_commit(struct geotrip_store *store, const char **error_r);
/* Commit changes that this process knows about: they do not change the
   generation, now or later. geotrip_store_sync() must have been called within
   the transaction, before its first change. If it fails, it has rolled back. */
int geotrip_sqlite_commit_known(struct geotrip_store *store,
				const char **error_r);
void geotrip_sqlite_rollback(struct geotrip_store *store);
/* Set whether following commits survive a power cut immediately (synchronous =
   FULL), or only once they were checkpointed (NORMAL). */
int geotrip_sqlite_set_durable(struct geotrip_store *store, bool durable,
			       const char **error_r);

/* A login was written: update its place, unless that was done recently. */
int geotrip_sqlite_see_place(struct geotrip_store *store,
			     const struct geotrip_store_login *login,
			     int64_t login_id, const char **error_r);
/* Append the countries of logins that were let in, between two times. Set
   was_ahead if there are later ones. */
int geotrip_sqlite_load_sightings(struct geotrip_store *store,
				  int64_t user_id, int64_t since, int64_t now,
				  ARRAY_TYPE(geotrip_sighting) *seen,
				  bool *was_ahead, const char **error_r);
/* Within a transaction: see geotrip_store_mend_times(). */
int geotrip_sqlite_mend_times(struct geotrip_store *store, int64_t user_id,
			      const struct geotrip_set_back *clock,
			      const char **error_r);

/* Within a transaction: the login, which was written, was marked or began a
   suspension. */
int geotrip_sqlite_set_tripped(struct geotrip_store *store,
			       const struct geotrip_store_login *login,
			       const char **error_r);
/* Within a transaction: insert the mark of a login that was written. */
int geotrip_sqlite_insert_mark(struct geotrip_store *store,
			       const struct geotrip_store_login *login,
			       const char **error_r);

/* Find the id of a user. Returns 1, 0 if there is none, -1 with an error. */
int geotrip_sqlite_find_user(struct geotrip_store *store, const char *name,
			     int64_t *id_r, const char **error_r);
/* Find or create it, within a transaction. Returns 0, or -1 with an error. */
int geotrip_sqlite_make_user(struct geotrip_store *store, const char *name,
			     int64_t *id_r, const char **error_r);

/* Within a transaction: close the user's suspension if it has expired at now.
   Usually geotrip_store_expire() has already done and reported that. */
int geotrip_sqlite_expire_user(struct geotrip_store *store, int64_t user_id,
			       int64_t now, const char **error_r);
/* Within a transaction: insert a suspension and its notice; the members from
   released_at on are ignored. */
int geotrip_sqlite_insert_suspension(struct geotrip_store *store,
				     int64_t user_id,
				     const struct geotrip_suspension *new,
				     int64_t *id_r, const char **error_r);

/* The columns of a suspension. The row begins at the column idx. */
#define GEOTRIP_SQLITE_SUSPENSION_COLUMNS \
	"suspension.id, user.name, suspension.since, suspension.until, " \
	"suspension.reason, suspension.rule, suspension.countries, " \
	"suspension.source, suspension.released_at, suspension.released_by, " \
	"suspension.release_reason, suspension.reason_from"
#define GEOTRIP_SQLITE_SUSPENSION_COLUMN_COUNT 12
void geotrip_sqlite_suspension(pool_t pool, sqlite3_stmt *stmt, int idx,
			       struct geotrip_suspension *suspension_r);

ARRAY_DEFINE_TYPE(geotrip_suspension, struct geotrip_suspension);
/* Append the suspensions that have expired at now but are not closed yet, of
   the user or of all users (0). Their texts come from the pool. */
int geotrip_sqlite_ended_suspensions(struct geotrip_store *store,
				     int64_t user_id, int64_t now, pool_t pool,
				     ARRAY_TYPE(geotrip_suspension) *ended,
				     const char **error_r);
/* Call back for each of them. */
void geotrip_sqlite_tell_suspensions(const ARRAY_TYPE(geotrip_suspension) *rows,
				     geotrip_suspension_callback_t *callback,
				     void *context);

/* Within a transaction: queue a notice of the suspension, unless it has one of
   that kind already. */
int geotrip_sqlite_queue_notice(struct geotrip_store *store,
				int64_t suspension_id,
				enum geotrip_notice_kind kind, int64_t time,
				const char **error_r);
/* Within a transaction: the suspension ended at that time. If an operator ended
   it, withdraw undelivered notices; if the owner was told of the suspension,
   queue a notice that sending works again. */
int geotrip_sqlite_end_notices(struct geotrip_store *store,
			       int64_t suspension_id, int64_t time,
			       bool by_operator, const char **error_r);

#endif
