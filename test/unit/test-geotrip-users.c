/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The users in memory: bounded, and never wrong about what counts. */

#include "lib.h"
#include "array.h"
#include "test-common.h"
#include "geotrip-users.h"

static bool
see(struct geotrip_user *user, const char *country, int64_t time, int64_t since)
{
	struct geotrip_sighting sighting = { .time = time };

	memcpy(sighting.country.code, country, 2);
	return geotrip_user_see(user, &sighting, since);
}

/* The countries and times, sorted by country. */
static const char *seen(const struct geotrip_user *user)
{
	const char *all = "";
	char cc[3] = "";
	unsigned int i;

	for (cc[0] = 'A'; cc[0] <= 'Z'; cc[0]++) {
		for (cc[1] = 'A'; cc[1] <= 'Z'; cc[1]++) {
			for (i = 0; i < user->seen_count; i++) {
				if (strcmp(user->seen[i].country.code, cc) != 0)
					continue;
				all = t_strdup_printf("%s%s%"PRId64" ", all,
					cc, user->seen[i].time);
			}
		}
	}
	return all;
}

static void test_users_see(void)
{
	struct geotrip_users *users = geotrip_users_init(SIZE_MAX);
	struct geotrip_user *user = geotrip_users_get(users, "u");

	test_begin("users: one sighting for each country, the last one");
	test_assert(see(user, "JP", 10, 0));
	test_assert(see(user, "US", 20, 0));
	/* that it was there is known for as long as it was seen lately */
	test_assert(!see(user, "JP", 12, 0));
	test_assert(see(user, "JP", 30, 0));
	test_assert(see(user, "BR", 40, 0));
	test_assert_strcmp(seen(user), "BR40 JP30 US20 ");
	test_assert(geotrip_users_get(users, "u") == user);
	test_assert(geotrip_users_get(users, "U") != user);
	test_end();

	test_begin("users: what is too old is dropped for a new country");
	see(user, "DE", 50, 25);
	test_assert_strcmp(seen(user), "BR40 DE50 JP30 ");
	test_end();

	test_begin("users: what was cleared does not count");
	geotrip_user_clear(user, 40);
	test_assert_strcmp(seen(user), "DE50 ");
	geotrip_user_clear(user, 30);
	test_assert(user->cleared_at == 40);
	test_end();

	test_begin("users: a clock that is adjusted hides nothing");
	see(user, "JP", 39, 0);
	see(user, "DE", 38, 0);
	test_assert_strcmp(seen(user), "DE38 JP39 ");
	test_end();
	geotrip_users_deinit(&users);
}

static void test_users_set_back(void)
{
	struct geotrip_users *users = geotrip_users_init(SIZE_MAX);
	struct geotrip_user *user = geotrip_users_get(users, "u");
	struct geotrip_set_back clock = { .to = 1050, .by = 500 };

	test_begin("users: what a clock has seen that was ahead");
	see(user, "JP", 1000, 0);
	geotrip_user_clear(user, 999);
	see(user, "US", 1049, 0);
	see(user, "BR", 1510, 0);
	see(user, "DE", 1550, 0);
	user->generation = 1;
	geotrip_user_set_back(user, &clock);
	test_assert_strcmp(seen(user), "BR1010 DE1050 JP1000 US1049 ");
	test_assert(user->cleared_at == 999 && user->generation == 0);
	test_end();

	test_begin("users: what a clock has cleared that was ahead");
	geotrip_user_clear(user, 1600);
	see(user, "FR", 1601, 0);
	see(user, "IT", 1700, 0);
	clock.to = 1200;
	geotrip_user_set_back(user, &clock);
	test_assert_strcmp(seen(user), "FR1101 IT1200 ");
	test_assert(user->cleared_at == 1100);
	/* by how much is not known */
	geotrip_user_clear(user, 1600);
	see(user, "FR", 1601, 0);
	clock.by = 0;
	geotrip_user_set_back(user, &clock);
	test_assert_strcmp(seen(user), "FR1200 ");
	test_assert(user->cleared_at == 1199);
	test_end();
	geotrip_users_deinit(&users);
}

