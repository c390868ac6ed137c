/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What others do to the store: processes that write the database, hold its
   lock, or delete it. */

#include "lib.h"
#include "array.h"
#include "test-common.h"
#include "test-store-fixture.h"

#include <sqlite3.h>

#define HOUR GEOTRIP_USECS(3600)

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

static void no_row(const struct geotrip_suspension *row ATTR_UNUSED,
		   void *context ATTR_UNUSED)
{
}

/* Another process commits something that concerns no user in memory, which is
   when a number that was not kept would show. */
static bool is_noticed_later(struct geotrip_store *store)
{
	(void)sql("UPDATE notice SET attempts = attempts + 1");
	return is_noticed(store);
}

static void test_store_known(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store *other = open_store(FALSE);
	struct geotrip_store_user user = { .name = "u" }, again = user;
	struct geotrip_store_login login;
	struct geotrip_store_trip trip = {
		.rule = "r", .reason = "r", .countries = "JP",
	};
	const char *error;

	test_begin("store: its own changes do not change the generation");
	t_array_init(&trip.evidence, 1);
	trip.until = 3 * HOUR;
	login = make_login(&user, "JP", 2 * HOUR);
	login.verdict = GEOTRIP_VERDICT_TRIP;
	test_assert(commit_one(store, &login, &trip) ==
		    GEOTRIP_STORE_COMMITTED);
	test_assert(!is_noticed_later(store));
	test_assert(geotrip_store_expire(store, no_row, NULL, &error) == 0);
	test_assert_strcmp(sql("SELECT released_by FROM suspension"), "time");
	test_assert(!is_noticed_later(store));
	login.time = 4 * HOUR;
	mark_login(&login);
	test_assert(commit_one(store, &login, NULL) ==
		    GEOTRIP_STORE_COMMITTED);
	test_assert(!is_noticed_later(store));
	test_end();

	test_begin("store: what others changed just before is");
	commit_login(other, &again, "US", 4 * HOUR);
	trip.until = GEOTRIP_NEVER;
	login.verdict = GEOTRIP_VERDICT_TRIP;
	login.mark = NULL;
	{
		unsigned int generation = geotrip_store_generation(store);

		test_assert(commit_one(store, &login, &trip) ==
			    GEOTRIP_STORE_COMMITTED);
		test_assert(geotrip_store_generation(store) != generation);
		test_assert(geotrip_store_suspend(other, "v", 5 * HOUR, "r",
						  &error) == 0);
		generation = geotrip_store_generation(store);
		test_assert(geotrip_store_expire(store, no_row, NULL,
						 &error) == 0);
		test_assert(geotrip_store_generation(store) != generation);
	}
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
	/* the id is known now, and nobody looks until the next commit */
	commit_login(store, &user, "JP", HOUR);
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
		test_assert(commit_one(store, &login, NULL) ==
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

	/* a file that was recreated is another database */
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
	geotrip_store_commit_now(store, &logins, keep_commit_result, &result);
	test_assert(result == GEOTRIP_STORE_COMMIT_BUSY);
	test_assert(geotrip_now() - begin < 100000);
	begin = geotrip_now();
	test_assert(commit_one(store, &login, NULL) ==
		    GEOTRIP_STORE_COMMIT_FAILED);
	test_assert(geotrip_now() - begin >= 100000);
	begin = geotrip_now();
	test_assert(commit_one(store, &login, NULL) ==
		    GEOTRIP_STORE_COMMIT_FAILED);
	test_assert(geotrip_now() - begin < 100000);
	/* reading goes on */
	test_assert_strcmp(load_history(store, &user, 0), "cleared=0");
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(db);
	test_assert(commit_one(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_store_replaced(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u" };
	const char *error;

	test_begin("store: a deleted database is noticed and recreated");
	commit_login(store, &user, "JP", HOUR);
	remove_db();
	test_assert(geotrip_store_open(store, &error) == 0);
	commit_login(store, &user, "US", HOUR);
	test_assert_strcmp(sql("SELECT country FROM login"), "US");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_store_changes,
		test_store_known,
		test_store_processes,
		test_store_shared,
		test_store_locked,
		test_store_replaced,
		NULL
	};
	return test_store_run(tests);
}
