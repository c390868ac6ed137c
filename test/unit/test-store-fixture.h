/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

/* A database file in a directory of its own, and what the tests of the store
   write to it and read from it. */

#include "geotrip-store.h"

/* the file, which may exist or not */
extern const char *test_store_path;

/* Open it as the auth process does (create) or as doveadm does. */
struct geotrip_store *open_store(bool create);
/* Remove it, and what SQLite put beside it. */
void remove_db(void);
/* Another program at the same database. Returns the first column of all rows,
   separated by blanks, in the data stack. */
const char *sql(const char *statement);

/* A login by SMTP that was let in. country may be empty: not known. */
struct geotrip_store_login
make_login(struct geotrip_store_user *user, const char *country, int64_t time);
/* The login was let in though it made the rule "r" true, by JP and US, in the
   mode observe. */
void mark_login(struct geotrip_store_login *login);
/* Commit a login, with a trip or NULL. Returns what the callback got. */
enum geotrip_store_commit_result
commit_one(struct geotrip_store *store, const struct geotrip_store_login *login,
	   const struct geotrip_store_trip *trip);
/* The callback of a commit: puts the result where context points to. There
   must be an error text only if it is an error. */
void keep_commit_result(enum geotrip_store_commit_result result,
			const char *error, void *context);
/* Commit what make_login() returns, which must succeed. */
void commit_login(struct geotrip_store *store, struct geotrip_store_user *user,
		  const char *country, int64_t time);

/* The history of a user since a time, as print_history() writes it, in the
   data stack. */
const char *
load_history(struct geotrip_store *store, struct geotrip_store_user *user,
	     int64_t since);
/* The callback of geotrip_store_load(): appends to the string context. */
void print_history(const struct geotrip_store_history *history,
		   const char *error, void *context);

/* Run the tests, with the directory around them. Returns the exit code. */
int test_store_run(void (*const tests[])(void));

#endif
