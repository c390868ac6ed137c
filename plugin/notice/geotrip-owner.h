/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_OWNER_H
#define GEOTRIP_OWNER_H

/* The address and language of the owner of an account: from the userdb fields
   geotrip_notify and geotrip_language, or else from the settings. */

#include "geotrip-settings.h"

struct auth_master_connection;

struct geotrip_owner {
	ARRAY_TYPE(smtp_address_const) addresses;
	const char *language;
	/* what is wrong with other addresses of the owner, or NULL */
	const char *problem;
};

enum geotrip_owner_result {
	GEOTRIP_OWNER_FOUND,
	/* there is no valid address */
	GEOTRIP_OWNER_UNREACHABLE,
	/* the userdb has a problem with this user: try again later */
	GEOTRIP_OWNER_LATER,
	/* the userdb cannot be reached */
	GEOTRIP_OWNER_NO_USERDB,
};

/* Look up the owner of an account. For a user that the userdb does not know,
   the settings are used. If the owner is found, owner_r is set, allocated from
   the pool; otherwise error_r is set. */
enum geotrip_owner_result
geotrip_owner_lookup(struct auth_master_connection *auth,
		     const struct geotrip_notify_config *config,
		     const char *user, pool_t pool,
		     struct geotrip_owner *owner_r, const char **error_r);

#endif
