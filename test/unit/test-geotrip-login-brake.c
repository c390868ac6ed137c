/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* When too many accounts trip: who is suspended still, and until when that
   lasts, whatever clocks and older processes say. */

#include "lib.h"
#include "test-common.h"
#include "geotrip-brake.h"
#include "test-login-fixture.h"

static void test_login_brake(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;

	set.geotrip_max_suspensions = "2 in 1h";
	gt = gt_start(&set);

	test_begin("login: too many accounts trip, and are only marked");
	test_assert_strcmp(gt_travel(gt, "a"), "trip");
	test_assert_strcmp(gt_travel(gt, "b"), "trip");
	test_expect_error_string("Too many accounts without a domain tripped");
	test_assert_strcmp(gt_travel(gt, "c"), "allow");
	test_expect_no_more_errors();
	test_assert_strcmp(gt_travel(gt, "d"), "allow");
	test_assert_strcmp(gt_login(gt, "a", JP), "blocked");
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "a b");
	test_assert_strcmp(sql("SELECT verdict FROM login "
			       "WHERE country = 'BR'"),
			   "trip trip observe observe");
	test_assert_strcmp(sql("SELECT max || domain FROM brake"), "2 in 1h");
	test_assert_strcmp(sql("SELECT name || ':' || replace(countries, ' ', "
			       "'+') || '+' || cause FROM mark JOIN user "
			       "ON user.id = user_id WHERE "
			       "rule = '3 countries in 1h'"),
			   "c:JP+US+BR+brake d:JP+US+BR+brake");
	/* nobody is to be told */
	test_assert_strcmp(sql("SELECT count(*) FROM notice "
			       "WHERE kind = 'brake'"), "0");
	test_end();

	test_begin("login: it holds for as long as too many trip, and longer");
	(void)sql("UPDATE brake SET over_at = over_at - 7200000000");
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(sql("SELECT over_at > since FROM brake"), "1");
	(void)sql("UPDATE tripped SET time = time - 7200000000");
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(sql("SELECT ended_at IS NULL FROM brake"), "1");
	(void)sql("UPDATE brake SET over_at = over_at - 3599000000");
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(sql("SELECT ended_at IS NULL FROM brake"), "1");
	(void)sql("UPDATE brake SET over_at = over_at - 1000000");
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(sql("SELECT ended_by FROM brake"), "time");
	test_end();

	test_begin("login: what tripped before it was resumed does not count");
	test_assert_strcmp(gt_travel(gt, "h"), "trip");
	test_assert_strcmp(gt_travel(gt, "i"), "trip");
	test_expect_error_string("Too many accounts without a domain tripped");
	test_assert_strcmp(gt_travel(gt, "j"), "allow");
	test_expect_no_more_errors();
	gt_resume();
	test_assert_strcmp(gt_travel(gt, "e"), "trip");
	test_assert_strcmp(gt_travel(gt, "f"), "trip");
	test_expect_error_string("Too many accounts without a domain tripped");
	test_assert_strcmp(gt_travel(gt, "g"), "allow");
	test_expect_no_more_errors();
	test_end();
	gt_stop(&gt);
}

static const char *
travel_at(struct geotrip *gt, const char *user, int64_t time)
{
	(void)gt_login_at(gt, user, JP, time);
	(void)gt_login_at(gt, user, US, time + 1);
	return gt_login_at(gt, user, BR, time + 2);
}

static void test_login_brake_ahead(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;
	int64_t ahead = geotrip_now() + GEOTRIP_USECS(86400);

	set.geotrip_max_suspensions = "2 in 1h";
	gt = gt_start(&set);
	test_begin("login: who tripped when the clock was ahead is not too "
		   "many");
	test_assert_strcmp(travel_at(gt, "a", ahead), "trip");
	test_assert_strcmp(travel_at(gt, "b", ahead), "trip");
	/* the clock is right again */
	test_assert_strcmp(travel_at(gt, "c", geotrip_now()), "trip");
	gt_run_ioloop(30);
	if (strcmp(sql("SELECT count(*) FROM brake"), "1") == 0)
		gt_resume();
	gt_run_ioloop(30);
	test_assert_strcmp(travel_at(gt, "d", geotrip_now()), "trip");
	test_end();
	gt_stop(&gt);
}

