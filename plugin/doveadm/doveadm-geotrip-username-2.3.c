/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* auth_username_format of Dovecot 2.3: tried on two spellings of a name. */

#include "lib.h"
#include "str.h"
#include "var-expand.h"
#include "doveadm-geotrip-username.h"

const char geotrip_username_lower_case[] = "%Lu";

static int
expand(const char *format, const char *user, const char *username,
       const char *domain, const char **name_r, const char **error_r)
{
	const struct var_expand_table table[] = {
		{ 'u', user, "user" },
		{ 'n', username, "username" },
		{ 'd', domain, "domain" },
		{ 's', "smtp", "service" },
		{ '\0', domain, "domain_first" },
		{ '\0', domain, "domain_last" },
		{ '\0', NULL, NULL }
	};
	string_t *name = t_str_new(64);

	if (var_expand(name, format, table, error_r) <= 0)
		return -1;
	*name_r = str_c(name);
	return 0;
}

int geotrip_username_keeps_case(const char *format, const char **error_r)
{
	const char *mixed, *lower;

	/* then the name is unchanged */
	if (*format == '\0')
		return 1;
	if (expand(format, "User@Example.ORG", "User", "Example.ORG",
		   &mixed, error_r) < 0 ||
	    expand(format, "user@example.org", "user", "example.org",
		   &lower, error_r) < 0)
		return -1;
	return strcmp(mixed, lower) == 0 ? 0 : 1;
}
