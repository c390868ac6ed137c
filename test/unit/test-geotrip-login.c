/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The whole pipeline but for Dovecot's auth process: real mmdb, real SQLite,
   real event loop. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "test-common.h"
#include "geotrip-brake.h"
#include "geotrip-event.h"
#include "geotrip-login.h"
#include "geotrip-settings-read.h"
#include "geotrip-store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define JP "192.0.2.1"
#define US "192.0.2.17"
#define BR "192.0.2.33"
#define DE "192.0.2.49"
#define UNKNOWN "192.0.2.241"

static const char *db_path;
static struct ioloop *ioloop;
static struct event *event;

static struct geotrip_settings default_settings(void)
{
	struct geotrip_settings set = geotrip_default_settings;

	set.geotrip_db = db_path;
	set.geotrip_mmdb = t_strdup_printf("%s/maxmind.mmdb",
					   getenv("GEOTRIP_TEST_DATA"));
	/* not the list of what is allowed */
	set.geotrip_mode = "enforce";
	set.geotrip_on_error = "allow";
	return set;
}

static struct geotrip_config config;

static struct geotrip *start(const struct geotrip_settings *set)
{
	const char *error;

	i_zero(&config);
	if (geotrip_config_parse(set, pool_datastack_create(), &config,
				 &error) < 0)
		i_fatal("%s", error);
	return geotrip_init(&config, event);
}

static void verdict_callback(enum geotrip_verdict verdict, void *context)
{
	enum geotrip_verdict *verdict_r = context;

	i_assert(*verdict_r == (enum geotrip_verdict)-1);
	*verdict_r = verdict;
}

static const char *
login_full(struct geotrip *gt, const char *user, const char *ip,
	   const char *service, const char *session)
{
	enum geotrip_verdict verdict = (enum geotrip_verdict)-1;
	struct geotrip_login login = {
		.user = user,
		.service = service,
		.mechanism = "PLAIN",
		.session = session,
		.time = geotrip_now(),
	};

	if (ip != NULL && net_addr2ip(ip, &login.ip) < 0)
		i_fatal("bad address %s", ip);
	geotrip_login_check(gt, &login, verdict_callback, &verdict);
	return geotrip_verdict_name(verdict);
}

static const char *login(struct geotrip *gt, const char *user, const char *ip)
{
	return login_full(gt, user, ip, "smtp", NULL);
}

/* For at least so long that what waits is written. */
static void run_ioloop(unsigned int msecs)
{
	struct timeout *to = timeout_add_short(I_MAX(msecs, 12),
					       io_loop_stop, ioloop);

	io_loop_run(ioloop);
	timeout_remove(&to);
}

/* All values of the first column, as another process sees them. */
static const char *sql(const char *statement)
{
	const char *all = "";
	sqlite3_stmt *stmt;
	sqlite3 *db;

	if (sqlite3_open(db_path, &db) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, statement, -1, &stmt, NULL) != SQLITE_OK)
		i_fatal("%s: %s", statement, sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		all = t_strconcat(all, *all == '\0' ? "" : " ",
				  sqlite3_column_text(stmt, 0), NULL);
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return all;
}

