/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* auth_username_format of Dovecot 2.4: tried on two spellings of a name. */

#include "lib.h"
#include "str.h"
#include "var-expand.h"
#include "doveadm-geotrip-username.h"

const char geotrip_username_lower_case[] = "%{user | lower}";

static int
expand(const char *format, const char *user, const char *domain,
       const char **name_r, const char **error_r)
{
	const struct var_expand_table table[] = {
		{ .key = "user", .value = user },
		{ .key = "domain_first", .value = domain },
		{ .key = "domain_last", .value = domain },
		{ .key = "protocol", .value = "smtp" },
		VAR_EXPAND_TABLE_END
	};
	const struct var_expand_params params = { .table = table };

	return t_var_expand(format, &params, name_r, error_r);
}

int geotrip_username_keeps_case(const char *format, const char **error_r)
{
	const char *mixed, *lower;

	/* then the name is unchanged */
	if (*format == '\0')
		return 1;
	if (expand(format, "User@Example.ORG", "Example.ORG", &mixed,
		   error_r) < 0 ||
	    expand(format, "user@example.org", "example.org", &lower,
		   error_r) < 0)
		return -1;
	return strcmp(mixed, lower) == 0 ? 0 : 1;
}
