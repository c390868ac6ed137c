/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_EXEMPTION_H
#define GEOTRIP_EXEMPTION_H

/* What is left of a suspension that began before the settings exempted the
   account, or a network that it was used from. */

#include "geotrip-settings.h"
#include "geotrip-store.h"

enum geotrip_exemption {
	GEOTRIP_EXEMPTION_NONE,
	/* geotrip_exempt_users has the user, who is not refused anywhere */
	GEOTRIP_EXEMPTION_USER,
	/* Without the logins from geotrip_exempt_networks the rule would not
	   have been true. The user is refused from all other networks. */
	GEOTRIP_EXEMPTION_NETWORK,
};

/* A login that counted for the rule. */
struct geotrip_exemption_login {
	struct geotrip_country country;
	/* it came from geotrip_exempt_networks */
	bool exempt;
};
ARRAY_DEFINE_TYPE(geotrip_exemption_login, struct geotrip_exemption_login);

/* Did the rule become true only because of logins that are exempt? Pure. */
bool geotrip_exemption_has_rule(
	const struct geotrip_rule *rule,
	const ARRAY_TYPE(geotrip_exemption_login) *logins);

/* Find out what the settings leave of a suspension, whether it is in force or
   not. Returns 0, or -1 with an error of the store. */
int geotrip_exemption_find(struct geotrip_store *store,
			   const struct geotrip_config *config,
			   const struct geotrip_suspension *suspension,
			   enum geotrip_exemption *exemption_r,
			   const char **error_r);

/* The remark for the operator, with how to end the suspension; NULL for
   none. */
const char *
geotrip_exemption_remark(enum geotrip_exemption exemption) ATTR_CONST;

#endif