/* As another process that is writing. */
static sqlite3 *lock_db(void)
{
	sqlite3 *db;

	if (sqlite3_open(db_path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("%s", sqlite3_errmsg(db));
	return db;
}

static void unlock_db(sqlite3 *db)
{
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
}

static void stop(struct geotrip **gt)
{
	geotrip_deinit(gt);
	i_unlink_if_exists(db_path);
	i_unlink_if_exists(t_strconcat(db_path, "-wal", NULL));
	i_unlink_if_exists(t_strconcat(db_path, "-shm", NULL));
}

static void resume(void)
{
	const struct geotrip_store_settings set = {
		.path = db_path, .lock_wait_msecs = 1000,
	};
	struct geotrip_store *store = geotrip_store_init(&set);
	const char *error;

	if (geotrip_store_open(store, &error) < 0 ||
	    geotrip_store_brake_end(store, "operator", &error) <= 0)
		i_fatal("resume failed");
	geotrip_store_deinit(&store);
}

static void release(const char *user)
{
	const struct geotrip_store_settings set = {
		.path = db_path, .lock_wait_msecs = 1000,
	};
	struct geotrip_store *store = geotrip_store_init(&set);
	const char *error;

	if (geotrip_store_open(store, &error) < 0 ||
	    geotrip_store_release(store, user, "test", &error) <= 0)
		i_fatal("release failed");
	geotrip_store_deinit(&store);
}

static const char *travel(struct geotrip *gt, const char *user)
{
	test_assert_strcmp(login(gt, user, JP), "allow");
	test_assert_strcmp(login(gt, user, US), "allow");
	return login(gt, user, BR);
}

static void test_login_brake(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt;

	set.geotrip_max_suspensions = "2 in 1h";
	gt = start(&set);

	test_begin("login: too many accounts trip, and are only marked");
	test_assert_strcmp(travel(gt, "a"), "trip");
	test_assert_strcmp(travel(gt, "b"), "trip");
	test_expect_error_string("Too many accounts tripped");
	test_assert_strcmp(travel(gt, "c"), "allow");
	test_expect_no_more_errors();
	test_assert_strcmp(travel(gt, "d"), "allow");
	test_assert_strcmp(login(gt, "a", JP), "blocked");
	run_ioloop(1);
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "a b");
	test_assert_strcmp(sql("SELECT verdict FROM login "
			       "WHERE country = 'BR'"),
			   "trip trip observe observe");
	test_assert_strcmp(sql("SELECT max FROM brake"), "2 in 1h");
	/* nobody is to be told */
	test_assert_strcmp(sql("SELECT count(*) FROM notice "
			       "WHERE kind = 'brake'"), "0");
	test_end();

	test_begin("login: it holds for as long as too many trip, and longer");
	(void)sql("UPDATE brake SET over_at = over_at - 7200000000");
	geotrip_brake_upkeep(gt);
	test_assert_strcmp(sql("SELECT over_at > since FROM brake"), "1");
	(void)sql("UPDATE login SET time = time - 7200000000");
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
	test_assert_strcmp(travel(gt, "h"), "trip");
	test_assert_strcmp(travel(gt, "i"), "trip");
	test_expect_error_string("Too many accounts tripped");
	test_assert_strcmp(travel(gt, "j"), "allow");
	test_expect_no_more_errors();
	resume();
	test_assert_strcmp(travel(gt, "e"), "trip");
	test_assert_strcmp(travel(gt, "f"), "trip");
	test_expect_error_string("Too many accounts tripped");
	test_assert_strcmp(travel(gt, "g"), "allow");
	test_expect_no_more_errors();
	test_end();
	stop(&gt);
}

static void test_login_trip(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);

	test_begin("login: the third country is refused itself");
	/* all in one iteration of the event loop */
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	test_assert_strcmp(login(gt, "u", BR), "trip");
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
	test_assert_strcmp(login(gt, "u", JP), "blocked");
	test_assert_strcmp(login_full(gt, "u", JP, "submission", NULL),
			   "blocked");
	test_assert_strcmp(login_full(gt, "u", JP, "imap", NULL), "allow");
	test_assert_strcmp(login(gt, "v", JP), "allow");
	test_assert_strcmp(login(gt, "v", US), "allow");
	run_ioloop(1);
	test_assert_strcmp(sql("SELECT verdict FROM login WHERE id > 3"),
			   "blocked blocked allow allow");
	test_assert_strcmp(sql("SELECT count(*) FROM suspension"), "1");
	test_end();

	test_begin("login: a release is seen at once, and forgives");
	release("u");
	run_ioloop(1);
	test_assert_strcmp(login(gt, "u", BR), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	test_assert_strcmp(login(gt, "u", DE), "trip");
	/* but only this user */
	test_assert_strcmp(login(gt, "v", BR), "trip");
	test_end();

	test_begin("login: evidence is the last login in each country");
	test_assert_strcmp(login(gt, "w", JP), "allow");
	test_assert_strcmp(login(gt, "w", US), "allow");
	run_ioloop(1);
	test_assert_strcmp(login(gt, "w", JP), "allow");
	run_ioloop(1);
	/* another process has changed something */
	(void)sql("UPDATE change SET number = number + 1");
	test_assert_strcmp(login(gt, "w", BR), "trip");
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
	gt = start(&set);
	test_assert_strcmp(login(gt, "u", JP), "blocked");
	test_end();
	stop(&gt);
}

static void test_login_restart(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);

	test_begin("login: the window survives the process");
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	geotrip_deinit(&gt);
	gt = start(&set);
	test_assert_strcmp(login(gt, "u", BR), "trip");
	test_end();
	stop(&gt);
}

