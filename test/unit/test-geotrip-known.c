/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The suspensions that the auth process knows of: bounded, and a walk through
   them misses none. */

#include "lib.h"
#include "test-common.h"
#include "auth-geotrip-known.h"

/* The users that a walk has before it, in its order. */
static const char *walk(struct geotrip_known *known)
{
	const char *user, *all = "";
	int64_t until;

	while (geotrip_known_next(known, &user, &until))
		all = t_strdup_printf("%s%s%"PRId64" ", all, user, until);
	return all;
}

static const char *all_users(struct geotrip_known *known)
{
	geotrip_known_rewind(known);
	return walk(known);
}

/* The user that a walk comes to next. */
static const char *next_user(struct geotrip_known *known)
{
	const char *user;
	int64_t until;

	if (!geotrip_known_next(known, &user, &until))
		return "";
	/* it may be gone soon */
	return t_strdup(user);
}

static void test_known_set(void)
{
	struct geotrip_known *known = geotrip_known_init(10);

	test_begin("known: who is suspended, and until when");
	test_assert(!geotrip_known_suspended(known, "u", 0));
	geotrip_known_set(known, "u", 100);
	test_assert(geotrip_known_suspended(known, "u", 99));
	test_assert(!geotrip_known_suspended(known, "u", 100));
	test_assert(!geotrip_known_suspended(known, "U", 99));
	test_assert(!geotrip_known_suspended(known, "", 99));
	geotrip_known_set(known, "u", 50);
	test_assert(!geotrip_known_suspended(known, "u", 50));
	geotrip_known_set(known, "u", GEOTRIP_NEVER);
	test_assert(geotrip_known_suspended(known, "u", GEOTRIP_NEVER - 1));
	test_end();

	test_begin("known: who is not suspended any more");
	geotrip_known_set(known, "u", 0);
	test_assert(!geotrip_known_suspended(known, "u", -1));
	test_assert_strcmp(all_users(known), "");
	geotrip_known_set(known, "u", 0);
	geotrip_known_set(known, "u", 100);
	test_assert(geotrip_known_suspended(known, "u", 99));
	test_end();
	geotrip_known_deinit(&known);
	test_assert(known == NULL);
}

static void test_known_bounded(void)
{
	struct geotrip_known *known = geotrip_known_init(3);

	test_begin("known: bounded, the one heard of longest ago goes first");
	geotrip_known_set(known, "a", 1);
	geotrip_known_set(known, "b", 2);
	geotrip_known_set(known, "c", 3);
	test_assert_strcmp(all_users(known), "a1 b2 c3 ");
	geotrip_known_set(known, "d", 4);
	test_assert_strcmp(all_users(known), "b2 c3 d4 ");
	test_assert(!geotrip_known_suspended(known, "a", 0));
	/* heard of again: with another time, and with the same */
	geotrip_known_set(known, "b", 5);
	geotrip_known_set(known, "c", 3);
	test_assert_strcmp(all_users(known), "d4 b5 c3 ");
	geotrip_known_set(known, "e", 6);
	test_assert_strcmp(all_users(known), "b5 c3 e6 ");
	/* that a user is not suspended costs no other its place */
	geotrip_known_set(known, "f", 0);
	test_assert_strcmp(all_users(known), "b5 c3 e6 ");
	/* a place that is free is used first */
	geotrip_known_set(known, "c", 0);
	geotrip_known_set(known, "f", 7);
	test_assert_strcmp(all_users(known), "b5 e6 f7 ");
	test_end();
	geotrip_known_deinit(&known);
}

static void test_known_many(void)
{
	struct geotrip_known *known = geotrip_known_init(1000);
	const char *user;
	unsigned int i, count = 0;
	int64_t until;

	test_begin("known: many users");
	for (i = 0; i < 5000; i++) T_BEGIN {
		geotrip_known_set(known, t_strdup_printf("u%u", i), i + 1);
	} T_END;
	for (i = 0; i < 5000; i++) T_BEGIN {
		test_assert_idx(geotrip_known_suspended(known,
			t_strdup_printf("u%u", i), 0) == (i >= 4000), i);
	} T_END;
	geotrip_known_rewind(known);
	for (; geotrip_known_next(known, &user, &until); count++)
		test_assert_idx(until == 4001 + (int64_t)count, count);
	test_assert(count == 1000);
	test_end();
	geotrip_known_deinit(&known);
}

static void test_known_walk_removal(void)
{
	struct geotrip_known *known = geotrip_known_init(10);

	test_begin("known: a walk goes on when users are removed");
	geotrip_known_set(known, "a", 1);
	geotrip_known_set(known, "b", 2);
	geotrip_known_set(known, "c", 3);
	geotrip_known_set(known, "d", 4);
	geotrip_known_rewind(known);
	test_assert_strcmp(next_user(known), "a");
	/* the last one that it came to */
	geotrip_known_set(known, "a", 0);
	test_assert_strcmp(next_user(known), "b");
	/* the next one */
	geotrip_known_set(known, "c", 0);
	test_assert_strcmp(next_user(known), "d");
	/* all of them */
	geotrip_known_set(known, "b", 0);
	geotrip_known_set(known, "d", 0);
	test_assert_strcmp(next_user(known), "");
	test_end();
	geotrip_known_deinit(&known);
}

static void test_known_walk_bounded(void)
{
	struct geotrip_known *known = geotrip_known_init(2);

	test_begin("known: a walk goes on when users have to go");
	geotrip_known_set(known, "a", 1);
	geotrip_known_set(known, "b", 2);
	geotrip_known_rewind(known);
	test_assert_strcmp(next_user(known), "a");
	/* pushes out one that was before the walk, and one that comes next */
	geotrip_known_set(known, "c", 3);
	geotrip_known_set(known, "d", 4);
	test_assert_strcmp(walk(known), "c3 d4 ");
	test_end();
	geotrip_known_deinit(&known);
}

static void test_known_walk_set(void)
{
	struct geotrip_known *known = geotrip_known_init(10);

	test_begin("known: a walk comes to what is set meanwhile");
	geotrip_known_rewind(known);
	geotrip_known_set(known, "a", 1);
	test_assert_strcmp(next_user(known), "a");
	geotrip_known_set(known, "b", 2);
	/* the one that comes next, and is the last */
	geotrip_known_set(known, "b", 3);
	test_assert_strcmp(walk(known), "b3 ");
	geotrip_known_set(known, "c", 4);
	/* one that it came to, with another time */
	geotrip_known_set(known, "a", 5);
	test_assert_strcmp(walk(known), "c4 a5 ");
	test_assert_strcmp(walk(known), "");
	test_assert_strcmp(all_users(known), "b3 c4 a5 ");
	test_end();
	geotrip_known_deinit(&known);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_known_set,
		test_known_bounded,
		test_known_many,
		test_known_walk_removal,
		test_known_walk_bounded,
		test_known_walk_set,
		NULL
	};
	return test_run(tests);
}
