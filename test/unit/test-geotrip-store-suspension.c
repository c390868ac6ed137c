/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Suspensions in the store: how they begin, how they end, and what purge
   leaves of them. */

#include "lib.h"
#include "array.h"
#include "test-common.h"
#include "test-store-fixture.h"

#define HOUR GEOTRIP_USECS(3600)

/* A login from BR that trips, because of the last one from JP. */
static enum geotrip_store_commit_result
commit_trip(struct geotrip_store *store, struct geotrip_store_user *user,
	    int64_t time, int64_t until)
{
	struct geotrip_store_login login = make_login(user, "BR", time);
	struct geotrip_store_trip trip = {
		.until = until,
		.reason = "3 countries in 1h",
		.rule = "3 countries in 1h",
		.countries = "JP BR",
	};
	struct geotrip_sighting *seen;

	t_array_init(&trip.evidence, 2);
	seen = array_append_space(&trip.evidence);
	memcpy(seen->country.code, "JP", 2);
	seen->time = time - 10;
	seen->login_id = atoi(sql(t_strdup_printf(
		"SELECT max(login.id) FROM login JOIN user "
		"ON user.id = user_id WHERE name = '%s' AND country = 'JP'",
		user->name)));
	seen = array_append_space(&trip.evidence);
	seen->country = login.country;
	seen->time = time;
	login.verdict = GEOTRIP_VERDICT_TRIP;
	return commit_one(store, &login, &trip);
}

static void test_store_trip(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	int64_t now = geotrip_now();
	const char *error;

	test_begin("store: a trip is a login, a suspension, its evidence and "
		   "a notice");
	commit_login(store, &user, "JP", now - 10);
	test_assert(commit_trip(store, &user, now, now + HOUR) ==
		    GEOTRIP_STORE_COMMITTED);
	test_assert_strcmp(sql("SELECT verdict FROM login"), "allow trip");
	test_assert_strcmp(sql("SELECT countries FROM suspension"), "JP BR");
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "u");
	test_assert_strcmp(sql("SELECT login_id FROM evidence"), "1 2");
	test_assert_strcmp(sql("SELECT state FROM notice"), "queued");
	test_assert_strcmp(load_history(store, &user, 0),
		t_strdup_printf("cleared=0 until=%"PRId64" JP%"PRId64,
				now + HOUR, now - 10));
	test_end();

	test_begin("store: no second suspension, and nothing of it is left");
	test_assert(commit_trip(store, &user, now + 1, now + 2 * HOUR) ==
		    GEOTRIP_STORE_SUSPENDED_ALREADY);
	test_assert_strcmp(sql("SELECT count(*) FROM suspension"), "1");
	test_assert_strcmp(sql("SELECT count(*) FROM notice"), "1");
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "2");
	test_end();

	test_begin("store: a release clears the window of the user");
	test_assert(geotrip_store_release(store, "u", "why", &error) == 1);
	test_assert(geotrip_store_release(store, "u", "why", &error) == 0);
	test_assert(geotrip_store_release(store, "x", "why", &error) == 0);
	test_assert(strstr(load_history(store, &user, 0), "JP") == NULL);
	test_assert(strstr(load_history(store, &user, 0), "until") == NULL);
	test_assert_strcmp(sql("SELECT released_by || release_reason FROM "
			       "suspension"), "operatorwhy");
	test_assert_strcmp(sql("SELECT state FROM notice"), "withdrawn");
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void
count_row(const struct geotrip_suspension *suspension ATTR_UNUSED,
	  void *context)
{
	unsigned int *count = context;

	(*count)++;
}

static void test_store_expire(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	int64_t now = geotrip_now();
	unsigned int count = 0;
	const char *error;

	test_begin("store: a suspension whose time is over");
	test_assert(commit_trip(store, &user, now - 2 * HOUR, now - HOUR) ==
		    GEOTRIP_STORE_COMMITTED);
	/* it is not active, even if nobody has closed it yet */
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "");
	test_assert(geotrip_store_suspensions(
		store, GEOTRIP_STORE_SUSPENSIONS_ACTIVE, NULL, count_row,
		&count, &error) == 0);
	test_assert(count == 0);
	/* and does not stand in the way of another one */
	test_assert(commit_trip(store, &user, now - HOUR / 2, now - HOUR / 4) ==
		    GEOTRIP_STORE_COMMITTED);
	test_assert(geotrip_store_expire(store, count_row, &count,
					 &error) == 0);
	test_assert(count == 1);
	test_assert(geotrip_store_expire(store, count_row, &count,
					 &error) == 0);
	test_assert(count == 1);
	test_assert_strcmp(sql("SELECT released_by FROM suspension"),
			   "time time");
	test_assert_strcmp(load_history(store, &user, 0),
			   t_strdup_printf("cleared=%"PRId64, now - HOUR / 4));
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void
keep_reason(const struct geotrip_suspension *suspension, void *context)
{
	enum geotrip_reason *reason_r = context;

	*reason_r = suspension->reason_from;
}

static enum geotrip_reason
reason_from(struct geotrip_store *store, const char *user)
{
	enum geotrip_reason reason = (enum geotrip_reason)-1;
	const char *error;

	test_assert(geotrip_store_suspensions(
		store, GEOTRIP_STORE_SUSPENSIONS_LAST, user, keep_reason,
		&reason, &error) == 0);
	return reason;
}