static void test_login_not_counted(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt;

	set.geotrip_exempt_users = "probe";
	set.geotrip_exempt_networks = "127.0.0.0/8 192.0.2.48/28";
	gt = start(&set);

	test_begin("login: what is not counted");
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	/* no country: unknown, local, none at all */
	test_assert_strcmp(login(gt, "u", UNKNOWN), "allow");
	test_assert_strcmp(login(gt, "u", "10.0.0.1"), "allow");
	test_assert_strcmp(login(gt, "u", NULL), "allow");
	/* exempt network, uncounted service */
	test_assert_strcmp(login(gt, "u", DE), "allow");
	test_assert_strcmp(login(gt, "u", "127.0.0.1"), "allow");
	test_assert_strcmp(login_full(gt, "u", BR, "imap", NULL), "allow");
	/* exempt user */
	test_assert_strcmp(login(gt, "probe", JP), "allow");
	test_assert_strcmp(login(gt, "probe", US), "allow");
	test_assert_strcmp(login(gt, "probe", BR), "allow");
	run_ioloop(1);
	test_assert_strcmp(sql("SELECT coalesce(country, '-') FROM login"),
			   "JP US - - -");
	test_assert_strcmp(sql("SELECT count(*) FROM login "
			       "WHERE ip IS NULL"), "1");
	/* and still the third country trips */
	test_assert_strcmp(login(gt, "u", "::ffff:"BR), "trip");
	/* an exempt network is never blocked */
	test_assert_strcmp(login(gt, "u", DE), "allow");
	test_end();
	stop(&gt);
}

static void test_login_sessions(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);

	test_begin("login: one session that authenticates twice counts once");
	test_assert_strcmp(login_full(gt, "u", JP, "smtp", "s1"), "allow");
	test_assert_strcmp(login_full(gt, "u", JP, "smtp", "s1"), "allow");
	test_assert_strcmp(login_full(gt, "u", JP, "smtp", "s2"), "allow");
	run_ioloop(1);
	test_assert_strcmp(sql("SELECT session FROM login"), "s1 s2");
	test_end();
	stop(&gt);
}

static void test_login_imap_trips(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt;

	set.geotrip_services = "*";
	gt = start(&set);

	test_begin("login: a service that goes on working trips, and goes on");
	test_assert_strcmp(login_full(gt, "u", JP, "imap", NULL), "allow");
	test_assert_strcmp(login_full(gt, "u", US, "imap", NULL), "allow");
	test_assert_strcmp(login_full(gt, "u", BR, "imap", NULL), "allow");
	test_assert_strcmp(login(gt, "u", JP), "blocked");
	test_assert_strcmp(login_full(gt, "u", DE, "imap", NULL), "allow");
	run_ioloop(1);
	test_assert_strcmp(sql("SELECT verdict FROM login"),
			   "allow allow trip blocked allow");
	test_end();
	stop(&gt);
}

static void test_login_observe(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt;

	set.geotrip_mode = "observe";
	gt = start(&set);

	test_begin("login: mode observe marks, and refuses nobody");
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	test_assert_strcmp(login(gt, "u", BR), "allow");
	test_assert_strcmp(login(gt, "u", DE), "allow");
	run_ioloop(1);
	test_assert_strcmp(sql("SELECT verdict FROM login"),
			   "allow allow observe allow");
	test_assert_strcmp(sql("SELECT count(*) FROM suspension"), "0");
	test_assert_strcmp(sql("SELECT count(*) FROM notice"), "0");
	test_end();
	stop(&gt);
}

static void test_login_no_store(bool deny)
{
	struct geotrip_settings set = default_settings();
	const char *answer = deny ? "tempfail" : "allow";
	struct geotrip *gt;

	set.geotrip_db = t_strconcat(db_path, ".d/geotrip.db", NULL);
	set.geotrip_on_error = deny ? "deny" : "allow";

	test_begin(t_strdup_printf("login: no store, geotrip_on_error = %s",
				   set.geotrip_on_error));
	/* once, however many logins there are */
	test_expect_error_string("geotrip_db=");
	gt = start(&set);
	test_assert_strcmp(login(gt, "u", JP), answer);
	test_assert_strcmp(login(gt, "u", US), answer);
	test_assert_strcmp(login_full(gt, "u", US, "imap", NULL), "allow");
	test_assert_strcmp(login(gt, "v", US), answer);
	run_ioloop(1);
	test_expect_no_more_errors();
	if (!deny)
		test_expect_error_string("3 logins could not be written");
	stop(&gt);
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
	struct geotrip_settings set = default_settings();
	struct geotrip *gt;

	set.geotrip_mmdb = t_strconcat(db_path, ".mmdb", NULL);
	test_begin("login: no mmdb");
	test_expect_error_string("geotrip_mmdb=");
	gt = start(&set);
	test_expect_no_more_errors();
	test_assert_strcmp(login(gt, "u", JP), "allow");
	run_ioloop(1);
	test_assert_strcmp(sql("SELECT coalesce(country, '-') FROM login"),
			   "-");
	stop(&gt);

	set.geotrip_on_error = "deny";
	test_expect_error_string("geotrip_mmdb=");
	gt = start(&set);
	test_expect_no_more_errors();
	test_assert_strcmp(login(gt, "u", JP), "tempfail");
	/* no country is needed for an address that has none */
	test_assert_strcmp(login(gt, "u", NULL), "allow");
	test_end();
	stop(&gt);
}

