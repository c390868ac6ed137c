/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_RULE_H
#define GEOTRIP_RULE_H

/* The rules of geotrip_rules: "3 countries in 1h, 5 countries in 7 days".
   Pure: no I/O, no clock, no state. */

#include "geotrip-common.h"

struct geotrip_rule {
	/* as configured, without surrounding whitespace */
	const char *text;
	/* the rule is true when at least this many distinct countries,
	   including that of the login itself, were seen within the window */
	unsigned int countries;
	int64_t window;
};
ARRAY_DEFINE_TYPE(geotrip_rule, struct geotrip_rule);

/* Parse a comma-separated list of rules and append them to rules; strings are
   allocated from pool. Returns 0, or -1 with an error that names the word and
   what is expected instead. */
int geotrip_rules_parse(pool_t pool, const char *str,
			ARRAY_TYPE(geotrip_rule) *rules,
			const char **error_r);

/* The longest window of the rules, 0 if there are none. */
int64_t geotrip_rules_window(const ARRAY_TYPE(geotrip_rule) *rules);

/* The first rule that the login makes true, or NULL. The count sightings in
   seen are those before the login, at most one for each country, in any order;
   one that is a whole window or more away from the login does not count. A
   login from an unknown country never makes a rule true. */
const struct geotrip_rule *
geotrip_rules_match(const ARRAY_TYPE(geotrip_rule) *rules,
		    const struct geotrip_sighting *seen, unsigned int count,
		    const struct geotrip_sighting *login);

/* Append to evidence the sightings that made the rule true, oldest first and
   the login last. */
void geotrip_rule_evidence(const struct geotrip_rule *rule,
			   const struct geotrip_sighting *seen,
			   unsigned int count,
			   const struct geotrip_sighting *login,
			   ARRAY_TYPE(geotrip_sighting) *evidence);

#endif