static void test_store_reasons(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "tripped" };
	int64_t now = geotrip_now();
	const char *error;

	test_begin("store: where the text of a reason comes from");
	test_assert(commit_trip(store, &user, now, now + HOUR) ==
		    GEOTRIP_STORE_COMMITTED);
	test_assert(reason_from(store, "tripped") == GEOTRIP_REASON_RULE);
	test_assert(geotrip_store_suspend(store, "given", GEOTRIP_NEVER,
					  "spam", &error) == 0);
	test_assert(reason_from(store, "given") == GEOTRIP_REASON_GIVEN);
	test_assert(geotrip_store_suspend(store, "none", GEOTRIP_NEVER, NULL,
					  &error) == 0);
	test_assert(reason_from(store, "none") == GEOTRIP_REASON_NOT_GIVEN);
	test_assert(geotrip_store_suspend_again(store, "again", GEOTRIP_NEVER,
						&error) == 0);
	test_assert(reason_from(store, "again") == GEOTRIP_REASON_REWRITTEN);
	/* what an operator writes is an operator's, whatever it is */
	test_assert(geotrip_store_suspend(store, "given", GEOTRIP_NEVER,
					  geotrip_reason_text(
						GEOTRIP_REASON_NOT_GIVEN),
					  &error) == 0);
	test_assert(reason_from(store, "given") == GEOTRIP_REASON_GIVEN);
	test_assert(geotrip_store_suspend(store, "tripped", GEOTRIP_NEVER,
					  "and spam", &error) == 0);
	test_assert(reason_from(store, "tripped") == GEOTRIP_REASON_RULE);
	/* other programs read these */
	test_assert_strcmp(sql("SELECT reason FROM active_suspension "
			       "WHERE user IN ('none', 'again') ORDER BY user"),
			   "suspended before the database was lost "
			   "by an operator");
	/* rows of an older version */
	(void)sql("UPDATE suspension SET reason_from = NULL");
	test_assert(reason_from(store, "tripped") == GEOTRIP_REASON_RULE);
	test_assert(reason_from(store, "none") == GEOTRIP_REASON_NOT_GIVEN);
	test_assert(reason_from(store, "again") == GEOTRIP_REASON_REWRITTEN);
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_store_operator(void)
{
	struct geotrip_store *store = open_store(TRUE);
	const char *error;

	test_begin("store: an operator suspends, again with another end");
	test_assert(geotrip_store_suspend(store, "new", GEOTRIP_NEVER, "r1",
					  &error) == 0);
	test_assert_strcmp(sql("SELECT reason || source || "
			       "coalesce(until, '-') FROM suspension"),
			   "r1operator-");
	test_assert(geotrip_store_suspend(store, "new",
					  geotrip_now() + HOUR, "r2",
					  &error) == 0);
	test_assert_strcmp(sql("SELECT reason FROM suspension WHERE until > 0"),
			   "r2");
	test_assert_strcmp(sql("SELECT count(*) FROM notice"), "1");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_store_purge(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	struct geotrip_store_user old = { .name = "old" };
	struct geotrip_store_user held = { .name = "held" };
	struct geotrip_purge_count count;
	int64_t now = geotrip_now();
	const char *error;
	unsigned int i;

	test_begin("store: purge of an empty database");
	test_assert(geotrip_store_purge(store, now, &count, &error) == 0);
	test_assert(count.logins == 0 && count.users == 0);
	test_end();

	test_begin("store: purge deletes what is old and not needed");
	for (i = 0; i < 10; i++)
		commit_login(store, &old, "JP", now - 48 * HOUR + i);
	commit_login(store, &held, "JP", now - 47 * HOUR - 10);
	test_assert(commit_trip(store, &held, now - 47 * HOUR,
				GEOTRIP_NEVER) == GEOTRIP_STORE_COMMITTED);
	test_assert(commit_trip(store, &old, now - 46 * HOUR,
				now - 45 * HOUR) == GEOTRIP_STORE_COMMITTED);
	commit_login(store, &user, "JP", now - 1 * HOUR);
	test_assert(geotrip_store_expire(store, count_row, &i, &error) == 0);

	test_assert(geotrip_store_purge(store, now - 24 * HOUR, &count,
					&error) == 0);
	test_assert(count.logins == 11);
	test_assert(count.suspensions == 1);
	test_assert(count.users == 1);
	/* the evidence of an active suspension stays with it */
	test_assert_strcmp(sql("SELECT name FROM login JOIN user "
			       "ON user.id = user_id ORDER BY login.id"),
			   "held held u");
	test_assert_strcmp(sql("SELECT count(*) FROM evidence"), "2");
	/* and the totals outlive all of it */
	test_assert_strcmp(sql("SELECT sum(logins) FROM country_day"), "14");
	test_assert_strcmp(sql("PRAGMA foreign_key_check"), "");
	test_assert_strcmp(sql("PRAGMA integrity_check"), "ok");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_store_trip,
		test_store_expire,
		test_store_reasons,
		test_store_operator,
		test_store_purge,
		NULL
	};
	return test_store_run(tests);
}
