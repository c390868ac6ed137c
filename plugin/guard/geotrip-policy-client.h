/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_POLICY_CLIENT_H
#define GEOTRIP_POLICY_CLIENT_H

/* The connections of Postfix's smtpd processes. */

#include "geotrip-policy.h"

/* Below the client_limit of the service: Postfix must not be able to keep auth
   processes away. */
#define GEOTRIP_POLICY_MAX_CLIENTS 900

struct master_service_connection;

void geotrip_policy_clients_init(struct geotrip_policy *policy,
				 struct event *event);
/* Disconnects all of them. */
void geotrip_policy_clients_deinit(void);

void geotrip_policy_client_create(struct master_service_connection *conn);

#endif
