/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_COMPAT_H
#define GEOTRIP_COMPAT_H

/* What differs between Dovecot versions and is too small for a file of its
   own. Include it in place of Dovecot's auth headers. */

/* the fields of a request are const for everybody who does not ask */
#define AUTH_REQUEST_FIELDS_CONST

#include "auth-common.h"
#include "auth.h"
#include "auth-fields.h"
#include "auth-request.h"
#include "auth-request-handler-private.h"

#ifdef GEOTRIP_DOVECOT_23

/* Dovecot's name of the service that the client authenticates for. */
static inline const char *
geotrip_auth_service(const struct auth_request *request)
{
	return request->fields.service;
}

static inline const char *
geotrip_auth_mechanism(const struct auth_request *request)
{
	return request->mech->mech_name;
}

/* Has the passdb that agreed to the login the field nopassword? Dovecot has
   removed it from the request by now. A passdb that gets its fields from a
   database has given no password then. The static one has an empty password,
   and the field in its configuration. */
static inline bool
geotrip_auth_nopassword(const struct auth_request *request)
{
	const struct auth_passdb *passdb = request->passdb;

	return request->passdb_password == NULL || passdb == NULL ||
		strstr(passdb->set->args, "nopassword") != NULL ||
		strstr(passdb->set->default_fields, "nopassword") != NULL ||
		strstr(passdb->set->override_fields, "nopassword") != NULL;
}

/* Answer a failure at once and without a penalty for the client's address. */
static inline void geotrip_auth_no_penalty(struct auth_request *request)
{
	auth_fields_add(request->fields.extra_fields, "nodelay", "",
			AUTH_FIELD_FLAG_HIDDEN);
}

#else
#  error "geotrip does not know this version of Dovecot"
#endif

#endif
