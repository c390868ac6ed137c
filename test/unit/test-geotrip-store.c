/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The store on a real SQLite file: which one it creates, opens and refuses, and
   what it knows of a user then: the logins that count, under any name. */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "test-store-fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR GEOTRIP_USECS(3600)

static void test_store_schema(void)
{
	struct geotrip_store *store;
	const char *error;
	struct stat st;

	test_begin("store: created with an id, a version and a mode");
	umask(0077);
	store = open_store(TRUE);
	test_assert_strcmp(sql("PRAGMA application_id"), "1734700884");
	test_assert_strcmp(sql("PRAGMA user_version"), "7");
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
	(void)sql("PRAGMA user_version = 8");
	test_assert(try_open(TRUE, &error) < 0);
	test_assert(strstr(error, "has version 8") != NULL);
	test_assert_strcmp(sql("PRAGMA user_version"), "8");
	(void)sql("PRAGMA user_version = 7");
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
	test_assert_strcmp(load_history(store, &user, 0), "cleared=0");
	commit_login(store, &user, "JP", 1 * HOUR);
	commit_login(store, &user, "JP", 2 * HOUR);
	commit_login(store, &user, "US", 3 * HOUR);
	commit_login(store, &user, "", 4 * HOUR);
	commit_login(store, &other, "DE", 4 * HOUR);
	test_assert_strcmp(load_history(store, &user, 0),
			   "cleared=0 JP7200000000 US10800000000");
	test_assert_strcmp(load_history(store, &user, 2 * HOUR),
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
	test_assert(commit_one(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	test_assert_strcmp(load_history(store, &user, 2 * HOUR),
			   "cleared=0 US10800000000");
	test_assert_strcmp(sql("SELECT verdict FROM login ORDER BY id"),
			   "allow allow allow allow allow blocked");
	test_end();

	test_begin("store: a mark in mode observe begins a new window");
	login = make_login(&user, "CN", 5 * HOUR);
	mark_login(&login);
	test_assert(commit_one(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	test_assert_strcmp(load_history(store, &user, 0),
			   "cleared=18000000000");
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
		test_assert_strcmp_idx(load_history(store, &again, 0),
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

int main(void)
{
	static void (*const tests[])(void) = {
		test_store_schema,
		test_store_refused,
		test_store_logins,
		test_store_names,
		NULL
	};
	return test_store_run(tests);
}
