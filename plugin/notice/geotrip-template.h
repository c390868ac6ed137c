/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_TEMPLATE_H
#define GEOTRIP_TEMPLATE_H

/* The texts of notices: one file for each language, with parts, placeholders
   and conditions. The manual page dovecot-geotrip(7) describes the format. */

enum geotrip_template_part {
	/* for the owner of an account */
	GEOTRIP_TEMPLATE_SUSPENDED,
	GEOTRIP_TEMPLATE_RELEASED,
	/* for the administrator */
	GEOTRIP_TEMPLATE_DIGEST,
	GEOTRIP_TEMPLATE_UNDELIVERED,
	GEOTRIP_TEMPLATE_BRAKE,

	GEOTRIP_TEMPLATE_PART_COUNT
};

enum geotrip_placeholder {
	GEOTRIP_PLACEHOLDER_USER,
	GEOTRIP_PLACEHOLDER_ADDRESS,
	GEOTRIP_PLACEHOLDER_SINCE,
	GEOTRIP_PLACEHOLDER_UNTIL,
	GEOTRIP_PLACEHOLDER_ENDED,
	GEOTRIP_PLACEHOLDER_COUNTRIES,
	GEOTRIP_PLACEHOLDER_LOGINS,
	GEOTRIP_PLACEHOLDER_REASON,
	GEOTRIP_PLACEHOLDER_READING,
	/* in the parts for the administrator */
	GEOTRIP_PLACEHOLDER_COUNT,
	GEOTRIP_PLACEHOLDER_LIST,
	GEOTRIP_PLACEHOLDER_MAX,
	GEOTRIP_PLACEHOLDER_DOMAIN,
	GEOTRIP_PLACEHOLDER_DOMAINLESS,
	/* in all of them */
	GEOTRIP_PLACEHOLDER_CONTACT,

	GEOTRIP_PLACEHOLDER_NUMBER
};

/* A value for each placeholder; NULL and the empty string both mean no
   value. */
struct geotrip_template_values {
	const char *values[GEOTRIP_PLACEHOLDER_NUMBER];
};

struct geotrip_template;

/* Read the template of a language from the first of the directories that has
   one; directories is NULL-terminated. Everything is allocated from the pool.
   Returns 1, 0 if none has it, or -1 with an error that names the file and the
   wrong line. */
int geotrip_template_read(pool_t pool, const char *const *directories,
			  const char *language,
			  struct geotrip_template **template_r,
			  const char **error_r);

/* The same from a text; name is used as the file name in errors. */
int geotrip_template_parse(pool_t pool, const char *name, const char *text,
			   struct geotrip_template **template_r,
			   const char **error_r);

/* The path of the file, or the name that was given. */
const char *geotrip_template_name(const struct geotrip_template *template);

/* Does it have the part? */
bool geotrip_template_has(const struct geotrip_template *template,
			  enum geotrip_template_part part);
/* The name of the part in the file. */
const char *
geotrip_template_part_name(enum geotrip_template_part part) ATTR_CONST;

/* Append the subject and the body with their placeholders expanded. The part
   must exist. Lines end with LF. */
void geotrip_template_expand(const struct geotrip_template *template,
			     enum geotrip_template_part part,
			     const struct geotrip_template_values *values,
			     string_t *subject, string_t *body);

#endif
