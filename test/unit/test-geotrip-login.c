/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What a login is answered, and what is recorded of it, while all works. */

#include "lib.h"
#include "test-common.h"
#include "test-login-fixture.h"

#define UNKNOWN "11.0.2.241"

static void test_login_trip(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);

	test_begin("login: the third country is refused itself");
	/* all in one iteration of the event loop */
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	test_assert_strcmp(gt_login(gt, "u", BR), "trip");
	/* before the client is answered, the suspension is on disk, and with
	   it all that led to it */
	test_assert_strcmp(sql("SELECT country || verdict FROM login"),
			   "JPallow USallow BRtrip");
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "u");
	test_assert_strcmp(sql("SELECT countries FROM suspension"),
			   "JP US BR");
	test_assert_strcmp(sql("SELECT count(*) FROM evidence"), "3");
	test_end();

	test_begin("login: then every country is blocked, for this user");
	test_assert_strcmp(gt_login(gt, "u", JP), "blocked");
	test_assert_strcmp(gt_login_full(gt, "u", JP, "submission", NULL),
			   "blocked");
	test_assert_strcmp(gt_login_full(gt, "u", JP, "imap", NULL), "allow");
	test_assert_strcmp(gt_login(gt, "v", JP), "allow");
	test_assert_strcmp(gt_login(gt, "v", US), "allow");
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT verdict FROM login WHERE id > 3"),
			   "blocked blocked allow allow");
	test_assert_strcmp(sql("SELECT count(*) FROM suspension"), "1");
	test_end();

	test_begin("login: a release is seen at once, and forgives");
	gt_release("u");
	gt_run_ioloop(1);
	test_assert_strcmp(gt_login(gt, "u", BR), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	test_assert_strcmp(gt_login(gt, "u", DE), "trip");
	/* but only this user */
	test_assert_strcmp(gt_login(gt, "v", BR), "trip");
	test_end();

	test_begin("login: evidence is the last login in each country");
	test_assert_strcmp(gt_login(gt, "w", JP), "allow");
	test_assert_strcmp(gt_login(gt, "w", US), "allow");
	gt_run_ioloop(1);
	test_assert_strcmp(gt_login(gt, "w", JP), "allow");
	gt_run_ioloop(1);
	/* another process has changed something */
	(void)sql("UPDATE change SET number = number + 1");
	test_assert_strcmp(gt_login(gt, "w", BR), "trip");
	test_assert_strcmp(sql("SELECT countries FROM suspension "
			       "ORDER BY id DESC LIMIT 1"), "US JP BR");
	test_assert_strcmp(sql(
		"SELECT group_concat(country || (login.id - (SELECT "
		"min(login.id) FROM login JOIN user ON user.id = user_id "
		"WHERE name = 'w'))) FROM evidence "
		"JOIN login ON login.id = login_id WHERE suspension_id = "
		"(SELECT max(id) FROM suspension) ORDER BY login.id"),
		"US1,JP2,BR3");
	test_end();

	test_begin("login: a suspension survives the process");
	geotrip_deinit(&gt);
	gt = gt_start(&set);
	test_assert_strcmp(gt_login(gt, "u", JP), "blocked");
	test_end();
	gt_stop(&gt);
}

static void test_login_restart(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);

	test_begin("login: the window survives the process");
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	geotrip_deinit(&gt);
	gt = gt_start(&set);
	test_assert_strcmp(gt_login(gt, "u", BR), "trip");
	test_end();
	gt_stop(&gt);
}

