/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Who would have been suspended, and who tripped: what the store keeps of
   them, finds, makes of an older database, and deletes. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "geotrip-migrations.h"
#include "test-store-fixture.h"

#include <sqlite3.h>

#define HOUR GEOTRIP_USECS(3600)

static void
commit_mark(struct geotrip_store *store, char *name, int64_t time)
{
	struct geotrip_store_user user = { .name = name };
	struct geotrip_store_login login = make_login(&user, "US", time);

	mark_login(&login);
	test_assert(commit_one(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
}

static void print_mark(const struct geotrip_mark *mark, void *context)
{
	string_t *str = context;

	str_printfa(str, "%s%s %"PRId64" %s (%s) %s",
		    str_len(str) == 0 ? "" : ", ", mark->user, mark->time,
		    mark->rule == NULL ? "?" : mark->rule, mark->countries,
		    geotrip_mark_cause_name(mark->cause));
}

static const char *
user_marks(struct geotrip_store *store, const char *user, unsigned int max)
{
	string_t *str = t_str_new(128);
	const char *error;

	test_assert(geotrip_store_user_marks(store, user, max, print_mark, str,
					     &error) == 0);
	return str_c(str);
}

static const char *all_marks(struct geotrip_store *store)
{
	string_t *str = t_str_new(128);
	const char *error;

	test_assert(geotrip_store_marks(store, print_mark, str, &error) == 0);
	return str_c(str);
}

static void test_store_marks(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "a" };
	struct geotrip_store_login login;

	test_begin("store: marks, oldest first");
	test_assert_strcmp(all_marks(store), "");
	test_assert_strcmp(user_marks(store, "a", 10), "");
	commit_mark(store, "a", 5);
	commit_mark(store, "b", 3);
	commit_mark(store, "a", 4);
	commit_login(store, &user, "JP", 6);
	test_assert_strcmp(all_marks(store),
			   "b 3 r (JP US) observe, a 4 r (JP US) observe, "
			   "a 5 r (JP US) observe");
	test_assert_strcmp(user_marks(store, "a", 10),
			   "a 4 r (JP US) observe, a 5 r (JP US) observe");
	test_assert_strcmp(user_marks(store, "a", 1), "a 5 r (JP US) observe");
	test_assert_strcmp(user_marks(store, "A", 1), "");
	test_end();

	test_begin("store: a mark is written with its login, or not at all");
	login = make_login(&user, "US", 9);
	mark_login(&login);
	(void)sql("CREATE TRIGGER no BEFORE INSERT ON mark BEGIN "
		  "SELECT raise(ABORT, 'no'); END");
	test_assert(commit_one(store, &login, NULL) ==
		    GEOTRIP_STORE_COMMIT_FAILED);
	test_assert_strcmp(sql("SELECT count(*) FROM login WHERE time = 9"),
			   "0");
	test_assert_strcmp(sql("SELECT count(*) FROM tripped WHERE time = 9"),
			   "0");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

struct order {
	unsigned int count;
	int64_t last_time;
	bool wrong;
};

static void note_order(const struct geotrip_mark *mark, void *context)
{
	struct order *order = context;

	if (mark->time < order->last_time)
		order->wrong = TRUE;
	order->last_time = mark->time;
	/* another process writes meanwhile */
	if (order->count++ == 0)
		(void)sql("DELETE FROM mark WHERE time = 3999");
}

static void test_store_many_marks(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct order order = { .count = 0 };
	const char *error;

	test_begin("store: more marks than are read at a time");
	commit_mark(store, "a", 1);
	/* two of each time: some end a piece */
	(void)sql("WITH RECURSIVE n (n) AS (VALUES (2) UNION ALL "
		  "SELECT n + 1 FROM n WHERE n < 6001) "
		  "INSERT INTO mark (user_id, time, countries, cause) "
		  "SELECT 1, 1000 + (n * 7919) % 3000, '', 'brake' FROM n");
	test_assert(geotrip_store_marks(store, note_order, &order,
					&error) == 0);
	test_assert(order.count == 5999);
	test_assert(!order.wrong);
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static const char *tripped(void)
{
	return sql("SELECT name || '=' || domain || '=' || time FROM tripped "
		   "JOIN user ON user.id = user_id ORDER BY user_id");
}

static void test_store_tripped(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "d@Example.ORG" };
	struct geotrip_store_login login;
	struct geotrip_store_trip trip = {
		.rule = "r", .reason = "r", .countries = "JP",
		.until = GEOTRIP_NEVER,
	};

	test_begin("store: an account that tripped is one, with its domain");
	commit_mark(store, "a@example.org", 5);
	commit_mark(store, "b", 6);
	commit_mark(store, "c@x@Example.org", 7);
	commit_mark(store, "a@example.org", 8);
	login = make_login(&user, "US", 9);
	login.verdict = GEOTRIP_VERDICT_TRIP;
	t_array_init(&trip.evidence, 1);
	test_assert(commit_one(store, &login, &trip) ==
		    GEOTRIP_STORE_COMMITTED);
	test_assert_strcmp(tripped(), "a@example.org=example.org=8 b==6 "
			   "c@x@Example.org=example.org=7 "
			   "d@Example.ORG=example.org=9");
	test_assert_strcmp(sql("SELECT domain || '=' || time "
			       "FROM tripped_domain ORDER BY domain"),
			   "=6 example.org=9");
	test_end();

	test_begin("store: who is suspended already trips no more");
	login.time = 20;
	test_assert(commit_one(store, &login, &trip) ==
		    GEOTRIP_STORE_SUSPENDED_ALREADY);
	test_assert_strcmp(sql("SELECT max(time) FROM tripped"), "9");
	test_end();

	test_begin("store: the clock was ahead");
	commit_mark(store, "b", 1000 * HOUR);
	commit_mark(store, "b", 10);
	test_assert_strcmp(sql("SELECT max(time) FROM tripped"), "10");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static unsigned int
count_tripped(struct geotrip_store *store,
	      const struct geotrip_tripped_query *query, unsigned int max)
{
	const char *error;
	unsigned int count;

	if (geotrip_store_count_tripped(store, query, max, &count,
					&error) < 0)
		i_fatal("%s", error);
	return count;
}

static void test_store_count_tripped(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_tripped_query query = {
		.domain_max = 3, .since = 10, .now = 20,
	};
	unsigned int i;

	test_begin("store: counting those who tripped");
	for (i = 8; i <= 22; i++) T_BEGIN {
		commit_mark(store, t_strdup_noconst(t_strdup_printf(
			"u%u@a", i)), i);
	} T_END;
	commit_mark(store, "x@b", 15);
	commit_mark(store, "y@b", 15);
	commit_mark(store, "z", 20);
	test_assert(count_tripped(store, &query, 100) == 3 + 2 + 1);
	test_assert(count_tripped(store, &query, 6) == 6);
	test_assert(count_tripped(store, &query, 5) == 5);
	test_assert(count_tripped(store, &query, 1) == 1);
	query.domain = "a";
	test_assert(count_tripped(store, &query, 100) == 3);
	query.domain_max = 100;
	test_assert(count_tripped(store, &query, 100) == 10);
	test_assert(count_tripped(store, &query, 9) == 9);
	query.domain = "";
	test_assert(count_tripped(store, &query, 9) == 1);
	query.domain = "A";
	test_assert(count_tripped(store, &query, 9) == 0);
	test_end();

	test_begin("store: what was before a brake ended does not count");
	(void)sql("INSERT INTO brake (since, max, over_at, ended_at, domain) "
		  "VALUES (1, 'x', 1, 13, 'a'), (1, 'x', 1, 15, 'b'), "
		  "(1, 'x', 1, 11, NULL), (1, 'x', 1, 7200000000, 'a')");
	query.domain = NULL;
	test_assert(count_tripped(store, &query, 100) == 7 + 0 + 1);
	(void)sql("INSERT INTO brake (since, max, over_at, ended_at) "
		  "VALUES (1, 'x', 1, 18)");
	test_assert(count_tripped(store, &query, 100) == 2 + 0 + 1);
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_store_purge(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user last = { .name = "last@old" };
	struct geotrip_purge_count count;
	int64_t now = geotrip_now();
	const char *error;

	test_begin("store: purge deletes what is old of marks and trips");
	commit_mark(store, "gone@gone", now - 48 * HOUR);
	commit_mark(store, "a@stays", now - 47 * HOUR);
	commit_mark(store, "b@stays", now - 47 * HOUR);
	commit_mark(store, "b@stays", now - HOUR);
	/* one who is here still, and tripped long ago */
	commit_mark(store, "last@old", now - 46 * HOUR);
	commit_login(store, &last, "JP", now);
	test_assert(geotrip_store_purge(store, now - 24 * HOUR, &count,
					&error) == 0);
	test_assert(count.users == 2);
	test_assert_strcmp(all_marks(store), t_strdup_printf(
		"b@stays %"PRId64" r (JP US) observe", now - HOUR));
	test_assert_strcmp(tripped(), t_strdup_printf(
		"b@stays=stays=%"PRId64, now - HOUR));
	test_assert_strcmp(sql("SELECT domain FROM tripped_domain"), "stays");
	test_end();

	test_begin("store: marks and trips go with their user");
	test_assert_strcmp(sql("SELECT count(*) FROM mark"), "1");
	(void)sql("UPDATE user SET cleared_at = 0");
	(void)sql("DELETE FROM place");
	test_assert(geotrip_store_purge(store, now - 24 * HOUR, &count,
					&error) == 0);
	test_assert_strcmp(sql("SELECT count(*) FROM mark"), "0");
	test_assert_strcmp(tripped(), "");
	test_assert_strcmp(sql("SELECT count(*) FROM tripped_domain"), "0");
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static const char *const names[] = {
	"plain", "a@Example.ORG", "b@c@sub.example.org", "none@", "@only", "@",
	"\xe8\x8a\xb1@\xe4\xbe\x8b.JP", "' OR 1@x", "",
};

/* As the last version without marks left it. */
static void make_version_5(void)
{
	sqlite3 *db;
	unsigned int i;

	if (sqlite3_open(test_store_path, &db) != SQLITE_OK)
		i_fatal("%s", sqlite3_errmsg(db));
	for (i = 0; i < 5; i++) {
		if (sqlite3_exec(db, geotrip_migrations[i], NULL, NULL,
				 NULL) != SQLITE_OK)
			i_fatal("%s", sqlite3_errmsg(db));
	}
	(void)sqlite3_exec(db, "PRAGMA application_id = 1734700884; "
			   "PRAGMA user_version = 5", NULL, NULL, NULL);
	(void)sqlite3_close(db);
	for (i = 0; i < N_ELEMENTS(names); i++) T_BEGIN {
		char *name = sqlite3_mprintf(
			"INSERT INTO user (id, name) VALUES (%u, %Q)", i + 1,
			names[i]);

		(void)sql(name);
		sqlite3_free(name);
	} T_END;
	(void)sql("INSERT INTO login (user_id, time, country, service, "
		  "mechanism, verdict) SELECT id, 100, 'JP', 'smtp', 'PLAIN', "
		  "'trip' FROM user");
	(void)sql("INSERT INTO login (user_id, time, country, service, "
		  "mechanism, verdict) VALUES "
		  "(1, 110, 'US', 'smtp', 'PLAIN', 'observe'), "
		  "(1, 130, NULL, 'smtp', 'PLAIN', 'observe'), "
		  "(2, 120, 'BR', 'smtp', 'PLAIN', 'observe'), "
		  "(2, 125, 'BR', 'smtp', 'PLAIN', 'allow')");
	(void)sql("INSERT INTO brake (since, max, over_at, ended_at, ended_by) "
		  "VALUES (115, '2 in 1h', 118, 121, 'time'), "
		  "(200, '2 in 1h', 200, NULL, NULL)");
}

static void test_store_migrate(void)
{
	struct geotrip_store *store;
	ARRAY_TYPE(geotrip_brake) brakes;
	const struct geotrip_brake *brake;
	const char *error, *domain;
	unsigned int i;

	make_version_5();
	store = open_store(FALSE);
	test_begin("store: who tripped before there were marks");
	test_assert_strcmp(all_marks(store),
			   "plain 110 ? (US) observe, "
			   "a@Example.ORG 120 ? (BR) brake, "
			   "plain 130 ? () observe");
	for (i = 0; i < N_ELEMENTS(names); i++) T_BEGIN {
		domain = sql(t_strdup_printf("SELECT domain FROM tripped "
					     "WHERE user_id = %u", i + 1));
		test_assert_strcmp_idx(domain, geotrip_user_domain(names[i]),
				       i);
	} T_END;
	test_assert_strcmp(sql("SELECT time FROM tripped WHERE user_id < 4"),
			   "130 120 100");
	test_assert_strcmp(sql("SELECT domain || '=' || time FROM "
			       "tripped_domain WHERE domain = 'example.org' "
			       "OR domain = ''"), "=130 example.org=120");
	test_end();

	test_begin("store: the brake before is one for all");
	t_array_init(&brakes, 2);
	test_assert(geotrip_store_brakes(store, pool_datastack_create(),
					 &brakes, &error) == 0);
	test_assert(array_count(&brakes) == 1);
	brake = array_front(&brakes);
	test_assert(brake->domain == NULL && brake->since == 200);
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

static void test_store_brakes(void)
{
	struct geotrip_store *store = open_store(TRUE);
	ARRAY_TYPE(geotrip_brake) brakes;
	const struct geotrip_brake *brake;
	const char *error;

	test_begin("store: one brake for each domain, and one for all");
	test_assert(geotrip_store_brake_begin(store, "b", "m", 5, FALSE,
					      &error) == 1);
	test_assert(geotrip_store_brake_begin(store, "", "m", 6, TRUE,
					      &error) == 1);
	test_assert(geotrip_store_brake_begin(store, NULL, "m", 7, TRUE,
					      &error) == 1);
	test_assert(geotrip_store_brake_begin(store, "b", "m", 8, TRUE,
					      &error) == 0);
	test_assert(geotrip_store_brake_begin(store, "", "m", 8, TRUE,
					      &error) == 0);
	test_assert(geotrip_store_brake_begin(store, NULL, "m", 8, TRUE,
					      &error) == 0);
	/* an auth process of the version before */
	(void)sql("INSERT INTO brake (since, max, over_at) VALUES (8, 'm', 8) "
		  "ON CONFLICT DO NOTHING");
	test_assert_strcmp(sql("SELECT brake_id FROM notice"), "2 3");
	t_array_init(&brakes, 4);
	test_assert(geotrip_store_brakes(store, pool_datastack_create(),
					 &brakes, &error) == 0);
	test_assert(array_count(&brakes) == 3);
	brake = array_front(&brakes);
	test_assert(brake[0].domain == NULL);
	test_assert_strcmp(brake[1].domain, "b");
	test_assert_strcmp(brake[2].domain, "");
	test_end();

	test_begin("store: each is prolonged and ends by itself");
	test_assert(geotrip_store_brake_prolong(store, 1, 9, &error) == 0);
	test_assert_strcmp(sql("SELECT over_at FROM brake"), "9 6 7");
	test_assert(geotrip_store_brake_end(store, 3,
					    GEOTRIP_END_TIME, &error) == 1);
	test_assert(geotrip_store_brake_end(store, 3,
					    GEOTRIP_END_TIME, &error) == 0);
	test_assert(geotrip_store_brake_prolong(store, 3, 10, &error) == 0);
	test_assert_strcmp(sql("SELECT over_at FROM brake"), "9 6 7");
	test_assert_strcmp(sql("SELECT id FROM brake WHERE ended_at IS NULL "
			       "ORDER BY id"), "1 2");
	test_assert(geotrip_store_brake_begin(store, NULL, "m", 11, FALSE,
					      &error) == 1);
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_store_marks,
		test_store_many_marks,
		test_store_tripped,
		test_store_count_tripped,
		test_store_purge,
		test_store_migrate,
		test_store_brakes,
		NULL
	};
	return test_store_run(tests);
}
