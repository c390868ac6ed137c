/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Rules: what may be written, and when they become true. */

#include "lib.h"
#include "array.h"
#include "test-common.h"
#include "geotrip-rule.h"

#define HOUR GEOTRIP_USECS(3600)

static void test_rules_parse(void)
{
	ARRAY_TYPE(geotrip_rule) rules;
	const struct geotrip_rule *rule;
	const char *error;
	pool_t pool = pool_alloconly_create("test", 1024);

	test_begin("rules: parse");
	p_array_init(&rules, pool, 4);
	test_assert(geotrip_rules_parse(pool,
		" 3  countries in 1h,5 countries in 7 days ", &rules,
		&error) == 0);
	test_assert(array_count(&rules) == 2);
	rule = array_idx(&rules, 0);
	test_assert(rule->countries == 3);
	test_assert(rule->window == HOUR);
	test_assert_strcmp(rule->text, "3  countries in 1h");
	rule = array_idx(&rules, 1);
	test_assert(rule->countries == 5);
	test_assert(rule->window == 7 * 24 * HOUR);
	test_assert_strcmp(rule->text, "5 countries in 7 days");
	test_assert(geotrip_rules_window(&rules) == 7 * 24 * HOUR);
	test_end();
	pool_unref(&pool);
}

static void test_rules_parse_errors(void)
{
	static const struct {
		const char *rules, *word;
	} tests[] = {
		{ "", "\"\"" },
		{ "3 contries in 1h", "\"contries\"" },
		{ "3 Countries in 1h", "\"Countries\"" },
		{ "three countries in 1h", "\"three\"" },
		{ "1 countries in 1h", "\"1\"" },
		{ "0 countries in 1h", "\"0\"" },
		{ "-3 countries in 1h", "\"-3\"" },
		{ "250 countries in 1h", "\"250\"" },
		{ "99999999999999999999 countries in 1h",
		  "\"99999999999999999999\"" },
		{ "3 countries within 1h", "\"within\"" },
		{ "3 countries in", "\"3 countries in\"" },
		{ "3 countries in 1", "\"1\"" },
		{ "3 countries in 0", "\"0\"" },
		{ "3 countries in one hour", "\"one hour\"" },
		{ "3 countries in 1h and more", "\"1h and more\"" },
		{ "3 countries in 1h,", "\"\"" },
		{ "3 countries in 1h, 4 towns in 2h", "\"towns\"" },
	};
	ARRAY_TYPE(geotrip_rule) rules;
	const char *error;
	unsigned int i;

	test_begin("rules: errors name the word");
	for (i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		pool_t pool = pool_alloconly_create("test", 1024);

		error = "";
		p_array_init(&rules, pool, 4);
		test_assert_idx(geotrip_rules_parse(pool, tests[i].rules,
						    &rules, &error) < 0, i);
		test_assert_idx(strstr(error, tests[i].word) != NULL, i);
		pool_unref(&pool);
	} T_END;
	test_end();
}

/* The sightings as a word each: country and age in minutes. */
static const struct geotrip_rule *
match(const char *rules_str, const char *seen_str, const char *country,
      const char **evidence_r)
{
	ARRAY_TYPE(geotrip_rule) rules;
	ARRAY_TYPE(geotrip_sighting) evidence;
	struct geotrip_sighting seen[8];
	unsigned int count = 0;
	struct geotrip_sighting login = { .time = 1000 * HOUR };
	const struct geotrip_rule *rule;
	const char *const *words, *error;

	t_array_init(&rules, 4);
	t_array_init(&evidence, 4);
	if (geotrip_rules_parse(pool_datastack_create(), rules_str, &rules,
				&error) < 0)
		i_fatal("%s", error);
	for (words = t_strsplit_spaces(seen_str, " "); *words != NULL;
	     words++) {
		struct geotrip_sighting *s = &seen[count++];

		i_zero(s);
		memcpy(s->country.code, *words, 2);
		s->time = login.time -
			(int64_t)(atof(*words + 2) * HOUR / 60);
	}
	i_assert(strlen(country) <= 2);
	memcpy(login.country.code, country, strlen(country));

	rule = geotrip_rules_match(&rules, seen, count, &login);
	if (rule != NULL) {
		geotrip_rule_evidence(rule, seen, count, &login, &evidence);
		*evidence_r = geotrip_join_countries(&evidence);
	} else {
		*evidence_r = "";
	}
	return rule;
}

static void test_rules_match(void)
{
	static const struct {
		const char *rules, *seen, *country, *evidence;
	} tests[] = {
		{ "3 countries in 1h", "", "JP", "" },
		{ "3 countries in 1h", "JP5", "JP", "" },
		{ "3 countries in 1h", "JP5", "US", "" },
		/* the login itself is counted: it is the third one that trips,
		   not the one after it */
		{ "3 countries in 1h", "JP5 US3", "BR", "JP US BR" },
		{ "3 countries in 1h", "US3 JP5", "BR", "JP US BR" },
		{ "3 countries in 1h", "JP5 US3", "US", "" },
		{ "3 countries in 1h", "JP5 US3 BR1", "US", "JP BR US" },
		{ "2 countries in 1h", "JP5", "US", "JP US" },
		/* the window slides; its end is outside */
		{ "3 countries in 1h", "JP61 US3", "BR", "" },
		{ "3 countries in 1h", "JP60 US3", "BR", "" },
		{ "3 countries in 1h", "JP59.99 US3", "BR", "JP US BR" },
		/* an unknown country is none, and makes no rule true */
		{ "3 countries in 1h", "JP5 US3", "", "" },
		{ "3 countries in 1h", "JP5 US3 BR1", "", "" },
		/* any one trips, with the countries in its own window */
		{ "3 countries in 1h, 4 countries in 1 days",
		  "JP300 US200 BR5", "DE", "JP US BR DE" },
		{ "4 countries in 1h, 3 countries in 10 mins",
		  "JP300 US2 BR1", "DE", "US BR DE" },
		/* when the clock was set back, a sighting in the future counts
		   no longer than one in the past */
		{ "3 countries in 1h", "JP-5 US3", "BR", "US JP BR" },
		{ "3 countries in 1h", "JP-61 US3", "BR", "" },
	};
	const char *evidence;
	unsigned int i;

	test_begin("rules: match");
	for (i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		const struct geotrip_rule *rule =
			match(tests[i].rules, tests[i].seen,
			      tests[i].country, &evidence);

		test_assert_idx((rule != NULL) ==
				(*tests[i].evidence != '\0'), i);
		test_assert_strcmp_idx(evidence, tests[i].evidence, i);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_rules_parse,
		test_rules_parse_errors,
		test_rules_match,
		NULL
	};
	return test_run(tests);
}
