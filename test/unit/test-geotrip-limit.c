/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Limits: what may be written, and what is said about the rest. */

#include "lib.h"
#include "test-common.h"
#include "geotrip-common.h"
#include "geotrip-limit.h"

static void test_limit_parse(void)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	struct geotrip_limit limit;
	const char *error;

	test_begin("limit: parse");
	test_assert(geotrip_limit_parse(pool, " 100  in 1h", &limit,
					&error) == 0);
	test_assert(limit.count == 100);
	test_assert(limit.window == GEOTRIP_USECS(3600));
	test_assert_strcmp(limit.text, " 100  in 1h");
	test_assert(geotrip_limit_parse(pool, "1 in 7 days", &limit,
					&error) == 0);
	test_assert(limit.count == 1);
	test_assert(limit.window == GEOTRIP_USECS(7 * 24 * 3600));
	test_assert(geotrip_limit_parse(pool, "0", &limit, &error) == 0);
	test_assert(limit.count == 0);
	test_assert(limit.window == 0);
	test_end();
	pool_unref(&pool);
}

static void test_limit_parse_errors(void)
{
	static const char *const tests[] = {
		"", "100", "in 1h", "100 in", "100 1h", "0 in 1h", "-1 in 1h",
		"1.5 in 1h", "100 in 0", "100 in an hour", "100 per 1h",
		"many in 1h", "100 In 1h", "4294967296 in 1h", "3000000000 in 1h",
	};
	pool_t pool = pool_alloconly_create("test", 1024);
	struct geotrip_limit limit;
	const char *error;
	unsigned int i;

	test_begin("limit: errors");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		error = NULL;
		test_assert_idx(geotrip_limit_parse(pool, tests[i], &limit,
						    &error) < 0, i);
		test_assert_idx(error != NULL &&
				strstr(error, tests[i]) != NULL, i);
		test_assert_idx(error != NULL &&
				strstr(error, "100 in 1h") != NULL, i);
	}
	test_end();
	pool_unref(&pool);
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_limit_parse,
		test_limit_parse_errors,
		NULL
	};

	return test_run(test_functions);
}
