/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* A clock that was ahead for some minutes, and is set back: it forgets nothing
   that counts, counts nothing that does not, and is itself forgotten. */

#include "lib.h"
#include "test-common.h"
#include "test-login-fixture.h"

#define FR "11.0.2.145"
#define MINUTE GEOTRIP_USECS(60)
/* by which the clock is ahead */
#define AHEAD (120 * MINUTE)
#define YEARS (10 * 365 * 24 * 60 * MINUTE)

/* What happens while the clock changes, and between all later logins. */
enum way {
	NOTHING,
	/* another process changes something about users */
	RELOAD,
	/* of the auth process */
	RESTART,
};
#define WAYS 3

static struct geotrip_settings set;
static struct geotrip *gt;
/* the minute 0; the minute 10 is now */
static int64_t begin;

static void start(void)
{
	set = gt_settings();
	begin = geotrip_now() - 10 * MINUTE;
	gt = gt_start(&set);
}

static const char *at(const char *ip, int64_t minute)
{
	return gt_login_at(gt, "u", ip, begin + minute * MINUTE);
}

/* The same while the clock is ahead. */
static const char *ahead(const char *ip, int64_t minute)
{
	return gt_login_at(gt, "u", ip, begin + minute * MINUTE + AHEAD);
}

static void change(enum way way)
{
	switch (way) {
	case NOTHING:
		break;
	case RELOAD:
		/* what waits is written */
		gt_run_ioloop(1);
		(void)sql("UPDATE change SET number = number + 1");
		/* that is noticed */
		gt_run_ioloop(5);
		break;
	case RESTART:
		geotrip_deinit(&gt);
		gt = gt_start(&set);
		break;
	}
}

/* What the suspension says, and how many logins are its evidence. */
static const char *suspension(void)
{
	return sql("SELECT countries || ' ' || (SELECT count(*) FROM evidence "
		   "WHERE suspension_id = suspension.id) FROM suspension "
		   "WHERE released_at IS NULL");
}

/* Run a test for each way in which the clock is put ahead and set back. */
static void
for_all_ways(const char *name, void (*test)(enum way to, enum way back))
{
	enum way to, back;

	test_begin(name);
	for (to = 0; to < WAYS; to++) {
		for (back = 0; back < WAYS; back++) T_BEGIN {
			start();
			test(to, back);
			gt_stop(&gt);
		} T_END;
	}
	test_end();
}

static void one_each(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;

	test_assert_strcmp_idx(at(JP, 0), "allow", ways);
	change(to);
	test_assert_strcmp_idx(ahead(US, 5), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(BR, 10), "trip", ways);
	test_assert_strcmp_idx(suspension(), "JP US BR 3", ways);
}

static void two_before(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;

	test_assert_strcmp_idx(at(JP, 0), "allow", ways);
	test_assert_strcmp_idx(at(US, 1), "allow", ways);
	change(to);
	/* to us, the others are two hours old */
	test_assert_strcmp_idx(ahead(DE, 5), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(BR, 10), "trip", ways);
	test_assert_strcmp_idx(suspension(), "JP US DE BR 4", ways);
}

static void two_ahead(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;

	change(to);
	test_assert_strcmp_idx(ahead(JP, 1), "allow", ways);
	test_assert_strcmp_idx(ahead(US, 2), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(BR, 10), "trip", ways);
	test_assert_strcmp_idx(suspension(), "JP US BR 3", ways);
}

static void three_after(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;

	change(to);
	(void)gt_login_at(gt, "v", JP, begin + AHEAD);
	change(back);
	test_assert_strcmp_idx(at(JP, 1), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(US, 2), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(BR, 10), "trip", ways);
}

/* As doveadm does, at a time of a clock that is ahead. */
static void release_ahead(int64_t minute)
{
	(void)sql(t_strdup_printf(
		"UPDATE user SET cleared_at = %"PRId64" WHERE name = 'u'",
		begin + minute * MINUTE + AHEAD));
	gt_run_ioloop(5);
}

