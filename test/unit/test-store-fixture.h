/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

/* A database file in a directory of its own, for the tests of the store. */

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

/* Run the tests, with the directory around them. Returns the exit code. */
int test_store_run(void (*const tests[])(void));

#endif
