/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_LOGIN_H
#define AUTH_GEOTRIP_LOGIN_H

/* Which successes are logins of users at all, and what the guard has to know
   of them. */

struct auth_request;
struct geotrip_client;
struct geotrip_config;

/* Both must stay valid as long as logins come. */
void geotrip_logins_init(const struct geotrip_config *config,
			 struct geotrip_client *client);

/* A SASL exchange was successful; see geotrip_hook_callback_t. */
bool geotrip_login_succeeded(struct auth_request *request,
			     const void *reply, size_t reply_size);

#endif