static void test_login_not_counted(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;

	set.geotrip_exempt_users = "probe";
	set.geotrip_exempt_networks = "127.0.0.0/8 11.0.2.48/28";
	gt = gt_start(&set);

	test_begin("login: what is not counted");
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	/* no country: unknown, local, none at all */
	test_assert_strcmp(gt_login(gt, "u", UNKNOWN), "allow");
	test_assert_strcmp(gt_login(gt, "u", "10.0.0.1"), "allow");
	test_assert_strcmp(gt_login(gt, "u", NULL), "allow");
	/* exempt network, uncounted service */
	test_assert_strcmp(gt_login(gt, "u", DE), "allow");
	test_assert_strcmp(gt_login(gt, "u", "127.0.0.1"), "allow");
	test_assert_strcmp(gt_login_full(gt, "u", BR, "imap", NULL), "allow");
	/* exempt user */
	test_assert_strcmp(gt_login(gt, "probe", JP), "allow");
	test_assert_strcmp(gt_login(gt, "probe", US), "allow");
	test_assert_strcmp(gt_login(gt, "probe", BR), "allow");
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT coalesce(country, '-') FROM login"),
			   "JP US - - -");
	test_assert_strcmp(sql("SELECT count(*) FROM login "
			       "WHERE ip IS NULL"), "1");
	/* and still the third country trips */
	test_assert_strcmp(gt_login(gt, "u", "::ffff:"BR), "trip");
	/* an exempt network is never blocked */
	test_assert_strcmp(gt_login(gt, "u", DE), "allow");
	test_end();
	gt_stop(&gt);
}

static void test_login_sessions(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);

	test_begin("login: one session that authenticates twice counts once");
	test_assert_strcmp(gt_login_full(gt, "u", JP, "smtp", "s1"), "allow");
	test_assert_strcmp(gt_login_full(gt, "u", JP, "smtp", "s1"), "allow");
	test_assert_strcmp(gt_login_full(gt, "u", JP, "smtp", "s2"), "allow");
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT session FROM login"), "s1 s2");
	test_end();
	gt_stop(&gt);
}

/* A client can choose its session id where Dovecot trusts what is in front. */
static void test_login_constant_session(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);
	int64_t begin = geotrip_now(), time = begin;
	unsigned int i;

	test_begin("login: who keeps the session id is seen all the same");
	/* from home all the time, for longer than the rule looks back */
	for (i = 0; i < 9; i++, time += GEOTRIP_USECS(600)) {
		test_assert_strcmp_idx(gt_login_session(gt, "u", JP, "same",
							time), "allow", i);
		test_assert_strcmp_idx(gt_login_session(gt, "u", JP, "same",
							time + 1), "allow", i);
	}
	test_assert_strcmp(gt_login_session(gt, "u", US, "same", time),
			   "allow");
	test_assert_strcmp(gt_login_session(gt, "u", BR, "same",
					    time + GEOTRIP_USECS(600)), "trip");
	test_assert_strcmp(sql("SELECT count(*) FROM login "
			       "WHERE country = 'JP'"), "9");
	test_assert_strcmp(sql(
		"SELECT country FROM evidence JOIN login ON login_id = id"),
		"JP US BR");
	test_assert_strcmp(sql(t_strdup_printf(
		"SELECT (min(time) - %"PRId64") / 60000000 FROM evidence "
		"JOIN login ON login_id = id", begin)), "80");
	test_end();
	gt_stop(&gt);
}

static void test_login_imap_trips(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;

	set.geotrip_services = "*";
	gt = gt_start(&set);

	test_begin("login: a service that goes on working trips, and goes on");
	test_assert_strcmp(gt_login_full(gt, "u", JP, "imap", NULL), "allow");
	test_assert_strcmp(gt_login_full(gt, "u", US, "imap", NULL), "allow");
	test_assert_strcmp(gt_login_full(gt, "u", BR, "imap", NULL), "allow");
	test_assert_strcmp(gt_login(gt, "u", JP), "blocked");
	test_assert_strcmp(gt_login_full(gt, "u", DE, "imap", NULL), "allow");
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT verdict FROM login"),
			   "allow allow trip blocked allow");
	test_end();
	gt_stop(&gt);
}

static void test_login_observe(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt;

	set.geotrip_mode = "observe";
	gt = gt_start(&set);

	test_begin("login: mode observe marks, and refuses nobody");
	test_assert_strcmp(gt_login(gt, "u", JP), "allow");
	test_assert_strcmp(gt_login(gt, "u", US), "allow");
	test_assert_strcmp(gt_login(gt, "u", BR), "allow");
	test_assert_strcmp(gt_login(gt, "u", DE), "allow");
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT verdict FROM login"),
			   "allow allow observe allow");
	test_assert_strcmp(sql("SELECT count(*) FROM suspension"), "0");
	test_assert_strcmp(sql("SELECT count(*) FROM notice"), "0");
	test_assert_strcmp(sql("SELECT mark.rule || ': ' || countries || ', ' "
			       "|| cause || ' ' || (mark.time = login.time) "
			       "FROM mark JOIN login "
			       "ON login.user_id = mark.user_id "
			       "WHERE verdict = 'observe'"),
			   "3 countries in 1h: JP US BR, observe 1");
	test_end();
	gt_stop(&gt);
}