static void test_login_db_lost(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);

	test_begin("login: a suspension survives the loss of the database");
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	test_assert_strcmp(login(gt, "u", BR), "trip");
	i_unlink(db_path);
	i_unlink(t_strconcat(db_path, "-wal", NULL));
	i_unlink(t_strconcat(db_path, "-shm", NULL));
	test_expect_error_string("was deleted or moved away");
	run_ioloop(5500);
	test_expect_no_more_errors();
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "u");
	test_assert_strcmp(login(gt, "u", JP), "blocked");
	test_end();
	stop(&gt);
}

static const char *
login_at(struct geotrip *gt, const char *user, const char *ip, int64_t time)
{
	enum geotrip_verdict verdict = (enum geotrip_verdict)-1;
	struct geotrip_login login = {
		.user = user, .service = "smtp", .mechanism = "PLAIN",
		.time = time,
	};

	if (net_addr2ip(ip, &login.ip) < 0)
		i_fatal("bad address %s", ip);
	geotrip_login_check(gt, &login, verdict_callback, &verdict);
	return geotrip_verdict_name(verdict);
}

static const char *
travel_at(struct geotrip *gt, const char *user, int64_t time)
{
	(void)login_at(gt, user, JP, time);
	(void)login_at(gt, user, US, time + 1);
	return login_at(gt, user, BR, time + 2);
}

static void test_login_db_replaced(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);

	test_begin("login: in another database, evidence is nobody else's");
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	run_ioloop(30);
	i_unlink(db_path);
	i_unlink(t_strconcat(db_path, "-wal", NULL));
	i_unlink(t_strconcat(db_path, "-shm", NULL));
	test_expect_error_string("was deleted or moved away");
	run_ioloop(5500);
	test_expect_no_more_errors();
	test_assert_strcmp(login(gt, "victim", DE), "allow");
	test_assert_strcmp(login(gt, "victim", DE), "allow");
	run_ioloop(30);
	test_assert_strcmp(login(gt, "u", BR), "trip");
	test_assert_strcmp(sql("SELECT name || country FROM evidence "
		"JOIN login ON login.id = login_id "
		"JOIN user ON user.id = user_id ORDER BY 1"), "uBR");
	test_end();
	stop(&gt);
}

static void test_login_brake_ahead(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt;
	int64_t ahead = geotrip_now() + GEOTRIP_USECS(86400);

	set.geotrip_max_suspensions = "2 in 1h";
	gt = start(&set);
	test_begin("login: who tripped when the clock was ahead is not too many");
	test_assert_strcmp(travel_at(gt, "a", ahead), "trip");
	test_assert_strcmp(travel_at(gt, "b", ahead), "trip");
	/* the clock is right again */
	test_assert_strcmp(travel_at(gt, "c", geotrip_now()), "trip");
	run_ioloop(30);
	if (strcmp(sql("SELECT count(*) FROM brake"), "1") == 0)
		resume();
	run_ioloop(30);
	test_assert_strcmp(travel_at(gt, "d", geotrip_now()), "trip");
	test_end();
	stop(&gt);
}

