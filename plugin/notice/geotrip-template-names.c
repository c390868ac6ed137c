/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The names of parts and placeholders, in one table each: error messages list
   exactly what is accepted. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "geotrip-template-names.h"

static const char *const parts[] = {
	[GEOTRIP_TEMPLATE_SUSPENDED] = "suspended",
	[GEOTRIP_TEMPLATE_RELEASED] = "released",
	[GEOTRIP_TEMPLATE_DIGEST] = "digest",
	[GEOTRIP_TEMPLATE_UNDELIVERED] = "undelivered",
	[GEOTRIP_TEMPLATE_BRAKE] = "brake",
};

#define PART(part) (1U << GEOTRIP_TEMPLATE_##part)
#define PARTS_OWNER (PART(SUSPENDED) | PART(RELEASED))
#define PARTS_LIST (PART(DIGEST) | PART(UNDELIVERED))
#define PARTS_ALL (PARTS_OWNER | PARTS_LIST | PART(BRAKE))

static const struct {
	const char *name;
	/* the parts that may have it */
	unsigned int parts;
} placeholders[] = {
	[GEOTRIP_PLACEHOLDER_USER] = { "user", PARTS_OWNER },
	[GEOTRIP_PLACEHOLDER_ADDRESS] = { "address", PARTS_OWNER },
	[GEOTRIP_PLACEHOLDER_SINCE] = { "since", PARTS_OWNER | PART(BRAKE) },
	[GEOTRIP_PLACEHOLDER_UNTIL] = { "until", PARTS_OWNER },
	[GEOTRIP_PLACEHOLDER_ENDED] = { "ended", PARTS_OWNER | PART(BRAKE) },
	[GEOTRIP_PLACEHOLDER_COUNTRIES] = { "countries", PARTS_OWNER },
	[GEOTRIP_PLACEHOLDER_LOGINS] = { "logins", PARTS_OWNER },
	[GEOTRIP_PLACEHOLDER_REASON] = { "reason", PARTS_OWNER },
	[GEOTRIP_PLACEHOLDER_READING] = { "reading", PARTS_OWNER },
	[GEOTRIP_PLACEHOLDER_COUNT] = { "count", PARTS_LIST },
	[GEOTRIP_PLACEHOLDER_LIST] = { "list", PARTS_LIST },
	[GEOTRIP_PLACEHOLDER_MAX] = { "max", PART(BRAKE) },
	[GEOTRIP_PLACEHOLDER_DOMAIN] = { "domain", PART(BRAKE) },
	[GEOTRIP_PLACEHOLDER_DOMAINLESS] = { "domainless", PART(BRAKE) },
	[GEOTRIP_PLACEHOLDER_CONTACT] = { "contact", PARTS_ALL },
};

static bool
part_may_have(enum geotrip_template_part part, enum geotrip_placeholder what)
{
	return (placeholders[what].parts & (1U << part)) != 0;
}

/* "a, b and c" */
static const char *join_names(const ARRAY_TYPE(const_string) *names)
{
	unsigned int i, count;
	const char *const *name = array_get(names, &count);
	string_t *str = t_str_new(128);

	for (i = 0; i < count; i++) {
		if (i > 0)
			str_append(str, i + 1 < count ? ", " : " and ");
		str_append(str, name[i]);
	}
	return str_c(str);
}

const char *geotrip_template_part_name(enum geotrip_template_part part)
{
	i_assert(part < N_ELEMENTS(parts));
	return parts[part];
}

bool geotrip_template_find_part(const char *name,
				enum geotrip_template_part *part_r)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(parts); i++) {
		if (strcmp(parts[i], name) == 0) {
			*part_r = i;
			return TRUE;
		}
	}
	return FALSE;
}

const char *geotrip_template_parts(void)
{
	ARRAY_TYPE(const_string) names;
	const char *name;
	unsigned int i;

	t_array_init(&names, N_ELEMENTS(parts));
	for (i = 0; i < N_ELEMENTS(parts); i++) {
		name = t_strdup_printf("[%s]", parts[i]);
		array_push_back(&names, &name);
	}
	return join_names(&names);
}

bool geotrip_template_find_placeholder(enum geotrip_template_part part,
				       const char *name, size_t len,
				       enum geotrip_placeholder *what_r)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(placeholders); i++) {
		if (strlen(placeholders[i].name) == len &&
		    memcmp(placeholders[i].name, name, len) == 0 &&
		    part_may_have(part, i)) {
			*what_r = i;
			return TRUE;
		}
	}
	return FALSE;
}

const char *geotrip_template_placeholders(enum geotrip_template_part part)
{
	ARRAY_TYPE(const_string) names;
	unsigned int i;

	t_array_init(&names, N_ELEMENTS(placeholders));
	for (i = 0; i < N_ELEMENTS(placeholders); i++) {
		if (part_may_have(part, i))
			array_push_back(&names, &placeholders[i].name);
	}
	return join_names(&names);
}
