/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The store on a real SQLite file: schema, logins, trips, suspensions, and
   what several processes do to each other. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "test-store-fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR GEOTRIP_USECS(3600)
#define DAY (24 * HOUR)

static struct geotrip_store_login
make_login(struct geotrip_store_user *user, const char *country, int64_t time)
{
	struct geotrip_store_login login = {
		.user = user,
		.time = time,
		.service = "smtp",
		.mechanism = "PLAIN",
		.verdict = GEOTRIP_VERDICT_ALLOW,
	};

	i_assert(strlen(country) <= 2);
	memcpy(login.country.code, country, strlen(country));
	if (net_addr2ip("192.0.2.1", &login.ip) < 0)
		i_unreached();
	return login;
}

static void
keep_result(enum geotrip_store_commit_result result, const char *error,
	    void *context)
{
	enum geotrip_store_commit_result *result_r = context;

	test_assert((error != NULL) == (result == GEOTRIP_STORE_COMMIT_FAILED ||
					result == GEOTRIP_STORE_COMMIT_BUSY));
	*result_r = result;
}

static enum geotrip_store_commit_result
commit(struct geotrip_store *store, const struct geotrip_store_login *login,
       const struct geotrip_store_trip *trip)
{
	ARRAY_TYPE(geotrip_store_login) logins;
	enum geotrip_store_commit_result result = (unsigned int)-1;

	t_array_init(&logins, 1);
	array_push_back(&logins, login);
	geotrip_store_commit(store, &logins, trip, keep_result, &result);
	return result;
}

static void
commit_login(struct geotrip_store *store, struct geotrip_store_user *user,
	     const char *country, int64_t time)
{
	struct geotrip_store_login login = make_login(user, country, time);

	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
}

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
	return commit(store, &login, &trip);
}

static void
print_history(const struct geotrip_store_history *history, const char *error,
	      void *context)
{
	string_t *str = context;
	const struct geotrip_sighting *seen;

	if (history == NULL) {
		str_printfa(str, "error %s", error);
		return;
	}
	str_printfa(str, "cleared=%"PRId64, history->cleared_at);
	if (history->suspended) {
		str_printfa(str, " until=%"PRId64,
			    history->suspended_until == GEOTRIP_NEVER ? -1 :
			    history->suspended_until);
	}
	array_foreach(&history->seen, seen) {
		str_printfa(str, " %s%"PRId64, seen->country.code,
			    seen->time);
	}
}

static const char *
load(struct geotrip_store *store, struct geotrip_store_user *user,
     int64_t since)
{
	string_t *str = t_str_new(64);

	geotrip_store_load(store, user, since, GEOTRIP_NEVER - 1,
			   print_history, str);
	return str_c(str);
}

static void test_store_schema(void)
{
	struct geotrip_store *store;
	const char *error;
	struct stat st;

	test_begin("store: created with an id, a version and a mode");
	umask(0077);
	store = open_store(TRUE);
	test_assert_strcmp(sql("PRAGMA application_id"), "1734700884");
	test_assert_strcmp(sql("PRAGMA user_version"), "5");
	test_assert_strcmp(sql("PRAGMA journal_mode"), "wal");
	test_assert(stat(test_store_path, &st) == 0 &&
		    (st.st_mode & 0777) == 0600);
	geotrip_store_deinit(&store);
	/* and opened again */
	store = open_store(FALSE);
	test_assert(geotrip_store_try_write(store, &error) == 0);
	geotrip_store_deinit(&store);
	remove_db();
	test_end();
}

static int try_open(bool create, const char **error_r)
{
	const struct geotrip_store_settings set = {
		.path = test_store_path,
		.create = create,
		.lock_wait_msecs = 100,
	};
	struct geotrip_store *store = geotrip_store_init(&set);
	int ret = geotrip_store_open(store, error_r);

	geotrip_store_deinit(&store);
	return ret;
}