static void released_ahead(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;

	change(to);
	test_assert_strcmp_idx(ahead(JP, 1), "allow", ways);
	test_assert_strcmp_idx(ahead(US, 2), "allow", ways);
	gt_run_ioloop(1);
	release_ahead(3);
	test_assert_strcmp_idx(ahead(DE, 4), "allow", ways);
	change(back);
	/* JP and US are forgiven, DE is not, and this is not forgotten */
	test_assert_strcmp_idx(at(BR, 7), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(DE, 8), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(FR, 10), "trip", ways);
	test_assert_strcmp_idx(suspension(), "BR DE FR 3", ways);
}

static void released_ahead_thief(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;

	test_assert_strcmp_idx(at(JP, 0), "allow", ways);
	change(to);
	gt_run_ioloop(1);
	release_ahead(3);
	test_assert_strcmp_idx(ahead(JP, 4), "allow", ways);
	change(back);
	/* who comes for the first time while the clearing is in the future */
	test_assert_strcmp_idx(at(US, 7), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(BR, 10), "trip", ways);
	test_assert_strcmp_idx(suspension(), "JP US BR 3", ways);
}

static void released_after(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;

	change(to);
	test_assert_strcmp_idx(ahead(JP, 1), "allow", ways);
	test_assert_strcmp_idx(ahead(US, 2), "allow", ways);
	test_assert_strcmp_idx(ahead(BR, 3), "trip", ways);
	change(back);
	gt_release("u");
	gt_run_ioloop(5);
	/* what was in the future then is forgiven as well */
	test_assert_strcmp_idx(at(DE, 11), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(FR, 12), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(JP, 13), "trip", ways);
	test_assert_strcmp_idx(suspension(), "DE FR JP 3", ways);
}

static void marked_ahead(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;

	set.geotrip_mode = "observe";
	geotrip_deinit(&gt);
	gt = gt_start(&set);
	change(to);
	(void)ahead(JP, 1);
	(void)ahead(US, 2);
	(void)ahead(BR, 3);
	change(back);
	(void)at(DE, 8);
	change(back);
	(void)at(FR, 9);
	change(back);
	(void)at(JP, 10);
	gt_run_ioloop(1);
	test_assert_strcmp_idx(sql("SELECT verdict FROM login ORDER BY id"),
			       "allow allow observe allow allow observe", ways);
}

static void ended_ahead(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;

	set.geotrip_suspend_time = 3600;
	geotrip_deinit(&gt);
	gt = gt_start(&set);
	test_assert_strcmp_idx(at(JP, 0), "allow", ways);
	test_assert_strcmp_idx(at(US, 1), "allow", ways);
	test_assert_strcmp_idx(at(BR, 2), "trip", ways);
	change(to);
	/* by time, as upkeep does when the clock says so */
	(void)sql("UPDATE suspension SET released_at = until, "
		  "released_by = 'time'");
	(void)sql("UPDATE user SET cleared_at = "
		  "(SELECT until FROM suspension)");
	gt_run_ioloop(5);
	test_assert_strcmp_idx(ahead(JP, 5), "allow", ways);
	change(back);
	/* US does not count any more, JP does again */
	test_assert_strcmp_idx(at(DE, 7), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(BR, 10), "trip", ways);
	/* in what order is not known after a restart */
	test_assert_strcmp_idx(suspension(), back == RESTART ?
			       "DE JP BR 3" : "JP DE BR 3", ways);
}

static void too_old(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;
	/* After a restart nobody knows by how much the clock was ahead: what it
	   wrote counts from then on. */
	int64_t really = back == RESTART ? 10 : 1;

	change(to);
	test_assert_strcmp_idx(ahead(JP, 1), "allow", ways);
	/* just before it is set back */
	(void)gt_login_at(gt, "v", JP, begin + 10 * MINUTE + AHEAD);
	change(back);
	test_assert_strcmp_idx(at(US, 10), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(BR, really + 60), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(US, really + 60), "allow", ways);
	test_assert_strcmp_idx(at(JP, really + 60), "trip", ways);
}

