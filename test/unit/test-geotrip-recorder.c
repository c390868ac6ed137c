/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* When logins are written: how soon, how many at a time, who waits meanwhile,
   and what other processes see of them. */

#include "lib.h"
#include "test-common.h"
#include "geotrip-login-queue.h"
#include "geotrip-users.h"
#include "test-login-fixture.h"

#include <sqlite3.h>
#include <stdlib.h>

static void test_login_evicted(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);
	unsigned int i;
	sqlite3 *db;

	test_begin("login: whose logins wait is not forgotten");
	db = gt_lock_db();
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	test_expect_errors(100);
	for (i = 0; i < 300000; i++) T_BEGIN {
		(void)gt_login(gt, t_strdup_printf("w%u", i), JP);
	} T_END;
	test_assert_strcmp(gt_login(gt, "u", BR), "allow");
	gt_unlock_db(db);
	test_assert_strcmp(gt_login(gt, "u", DE), "trip");
	test_end();
	gt_stop(&gt);
}

static void test_login_prompt(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);
	sqlite3 *db;

	test_begin("login: after an outage, rows are written promptly");
	db = gt_lock_db();
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	test_expect_error_string("database is locked");
	gt_wait_failing(gt);
	test_expect_no_more_errors();
	gt_unlock_db(db);
	test_assert_strcmp(gt_login(gt, "u", BR), "trip");
	test_assert_strcmp(gt_login(gt, "v", BR), "allow");
	/* long before the timer that tries a failing database again */
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "4");
	test_end();
	gt_stop(&gt);
}

static void test_login_mark(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;
	unsigned int i;
	sqlite3 *db;

	set.geotrip_mode = "observe";
	gt = gt_start(&set);
	test_begin("login: a mark waits with its login, and is written with "
		   "it");
	db = gt_lock_db();
	for (i = 0; i < 3; i++) T_BEGIN {
		test_assert_strcmp(gt_travel(gt, t_strdup_printf("u%u", i)),
				   "allow");
	} T_END;
	test_expect_error_string("database is locked");
	gt_wait_failing(gt);
	test_expect_no_more_errors();
	gt_unlock_db(db);
	/* what it was made of is long gone, once a second it is tried */
	gt_wait_sql("SELECT count(*) FROM mark", "3");
	test_assert_strcmp(sql("SELECT name || '=' || rule || '=' || countries "
			       "|| '=' || cause FROM mark "
			       "JOIN user ON user.id = user_id "
			       "WHERE name = 'u1'"),
			   "u1=3 countries in 1h=JP US BR=observe");
	test_end();
	gt_stop(&gt);
}

/* A rule may be as long as a setting. */
static void test_login_mark_bytes(void)
{
	struct geotrip_store_mark mark = {
		.cause = GEOTRIP_MARK_BRAKE, .countries = "JP US BR",
	};
	struct geotrip_users *users = geotrip_users_init(1);
	struct geotrip_login_queue *queue = geotrip_login_queue_init();
	struct geotrip_user *user = geotrip_users_get(users, "u");
	struct geotrip_store_login login = make_login(&user->store, "JP", 1);
	char rule[100000];
	unsigned int count = 0;

	test_begin("login: what waits of marks is bounded");
	memset(rule, 'x', sizeof(rule) - 1);
	rule[sizeof(rule) - 1] = '\0';
	mark.rule = rule;
	login.verdict = GEOTRIP_VERDICT_OBSERVE;
	login.mark = &mark;
	while (count < 10000 && geotrip_login_queue_add(queue, user, &login))
		count++;
	/* 64 MB */
	test_assert(count > 600 && count < 700);
	test_end();
	geotrip_login_queue_deinit(&queue);
	geotrip_users_deinit(&users);
}

static void test_login_batch(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);
	unsigned int i;

	test_begin("login: fewer than 1,000 rows are left waiting");
	for (i = 0; i < 1500; i++) T_BEGIN {
		(void)gt_login(gt, t_strdup_printf("u%u", i), JP);
	} T_END;
	test_assert(atoi(sql("SELECT count(*) FROM login")) > 500);
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "1500");
	test_end();
	gt_stop(&gt);
}

static void test_login_shared(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *old = gt_start(&set), *new;
	const char *user;
	unsigned int i;

	test_begin("login: two processes see what the other one answered");
	test_assert_strcmp(gt_login(old, "u", JP), "allow");
	/* alone it writes in its own time */
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "0");
	gt_run_ioloop(1);
	new = gt_start(&set);
	for (i = 0; i < 100; i++) T_BEGIN {
		user = t_strdup_printf("u%u", i);
		test_assert_strcmp(gt_login(new, user, JP), "allow");
		test_assert_strcmp(gt_login(old, user, US), "allow");
		test_assert_strcmp(gt_login(new, user, JP), "allow");
		test_assert_strcmp(gt_login(old, user, BR), "trip");
		test_assert_strcmp(gt_login(new, user, US), "blocked");
	} T_END;
	/* what the other one knew already waited */
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "501");
	test_end();

	test_begin("login: left alone, a process writes in its own time again");
	geotrip_deinit(&old);
	test_assert_strcmp(gt_login(new, "v", JP), "allow");
	test_assert_strcmp(gt_login(new, "v", JP), "allow");
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "501");
	/* and a command is nobody to share with */
	gt_release("u0");
	gt_run_ioloop(1);
	test_assert_strcmp(gt_login(new, "v", JP), "allow");
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "503");
	test_end();
	gt_stop(&new);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_login_evicted,
		test_login_prompt,
		test_login_mark,
		test_login_mark_bytes,
		test_login_batch,
		test_login_shared,
		NULL
	};
	return gt_run_tests(tests);
}