static void test_login_observe_forgiven(void)
{
	struct geotrip_settings set = gt_settings();
	int64_t begin = geotrip_now();
	struct geotrip *gt;

	set.geotrip_mode = "observe";
	gt = gt_start(&set);
	(void)gt_login(gt, "u", JP);
	gt_run_ioloop(1);
	(void)sql(t_strdup_printf(
		"INSERT INTO suspension (user_id, since, until, reason, rule, "
		"countries, source) VALUES (1, %"PRId64", %"PRId64", 'r', "
		"'r', 'JP', 'rule')", begin, begin + GEOTRIP_USECS(600)));

	test_begin("login: mode observe forgives what was before the end");
	(void)gt_login_at(gt, "u", US, begin + GEOTRIP_USECS(500));
	(void)gt_login_at(gt, "u", BR, begin + GEOTRIP_USECS(700));
	(void)gt_login_at(gt, "u", DE, begin + GEOTRIP_USECS(701));
	(void)gt_login_at(gt, "u", JP, begin + GEOTRIP_USECS(702));
	gt_run_ioloop(1);
	test_assert_strcmp(sql("SELECT verdict FROM login"),
			   "allow allow allow allow observe");
	test_end();
	gt_stop(&gt);
}

/* The suspension is over for the database and not for the login, as when the
   clock was ahead and is set back. */
static void test_login_expired(void)
{
	struct geotrip_settings set = gt_settings();
	struct geotrip *gt = gt_start(&set);
	int64_t now = geotrip_now(), before = now - GEOTRIP_USECS(5400);

	test_begin("login: memory follows the end of a suspension");
	(void)gt_login_at(gt, "u", JP, before - 2);
	(void)gt_login_at(gt, "u", US, before - 1);
	test_assert_strcmp(gt_login_at(gt, "u", BR, before), "trip");
	(void)sql(t_strdup_printf("UPDATE suspension SET until = %"PRId64,
				  now - GEOTRIP_USECS(3600)));
	/* that is noticed, and nothing that comes later is */
	gt_run_ioloop(5);
	test_assert_strcmp(gt_login_at(gt, "u", JP, before + 1), "blocked");
	/* before another one is suspended, what is over is closed */
	test_assert_strcmp(gt_travel(gt, "v"), "trip");
	test_assert_strcmp(sql("SELECT released_by FROM suspension "
			       "ORDER BY id LIMIT 1"), "time");
	test_assert_strcmp(gt_login_at(gt, "u", JP, before + 2), "allow");
	test_end();
	gt_stop(&gt);
}

static void test_login_counts_again(void)
{
	struct geotrip_settings set = gt_settings();
	int64_t begin = geotrip_now(), end = begin + GEOTRIP_USECS(600);
	struct geotrip *gt;

	set.geotrip_rules = "2 countries in 1h";
	set.geotrip_suspend_time = 600;
	gt = gt_start(&set);
	test_begin("login: the first one after a suspension is known after a "
		   "restart");
	(void)gt_login_at(gt, "u", JP, begin - 1);
	test_assert_strcmp(gt_login_at(gt, "u", US, begin), "trip");
	test_assert_strcmp(gt_login_at(gt, "u", JP, end - 1), "blocked");
	test_assert_strcmp(gt_login_at(gt, "u", JP, end + 1), "allow");
	gt_run_ioloop(1);
	test_assert_strcmp(
		sql("SELECT allowed_time FROM place WHERE country = 'JP'"),
		t_strdup_printf("%"PRId64, end + 1));
	test_end();
	gt_stop(&gt);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_login_trip,
		test_login_restart,
		test_login_not_counted,
		test_login_sessions,
		test_login_constant_session,
		test_login_imap_trips,
		test_login_observe,
		test_login_observe_forgiven,
		test_login_expired,
		test_login_counts_again,
		NULL
	};
	return gt_run_tests(tests);
}
