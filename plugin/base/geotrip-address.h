/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_ADDRESS_H
#define GEOTRIP_ADDRESS_H

/* Mail addresses from settings and the userdb. */

#include "smtp-address.h"

/* Replaced by the name of the account. */
#define GEOTRIP_ADDRESS_USER "%{user}"

/* Parse addresses that are separated by commas or white space, and append them
   to the array, allocated from the pool. "%{user}" is replaced by the user's
   name, whatever characters it has, unless user is NULL. domain is appended to
   addresses without one, unless it is empty. Addresses that are in the array
   already are not appended again. Returns -1 with an error that names the word
   if one of them cannot be written in ASCII according to RFC 5321 (the others
   are appended), or if there is none at all. */
int geotrip_addresses_parse(pool_t pool, const char *text, const char *user,
			    const char *domain,
			    ARRAY_TYPE(smtp_address_const) *addresses,
			    const char **error_r);

/* Is this valid after an @? The empty string is, too. */
bool geotrip_domain_is_valid(const char *domain);

/* The addresses joined with the separator, in the data stack. */
const char *
geotrip_addresses_join(const ARRAY_TYPE(smtp_address_const) *addresses,
		       const char *separator);

#endif
