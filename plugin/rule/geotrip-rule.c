/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Parsing of rules, and whether a login makes one true. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "strnum.h"
#include "geotrip-compat.h"
#include "geotrip-rule.h"

/* ISO 3166-1 has 249 codes. */
#define MAX_COUNTRIES 249
#define RULE_FORM "<number> countries in <time>, " \
	"for example \"3 countries in 1h\""

static int
rule_parse(pool_t pool, const char *text, struct geotrip_rule *rule_r,
	   const char **error_r)
{
	const char *const *words = t_strsplit_spaces(text, " \t");
	const char *time, *error;
	unsigned int secs;

	if (str_array_length(words) < 4) {
		*error_r = t_strdup_printf(
			"\"%s\" is not a rule: use "RULE_FORM, text);
		return -1;
	}
	if (str_to_uint(words[0], &rule_r->countries) < 0 ||
	    rule_r->countries < 2 || rule_r->countries > MAX_COUNTRIES) {
		*error_r = t_strdup_printf(
			"\"%s\" in \"%s\" must be a number from 2 to %u",
			words[0], text, MAX_COUNTRIES);
		return -1;
	}
	if (strcmp(words[1], "countries") != 0) {
		*error_r = t_strdup_printf(
			"\"%s\" in \"%s\" is not known, only \"countries\" "
			"is: use "RULE_FORM, words[1], text);
		return -1;
	}
	if (strcmp(words[2], "in") != 0) {
		*error_r = t_strdup_printf(
			"\"%s\" in \"%s\" must be \"in\": use "RULE_FORM,
			words[2], text);
		return -1;
	}
	time = t_strarray_join(words + 3, " ");
	if (geotrip_parse_time(time, &secs, &error) < 0 || secs == 0) {
		*error_r = t_strdup_printf(
			"\"%s\" in \"%s\" must be a time, "
			"for example 30 mins, 1h or 7 days", time, text);
		return -1;
	}
	rule_r->window = GEOTRIP_USECS(secs);
	rule_r->text = p_strdup(pool, text);
	return 0;
}

int geotrip_rules_parse(pool_t pool, const char *str,
			ARRAY_TYPE(geotrip_rule) *rules,
			const char **error_r)
{
	const char *const *texts = t_strsplit(str, ",");
	struct geotrip_rule rule;

	if (*texts == NULL)
		return rule_parse(pool, "", &rule, error_r);
	for (; *texts != NULL; texts++) {
		const char *text = t_str_trim(*texts, " \t");

		if (rule_parse(pool, text, &rule, error_r) < 0)
			return -1;
		array_push_back(rules, &rule);
	}
	return 0;
}

int64_t geotrip_rules_window(const ARRAY_TYPE(geotrip_rule) *rules)
{
	const struct geotrip_rule *rule;
	int64_t window = 0;

	array_foreach(rules, rule)
		window = I_MAX(window, rule->window);
	return window;
}

static bool
rule_counts(const struct geotrip_rule *rule,
	    const struct geotrip_sighting *seen,
	    const struct geotrip_sighting *login)
{
	/* Use the distance, not the age: if the clock was set back, sightings
	   that are now in the future must not count for longer than others. */
	int64_t distance = login->time > seen->time ?
		login->time - seen->time : seen->time - login->time;

	return distance < rule->window &&
		strcmp(seen->country.code, login->country.code) != 0;
}

static bool
rule_matches(const struct geotrip_rule *rule,
	     const struct geotrip_sighting *seen, unsigned int count,
	     const struct geotrip_sighting *login)
{
	unsigned int i, countries = 1;

	for (i = 0; i < count; i++) {
		if (rule_counts(rule, &seen[i], login))
			countries++;
	}
	return countries >= rule->countries;
}

const struct geotrip_rule *
geotrip_rules_match(const ARRAY_TYPE(geotrip_rule) *rules,
		    const struct geotrip_sighting *seen, unsigned int count,
		    const struct geotrip_sighting *login)
{
	const struct geotrip_rule *rule;

	if (login->country.code[0] == '\0')
		return NULL;
	array_foreach(rules, rule) {
		if (rule_matches(rule, seen, count, login))
			return rule;
	}
	return NULL;
}

static int
sighting_cmp(const struct geotrip_sighting *s1,
	     const struct geotrip_sighting *s2)
{
	return s1->time < s2->time ? -1 : (s1->time > s2->time ? 1 : 0);
}

void geotrip_rule_evidence(const struct geotrip_rule *rule,
			   const struct geotrip_sighting *seen,
			   unsigned int count,
			   const struct geotrip_sighting *login,
			   ARRAY_TYPE(geotrip_sighting) *evidence)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (rule_counts(rule, &seen[i], login))
			array_push_back(evidence, &seen[i]);
	}
	array_sort(evidence, sighting_cmp);
	array_push_back(evidence, login);
}
