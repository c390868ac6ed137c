/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What exemptions leave of a suspension. After an operator has exempted an
   account, its owner must not be told that it is suspended. */

#include "lib.h"
#include "array.h"
#include "geotrip-exemption.h"

static bool
have_country(const ARRAY_TYPE(geotrip_exemption_login) *logins,
	     unsigned int count, const struct geotrip_country *country)
{
	const struct geotrip_exemption_login *login;
	unsigned int i;

	for (i = 0; i < count; i++) {
		login = array_idx(logins, i);
		if (!login->exempt &&
		    strcmp(login->country.code, country->code) == 0)
			return TRUE;
	}
	return FALSE;
}

bool geotrip_exemption_has_rule(
	const struct geotrip_rule *rule,
	const ARRAY_TYPE(geotrip_exemption_login) *logins)
{
	const struct geotrip_exemption_login *login;
	unsigned int i, countries = 0;
	bool any_exempt = FALSE;

	for (i = 0; i < array_count(logins); i++) {
		login = array_idx(logins, i);
		if (login->exempt)
			any_exempt = TRUE;
		else if (login->country.code[0] != '\0' &&
			 !have_country(logins, i, &login->country))
			countries++;
	}
	return any_exempt && countries < rule->countries;
}

struct collect_context {
	const struct geotrip_config *config;
	ARRAY_TYPE(geotrip_exemption_login) logins;
	bool any_exempt;
};

static void
collect_login(const struct geotrip_store_login *login, void *context)
{
	struct collect_context *ctx = context;
	struct geotrip_exemption_login *copy =
		array_append_space(&ctx->logins);

	copy->country = login->country;
	copy->exempt = geotrip_config_ip_exempt(ctx->config, &login->ip);
	ctx->any_exempt = ctx->any_exempt || copy->exempt;
}

/* Returns 1 if it rests on exempt networks, 0 if not, or -1 with an error. */
static int
rests_on_networks(struct geotrip_store *store,
		  const struct geotrip_config *config,
		  const struct geotrip_suspension *suspension,
		  const struct geotrip_rule *rule, const char **error_r)
{
	struct collect_context ctx = { .config = config };

	t_array_init(&ctx.logins, 8);
	if (geotrip_store_evidence(store, suspension->id, collect_login, &ctx,
				   error_r) < 0)
		return -1;
	/* usually there is no need to look further */
	if (!ctx.any_exempt)
		return 0;
	/* The evidence has only the last login from each country. An earlier
	   one from another network counts just as well. */
	if (geotrip_store_counted(store, suspension->id, rule->window,
				  collect_login, &ctx, error_r) < 0)
		return -1;
	return geotrip_exemption_has_rule(rule, &ctx.logins) ? 1 : 0;
}

int geotrip_exemption_find(struct geotrip_store *store,
			   const struct geotrip_config *config,
			   const struct geotrip_suspension *suspension,
			   enum geotrip_exemption *exemption_r,
			   const char **error_r)
{
	ARRAY_TYPE(geotrip_rule) rules;
	const char *error;
	int ret;

	*exemption_r = GEOTRIP_EXEMPTION_NONE;
	if (geotrip_config_user_exempt(config, suspension->user)) {
		*exemption_r = GEOTRIP_EXEMPTION_USER;
		return 0;
	}
	t_array_init(&rules, 1);
	/* a rule that cannot be parsed is from another version: ignore it */
	if (suspension->rule == NULL ||
	    geotrip_rules_parse(pool_datastack_create(), suspension->rule,
				&rules, &error) < 0)
		return 0;
	ret = rests_on_networks(store, config, suspension,
				array_front(&rules), error_r);
	if (ret > 0)
		*exemption_r = GEOTRIP_EXEMPTION_NETWORK;
	return ret < 0 ? -1 : 0;
}

const char *geotrip_exemption_remark(enum geotrip_exemption exemption)
{
	switch (exemption) {
	case GEOTRIP_EXEMPTION_NONE:
		return NULL;
	case GEOTRIP_EXEMPTION_USER:
		return "exempt by geotrip_exempt_users: "
			"doveadm geotrip unsuspend ends the suspension";
	case GEOTRIP_EXEMPTION_NETWORK:
		return "is based on logins from geotrip_exempt_networks: "
			"doveadm geotrip unsuspend ends the suspension";
	}
	i_unreached();
}