static void test_store_refused(void)
{
	struct geotrip_store *store;
	const char *error;
	FILE *file;

	test_begin("store: doveadm creates no database");
	test_assert(try_open(FALSE, &error) < 0);
	test_assert(strstr(error, "does not exist yet") != NULL);
	test_assert(access(test_store_path, F_OK) < 0);
	test_end();

	test_begin("store: a newer schema is refused, and left alone");
	store = open_store(TRUE);
	geotrip_store_deinit(&store);
	(void)sql("PRAGMA user_version = 6");
	test_assert(try_open(TRUE, &error) < 0);
	test_assert(strstr(error, "has version 6") != NULL);
	test_assert_strcmp(sql("PRAGMA user_version"), "6");
	(void)sql("PRAGMA user_version = 5");
	test_end();

	test_begin("store: a damaged version is refused");
	(void)sql("PRAGMA user_version = -50");
	test_assert(try_open(TRUE, &error) < 0);
	test_assert(strstr(error, "damaged") != NULL);
	remove_db();
	test_end();

	test_begin("store: a copy without a write-ahead log gets one");
	store = open_store(TRUE);
	geotrip_store_deinit(&store);
	test_assert_strcmp(sql("PRAGMA journal_mode = delete"), "delete");
	store = open_store(TRUE);
	test_assert_strcmp(sql("PRAGMA journal_mode"), "wal");
	geotrip_store_deinit(&store);
	remove_db();
	test_end();

	test_begin("store: the database of another program is refused");
	(void)sql("CREATE TABLE theirs (x)");
	test_assert(try_open(TRUE, &error) < 0);
	test_assert(strstr(error, "another program") != NULL);
	test_assert_strcmp(sql("SELECT name FROM sqlite_schema"), "theirs");
	remove_db();
	test_end();

	test_begin("store: a file that is no database is refused");
	file = fopen(test_store_path, "w");
	fputs("This is not a database, and has more than a header's size. "
	      "It goes on for some more words, to have 100 bytes.", file);
	fclose(file);
	test_assert(try_open(TRUE, &error) < 0);
	test_assert(strstr(error, "damaged") != NULL);
	remove_db();
	test_end();
}

