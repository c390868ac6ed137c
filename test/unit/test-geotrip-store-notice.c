/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Notices in the store: who may deliver them, and what becomes of them when
   the suspension ends before, while, and after that. */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "geotrip-migrations.h"
#include "test-store-fixture.h"

#include <sqlite3.h>

#define MINUTE GEOTRIP_USECS(60)

static void suspend(struct geotrip_store *store, const char *user)
{
	const char *error;

	if (geotrip_store_suspend(store, user, GEOTRIP_NEVER, "r", &error) < 0)
		i_fatal("%s", error);
}

static void release(struct geotrip_store *store, const char *user)
{
	const char *error;

	if (geotrip_store_release(store, user, NULL, &error) <= 0)
		i_fatal("%s was not released", user);
}

/* The texts of the notice are in the data stack. */
static bool
claim(struct geotrip_store *store, enum geotrip_notice_kind kind,
      int64_t lease_until, struct geotrip_notice *notice_r)
{
	const char *error;
	int ret;

	ret = geotrip_store_notice_claim(store, kind, geotrip_now(),
					 lease_until, NULL,
					 pool_datastack_create(),
					 notice_r, &error);
	if (ret < 0)
		i_fatal("%s", error);
	return ret > 0;
}

static bool claim_one(struct geotrip_store *store,
		      struct geotrip_notice *notice_r)
{
	return claim(store, GEOTRIP_NOTICE_SUSPENDED, geotrip_now() + MINUTE,
		     notice_r);
}

static int
finish(struct geotrip_store *store, const struct geotrip_notice *notice,
       enum geotrip_notice_state state)
{
	const struct geotrip_notice_outcome outcome = {
		.state = state,
		.next_attempt = geotrip_now() + MINUTE,
		.error = state == GEOTRIP_NOTICE_SENT ? NULL : "why",
	};
	const char *error;
	int ret;

	ret = geotrip_store_notice_finish(store, notice, &outcome, &error);
	if (ret < 0)
		i_fatal("%s", error);
	return ret;
}

static const char *states(void)
{
	return sql("SELECT kind || '=' || state FROM notice ORDER BY id");
}