static void test_login_brake_ended_ahead(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt;
	int64_t now = geotrip_now();
	sqlite3 *db;

	set.geotrip_max_suspensions = "2 in 1h";
	gt = start(&set);
	test_begin("login: too many, after they ended when the clock was ahead");
	if (sqlite3_open(db_path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, t_strdup_printf("INSERT INTO brake (since, max, "
			"over_at, ended_at, ended_by) VALUES (1, 'x', 1, "
			"%"PRId64", 'time')", now + GEOTRIP_USECS(86400)),
			NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	test_assert_strcmp(travel(gt, "a"), "trip");
	test_assert_strcmp(travel(gt, "b"), "trip");
	test_expect_error_string("Too many accounts");
	test_assert_strcmp(travel(gt, "c"), "allow");
	test_expect_no_more_errors();
	test_end();
	stop(&gt);
}

static void test_login_brake_old_process(void)
{
	struct geotrip_settings set = default_settings();
	static struct geotrip_config config_old;
	struct geotrip *gt, *gt_old;
	const char *error;

	test_begin("login: an old process without a limit ends nothing");
	set.geotrip_max_suspensions = "0";
	if (geotrip_config_parse(&set, pool_datastack_create(), &config_old,
				 &error) < 0)
		i_fatal("%s", error);
	gt_old = geotrip_init(&config_old, event);
	set.geotrip_max_suspensions = "2 in 1h";
	gt = start(&set);
	test_assert_strcmp(travel(gt, "a"), "trip");
	test_assert_strcmp(travel(gt, "b"), "trip");
	test_expect_error_string("Too many accounts");
	test_assert_strcmp(travel(gt, "c"), "allow");
	test_expect_no_more_errors();
	run_ioloop(5500);
	test_assert_strcmp(travel(gt, "d"), "allow");
	test_end();
	geotrip_deinit(&gt_old);
	stop(&gt);
}

static void test_login_brake_same(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt;

	set.geotrip_max_suspensions = "1 in 1h";
	gt = start(&set);
	test_begin("login: one account that trips twice is one");
	test_assert_strcmp(travel(gt, "a"), "trip");
	run_ioloop(20);
	release("a");
	run_ioloop(20);
	test_assert_strcmp(travel(gt, "a"), "trip");
	test_end();
	stop(&gt);
}

static void test_login_evicted(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);
	unsigned int i;
	sqlite3 *db;

	test_begin("login: whose logins wait is not forgotten");
	db = lock_db();
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	test_expect_errors(100);
	for (i = 0; i < 300000; i++) T_BEGIN {
		(void)login(gt, t_strdup_printf("w%u", i), JP);
	} T_END;
	test_assert_strcmp(login(gt, "u", BR), "allow");
	unlock_db(db);
	test_assert_strcmp(login(gt, "u", DE), "trip");
	test_end();
	stop(&gt);
}

static void test_login_db_damaged(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);

	test_begin("login: a row of the schema's own is missing");
	(void)sql("DELETE FROM change");
	geotrip_deinit(&gt);
	test_expect_errors(1);
	gt = start(&set);
	test_expect_no_more_errors();
	(void)login(gt, "u", JP);
	test_end();
	stop(&gt);
}

static void test_login_prompt(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);
	sqlite3 *db;

	test_begin("login: after an outage, rows are written promptly");
	db = lock_db();
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	test_expect_error_string("database is locked");
	run_ioloop(1000);
	test_expect_no_more_errors();
	unlock_db(db);
	test_assert_strcmp(login(gt, "u", BR), "trip");
	test_assert_strcmp(login(gt, "v", BR), "allow");
	run_ioloop(40);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "4");
	test_end();
	stop(&gt);
}

static void test_login_failed_trips(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);
	unsigned int i;
	sqlite3 *db;

	test_begin("login: trips that cannot be written leave nothing behind");
	db = lock_db();
	test_expect_error_string("database is locked");
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	for (i = 0; i < 2500; i++)
		test_assert_strcmp(login(gt, "u", BR), "allow");
	test_expect_no_more_errors();
	unlock_db(db);
	/* it trips even with more waiting than is written at a time */
	test_assert_strcmp(login(gt, "u", DE), "trip");
	test_assert_strcmp(sql("SELECT user FROM active_suspension"), "u");
	/* with its evidence */
	test_assert_strcmp(sql("SELECT country || verdict FROM login JOIN "
			       "evidence ON login.id = evidence.login_id "
			       "ORDER BY time"),
			   "JPallow USallow BRallow DEtrip");
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "4");
	/* and what waited gets written bit by bit */
	run_ioloop(1500);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "2503");
	test_end();
	stop(&gt);
}

