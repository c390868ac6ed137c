/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What the tests of a login have in common. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "test-common.h"
#include "geotrip-event.h"
#include "geotrip-recorder.h"
#include "geotrip-settings-read.h"
#include "geotrip-upkeep.h"
#include "test-login-fixture.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

/* for what a quick machine does in two seconds */
#define WAIT_SECS 60

struct event *gt_event;

static struct ioloop *ioloop;
static struct geotrip_config config;

struct geotrip_settings gt_settings(void)
{
	struct geotrip_settings set = geotrip_default_settings;

	set.geotrip_db = test_store_path;
	set.geotrip_mmdb = t_strdup_printf("%s/maxmind.mmdb",
					   getenv("GEOTRIP_TEST_DATA"));
	/* not the list of what is allowed */
	set.geotrip_mode = "enforce";
	set.geotrip_on_error = "allow";
	return set;
}

struct geotrip *gt_start(const struct geotrip_settings *set)
{
	const char *error;

	i_zero(&config);
	if (geotrip_config_parse(set, pool_datastack_create(), &config,
				 &error) < 0)
		i_fatal("%s", error);
	return geotrip_init(&config, gt_event);
}

void gt_stop(struct geotrip **gt)
{
	geotrip_deinit(gt);
	remove_db();
}

static void
verdict_callback(enum geotrip_verdict verdict, int64_t until ATTR_UNUSED,
		 void *context)
{
	enum geotrip_verdict *verdict_r = context;

	i_assert(*verdict_r == (enum geotrip_verdict)-1);
	*verdict_r = verdict;
}

const char *gt_verdict(struct geotrip *gt, const struct geotrip_login *login)
{
	enum geotrip_verdict verdict = (enum geotrip_verdict)-1;

	geotrip_login_check(gt, login, verdict_callback, &verdict);
	return geotrip_verdict_name(verdict);
}

static const char *
login_full_at(struct geotrip *gt, const char *user, const char *ip,
	      const char *service, const char *session, int64_t time)
{
	struct geotrip_login login = {
		.user = user,
		.service = service,
		.mechanism = "PLAIN",
		.session = session,
		.time = time,
		.now = time,
	};

	if (ip != NULL && net_addr2ip(ip, &login.ip) < 0)
		i_fatal("bad address %s", ip);
	return gt_verdict(gt, &login);
}

const char *
gt_login_full(struct geotrip *gt, const char *user, const char *ip,
	      const char *service, const char *session)
{
	return login_full_at(gt, user, ip, service, session, geotrip_now());
}

const char *gt_login(struct geotrip *gt, const char *user, const char *ip)
{
	return gt_login_full(gt, user, ip, "smtp", NULL);
}

const char *gt_login_at(struct geotrip *gt, const char *user, const char *ip,
			int64_t time)
{
	return login_full_at(gt, user, ip, "smtp", NULL, time);
}

const char *gt_login_session(struct geotrip *gt, const char *user,
			     const char *ip, const char *session, int64_t time)
{
	return login_full_at(gt, user, ip, "smtp", session, time);
}

const char *gt_travel(struct geotrip *gt, const char *user)
{
	test_assert_strcmp(gt_login(gt, user, JP), "allow");
	test_assert_strcmp(gt_login(gt, user, US), "allow");
	return gt_login(gt, user, BR);
}

void gt_run_ioloop(unsigned int msecs)
{
	struct timeout *to = timeout_add_short(I_MAX(msecs, 12),
					       io_loop_stop, ioloop);

	io_loop_run(ioloop);
	timeout_remove(&to);
}

void gt_wait_sql(const char *statement, const char *answer)
{
	time_t end = time(NULL) + WAIT_SECS;
	bool done = FALSE;

	while (!done && time(NULL) < end) T_BEGIN {
		gt_run_ioloop(1);
		done = strcmp(sql(statement), answer) == 0;
	} T_END;
	test_assert_strcmp(sql(statement), answer);
}

void gt_wait_failing(struct geotrip *gt)
{
	time_t end = time(NULL) + WAIT_SECS;

	while (!geotrip_recorder_failing(gt->recorder) && time(NULL) < end)
		gt_run_ioloop(1);
	test_assert(geotrip_recorder_failing(gt->recorder));
}

void gt_release(const char *user)
{
	struct geotrip_store *store = open_store(FALSE);
	const char *error;

	if (geotrip_store_release(store, user, "test", &error) <= 0)
		i_fatal("release failed");
	geotrip_store_deinit(&store);
}

void gt_resume(void)
{
	struct geotrip_store *store = open_store(FALSE);
	ARRAY_TYPE(geotrip_brake) brakes;
	const struct geotrip_brake *brake;
	const char *error;

	t_array_init(&brakes, 4);
	if (geotrip_store_brakes(store, pool_datastack_create(), &brakes,
				 &error) < 0)
		i_fatal("%s", error);
	array_foreach(&brakes, brake) {
		if (geotrip_store_brake_end(store, brake->id,
					    GEOTRIP_END_OPERATOR, &error) <= 0)
			i_fatal("resume failed");
	}
	geotrip_store_deinit(&store);
}

sqlite3 *gt_lock_db(void)
{
	sqlite3 *db;

	if (sqlite3_open(test_store_path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("%s", sqlite3_errmsg(db));
	return db;
}

void gt_unlock_db(sqlite3 *db)
{
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
}

int gt_run_tests(void (*const tests[])(void))
{
	int ret;

	lib_init();
	ioloop = io_loop_create();
	gt_event = geotrip_event_create(NULL);

	ret = test_store_run(tests);

	event_unref(&gt_event);
	io_loop_destroy(&ioloop);
	lib_deinit();
	return ret;
}
