/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Asks Dovecot's auth process, like mail delivery does. */

#include "lib.h"
#include "array.h"
#include "auth-master.h"
#include "geotrip-compat.h"
#include "geotrip-owner.h"

#define FIELD_ADDRESS "geotrip_notify"
#define FIELD_LANGUAGE "geotrip_language"
/* The auth process does not accept longer names. */
#define MAX_LOOKUP_BYTES 512
/* the return value of a lookup for an error that concerns only this user */
#define USER_FAILED (-2)

/* The value of a field, or NULL. */
static const char *
field_value(const char *const *fields, const char *name)
{
	size_t len = strlen(name);

	for (; fields != NULL && *fields != NULL; fields++) {
		if (strncmp(*fields, name, len) == 0 && (*fields)[len] == '=')
			return *fields + len + 1;
	}
	return NULL;
}

/* Returns -1 with an error if there is no address at all. */
static int
parse_owner(const struct geotrip_notify_config *config, const char *user,
	    const char *const *fields, pool_t pool,
	    struct geotrip_owner *owner_r, const char **error_r)
{
	const char *value = field_value(fields, FIELD_LANGUAGE), *error = NULL;

	i_zero(owner_r);
	p_array_init(&owner_r->addresses, pool, 2);
	owner_r->language = config->language;
	/* the language becomes part of a file name */
	if (value != NULL && geotrip_language_is_valid(value))
		owner_r->language = p_strdup(pool, value);

	value = field_value(fields, FIELD_ADDRESS);
	if (value != NULL && *value != '\0') {
		if (geotrip_addresses_parse(pool, value, NULL, config->domain,
					    &owner_r->addresses, &error) < 0) {
			error = p_strconcat(pool, "userdb field "
					    FIELD_ADDRESS": ", error, NULL);
		}
	} else if (geotrip_addresses_parse(pool, config->address, user,
					   config->domain,
					   &owner_r->addresses, &error) < 0) {
		error = p_strconcat(pool, "geotrip_notify_address: ", error,
				    NULL);
	}
	owner_r->problem = error;
	*error_r = error;
	return array_count(&owner_r->addresses) == 0 ? -1 : 0;
}

enum geotrip_owner_result
geotrip_owner_lookup(struct auth_master_connection *auth,
		     const struct geotrip_notify_config *config,
		     const char *user, pool_t pool,
		     struct geotrip_owner *owner_r, const char **error_r)
{
	const char *const *fields = NULL, *username;
	struct auth_user_info info;
	int ret = 0;

	i_zero(&info);
	info.geotrip_user_info_protocol = "doveadm";
	if (strlen(user) <= MAX_LOOKUP_BYTES) {
		ret = auth_master_user_lookup(auth, user, &info, pool,
					      &username, &fields);
	}
	if (ret < 0) {
		*error_r = t_strdup_printf("userdb lookup failed: %s",
			fields != NULL && *fields != NULL ? *fields :
			"see the log of Dovecot's auth process");
		return ret == USER_FAILED ? GEOTRIP_OWNER_LATER :
			GEOTRIP_OWNER_NO_USERDB;
	}
	if (ret == 0)
		fields = NULL;
	return parse_owner(config, user, fields, pool, owner_r, error_r) < 0 ?
		GEOTRIP_OWNER_UNREACHABLE : GEOTRIP_OWNER_FOUND;
}
