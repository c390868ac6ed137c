/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Maps the attributes of a request to an action, by what the guard knows of the
   user. */

#include "lib.h"
#include "geotrip-alarm.h"
#include "geotrip-login.h"
#include "geotrip-policy.h"

#define ACTION_NONE "DUNNO"
/* 521: Postfix closes the connection after this. */
#define ACTION_REFUSE "521 5.7.1 "

struct geotrip_policy {
	const struct geotrip_config *config;
	struct event *event;
	struct geotrip_alarm *alarm;
	/* NULL: it has not started yet, or geotrip is off */
	struct geotrip *gt;
	/* by the settings, clients may have to be refused */
	bool refuses;
};

void geotrip_policy_request_add(struct geotrip_policy_request *request,
				const char *line)
{
	const char *value = strchr(line, '=');
	size_t len;

	if (value == NULL)
		return;
	len = value++ - line;
	if (len == 7 && memcmp(line, "request", len) == 0) {
		request->access_policy =
			strcmp(value, "smtpd_access_policy") == 0;
	} else if (len == 13 && memcmp(line, "sasl_username", len) == 0) {
		i_free(request->user);
		if (*value != '\0')
			request->user = i_strdup(value);
	} else if (len == 14 && memcmp(line, "client_address", len) == 0) {
		if (net_addr2ip(value, &request->ip) < 0)
			i_zero(&request->ip);
	}
}

void geotrip_policy_request_clear(struct geotrip_policy_request *request)
{
	i_free(request->user);
	i_zero(request);
}

/* Postfix uses the same service name for all of its clients. */
static bool has_anybody_to_refuse(const struct geotrip_config *config)
{
	return *config->db_path != '\0' && config->enforce &&
		geotrip_services_have(config->suspend_services, "smtp");
}

struct geotrip_policy *
geotrip_policy_init(const struct geotrip_config *config, struct event *event)
{
	struct geotrip_policy *policy = i_new(struct geotrip_policy, 1);

	policy->config = config;
	policy->event = event;
	event_ref(event);
	policy->alarm = geotrip_alarm_init(event);
	policy->refuses = has_anybody_to_refuse(config);
	return policy;
}

void geotrip_policy_serve(struct geotrip_policy *policy, struct geotrip *gt)
{
	policy->gt = gt;
}

void geotrip_policy_deinit(struct geotrip_policy **_policy)
{
	struct geotrip_policy *policy = *_policy;

	if (policy == NULL)
		return;
	*_policy = NULL;
	geotrip_alarm_deinit(&policy->alarm);
	event_unref(&policy->event);
	i_free(policy);
}

void geotrip_policy_complain(struct geotrip_policy *policy, const char *error)
{
	geotrip_alarm_raise(policy->alarm, error);
}

const char *geotrip_policy_action(struct geotrip_policy *policy,
				  const struct geotrip_policy_request *request)
{
	const struct geotrip_config *config = policy->config;

	if (!policy->refuses || policy->gt == NULL ||
	    !request->access_policy ||
	    request->user == NULL ||
	    geotrip_config_user_exempt(config, request->user) ||
	    geotrip_config_ip_exempt(config, &request->ip) ||
	    !geotrip_is_suspended(policy->gt, request->user,
				  geotrip_now()))
		return ACTION_NONE;
	e_debug(policy->event, "user=<%s>: open Postfix connection refused",
		geotrip_escape(request->user));
	return t_strconcat(ACTION_REFUSE, config->message, NULL);
}
