/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The logins of one user among those of all: found by reading, by the index
   that is made afterwards, and after a purge. */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "test-store-fixture.h"

static void
print_login_id(const struct geotrip_store_login *login, void *context)
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
		test_store_user_logins,
		NULL
	};
	return test_store_run(tests);
}