static void test_login_locked(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);
	sqlite3 *db;

	test_begin("login: while another process holds the lock, rows wait");
	db = lock_db();
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(login(gt, "u", US), "allow");
	test_expect_error_string("database is locked");
	run_ioloop(1);
	/* nobody is told about a suspension that is not on disk */
	test_assert_strcmp(login(gt, "u", BR), "allow");
	test_expect_no_more_errors();
	unlock_db(db);
	/* the next one makes the rule true as well */
	test_assert_strcmp(login(gt, "u", DE), "trip");
	test_assert_strcmp(sql("SELECT country || verdict FROM login"),
			   "JPallow USallow BRallow DEtrip");
	test_end();
	stop(&gt);
}

static void test_login_retry(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);
	sqlite3 *db;

	test_begin("login: rows that waited are written by themselves");
	db = lock_db();
	test_expect_error_string("database is locked");
	test_assert_strcmp(login(gt, "u", JP), "allow");
	run_ioloop(2000);
	test_expect_no_more_errors();
	unlock_db(db);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "0");
	run_ioloop(1500);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "1");
	test_end();

	test_begin("login: a lock that is held for a moment is no failure");
	db = lock_db();
	test_assert_strcmp(login(gt, "u", JP), "allow");
	run_ioloop(20);
	test_assert_strcmp(login(gt, "u", JP), "allow");
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "1");
	unlock_db(db);
	run_ioloop(20);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "3");
	test_end();
	stop(&gt);
}

static void test_login_batch(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *gt = start(&set);
	unsigned int i;

	test_begin("login: fewer than 1,000 rows are left waiting");
	for (i = 0; i < 1500; i++) T_BEGIN {
		(void)login(gt, t_strdup_printf("u%u", i), JP);
	} T_END;
	test_assert(atoi(sql("SELECT count(*) FROM login")) > 500);
	run_ioloop(1);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "1500");
	test_end();
	stop(&gt);
}

static void test_login_shared(void)
{
	struct geotrip_settings set = default_settings();
	struct geotrip *old = start(&set), *new;
	const char *user;
	unsigned int i;

	test_begin("login: two processes see what the other one answered");
	test_assert_strcmp(login(old, "u", JP), "allow");
	/* alone it writes in its own time */
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "0");
	run_ioloop(1);
	new = start(&set);
	for (i = 0; i < 100; i++) T_BEGIN {
		user = t_strdup_printf("u%u", i);
		test_assert_strcmp(login(new, user, JP), "allow");
		test_assert_strcmp(login(old, user, US), "allow");
		test_assert_strcmp(login(new, user, JP), "allow");
		test_assert_strcmp(login(old, user, BR), "trip");
		test_assert_strcmp(login(new, user, US), "blocked");
	} T_END;
	/* what the other one knew already waited */
	run_ioloop(1);
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "501");
	test_end();

	test_begin("login: left alone, a process writes in its own time again");
	geotrip_deinit(&old);
	test_assert_strcmp(login(new, "v", JP), "allow");
	test_assert_strcmp(login(new, "v", JP), "allow");
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "501");
	/* and a command is nobody to share with */
	release("u0");
	run_ioloop(1);
	test_assert_strcmp(login(new, "v", JP), "allow");
	test_assert_strcmp(sql("SELECT count(*) FROM login"), "503");
	test_end();
	stop(&new);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_login_trip,
		test_login_brake,
		test_login_brake_ahead,
		test_login_brake_ended_ahead,
		test_login_brake_old_process,
		test_login_brake_same,
		test_login_restart,
		test_login_not_counted,
		test_login_sessions,
		test_login_imap_trips,
		test_login_observe,
		test_login_store_errors,
		test_login_no_mmdb,
		test_login_db_lost,
		test_login_db_replaced,
		test_login_db_damaged,
		test_login_failed_trips,
		test_login_locked,
		test_login_retry,
		test_login_evicted,
		test_login_prompt,
		test_login_batch,
		test_login_shared,
		NULL
	};
	char template[] = "/tmp/test-geotrip-login.XXXXXX";
	char path_buf[64];
	int ret;

	lib_init();
	if (mkdtemp(template) == NULL)
		i_fatal("mkdtemp() failed: %m");
	i_snprintf(path_buf, sizeof(path_buf), "%s/geotrip.db", template);
	db_path = path_buf;
	ioloop = io_loop_create();
	event = geotrip_event_create(NULL);

	ret = test_run(tests);

	event_unref(&event);
	io_loop_destroy(&ioloop);
	if (rmdir(template) < 0)
		i_fatal("rmdir(%s) failed: %m", template);
	lib_deinit();
	return ret;
}
