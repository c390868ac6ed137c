/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_SESSIONS_H
#define GEOTRIP_SESSIONS_H

/* The open sessions of users in Dovecot's own services, as known to anvil. The
   protocol differs between Dovecot versions: geotrip-sessions-2.3.c and
   -2.4.c. */

#include "geotrip-settings.h"

/* End the sessions of a service whose users are in the list, which must be
   sorted by i_strcmp_p(), unless they come from an exempt network. A process
   that also serves other users is left alone. So is, with a warning, one that
   does not belong to the service, whatever anvil was told. Needs root. base_dir
   is Dovecot's setting. Returns how many sessions were ended, or -1 with an
   error. */
int geotrip_sessions_end(const char *base_dir, const char *service,
			 ARRAY_TYPE(const_string) *users,
			 const struct geotrip_config *config,
			 const char **error_r);

/* Only for the version-specific files. The address is of the family 0 if anvil
   does not know it. */
static inline bool
geotrip_sessions_is_to_end(ARRAY_TYPE(const_string) *users,
			   const struct geotrip_config *config,
			   const char *user, const struct ip_addr *ip)
{
	return array_bsearch(users, &user, i_strcmp_p) != NULL &&
		!geotrip_config_ip_exempt(config, ip);
}

#endif
