/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Where logins come from: the places that the store keeps for each user, and
   the countries that it counts. */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "test-store-fixture.h"

#define HOUR GEOTRIP_USECS(3600)
#define DAY (24 * HOUR)

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
	test_assert(commit_one(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	login = make_login(&user, "BR", GEOTRIP_USECS(1200));
	login.verdict = GEOTRIP_VERDICT_BLOCKED;
	test_assert(commit_one(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
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

static void
print_service(const struct geotrip_service_count *count, void *context)
{
	string_t *str = context;

	str_printfa(str, "%s=%"PRIu64"/%"PRIu64" ", count->name,
		    count->logins, count->unknown);
}

static const char *services(struct geotrip_store *store, int64_t since)
{
	string_t *str = t_str_new(64);
	const char *error;

	test_assert(geotrip_store_services(store, since, print_service, str,
					   &error) == 0);
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
	mark_login(&login);
	test_assert(commit_one(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);

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
	test_assert(commit_one(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
	test_assert_strcmp(countries(store, 0, NULL),
			   "JP=4/2/0 =1/1/0 US=1/1/1 ");
	test_assert(geotrip_store_purge(store, now - 5 * DAY, &count,
					&error) == 0);
	test_assert_strcmp(countries(store, 0, NULL),
			   "JP=4/1/0 =1/1/0 US=1/1/1 ");
	test_end();

	test_begin("store: services, by days and in total");
	test_assert_strcmp(services(store, 0), "imap=2/0 smtp=4/1 ");
	test_assert_strcmp(services(store, now - 5 * DAY),
			   "imap=2/0 smtp=2/1 ");
	/* the whole of that day, UTC */
	test_assert_strcmp(services(store, (now - 10 * DAY) / DAY * DAY +
				    DAY - 1), "imap=2/0 smtp=4/1 ");
	test_assert_strcmp(services(store, now + DAY), "");
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

int main(void)
{
	static void (*const tests[])(void) = {
		test_store_places,
		test_store_countries,
		NULL
	};
	return test_store_run(tests);
}
