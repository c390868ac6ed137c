/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* login-path LOGINS DATABASE: send logins through the pipeline as the auth
   process does, but for Dovecot's part: real mmdb, real SQLite, real event
   loop. For counting its instructions; see the script "instructions". */

#include "lib.h"
#include "ioloop.h"
#include "strnum.h"
#include "geotrip-event.h"
#include "geotrip-login.h"
#include "geotrip-settings-read.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define USERS 1000
/* The number of logins in one iteration of the event loop. */
#define AT_ONCE 32
/* The time from one to the next, whatever it really is: it decides what is
   written together. */
#define USECS_BETWEEN 20

/* Two countries of the test databases. */
static const char *const addresses[] = { "11.0.2.1", "11.0.2.17" };

static struct ioloop *ioloop;
static int64_t bench_time;

/* In place of geotrip_now(): a clock that runs as the logins do, whatever the
   machine is doing. */
int64_t __wrap_geotrip_now(void);
int64_t __wrap_geotrip_now(void)
{
	return bench_time;
}

static void
expect_allow(enum geotrip_verdict verdict, int64_t until ATTR_UNUSED,
	     void *context ATTR_UNUSED)
{
	if (verdict != GEOTRIP_VERDICT_ALLOW)
		i_fatal("verdict: %s", geotrip_verdict_name(verdict));
}

static void log_in(struct geotrip *gt, int64_t n)
{
	struct geotrip_login login = {
		.user = t_strdup_printf("user%u@example.com",
					(unsigned int)(n % USERS)),
		.service = "smtp",
		.mechanism = "PLAIN",
		.time = bench_time,
		.now = bench_time,
	};

	if (net_addr2ip(addresses[n / USERS % 2], &login.ip) < 0)
		i_unreached();
	geotrip_login_check(gt, &login, expect_allow, NULL);
	bench_time += USECS_BETWEEN;
}

static void log_in_many(struct geotrip *gt, unsigned int count)
{
	struct timeout *to;
	unsigned int i;

	for (i = 0; i < count; i++) {
		T_BEGIN {
			log_in(gt, i);
		} T_END;
		if ((i + 1) % AT_ONCE == 0) {
			to = timeout_add_short(0, io_loop_stop, ioloop);
			io_loop_run(ioloop);
			timeout_remove(&to);
		}
	}
}

static void
parse_config(const char *db_path, pool_t pool, struct geotrip_config *config_r)
{
	struct geotrip_settings set = geotrip_default_settings;
	const char *error;

	set.geotrip_db = db_path;
	set.geotrip_mmdb = t_strdup_printf("%s/maxmind.mmdb",
					   getenv("GEOTRIP_TEST_DATA"));
	/* not the list of what is allowed */
	set.geotrip_mode = "enforce";
	set.geotrip_on_error = "deny";

	if (geotrip_config_parse(&set, pool, config_r, &error) < 0)
		i_fatal("%s", error);
}

int main(int argc, char *argv[])
{
	struct geotrip_config config;
	struct geotrip *gt;
	struct event *event;
	unsigned int count;
	pool_t pool;

	lib_init();
	if (argc != 3 || str_to_uint(argv[1], &count) < 0 ||
	    getenv("GEOTRIP_TEST_DATA") == NULL)
		i_fatal("Usage: GEOTRIP_TEST_DATA=test/data "
			"login-path LOGINS DATABASE");
	ioloop = io_loop_create();
	event = geotrip_event_create(NULL);
	pool = pool_alloconly_create("config", 4096);
	i_zero(&config);
	parse_config(argv[2], pool, &config);

	bench_time = GEOTRIP_USECS(time(NULL));
	gt = geotrip_init(&config, event);
	log_in_many(gt, count);
	geotrip_deinit(&gt);

	pool_unref(&pool);
	event_unref(&event);
	io_loop_destroy(&ioloop);
	lib_deinit();
	return 0;
}