static void test_login_brake_ended_ahead(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;
	int64_t now = geotrip_now();

	set.geotrip_max_suspensions = "2 in 1h";
	gt = gt_start(&set);
	test_begin("login: too many, after they ended when the clock was "
		   "ahead");
	(void)sql(t_strdup_printf(
		"INSERT INTO brake (since, max, over_at, ended_at, ended_by) "
		"VALUES (1, 'x', 1, %"PRId64", 'time')",
		now + GEOTRIP_USECS(86400)));
	test_assert_strcmp(gt_travel(gt, "a"), "trip");
	test_assert_strcmp(gt_travel(gt, "b"), "trip");
	test_expect_error_string("Too many accounts");
	test_assert_strcmp(gt_travel(gt, "c"), "allow");
	test_expect_no_more_errors();
	test_end();
	gt_stop(&gt);
}

static void test_login_brake_old_process(void)
{
	struct geotrip_settings set = gt_settings();
	static struct geotrip_config config_old;
	struct geotrip *gt, *gt_old;
	const char *error;

	test_begin("login: an old process without a limit ends nothing");
	set.geotrip_max_suspensions = "0";
	if (geotrip_config_parse(&set, pool_datastack_create(), &config_old,
				 &error) < 0)
		i_fatal("%s", error);
	gt_old = geotrip_init(&config_old, gt_event);
	set.geotrip_max_suspensions = "2 in 1h";
	gt = gt_start(&set);
	test_assert_strcmp(gt_travel(gt, "a"), "trip");
	test_assert_strcmp(gt_travel(gt, "b"), "trip");
	test_expect_error_string("Too many accounts");
	test_assert_strcmp(gt_travel(gt, "c"), "allow");
	test_expect_no_more_errors();
	gt_run_ioloop(5500);
	test_assert_strcmp(gt_travel(gt, "d"), "allow");
	test_end();
	geotrip_deinit(&gt_old);
	gt_stop(&gt);
}

static void test_login_brake_same(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;

	set.geotrip_max_suspensions = "1 in 1h";
	gt = gt_start(&set);
	test_begin("login: one account that trips twice is one");
	test_assert_strcmp(gt_travel(gt, "a"), "trip");
	gt_run_ioloop(20);
	gt_release("a");
	gt_run_ioloop(20);
	test_assert_strcmp(gt_travel(gt, "a"), "trip");
	test_end();
	gt_stop(&gt);
}

/* So many marks of one account were once all that was looked at. */
static void test_login_brake_hidden(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;
	unsigned int i;

	gt = gt_start(&set);
	/* 10,000 lines are none that anybody reads */
	event_set_min_log_level(gt_event, LOG_TYPE_WARNING);
	test_begin("login: one account with 10,000 marks hides no others");
	for (i = 0; i < 100; i++) T_BEGIN {
		test_assert_strcmp(gt_travel(gt, t_strdup_printf("u%u", i)),
				   "trip");
	} T_END;
	test_expect_error_string("Too many accounts");
	for (i = 0; i < 10000; i++) T_BEGIN {
		test_assert_strcmp(gt_travel(gt, "thief"), "allow");
	} T_END;
	test_expect_no_more_errors();
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT count(*) FROM login "
			       "WHERE verdict = 'observe'"), "10000");
	/* nobody saw for an hour that there are too many still */
	(void)sql("UPDATE brake SET over_at = over_at - 3600000000");
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(sql("SELECT ended_at IS NULL FROM brake"), "1");
	test_assert_strcmp(gt_travel(gt, "last"), "allow");
	test_end();
	event_set_min_log_level(gt_event, LOG_TYPE_INFO);
	gt_stop(&gt);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_login_brake,
		test_login_brake_ahead,
		test_login_brake_ended_ahead,
		test_login_brake_old_process,
		test_login_brake_same,
		test_login_brake_hidden,
		NULL
	};
	return gt_run_tests(tests);
}
