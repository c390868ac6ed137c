/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* When too many accounts trip: of one domain, of some, and of many. */

#include "lib.h"
#include "test-common.h"
#include "geotrip-brake.h"
#include "test-login-fixture.h"

/* The accounts of a domain trip, those with the numbers from first on. Returns
   how many of them were suspended. */
static unsigned int
travel(struct geotrip *gt, const char *domain, unsigned int first,
       unsigned int count)
{
	unsigned int i, suspended = 0;

	for (i = first; i < first + count; i++) T_BEGIN {
		if (strcmp(gt_travel(gt, t_strdup_printf("u%u@%s", i, domain)),
			   "trip") == 0)
			suspended++;
	} T_END;
	return suspended;
}

static struct geotrip *start(const char *max)
{
	struct geotrip_settings set = gt_settings();

	/* thousands of lines are none that anybody reads */
	event_set_min_log_level(gt_event, LOG_TYPE_WARNING);
	set.geotrip_max_suspensions = max;
	return gt_start(&set);
}

static const char *brakes(void)
{
	return sql("SELECT coalesce(domain, '*') || "
		   "CASE WHEN ended_at > 0 THEN '-' || ended_by ELSE '' END "
		   "FROM brake ORDER BY id");
}

static void test_login_brake_one_domain(void)
{
	struct geotrip *gt = start("100 in 1h");

	test_begin("login: 100 accounts of one domain protect none of another");
	test_assert(travel(gt, "free.example", 0, 100) == 100);
	test_expect_error_string("accounts of the domain free.example");
	test_assert(travel(gt, "Free.Example", 100, 1) == 0);
	test_expect_no_more_errors();
	test_assert(travel(gt, "x@FREE.example", 101, 50) == 0);
	test_assert(travel(gt, "other.example", 0, 49) == 49);
	test_assert_strcmp(gt_travel(gt, "nowhere"), "trip");
	test_assert_strcmp(brakes(), "free.example");
	test_end();

	test_begin("login: 50 accounts of other domains are too many with it");
	test_expect_error_string("Too many accounts tripped");
	test_assert(travel(gt, "third.example", 0, 1) == 0);
	test_expect_no_more_errors();
	test_assert(travel(gt, "fourth.example", 0, 1) == 0);
	test_assert_strcmp(gt_travel(gt, "nobody"), "allow");
	test_assert_strcmp(brakes(), "free.example *");
	test_end();

	test_begin("login: when it is resumed, nobody who tripped counts");
	gt_resume();
	test_assert(travel(gt, "free.example", 1000, 100) == 100);
	test_expect_error_string("accounts of the domain free.example");
	test_assert(travel(gt, "free.example", 2000, 1) == 0);
	test_expect_no_more_errors();
	test_assert(travel(gt, "other.example", 1000, 50) == 50);
	test_expect_error_string("Too many accounts tripped");
	test_assert(travel(gt, "other.example", 2000, 1) == 0);
	test_expect_no_more_errors();
	test_end();
	gt_stop(&gt);
}

static void test_login_brake_many_domains(void)
{
	struct geotrip *gt = start("100 in 1h");
	unsigned int i, suspended = 0;

	test_begin("login: a wrong country file, in all domains");
	test_expect_error_string("Too many accounts tripped");
	for (i = 0; i < 150; i++) T_BEGIN {
		suspended += travel(gt, t_strdup_printf("d%u.example", i % 120),
				    i, 1);
	} T_END;
	test_expect_no_more_errors();
	test_assert(suspended == 100);
	test_assert_strcmp(brakes(), "*");
	test_end();
	gt_stop(&gt);
}

/* Each of them is a message to the operators. */
static void test_login_brake_few(void)
{
	struct geotrip *gt = start("10 in 1h");
	unsigned int i;

	test_begin("login: many accounts in each of many domains, few brakes");
	test_expect_errors(2);
	for (i = 0; i < 200; i++) T_BEGIN {
		travel(gt, t_strdup_printf("d%u.example", i), 0, 12);
	} T_END;
	test_expect_no_more_errors();
	test_assert_strcmp(brakes(), "d0.example *");
	test_end();
	gt_stop(&gt);
}

static void test_login_brake_odd(void)
{
	struct geotrip *gt = start("3 in 1h");

	test_begin("login: of three, one domain is two at most");
	test_assert(travel(gt, "a.example", 0, 3) == 3);
	test_expect_error_string("domain a.example");
	test_assert(travel(gt, "a.example", 3, 1) == 0);
	test_expect_no_more_errors();
	test_assert(travel(gt, "b.example", 0, 1) == 1);
	test_expect_error_string("Too many accounts tripped");
	test_assert(travel(gt, "b.example", 1, 1) == 0);
	test_expect_no_more_errors();
	test_end();
	gt_stop(&gt);
}

static void make_older(const char *table, const char *column)
{
	(void)sql(t_strdup_printf("UPDATE %s SET %s = %s - 3600000000", table,
				  column, column));
}

static void test_login_brake_domain_ends(void)
{
	struct geotrip *gt = start("4 in 1h");

	test_begin("login: a domain's ends by itself, and begins again");
	test_assert(travel(gt, "a.example", 0, 4) == 4);
	test_expect_error_string("domain a.example");
	test_assert(travel(gt, "a.example", 4, 1) == 0);
	test_expect_no_more_errors();
	gt_run_ioloop(1);
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(brakes(), "a.example");
	/* those of others are none of its */
	make_older("tripped", "time");
	make_older("brake", "over_at");
	test_assert(travel(gt, "b.example", 0, 3) == 3);
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(brakes(), "a.example-time");
	test_assert(travel(gt, "a.example", 10, 1) == 1);
	test_end();

	test_begin("login: the one for all ends first, and others with it");
	test_assert(travel(gt, "a.example", 20, 1) == 1);
	test_expect_error_string("Too many accounts tripped");
	test_assert(travel(gt, "c.example", 0, 1) == 0);
	test_expect_no_more_errors();
	(void)sql("INSERT INTO brake (since, max, over_at, domain) "
		  "VALUES (1, '4 in 1h', 1, 'a.example')");
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(brakes(), "a.example-time * a.example");
	gt_run_ioloop(1);
	make_older("tripped", "time");
	make_older("brake", "over_at");
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(brakes(),
			   "a.example-time *-time a.example-time");
	test_end();
	gt_stop(&gt);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_login_brake_one_domain,
		test_login_brake_many_domains,
		test_login_brake_few,
		test_login_brake_odd,
		test_login_brake_domain_ends,
		NULL
	};
	return gt_run_tests(tests);
}
