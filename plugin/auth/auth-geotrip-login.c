/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* From a request of Dovecot's to a login for the guard. */

#include "lib.h"
#include "geotrip-compat-auth.h"
#include "geotrip-settings.h"
#include "auth-geotrip-client.h"
#include "auth-geotrip-held.h"
#include "auth-geotrip-login.h"

static const struct geotrip_config *login_config;
static struct geotrip_client *login_client;

void geotrip_logins_init(const struct geotrip_config *config,
			 struct geotrip_client *client)
{
	login_config = config;
	login_client = client;
}

/* With the passdb fields proxy and nopassword any password is accepted here:
   only the server behind this one verifies it. This applies to Dovecot's login
   processes. For all other clients, such as Postfix and Exim, there is no such
   server: the reply is final. */
static bool is_unverified(const struct auth_request *request)
{
	return !request->auth_only &&
		auth_fields_exists(request->fields.extra_fields, "proxy") &&
		/* already verified by a passdb before the one with these
		   fields */
		!request->fields.skip_password_check &&
		geotrip_auth_nopassword(request);
}

/* Master users log in as somebody else, anonymous is no account, and tokens are
   given only to sessions that have authenticated already. */
static bool is_login(const struct auth_request *request)
{
	return request->fields.user != NULL && !is_unverified(request) &&
		request->fields.master_user == NULL &&
		!request->handler->token_auth &&
		strcmp(geotrip_auth_mechanism(request), "ANONYMOUS") != 0 &&
		strcmp(request->fields.user,
		       request->set->anonymous_username) != 0;
}

/* Is it one that is counted, or that a suspended user is refused? */
static bool is_of_interest(const struct auth_request *request)
{
	const char *service = geotrip_auth_service(request);

	return (geotrip_services_have(login_config->services, service) ||
		geotrip_services_have(login_config->suspend_services,
				      service)) &&
		!geotrip_config_user_exempt(login_config,
					    request->fields.user) &&
		!geotrip_config_ip_exempt(login_config,
					  &request->fields.remote_ip);
}

bool geotrip_login_succeeded(struct auth_request *request,
			     const void *reply, size_t reply_size)
{
	struct geotrip_wire_login login;

	if (!is_login(request) || !is_of_interest(request))
		return TRUE;
	i_zero(&login);
	login.time = geotrip_now();
	login.ip = request->fields.remote_ip;
	login.user = request->fields.user;
	login.service = geotrip_auth_service(request);
	login.mechanism = geotrip_auth_mechanism(request);
	login.session = request->fields.session_id == NULL ? "" :
		request->fields.session_id;
	geotrip_client_ask(login_client, &login,
			   geotrip_held_create(request, reply, reply_size));
	return FALSE;
}
