/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef TEST_LOGIN_FIXTURE_H
#define TEST_LOGIN_FIXTURE_H

/* All that geotrip is in Dovecot's auth process, but for that process: real
   mmdb, real SQLite at the file of the store's fixture, real event loop.
   The prefix is there because libc has a login() of its own. */

#include "geotrip-login.h"
#include "test-store-fixture.h"

struct sqlite3;

/* addresses that the mmdb has in the country of this name */
#define JP "11.0.2.1"
#define US "11.0.2.17"
#define BR "11.0.2.33"
#define DE "11.0.2.49"

/* the parent of all events, while the tests run */
extern struct event *gt_event;

/* The defaults, but for the mode enforce. In the data stack. */
struct geotrip_settings gt_settings(void);
/* Start an auth process; a second one only with the same settings. */
struct geotrip *gt_start(const struct geotrip_settings *set);
/* Stop it, and remove the database. */
void gt_stop(struct geotrip **gt);

/* What a login is answered, by name. */
const char *gt_verdict(struct geotrip *gt, const struct geotrip_login *login);
/* The same for a login now. ip and session may be NULL: none. */
const char *gt_login_full(struct geotrip *gt, const char *user, const char *ip,
			  const char *service, const char *session);
/* The same for one that wants to send, without a session. */
const char *gt_login(struct geotrip *gt, const char *user, const char *ip);
/* The same at a time. */
const char *gt_login_at(struct geotrip *gt, const char *user, const char *ip,
			int64_t time);
/* The same in a session. */
const char *gt_login_session(struct geotrip *gt, const char *user,
			     const char *ip, const char *session, int64_t time);
/* Two logins that are let in, then one from a third country: its answer. */
const char *gt_travel(struct geotrip *gt, const char *user);

/* Run the timers that are due within this time, or within what it takes until
   logins that wait are written, if that is longer. They run in the order in
   which they are due, however slow the machine is: one that is due later than
   that does not run before those. */
void gt_run_ioloop(unsigned int msecs);
/* Run the event loop until the statement answers so, or fail after a minute. */
void gt_wait_sql(const char *statement, const char *answer);
/* Run the event loop until the database counts as out of order. */
void gt_wait_failing(struct geotrip *gt);

/* As the operator's command: end the suspension of a user. */
void gt_release(const char *user);
/* As the operator's command: suspend again, after too many tripped. */
void gt_resume(void);
/* As another process that is writing, until it is unlocked. */
struct sqlite3 *gt_lock_db(void);
void gt_unlock_db(struct sqlite3 *db);

/* Run the tests, with the event loop and the database's directory around
   them. Returns the exit code. The tests of the policy service want this, and
   start no auth process. */
int gt_run_tests(void (*const tests[])(void));

#endif