static void test_store_logins(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	struct geotrip_store_user other = { .name = "o" };
	struct geotrip_store_login login;

	test_begin("store: the history of a user");
	test_assert_strcmp(load(store, &user, 0), "cleared=0");
	commit_login(store, &user, "JP", 1 * HOUR);
	commit_login(store, &user, "JP", 2 * HOUR);
	commit_login(store, &user, "US", 3 * HOUR);
	commit_login(store, &user, "", 4 * HOUR);
	commit_login(store, &other, "DE", 4 * HOUR);
	test_assert_strcmp(load(store, &user, 0),
			   "cleared=0 JP7200000000 US10800000000");
	test_assert_strcmp(load(store, &user, 2 * HOUR),
			   "cleared=0 US10800000000");
	test_end();

	test_begin("store: rows of a clock that was ahead do not count");
	{
		string_t *str = t_str_new(64);

		geotrip_store_load(store, &user, 0, 2 * HOUR, print_history,
				   str);
		test_assert_strcmp(str_c(str), "cleared=0 JP7200000000");
	}
	test_end();

	test_begin("store: a blocked login is recorded, but does not count");
	login = make_login(&user, "RU", 4 * HOUR);
	login.verdict = GEOTRIP_VERDICT_BLOCKED;
	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	test_assert_strcmp(load(store, &user, 2 * HOUR),
			   "cleared=0 US10800000000");
	test_assert_strcmp(sql("SELECT verdict FROM login ORDER BY id"),
			   "allow allow allow allow allow blocked");
	test_end();

	test_begin("store: a mark in mode observe begins a new window");
	login = make_login(&user, "CN", 5 * HOUR);
	login.verdict = GEOTRIP_VERDICT_OBSERVE;
	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	test_assert_strcmp(load(store, &user, 0), "cleared=18000000000");
	test_end();

	test_begin("store: totals for each day, service and country");
	test_assert_strcmp(sql("SELECT day || service || country || '=' || "
			       "logins || '/' || trips FROM country_day"),
			   "0smtp=1/0 0smtpCN=1/1 0smtpDE=1/0 0smtpJP=2/0 "
			   "0smtpRU=1/0 0smtpUS=1/0");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
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
	test_assert_strcmp(load(store, &user, 0),
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
	test_assert(strstr(load(store, &user, 0), "JP") == NULL);
	test_assert(strstr(load(store, &user, 0), "until") == NULL);
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
	test_assert_strcmp(load(store, &user, 0),
			   t_strdup_printf("cleared=%"PRId64, now - HOUR / 4));
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

static void test_store_names(void)
{
	struct geotrip_store *store = open_store(TRUE);
	char long_name[1001];
	char *names[] = {
		"'; DROP TABLE user; --", "a\nb\tc", "%s%n%%", "\xff\xfe",
		"\xe8\x8a\xb1\xe5\xad\x90", "\"", "a*b?[c]", long_name,
	};
	unsigned int i;
	const char *error;

	test_begin("store: names are what they are");
	memset(long_name, 'x', 1000);
	long_name[1000] = '\0';
	for (i = 0; i < N_ELEMENTS(names); i++) {
		struct geotrip_store_user user = { .name = names[i] };
		struct geotrip_store_user again = { .name = names[i] };

		test_assert_idx(geotrip_store_user_exists(
			store, names[i], &error) == 0, i);
		commit_login(store, &user, "JP", HOUR);
		test_assert_idx(geotrip_store_user_exists(
			store, names[i], &error) == 1, i);
		test_assert_strcmp_idx(load(store, &again, 0),
				       "cleared=0 JP3600000000", i);
		test_assert_strcmp_idx(
			sql(t_strdup_printf("SELECT name FROM user "
					    "WHERE id = %u", i + 1)),
			names[i], i);
	}
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

/* Does the generation change because of what another process did? */
static bool is_noticed(struct geotrip_store *store)
{
	unsigned int generation = geotrip_store_generation(store);
	const char *error;

	if (geotrip_store_sync(store, &error) < 0)
		i_fatal("%s", error);
	return geotrip_store_generation(store) != generation;
}

static void test_store_changes(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store *other = open_store(FALSE);
	struct geotrip_store_user user = { .name = "u" };
	struct geotrip_store_user again = { .name = "u" };
	struct geotrip_purge_count count;
	const char *error;

	test_begin("store: what others change about users is noticed");
	commit_login(store, &user, "JP", HOUR);
	commit_login(store, &user, "JP", 5 * HOUR);
	test_assert(!is_noticed(store));
	commit_login(other, &again, "US", 5 * HOUR);
	test_assert(is_noticed(store));
	test_assert(!is_noticed(store));
	test_assert(geotrip_store_suspend(other, "u", GEOTRIP_NEVER, "r",
					  &error) == 0);
	test_assert(is_noticed(store));
	test_assert(geotrip_store_release(other, "u", "r", &error) == 1);
	test_assert(is_noticed(store));
	(void)sql("UPDATE user SET cleared_at = 7");
	test_assert(is_noticed(store));
	(void)sql("INSERT INTO user (name) VALUES ('x')");
	(void)sql("DELETE FROM user WHERE name = 'x'");
	test_assert(is_noticed(store));
	test_end();

	test_begin("store: what concerns no user in memory is not");
	test_assert(geotrip_store_purge(other, 2 * HOUR, &count,
					&error) == 0);
	test_assert(count.logins == 1);
	test_assert(!is_noticed(store));
	(void)sql("UPDATE notice SET attempts = 7");
	test_assert(!is_noticed(store));
	test_end();
	geotrip_store_deinit(&other);
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_store_processes(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	struct geotrip_store *other = open_store(FALSE);
	unsigned int generation;
	const char *error;

	test_begin("store: own commits change no generation, others' do");
	test_assert(geotrip_store_sync(store, &error) == 0);
	generation = geotrip_store_generation(store);
	test_assert(generation != 0);
	commit_login(store, &user, "JP", HOUR);
	test_assert(geotrip_store_sync(store, &error) == 0);
	test_assert(geotrip_store_generation(store) == generation);
	test_assert(geotrip_store_suspend(other, "u", GEOTRIP_NEVER, "r",
					  &error) == 0);
	test_assert(geotrip_store_sync(store, &error) == 0);
	test_assert(geotrip_store_generation(store) != generation);
	test_end();

	test_begin("store: a user that was purged gets a new id");
	test_assert(geotrip_store_release(other, "u", NULL, &error) == 1);
	(void)sql("DELETE FROM suspension");
	(void)sql("DELETE FROM login");
	(void)sql("DELETE FROM user");
	commit_login(store, &user, "US", HOUR);
	test_assert_strcmp(sql("SELECT name FROM login JOIN user "
			       "ON user.id = user_id"), "u");
	test_end();

	test_begin("store: a failed commit leaves no trace, not in ids either");
	test_assert(geotrip_store_sync(store, &error) == 0);
	{
		struct geotrip_store_user fresh = { .name = "fresh" };
		struct geotrip_store_login login =
			make_login(&fresh, "JP", HOUR);

		/* the check constraint of the table refuses it */
		login.verdict = GEOTRIP_VERDICT_TEMPFAIL;
		test_assert(commit(store, &login, NULL) ==
			    GEOTRIP_STORE_COMMIT_FAILED);
		test_assert_strcmp(sql("SELECT name FROM user"), "u");
		commit_login(store, &fresh, "JP", HOUR);
		test_assert_strcmp(sql("SELECT name FROM user ORDER BY name"),
				   "fresh u");
	}
	test_end();
	geotrip_store_deinit(&other);
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_store_shared(void)
{
	struct geotrip_store *store = open_store(TRUE), *doveadm, *other;
	const char *error;

	test_begin("store: is there another process that records?");
	test_assert(!geotrip_store_is_shared(store));
	doveadm = open_store(FALSE);
	test_assert(!geotrip_store_is_shared(store));
	test_assert(!geotrip_store_is_shared(doveadm));
	other = open_store(TRUE);
	test_assert(geotrip_store_is_shared(store));
	test_assert(geotrip_store_is_shared(other));
	geotrip_store_deinit(&other);
	test_assert(!geotrip_store_is_shared(store));

	/* a file that was made anew is another database */
	remove_db();
	other = open_store(TRUE);
	test_assert(!geotrip_store_is_shared(other));
	test_assert(geotrip_store_open(store, &error) == 0);
	test_assert(geotrip_store_is_shared(store));
	test_assert(geotrip_store_is_shared(other));
	test_end();
	geotrip_store_deinit(&other);
	geotrip_store_deinit(&doveadm);
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_store_locked(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	struct geotrip_store_login login = make_login(&user, "JP", HOUR);
	enum geotrip_store_commit_result result;
	ARRAY_TYPE(geotrip_store_login) logins;
	int64_t begin;
	sqlite3 *db;

	test_begin("store: a lock is waited for once, or not at all");
	t_array_init(&logins, 1);
	array_push_back(&logins, &login);
	if (sqlite3_open(test_store_path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("%s", sqlite3_errmsg(db));
	begin = geotrip_now();
	geotrip_store_commit_now(store, &logins, keep_result, &result);
	test_assert(result == GEOTRIP_STORE_COMMIT_BUSY);
	test_assert(geotrip_now() - begin < 100000);
	begin = geotrip_now();
	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMIT_FAILED);
	test_assert(geotrip_now() - begin >= 100000);
	begin = geotrip_now();
	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMIT_FAILED);
	test_assert(geotrip_now() - begin < 100000);
	/* reading goes on */
	test_assert_strcmp(load(store, &user, 0), "cleared=0");
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_store_replaced(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	const char *error;

	test_begin("store: a deleted database is noticed and made anew");
	commit_login(store, &user, "JP", HOUR);
	remove_db();
	test_assert(geotrip_store_open(store, &error) == 0);
	commit_login(store, &user, "US", HOUR);
	test_assert_strcmp(sql("SELECT country FROM login"), "US");
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

static void
print_country(const struct geotrip_country_count *count, void *context)
{
	string_t *str = context;

	str_printfa(str, "%s=%"PRIu64"/%"PRIu64"/%"PRIu64" ",
		    count->country.code, count->logins, count->users,
		    count->trips);
}

static const char *
countries(struct geotrip_store *store, int64_t since, const char *service)
{
	string_t *str = t_str_new(64);
	const char *error;

	test_assert(geotrip_store_countries(store, since, service,
					    print_country, str, &error) == 0);
	return str_c(str);
}

static void test_store_countries(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	struct geotrip_store_user other = { .name = "o" };
	struct geotrip_store_login login;
	struct geotrip_purge_count count;
	int64_t now = geotrip_now();
	const char *error;

	test_begin("store: countries, exact, by days and in total");
	commit_login(store, &user, "JP", now - 10 * DAY);
	commit_login(store, &user, "JP", now - 10 * DAY + HOUR);
	commit_login(store, &other, "JP", now - 2 * HOUR);
	commit_login(store, &other, "", now - 2 * HOUR);
	login = make_login(&user, "US", now - HOUR);
	login.service = "imap";
	login.verdict = GEOTRIP_VERDICT_OBSERVE;
	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);

	test_assert_strcmp(countries(store, 0, NULL),
			   "JP=3/2/0 =1/1/0 US=1/1/1 ");
	test_assert_strcmp(countries(store, 0, "imap"), "US=1/1/1 ");
	/* whole days */
	test_assert_strcmp(countries(store, now - 12 * DAY, NULL),
			   "JP=3/2/0 =1/1/0 US=1/1/1 ");
	test_assert_strcmp(countries(store, now - 5 * DAY, NULL),
			   "=1/1/0 JP=1/1/0 US=1/1/1 ");
	test_assert_strcmp(countries(store, now - 5 * DAY, "imap"),
			   "US=1/1/1 ");
	/* exactly */
	test_assert_strcmp(countries(store, now - 2 * HOUR, "smtp"),
			   "=1/1/0 JP=1/1/0 ");
	test_assert_strcmp(countries(store, now - 2 * HOUR + 1, NULL),
			   "US=1/1/1 ");
	/* a user of two services is one user */
	login = make_login(&other, "JP", now - HOUR);
	login.service = "imap";
	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	test_assert_strcmp(countries(store, 0, NULL),
			   "JP=4/2/0 =1/1/0 US=1/1/1 ");
	test_assert(geotrip_store_purge(store, now - 5 * DAY, &count,
					&error) == 0);
	test_assert_strcmp(countries(store, 0, NULL),
			   "JP=4/1/0 =1/1/0 US=1/1/1 ");
	test_end();

	test_begin("store: a user comes from another place, and back");
	commit_login(store, &user, "BR", now);
	commit_login(store, &user, "US", now);
	commit_login(store, &user, "BR", now);
	test_assert_strcmp(sql("SELECT country || service FROM place "
			       "JOIN user ON user.id = user_id "
			       "WHERE name = 'u' ORDER BY 1"),
			   "BRsmtp USimap USsmtp");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static const char *places(const char *name)
{
	return sql(t_strdup_printf(
		"SELECT country || (last_time / 1000000) || '/' || "
		"coalesce(allowed_time / 1000000, '-') || '/' || "
		"coalesce(allowed_id, '-') FROM place JOIN user "
		"ON user.id = user_id WHERE name = '%s' ORDER BY last_time",
		name));
}

static void test_store_places(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	struct geotrip_store_login login;

	test_begin("store: a place is written once in a while");
	commit_login(store, &user, "JP", GEOTRIP_USECS(1000));
	commit_login(store, &user, "JP", GEOTRIP_USECS(1059));
	test_assert_strcmp(places("u"), "JP1000/1000/1");
	commit_login(store, &user, "JP", GEOTRIP_USECS(1060));
	test_assert_strcmp(places("u"), "JP1060/1060/3");
	test_end();

	test_begin("store: a new place is written at once");
	commit_login(store, &user, "JP", GEOTRIP_USECS(1070));
	commit_login(store, &user, "US", GEOTRIP_USECS(1071));
	commit_login(store, &user, "DE", GEOTRIP_USECS(1072));
	test_assert_strcmp(places("u"),
			   "JP1060/1060/3 US1071/1071/5 DE1072/1072/6");
	test_end();

	test_begin("store: who was refused was not seen there");
	login = make_login(&user, "DE", GEOTRIP_USECS(1200));
	login.verdict = GEOTRIP_VERDICT_BLOCKED;
	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	login = make_login(&user, "BR", GEOTRIP_USECS(1200));
	login.verdict = GEOTRIP_VERDICT_BLOCKED;
	test_assert(commit(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	test_assert_strcmp(places("u"), "JP1060/1060/3 US1071/1071/5 "
			   "BR1200/-/- DE1200/1072/6");
	/* but then is */
	commit_login(store, &user, "BR", GEOTRIP_USECS(1201));
	test_assert_strcmp(places("u"), "JP1060/1060/3 US1071/1071/5 "
			   "DE1200/1072/6 BR1201/1201/9");
	test_end();

	test_begin("store: the clock is set back");
	commit_login(store, &user, "BR", GEOTRIP_USECS(1100));
	test_assert_strcmp(places("u"), "JP1060/1060/3 US1071/1071/5 "
			   "BR1100/1100/10 DE1200/1072/6");
	test_end();

	geotrip_store_deinit(&store);
	remove_db();
}

static void
print_login_id(const struct geotrip_store_login *login,
	       const char *verdict ATTR_UNUSED, void *context)
{
	string_t *str = context;

	str_printfa(str, "%"PRId64" ", login->time / 1000000);
}

static const char *
logins(struct geotrip_store *store, const char *name, int64_t since,
       unsigned int max)
{
	string_t *str = t_str_new(64);
	const char *error;

	test_assert(geotrip_store_logins(store, name, since, max,
					 print_login_id, str, &error) == 0);
	return str_c(str);
}

static void test_store_user_logins(void)
{
	struct geotrip_store *store = open_store(TRUE), *doveadm;
	struct geotrip_store_user user = { .name = "u" };
	struct geotrip_store_user other = { .name = "o" };
	struct geotrip_purge_count count;
	const char *error;
	unsigned int i;

	test_begin("store: the logins of a user, found by both ways");
	for (i = 1; i <= 3; i++) {
		commit_login(store, &user, "JP", GEOTRIP_USECS(i * 10));
		commit_login(store, &other, "US", GEOTRIP_USECS(i * 10 + 5));
	}
	test_assert_strcmp(logins(store, "u", 0, 100), "30 20 10 ");
	test_assert(geotrip_store_index_logins(store, &error) == 0);
	test_assert_strcmp(sql("SELECT count(*) FROM user_login"), "6");
	test_assert_strcmp(logins(store, "u", 0, 100), "30 20 10 ");
	commit_login(store, &user, "JP", GEOTRIP_USECS(40));
	test_assert_strcmp(logins(store, "u", 0, 100), "40 30 20 10 ");
	test_assert_strcmp(logins(store, "u", 0, 2), "40 30 ");
	test_assert_strcmp(logins(store, "u", GEOTRIP_USECS(20), 100),
			   "40 30 20 ");
	test_assert_strcmp(logins(store, "o", 0, 100), "35 25 15 ");
	test_assert_strcmp(logins(store, "x", 0, 100), "");
	test_end();

	test_begin("store: many logins, in several transactions");
	for (i = 0; i < 1200; i++)
		commit_login(store, &user, "JP", GEOTRIP_USECS(100));
	test_assert(geotrip_store_index_logins(store, &error) == 0);
	test_assert_strcmp(sql("SELECT count(*) FROM user_login"), "1207");
	test_assert_strcmp(sql("SELECT count(*) FROM login LEFT JOIN "
			       "user_login ON user_login.user_id = "
			       "login.user_id AND login_id = id "
			       "WHERE login_id IS NULL"), "0");
	test_end();

	test_begin("store: purge leaves the last login, and what finds it");
	doveadm = open_store(FALSE);
	test_assert(geotrip_store_purge(doveadm, GEOTRIP_NEVER / 2, &count,
					&error) == 0);
	geotrip_store_deinit(&doveadm);
	test_assert(count.logins == 1206);
	test_assert(count.users == 1);
	test_assert_strcmp(sql("SELECT id FROM login"), "1207");
	test_assert_strcmp(sql("SELECT login_id FROM user_login"), "1207");
	test_assert_strcmp(sql("SELECT name FROM user"), "u");
	/* no id is used again */
	commit_login(store, &other, "US", GEOTRIP_USECS(200));
	test_assert_strcmp(logins(store, "o", 0, 100), "200 ");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_store_places,
		test_store_user_logins,
		test_store_schema,
		test_store_refused,
		test_store_logins,
		test_store_trip,
		test_store_expire,
		test_store_operator,
		test_store_names,
		test_store_changes,
		test_store_processes,
		test_store_shared,
		test_store_locked,
		test_store_replaced,
		test_store_purge,
		test_store_countries,
		NULL
	};
	return test_store_run(tests);
}