static void test_users_merge(void)
{
	struct geotrip_users *users = geotrip_users_init(SIZE_MAX);
	struct geotrip_user *user = geotrip_users_get(users, "u");
	struct geotrip_store_history history;
	struct geotrip_sighting *sighting;

	i_zero(&history);
	t_array_init(&history.seen, 4);

	test_begin("users: what the store does not know yet stays");
	see(user, "JP", 10, 0);
	see(user, "US", 20, 0);
	sighting = array_append_space(&history.seen);
	memcpy(sighting->country.code, "US", 2);
	sighting->time = 15;
	sighting = array_append_space(&history.seen);
	memcpy(sighting->country.code, "BR", 2);
	sighting->time = 5;
	geotrip_user_merge(user, &history, 7);
	test_assert_strcmp(seen(user), "BR5 JP10 US20 ");
	test_assert(user->generation == 7);
	test_end();

	test_begin("users: a release in the store wins");
	history.cleared_at = 12;
	geotrip_user_merge(user, &history, 8);
	test_assert_strcmp(seen(user), "US20 ");
	test_end();

	test_begin("users: a suspension ends at its time, and clears");
	history.suspended = TRUE;
	history.suspended_until = 25;
	geotrip_user_merge(user, &history, 9);
	test_assert(geotrip_user_suspended(user, 24));
	test_assert(!geotrip_user_suspended(user, 25));
	test_assert_strcmp(seen(user), "");
	test_assert(user->cleared_at == 25);
	test_end();

	test_begin("users: a suspension that only a release ends");
	history.suspended_until = GEOTRIP_NEVER;
	geotrip_user_merge(user, &history, 10);
	test_assert(geotrip_user_suspended(user, GEOTRIP_NEVER - 1));
	history.suspended = FALSE;
	geotrip_user_merge(user, &history, 11);
	test_assert(!geotrip_user_suspended(user, 26));
	test_end();
	geotrip_users_deinit(&users);
}

static bool
session_again(struct geotrip_user *user, const char *session,
	      const char *service, const char *ip_str, unsigned int secs)
{
	struct ip_addr ip;

	if (net_addr2ip(ip_str, &ip) < 0)
		i_unreached();
	return geotrip_user_session_again(user, session, service, &ip,
					  GEOTRIP_USECS(secs));
}

static void test_users_sessions(void)
{
	struct geotrip_users *users = geotrip_users_init(SIZE_MAX);
	struct geotrip_user *user = geotrip_users_get(users, "u");

	test_begin("users: a session counts once");
	test_assert(!session_again(user, "s1", "imap", "192.0.2.1", 100));
	test_assert(!session_again(user, "s2", "imap", "192.0.2.1", 101));
	test_assert(session_again(user, "s1", "imap", "192.0.2.1", 100));
	test_assert(session_again(user, "s2", "imap", "192.0.2.1", 130));
	/* from elsewhere, or for something else, it is not the same */
	test_assert(!session_again(user, "s1", "imap", "192.0.2.2", 130));
	test_assert(!session_again(user, "s1", "smtp", "192.0.2.1", 130));
	test_end();

	test_begin("users: a session counts again when it comes later");
	test_assert(!session_again(user, "s2", "imap", "192.0.2.1", 131));
	test_assert(session_again(user, "s2", "imap", "192.0.2.1", 132));
	/* however often it came in between */
	test_assert(session_again(user, "s2", "imap", "192.0.2.1", 160));
	test_assert(!session_again(user, "s2", "imap", "192.0.2.1", 161));
	/* and when the clock was set back */
	test_assert(!session_again(user, "s2", "imap", "192.0.2.1", 160));
	test_assert(session_again(user, "s2", "imap", "192.0.2.1", 161));
	test_end();
	geotrip_users_deinit(&users);
}

static void test_users_bounded(void)
{
	struct geotrip_users *users = geotrip_users_init(100 * 1024);
	struct geotrip_user *kept, *user;
	unsigned int i, found = 0;

	test_begin("users: bounded, the least recently used goes first");
	kept = geotrip_users_get(users, "kept");
	see(kept, "JP", 10, 0);
	geotrip_user_ref(kept);
	for (i = 0; i < 10000; i++) T_BEGIN {
		user = geotrip_users_get(users, t_strdup_printf("u%u", i));
		see(user, "JP", 10, 0);
		(void)geotrip_users_get(users, "often");
	} T_END;
	for (i = 0; i < 1000; i++) T_BEGIN {
		user = geotrip_users_get(users,
					 t_strdup_printf("u%u", 9999 - i));
		if (user->seen_count > 0)
			found++;
	} T_END;
	test_assert(found > 100 && found < 900);
	/* who has a reference may go on using it, and it is found again */
	test_assert(geotrip_users_get(users, "kept") == kept);
	test_assert_strcmp(seen(kept), "JP10 ");
	geotrip_user_unref(&kept);
	test_end();
	geotrip_users_deinit(&users);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_users_see,
		test_users_set_back,
		test_users_merge,
		test_users_sessions,
		test_users_bounded,
		NULL
	};
	return test_run(tests);
}
