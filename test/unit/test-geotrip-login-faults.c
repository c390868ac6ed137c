/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What a login is answered, and what of it is recorded later, while the
   database or the mmdb cannot be used. */

#include "lib.h"
#include "test-common.h"
#include "test-login-fixture.h"

#include <sqlite3.h>

static void test_login_no_store(bool deny)
{
	struct geotrip_settings set = gt_settings();
	const char *answer = deny ? "tempfail" : "allow";
	struct geotrip *gt;

	set.geotrip_db = t_strconcat(test_store_path, ".d/geotrip.db", NULL);
	set.geotrip_on_error = deny ? "deny" : "allow";

	test_begin(t_strdup_printf("login: no store, geotrip_on_error = %s",
				   set.geotrip_on_error));
	/* once, however many logins there are */
	test_expect_error_string("geotrip_db=");
	gt = gt_start(&set);
	test_assert_strcmp(gt_login(gt, "u", JP), answer);
	test_assert_strcmp(gt_login(gt, "u", US), answer);
	test_assert_strcmp(gt_login_full(gt, "u", US, "imap", NULL), "allow");
	test_assert_strcmp(gt_login(gt, "v", US), answer);
	gt_run_ioloop(1);
	test_expect_no_more_errors();
	if (!deny)
		test_expect_error_string("error of the database: 3 logins");
	gt_stop(&gt);
	test_expect_no_more_errors();
	test_end();
}

static void test_login_store_errors(void)
{
	test_login_no_store(FALSE);
	test_login_no_store(TRUE);
}

static void test_login_no_mmdb(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;

	set.geotrip_mmdb = t_strconcat(test_store_path, ".mmdb", NULL);
	test_begin("login: no mmdb");
	test_expect_error_string("geotrip_mmdb=");
	gt = gt_start(&set);
	test_expect_no_more_errors();
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT coalesce(country, '-') FROM login"),
			   "-");
	gt_stop(&gt);

	set.geotrip_on_error = "deny";
	test_expect_error_string("geotrip_mmdb=");
	gt = gt_start(&set);
	test_expect_no_more_errors();
	test_assert_strcmp(gt_login(gt, "u", JP), "tempfail");
	/* no country is needed for an address that has none */
	test_assert_strcmp(gt_login(gt, "u", NULL), "allow");
	test_end();
	gt_stop(&gt);
}

static void test_login_db_lost(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);

	test_begin("login: a suspension survives the loss of the database");
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	test_assert_strcmp(gt_login(gt, "u", BR), "trip");
	remove_db();
	test_expect_error_string("was deleted or moved away");
	gt_run_ioloop(5500);
	test_expect_no_more_errors();
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "u");
	test_assert_strcmp(gt_login(gt, "u", JP), "blocked");
	test_end();
	gt_stop(&gt);
}

static void test_login_db_replaced(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);

	test_begin("login: in another database, evidence is nobody else's");
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	gt_run_ioloop(30);
	remove_db();
	test_expect_error_string("was deleted or moved away");
	gt_run_ioloop(5500);
	test_expect_no_more_errors();
	test_assert_strcmp(gt_login(gt, "victim", DE), "allow");
	test_assert_strcmp(gt_login(gt, "victim", DE), "allow");
	gt_run_ioloop(30);
	test_assert_strcmp(gt_login(gt, "u", BR), "trip");
	test_assert_strcmp(sql("SELECT name || country FROM evidence "
		"JOIN login ON login.id = login_id "
		"JOIN user ON user.id = user_id ORDER BY 1"), "uBR");
	test_end();
	gt_stop(&gt);
}

static void test_login_db_damaged(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);

	test_begin("login: a row of the schema's own is missing");
	(void)sql("DELETE FROM change");
	geotrip_deinit(&gt);
	test_expect_errors(1);
	gt = gt_start(&set);
	test_expect_no_more_errors();
	(void)gt_login(gt, "u", JP);
	test_end();
	gt_stop(&gt);
}

static void test_login_failed_trips(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);
	unsigned int i;
	sqlite3 *db;

	test_begin("login: trips that cannot be written leave nothing behind");
	db = gt_lock_db();
	test_expect_error_string("database is locked");
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	for (i = 0; i < 2500; i++)
		test_assert_strcmp(gt_login(gt, "u", BR), "allow");
	test_expect_no_more_errors();
	gt_unlock_db(db);
	/* it trips even with more waiting than is written at a time */
	test_assert_strcmp(gt_login(gt, "u", DE), "trip");
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "u");
	/* with its evidence */
	test_assert_strcmp(sql("SELECT country || verdict FROM login JOIN "
			       "evidence ON login.id = evidence.login_id "
			       "ORDER BY time"),
			   "JPallow USallow BRallow DEtrip");
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "4");
	/* and what waited gets written bit by bit */
	gt_wait_sql("SELECT count(*) FROM login", "2503");
	test_end();
	gt_stop(&gt);
}

static void test_login_locked(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);
	sqlite3 *db;

	test_begin("login: while another process holds the lock, rows wait");
	db = gt_lock_db();
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	test_expect_error_string("database is locked");
	gt_run_ioloop(1);
	/* nobody is told about a suspension that is not on disk */
	test_assert_strcmp(gt_login(gt, "u", BR), "allow");
	test_expect_no_more_errors();
	gt_unlock_db(db);
	/* the next one makes the rule true as well */
	test_assert_strcmp(gt_login(gt, "u", DE), "trip");
	test_assert_strcmp(sql("SELECT country || verdict FROM login"),
			   "JPallow USallow BRallow DEtrip");
	test_end();
	gt_stop(&gt);
}

static void test_login_retry(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);
	sqlite3 *db;

	test_begin("login: rows that waited are written by themselves");
	db = gt_lock_db();
	test_expect_error_string("database is locked");
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	gt_wait_failing(gt);
	test_expect_no_more_errors();
	gt_unlock_db(db);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "0");
	gt_wait_sql("SELECT count(*) FROM login", "1");
	test_end();

	test_begin("login: a lock that is held for a moment is no failure");
	db = gt_lock_db();
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	gt_run_ioloop(20);
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "1");
	gt_unlock_db(db);
	gt_wait_sql("SELECT count(*) FROM login", "3");
	test_end();
	gt_stop(&gt);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_login_store_errors,
		test_login_no_mmdb,
		test_login_db_lost,
		test_login_db_replaced,
		test_login_db_damaged,
		test_login_failed_trips,
		test_login_locked,
		test_login_retry,
		NULL
	};
	return gt_run_tests(tests);
}