/* The clock of a machine that was found with a wrong date, long ago. */
static void years_ahead(enum way to, enum way back)
{
	unsigned int ways = to * WAYS + back;
	const char *expected = back == RESTART ? "allow" : "trip";

	change(to);
	(void)gt_login_at(gt, "u", JP, begin + YEARS);
	(void)gt_login_at(gt, "u", US, begin + YEARS + MINUTE);
	change(back);
	test_assert_strcmp_idx(at(BR, 2), expected, ways);
	if (back != RESTART)
		return;
	change(back);
	test_assert_strcmp_idx(at(DE, 3), "allow", ways);
	change(back);
	test_assert_strcmp_idx(at(FR, 10), "trip", ways);
	test_assert_strcmp_idx(suspension(), "BR DE FR 3", ways);
	test_assert_strcmp_idx(sql(t_strdup_printf(
		"SELECT count(*) FROM place WHERE last_time > %"PRId64,
		begin + 10 * MINUTE)), "0", ways);
}

static void test_clock_evidence(void)
{
	for_all_ways("clock: a country before, one ahead, one after",
		     one_each);
	for_all_ways("clock: two countries before, one ahead, one after",
		     two_before);
	for_all_ways("clock: two countries ahead, one after", two_ahead);
	for_all_ways("clock: three countries after", three_after);
}

static void test_clock_cleared(void)
{
	for_all_ways("clock: a release while it is ahead", released_ahead);
	for_all_ways("clock: a release while it is ahead hides no thief",
		     released_ahead_thief);
	for_all_ways("clock: a release when it is right again",
		     released_after);
	for_all_ways("clock: a mark while it is ahead", marked_ahead);
	for_all_ways("clock: a suspension that ends while it is ahead",
		     ended_ahead);
}

static void test_clock_over(void)
{
	for_all_ways("clock: what it saw is forgotten in time", too_old);
	for_all_ways("clock: ten years ahead", years_ahead);
}

static void test_clock_later(void)
{
	start();
	test_begin("clock: it was set back once, and now it is another one's");
	(void)gt_login_at(gt, "v", JP, begin + AHEAD);
	(void)gt_login_at(gt, "v", JP, begin);
	/* the time has come that was the future then */
	test_assert_strcmp(at(JP, 300), "allow");
	test_assert_strcmp(at(US, 301), "allow");
	gt_run_ioloop(1);
	(void)sql(t_strdup_printf(
		"INSERT INTO place (user_id, country, service, last_time, "
		"allowed_time) SELECT id, 'DE', 'smtp', %"PRId64", %"PRId64
		" FROM user WHERE name = 'u'", begin + 500 * MINUTE,
		begin + 500 * MINUTE));
	change(RELOAD);
	test_assert_strcmp(at(BR, 310), "trip");
	test_assert_strcmp(sql("SELECT countries FROM suspension"),
			   "JP US DE BR");
	test_end();
	gt_stop(&gt);
}

static void test_clock_adjusted(void)
{
	struct geotrip_settings defaults = gt_settings();
	int64_t now = geotrip_now();

	gt = gt_start(&defaults);
	test_begin("clock: it is adjusted by less than a second");
	test_assert_strcmp(gt_login_at(gt, "u", JP, now), "allow");
	test_assert_strcmp(gt_login_at(gt, "u", US, now - 900000), "allow");
	change(RELOAD);
	test_assert_strcmp(gt_login_at(gt, "u", BR, now - 950000), "trip");
	test_assert_strcmp(sql("SELECT allowed_time FROM place "
			       "WHERE country = 'JP'"),
			   t_strdup_printf("%"PRId64, now));
	test_end();
	gt_stop(&gt);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_clock_evidence,
		test_clock_cleared,
		test_clock_over,
		test_clock_later,
		test_clock_adjusted,
		NULL
	};
	return gt_run_tests(tests);
}
