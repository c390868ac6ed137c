/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_POLICY_H
#define GEOTRIP_POLICY_H

/* Postfix' policy protocol: parsing of requests, and the actions they are
   answered with. A client that authenticated before its account was suspended
   is refused here, at its next recipient.

   Nobody is refused because of an error. */

#include "geotrip-settings.h"

struct geotrip;
struct geotrip_policy;

/* Must be zero-initialized. */
struct geotrip_policy_request {
	/* request=smtpd_access_policy, which is sent for each SMTP command */
	bool access_policy;
	/* NULL: the client has not authenticated */
	char *user;
	/* family 0: none */
	struct ip_addr ip;
};

/* Add an attribute, "name=value". Irrelevant ones are ignored. */
void geotrip_policy_request_add(struct geotrip_policy_request *request,
				const char *line);
/* Reset it for the next request. */
void geotrip_policy_request_clear(struct geotrip_policy_request *request);

/* config must stay valid until deinit. Nobody is refused before
   geotrip_policy_serve(). */
struct geotrip_policy *
geotrip_policy_init(const struct geotrip_config *config, struct event *event);
/* From now on gt, which must outlive the policy, knows who is suspended. NULL:
   nobody is. */
void geotrip_policy_serve(struct geotrip_policy *policy, struct geotrip *gt);
void geotrip_policy_deinit(struct geotrip_policy **policy);

/* The action for Postfix, as in access(5). In the data stack. */
const char *geotrip_policy_action(struct geotrip_policy *policy,
				  const struct geotrip_policy_request *request);

/* Log an error, each one at most once a minute. */
void geotrip_policy_complain(struct geotrip_policy *policy, const char *error);

#endif
