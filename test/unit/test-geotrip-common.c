/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Text from outside: escaped for people, and back. Times as they are
   printed. */

#include "lib.h"
#include "test-common.h"
#include "geotrip-common.h"

#include <stdlib.h>
#include <time.h>

static void test_geotrip_escape(void)
{
	static const struct {
		const char *text, *escaped;
	} tests[] = {
		{ "", "" },
		{ "user@example.org", "user@example.org" },
		{ "\xe8\x8a\xb1\xe5\xad\x90", "\xe8\x8a\xb1\xe5\xad\x90" },
		{ "quote\"'", "quote\"'" },
		{ "%s%n", "%s%n" },
		{ "a\nb", "a\\x0ab" },
		{ "\t\r\x1b[31m\x7f", "\\x09\\x0d\\x1b[31m\\x7f" },
		/* not UTF-8, or not complete */
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xe8\x8a", "\\xe8\\x8a" },
		{ "\xc0\x80", "\\xc0\\x80" },
		/* C1 control, right-to-left override, byte order mark */
		{ "\xc2\x85", "\\xc2\\x85" },
		{ "a\xe2\x80\xae" "b", "a\\xe2\\x80\\xae" "b" },
		{ "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },
		/* a backslash is one, but for what looks like an escape */
		{ "DOMAIN\\user", "DOMAIN\\user" },
		{ "DOMAIN\\xavier", "DOMAIN\\xavier" },
		{ "DOMAIN\\xabba", "DOMAIN\\x5cxabba" },
		{ "\\\\x41", "\\\\x5cx41" },
	};
	unsigned int i;

	test_begin("escape, and back");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		const char *escaped = geotrip_escape(tests[i].text);

		test_assert_strcmp_idx(escaped, tests[i].escaped, i);
		test_assert_strcmp_idx(geotrip_unescape(escaped),
				       tests[i].text, i);
	}
	test_end();

	test_begin("unescape leaves alone what cannot be a name");
	test_assert_strcmp(geotrip_unescape("a\\x00b"), "a\\x00b");
	test_assert_strcmp(geotrip_unescape("a\\x"), "a\\x");
	test_assert_strcmp(geotrip_unescape("a\\x4"), "a\\x4");
	test_end();
}

static void test_geotrip_escape_random(void)
{
	char text[33];
	unsigned int i, j;

	test_begin("every text survives escape and unescape");
	for (i = 0; i < 20000; i++) T_BEGIN {
		unsigned int len = i_rand_limit(sizeof(text));

		for (j = 0; j < len; j++) {
			/* many of those that matter */
			static const char special[] = "\\x0aF\xe2\x80";

			text[j] = i_rand_limit(2) == 0 ?
				special[i_rand_limit(sizeof(special) - 1)] :
				(char)i_rand_minmax(1, 255);
		}
		text[len] = '\0';
		test_assert_strcmp_idx(geotrip_unescape(geotrip_escape(text)),
				       text, i);
	} T_END;
	test_end();
}

static void test_geotrip_count(void)
{
	test_begin("count");
	test_assert_strcmp(geotrip_count(0, "login", "logins"), "0 logins");
	test_assert_strcmp(geotrip_count(1, "login", "logins"), "1 login");
	test_assert_strcmp(geotrip_count(2, "login", "logins"), "2 logins");
	test_end();
}

static void test_geotrip_format_time(void)
{
	static const struct {
		const char *zone;
		int64_t secs;
		const char *text;
	} tests[] = {
		{ "UTC", 1795507680, "2026-11-24T08:08:00+00:00" },
		{ "Asia/Tokyo", 1795507680, "2026-11-24T17:08:00+09:00" },
		{ "America/St_Johns", 1795507680, "2026-11-24T04:38:00-03:30" },
		/* one hour is there twice, and can be told apart */
		{ "Europe/Berlin", 1792888200, "2026-10-25T02:30:00+02:00" },
		{ "Europe/Berlin", 1792891800, "2026-10-25T02:30:00+01:00" },
	};
	unsigned int i;

	test_begin("times have their offset from UTC");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		if (setenv("TZ", tests[i].zone, 1) < 0)
			i_fatal("setenv() failed: %m");
		tzset();
		test_assert_strcmp_idx(
			geotrip_format_time(GEOTRIP_USECS(tests[i].secs) +
					    999999), tests[i].text, i);
	}
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_geotrip_escape,
		test_geotrip_escape_random,
		test_geotrip_count,
		test_geotrip_format_time,
		NULL
	};
	return test_run(tests);
}