static void test_claim(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store *other = open_store(FALSE);
	struct geotrip_notice notice, second;
	unsigned int count;
	const char *error;

	test_begin("store: a notice is claimed by one process");
	test_assert(!claim_one(store, &notice));
	suspend(store, "a");
	suspend(store, "b");
	test_assert(geotrip_store_notices_due(store, GEOTRIP_NOTICE_SUSPENDED,
					      geotrip_now(), &count,
					      &error) == 0 && count == 2);
	test_assert(claim_one(store, &notice));
	test_assert_strcmp(notice.suspension.user, "a");
	test_assert(notice.attempts == 1 && notice.pending_to == NULL);
	test_assert(claim_one(other, &second));
	test_assert_strcmp(second.suspension.user, "b");
	test_assert(!claim_one(other, &second));
	test_assert(geotrip_store_notices_due(store, GEOTRIP_NOTICE_SUSPENDED,
					      geotrip_now(), &count,
					      &error) == 0 && count == 0);
	test_assert(finish(store, &notice, GEOTRIP_NOTICE_SENT) == 1);
	test_assert(finish(store, &notice, GEOTRIP_NOTICE_SENT) == 0);
	test_assert_strcmp(sql("SELECT count(*) FROM notice WHERE sent_at > 0 "
			       "AND lease_until IS NULL"), "1");
	test_end();
	geotrip_store_deinit(&other);
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_lease(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_notice dead, notice;

	test_begin("store: the claim of a process that died runs out");
	suspend(store, "a");
	test_assert(claim(store, GEOTRIP_NOTICE_SUSPENDED, geotrip_now() - 1,
			  &dead));
	test_assert(claim_one(store, &notice));
	test_assert(notice.attempts == 2);
	/* it was not dead, only slow */
	test_assert(finish(store, &dead, GEOTRIP_NOTICE_SENT) == 0);
	test_assert_strcmp(states(), "suspended=queued");
	test_assert(finish(store, &notice, GEOTRIP_NOTICE_QUEUED) == 1);
	test_assert_strcmp(sql("SELECT error FROM notice"), "why");
	/* not due before a minute is over */
	test_assert(!claim_one(store, &notice));
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_clock(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_notice notice;
	int64_t now = geotrip_now();

	test_begin("store: what a clock wrote that was ahead");
	suspend(store, "a");
	/* in an hour it may be tried again, but not in a day */
	(void)sql(t_strdup_printf("UPDATE notice SET next_attempt = %"PRId64,
				  now + 60 * MINUTE));
	test_assert(!claim_one(store, &notice));
	(void)sql(t_strdup_printf("UPDATE notice SET next_attempt = %"PRId64,
				  now + 24 * 60 * MINUTE));
	test_assert(claim_one(store, &notice));
	test_assert(!claim_one(store, &notice));
	(void)sql(t_strdup_printf("UPDATE notice SET lease_until = %"PRId64,
				  now + 24 * 60 * MINUTE));
	test_assert(claim_one(store, &notice));
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

/* What an auth process writes that runs since before an upgrade. */
static void test_old_process(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_notice notice;

	test_begin("store: a notice by an auth process of the first schema");
	suspend(store, "a");
	(void)sql("DELETE FROM notice");
	(void)sql("INSERT INTO notice (suspension_id, next_attempt) "
		  "VALUES (1, 1)");
	test_assert(claim_one(store, &notice));
	test_assert_strcmp(notice.suspension.user, "a");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_release_before(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_notice notice;
	unsigned int count;
	const char *error;

	test_begin("store: released before the owner was told");
	suspend(store, "a");
	release(store, "a");
	test_assert_strcmp(states(), "suspended=withdrawn");
	test_end();

	test_begin("store: released while the notice is being delivered");
	suspend(store, "b");
	test_assert(claim_one(store, &notice));
	release(store, "b");
	test_assert_strcmp(states(), "suspended=withdrawn suspended=queued");
	test_assert(finish(store, &notice, GEOTRIP_NOTICE_SENT) == 1);
	test_assert_strcmp(states(), "suspended=withdrawn suspended=sent "
			   "released=queued");
	test_end();

	test_begin("store: released while it could not be delivered");
	suspend(store, "c");
	test_assert(claim_one(store, &notice));
	release(store, "c");
	test_assert(finish(store, &notice, GEOTRIP_NOTICE_QUEUED) == 1);
	test_assert(geotrip_store_notices_withdraw(store, FALSE, &count,
						   &error) == 0);
	test_assert(count == 1);
	test_assert_strcmp(states(), "suspended=withdrawn suspended=sent "
			   "released=queued suspended=withdrawn");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void
ignore_suspension(const struct geotrip_suspension *suspension ATTR_UNUSED,
		  void *context ATTR_UNUSED)
{
}

static void test_release_after(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_notice notice;
	unsigned int count;
	const char *error;

	test_begin("store: released after the owner was told");
	suspend(store, "a");
	test_assert(claim_one(store, &notice));
	test_assert(finish(store, &notice, GEOTRIP_NOTICE_SENT) == 1);
	release(store, "a");
	test_assert_strcmp(states(), "suspended=sent released=queued");
	test_assert(claim(store, GEOTRIP_NOTICE_RELEASED,
			  geotrip_now() + MINUTE, &notice));
	test_assert(notice.suspension.released_by == GEOTRIP_END_OPERATOR);
	test_assert(finish(store, &notice, GEOTRIP_NOTICE_QUEUED) == 1);
	test_end();

	test_begin("store: suspended again before that was told");
	suspend(store, "a");
	test_assert(geotrip_store_notices_withdraw(store, FALSE, &count,
						   &error) == 0);
	test_assert(count == 1);
	test_assert_strcmp(states(), "suspended=sent released=withdrawn "
			   "suspended=queued");
	test_end();

	test_begin("store: the time is over before the owner was told");
	suspend(store, "late");
	(void)sql("UPDATE suspension SET until = 1 WHERE user_id = "
		  "(SELECT id FROM user WHERE name = 'late')");
	test_assert(geotrip_store_expire(store, ignore_suspension, NULL,
					 &error) == 0);
	(void)sql("UPDATE notice SET next_attempt = 0 WHERE id = 4");
	test_assert(claim_one(store, &notice));
	test_assert_strcmp(notice.suspension.user, "late");
	test_assert(notice.suspension.released_at == 1);
	test_assert(finish(store, &notice, GEOTRIP_NOTICE_SENT) == 1);
	/* that notice has told it already */
	test_assert_strcmp(sql("SELECT kind || '=' || state FROM notice "
			       "WHERE id >= 4"), "suspended=sent");
	(void)sql("DELETE FROM notice WHERE id = 4");
	test_end();

	test_begin("store: the time of a suspension is over");
	test_assert(claim_one(store, &notice));
	test_assert(finish(store, &notice, GEOTRIP_NOTICE_SENT) == 1);
	(void)sql("UPDATE suspension SET until = 1 WHERE released_at IS NULL");
	test_assert(geotrip_store_expire(store, ignore_suspension, NULL,
					 &error) == 0);
	test_assert_strcmp(sql("SELECT state FROM notice WHERE id > 2 "
			       "ORDER BY id"), "sent queued");
	/* geotrip_notify_release = no */
	test_assert(geotrip_store_notices_withdraw(store, TRUE, &count,
						   &error) == 0);
	test_assert(count == 1);
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_outcomes(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_notice_outcome outcome = {
		.state = GEOTRIP_NOTICE_QUEUED,
		.pending_to = "b@example.org",
		.queue_copy = TRUE,
	};
	struct geotrip_notice notice;
	const char *error;

	test_begin("store: a part of the addresses has got it");
	suspend(store, "a");
	test_assert(claim_one(store, &notice));
	test_assert(geotrip_store_notice_finish(store, &notice, &outcome,
						&error) == 1);
	test_assert_strcmp(states(), "suspended=queued copy=queued");
	test_assert(claim_one(store, &notice));
	test_assert_strcmp(notice.pending_to, "b@example.org");
	/* the owner was told, so he is told of the release as well */
	release(store, "a");
	test_assert_strcmp(states(), "suspended=queued copy=queued "
			   "released=queued");
	test_end();

	test_begin("store: nothing was tried, and it failed for good");
	outcome.pending_to = NULL;
	outcome.untried = TRUE;
	suspend(store, "b");
	test_assert(claim_one(store, &notice));
	test_assert(geotrip_store_notice_finish(store, &notice, &outcome,
						&error) == 1);
	test_assert(claim_one(store, &notice) && notice.attempts == 1);
	outcome.untried = FALSE;
	outcome.state = GEOTRIP_NOTICE_FAILED;
	outcome.error = "550 no";
	outcome.queue_undelivered = TRUE;
	test_assert(geotrip_store_notice_finish(store, &notice, &outcome,
						&error) == 1);
	test_assert(claim(store, GEOTRIP_NOTICE_UNDELIVERED,
			  geotrip_now() + MINUTE, &notice));
	test_assert_strcmp(notice.owner_error, "550 no");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void
print_queued(const struct geotrip_notice *notice, void *context)
{
	string_t *str = context;

	str_printfa(str, "%s:%s ", geotrip_notice_kind_name(notice->kind),
		    notice->suspension.user);
}

static const char *
queued(struct geotrip_store *store, enum geotrip_notice_kind kind)
{
	string_t *str = t_str_new(64);
	const char *error;

	test_assert(geotrip_store_notices_queued(store, kind, print_queued,
						 str, &error) == 0);
	return str_c(str);
}

static void test_withdraw(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_notice_outcome outcome = {
		.state = GEOTRIP_NOTICE_QUEUED,
		.next_attempt = geotrip_now() + 60 * MINUTE,
		.pending_to = "b@example.org",
		.queue_copy = TRUE,
	};
	struct geotrip_notice taken, part;
	const char *error;

	test_begin("store: queued notices are found, due or not, and withdrawn");
	suspend(store, "taken");
	test_assert(claim_one(store, &taken));
	suspend(store, "part");
	test_assert(claim_one(store, &part));
	test_assert(geotrip_store_notice_finish(store, &part, &outcome,
						&error) == 1);
	suspend(store, "new");
	test_assert_strcmp(queued(store, GEOTRIP_NOTICE_SUSPENDED),
			   "suspended:part suspended:new ");
	test_assert_strcmp(queued(store, GEOTRIP_NOTICE_COPY), "copy:part ");
	test_assert(geotrip_store_notice_withdraw(store, part.id,
						  &error) == 1);
	test_assert(geotrip_store_notice_withdraw(store, part.id,
						  &error) == 0);
	/* another process is delivering it */
	test_assert(geotrip_store_notice_withdraw(store, taken.id,
						  &error) == 0);
	test_assert_strcmp(queued(store, GEOTRIP_NOTICE_SUSPENDED),
			   "suspended:new ");
	test_assert_strcmp(states(), "suspended=queued suspended=withdrawn "
			   "copy=queued suspended=queued");
	test_end();

	test_begin("store: an address had got what was withdrawn");
	release(store, "part");
	release(store, "new");
	test_assert_strcmp(queued(store, GEOTRIP_NOTICE_RELEASED),
			   "released:part ");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

/* What version 1 had queued is not lost. */
static void test_migrate(void)
{
	struct geotrip_store *store;
	struct geotrip_notice notice;
	sqlite3 *db;

	test_begin("store: notices of the first schema");
	if (sqlite3_open(test_store_path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, geotrip_migrations[0], NULL, NULL,
			 NULL) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA application_id = 1734700884; "
			 "PRAGMA user_version = 1; "
			 "INSERT INTO user (name) VALUES ('a'); "
			 "INSERT INTO suspension (user_id, since, reason, "
			 "source) VALUES (1, 1, 'r', 'rule'); "
			 "INSERT INTO notice (suspension_id, next_attempt) "
			 "VALUES (1, 1)", NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	store = open_store(FALSE);
	test_assert_strcmp(states(), "suspended=queued");
	test_assert(claim_one(store, &notice));
	test_assert_strcmp(notice.suspension.user, "a");
	test_assert_strcmp(sql("PRAGMA foreign_key_check"), "");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_claim,
		test_lease,
		test_clock,
		test_old_process,
		test_release_before,
		test_release_after,
		test_outcomes,
		test_withdraw,
		test_migrate,
		NULL
	};

	return test_store_run(tests);
}
