/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Addresses: what is one, and what must never become a part of a message. */

#include "lib.h"
#include "array.h"
#include "test-common.h"
#include "geotrip-address.h"

/* "!" and the error if it is refused */
static const char *
parse(const char *text, const char *user, const char *domain)
{
	ARRAY_TYPE(smtp_address_const) addresses;
	const char *error;

	t_array_init(&addresses, 4);
	if (geotrip_addresses_parse(pool_datastack_create(), text, user,
				    domain, &addresses, &error) < 0)
		return t_strconcat("!", error, NULL);
	return geotrip_addresses_join(&addresses, "|");
}

static void test_addresses_parse(void)
{
	static const struct {
		const char *text, *user, *domain, *result;
	} tests[] = {
		{ "a@example.org", NULL, "", "a@example.org" },
		{ "a@example.org,b@example.org\tc@example.org", NULL, "",
		  "a@example.org|b@example.org|c@example.org" },
		{ "a", NULL, "example.org", "a@example.org" },
		{ "%{user}, A@example.org", "a", "example.org",
		  "a@example.org" },
		{ "a", NULL, "", "a" },
		{ "a%b@example.org", NULL, "", "a%b@example.org" },
		{ "%{user}", "u", "", "u" },
		{ "%{user}", "u", "example.org", "u@example.org" },
		{ "%{user}", "u@example.org", "x", "u@example.org" },
		{ "%{user}+geotrip@example.org desk@example.org", "u", "",
		  "u+geotrip@example.org|desk@example.org" },
		/* a name is one word, whatever it looks like */
		{ "%{user}", "a b@example.org", "", "\"a b\"@example.org" },
		{ "%{user}", "a,b@example.org", "", "\"a,b\"@example.org" },
		{ "%{user}", "%{user}", "", "%{user}" },
		{ "%{user}", "a>@example.org", "", "\"a>\"@example.org" },
	};
	unsigned int i;

	test_begin("address: good ones");
	for (i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		test_assert_strcmp_idx(parse(tests[i].text, tests[i].user,
					     tests[i].domain),
				       tests[i].result, i);
	} T_END;
	test_end();
}

static void test_addresses_refused(void)
{
	static const char long_name[] =
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"@example.org";
	static const char *const users[] = {
		"a\nBcc: b@example.org", "a\r\n.\r\n", "a\tb@example.org",
		"\x7f@example.org", "j\xc3\xbcrgen@example.org", "a@",
		"a@exa mple.org", "", long_name, "|id", "/etc/x", ":include:x",
	};
	static const char *const texts[] = {
		"", " ,", "%{usr}", "%u", "a@@example.org", "a@b@c",
	};
	ARRAY_TYPE(smtp_address_const) good;
	const char *error;
	unsigned int i;

	t_array_init(&good, 2);

	test_begin("address: bad ones");
	for (i = 0; i < N_ELEMENTS(users); i++) T_BEGIN {
		test_assert_idx(*parse("%{user}", users[i], "") == '!', i);
	} T_END;
	for (i = 0; i < N_ELEMENTS(texts); i++) T_BEGIN {
		test_assert_idx(*parse(texts[i], "u", "") == '!', i);
	} T_END;
	test_assert(geotrip_addresses_parse(pool_datastack_create(),
		"a@example.org j\xc3\xbc@example.org b@example.org", NULL, "",
		&good, &error) < 0);
	test_assert_strcmp(geotrip_addresses_join(&good, " "),
			   "a@example.org b@example.org");
	test_assert(geotrip_domain_is_valid(""));
	test_assert(geotrip_domain_is_valid("example.org"));
	test_assert(!geotrip_domain_is_valid("@example.org"));
	test_assert(!geotrip_domain_is_valid("example org"));
	test_assert(!geotrip_domain_is_valid("example.org\n"));
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_addresses_parse,
		test_addresses_refused,
		NULL
	};

	return test_run(tests);
}
