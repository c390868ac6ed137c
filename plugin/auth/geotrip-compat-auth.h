/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_COMPAT_AUTH_H
#define GEOTRIP_COMPAT_AUTH_H

/* What differs between Dovecot versions in the auth process. Include it in
   place of Dovecot's auth headers. */

/* defined as empty, so that the fields of a request are not const */
#define AUTH_REQUEST_FIELDS_CONST

#include "auth-common.h"
#include "auth.h"
#include "auth-fields.h"
#include "auth-request.h"
#include "auth-request-handler-private.h"
#include "auth-settings.h"
#include "passdb.h"
#include "userdb.h"

#if defined(GEOTRIP_DOVECOT_23)

/* Dovecot's name for the service that the client authenticates for. */
static inline const char *
geotrip_auth_service(const struct auth_request *request)
{
	return request->fields.service;
}

/* The passdbs, in the order in which they are asked; NULL if there are none. */
static inline struct auth_passdb *geotrip_auth_passdbs(void)
{
	return auth_default_service()->passdbs;
}

static inline struct auth_userdb *geotrip_auth_userdbs(void)
{
	return auth_default_service()->userdbs;
}

/* Does the passdb's configuration set the field nopassword? */
static inline bool
geotrip_passdb_nopassword(const struct auth_passdb *passdb)
{
	return strstr(passdb->set->args, "nopassword") != NULL ||
		strstr(passdb->set->default_fields, "nopassword") != NULL ||
		strstr(passdb->set->override_fields, "nopassword") != NULL;
}

/* Send the failure without a delay and without a penalty for the client's
   address. */
static inline void geotrip_auth_no_penalty(struct auth_request *request)
{
	auth_fields_add(request->fields.extra_fields, "nodelay", "",
			AUTH_FIELD_FLAG_HIDDEN);
}

#elif defined(GEOTRIP_DOVECOT_24)

static inline const char *
geotrip_auth_service(const struct auth_request *request)
{
	return request->fields.protocol;
}

static inline struct auth_passdb *geotrip_auth_passdbs(void)
{
	return auth_default_protocol()->passdbs;
}

static inline struct auth_userdb *geotrip_auth_userdbs(void)
{
	return auth_default_protocol()->userdbs;
}

static inline bool
geotrip_passdb_nopassword(const struct auth_passdb *passdb)
{
	const char *str;

	if (passdb->unexpanded_post_set == NULL ||
	    !array_is_created(&passdb->unexpanded_post_set->fields))
		return FALSE;
	array_foreach_elem(&passdb->unexpanded_post_set->fields, str) {
		if (strstr(str, "nopassword") != NULL)
			return TRUE;
	}
	return FALSE;
}

static inline void geotrip_auth_no_penalty(struct auth_request *request)
{
	request->failure_nodelay = TRUE;
}

#else
#  error "geotrip does not know this version of Dovecot"
#endif

#if defined(GEOTRIP_DOVECOT_MECH)

static inline const char *
geotrip_auth_mechanism(const struct auth_request *request)
{
	return request->mech->mech_name;
}

static inline struct mech_module_list *geotrip_auth_mechanisms(void)
{
#ifdef GEOTRIP_DOVECOT_23
	return auth_default_service()->reg->modules;
#else
	return auth_default_protocol()->reg->modules;
#endif
}

#elif defined(GEOTRIP_DOVECOT_SASL)

static inline const char *
geotrip_auth_mechanism(const struct auth_request *request)
{
	return request->sasl.req.mech_name;
}

#else
#  error "geotrip does not know how this Dovecot reports a success"
#endif

/* Did the passdb that accepted the login return the field nopassword? Dovecot
   has removed it from the request by now. A passdb that gets its fields from a
   database has returned no password then. The static passdb has an empty
   password, and the field in its configuration. */
static inline bool
geotrip_auth_nopassword(const struct auth_request *request)
{
	return request->passdb_password == NULL || request->passdb == NULL ||
		geotrip_passdb_nopassword(request->passdb);
}

#endif
