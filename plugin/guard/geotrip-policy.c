/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Maps the attributes of a request to an action. Each request queries the
   database: it is one indexed lookup, and changes by other processes are seen
   immediately. */

#include "lib.h"
#include "ioloop.h"
#include "time-util.h"
#include "geotrip-alarm.h"
#include "geotrip-policy.h"
#include "geotrip-store.h"

/* All Postfix processes wait for this one. */
#define LOCK_WAIT_MSECS 100
/* After a failure the database is left alone for this long. */
#define RETRY_MSECS 1000

#define ACTION_NONE "DUNNO"
/* 521: Postfix closes the connection after this. */
#define ACTION_REFUSE "521 5.7.1 "

struct geotrip_policy {
	const struct geotrip_config *config;
	struct event *event;
	struct geotrip_alarm *alarm;
	/* NULL: nobody is refused, whatever the database contains */
	struct geotrip_store *store;
	/* NULL: the store works */
	char *store_error;
	struct timeval store_failed;
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
	const struct geotrip_store_settings store_set = {
		.path = config->db_path,
		.lock_wait_msecs = LOCK_WAIT_MSECS,
	};
	struct geotrip_policy *policy = i_new(struct geotrip_policy, 1);

	policy->config = config;
	policy->event = event;
	event_ref(event);
	policy->alarm = geotrip_alarm_init(event);
	if (has_anybody_to_refuse(config))
		policy->store = geotrip_store_init(&store_set);
	return policy;
}

void geotrip_policy_deinit(struct geotrip_policy **_policy)
{
	struct geotrip_policy *policy = *_policy;

	if (policy == NULL)
		return;
	*_policy = NULL;
	geotrip_store_deinit(&policy->store);
	geotrip_alarm_deinit(&policy->alarm);
	event_unref(&policy->event);
	i_free(policy->store_error);
	i_free(policy);
}

void geotrip_policy_complain(struct geotrip_policy *policy, const char *error)
{
	geotrip_alarm_raise(policy->alarm, error);
}

static void store_failed(struct geotrip_policy *policy, const char *error)
{
	char *old_error = policy->store_error;

	geotrip_policy_complain(policy, error);
	policy->store_error = i_strdup(error);
	policy->store_failed = ioloop_timeval;
	i_free(old_error);
}

/* Did it fail recently? The clock may have been set back since. */
static bool store_is_resting(const struct geotrip_policy *policy)
{
	long long msecs = timeval_diff_msecs(&ioloop_timeval,
					     &policy->store_failed);

	return policy->store_error != NULL &&
		msecs >= 0 && msecs < RETRY_MSECS;
}

/* Open the store, or check whether the open one is still the current file. */
static bool store_open(struct geotrip_policy *policy)
{
	const char *error;

	if (store_is_resting(policy)) {
		geotrip_policy_complain(policy, policy->store_error);
		return FALSE;
	}
	if (geotrip_store_open(policy->store, &error) < 0) {
		store_failed(policy, error);
		return FALSE;
	}
	return TRUE;
}

struct lookup {
	struct geotrip_policy *policy;
	int64_t now;
	bool suspended;
};

static void
lookup_done(const struct geotrip_store_history *history, const char *error,
	    void *context)
{
	struct lookup *lookup = context;

	if (history == NULL) {
		store_failed(lookup->policy, error);
		return;
	}
	i_free(lookup->policy->store_error);
	lookup->suspended = history->suspended &&
		history->suspended_until > lookup->now;
}

static bool is_suspended(struct geotrip_policy *policy, char *name)
{
	struct geotrip_store_user user = { .name = name };
	/* SQLite answers before geotrip_store_load() returns */
	struct lookup lookup = { .policy = policy, .now = geotrip_now() };

	if (!store_open(policy))
		return FALSE;
	/* no logins are of interest, only the suspension */
	geotrip_store_load(policy->store, &user, lookup.now, lookup.now,
			   lookup_done, &lookup);
	return lookup.suspended;
}

const char *geotrip_policy_action(struct geotrip_policy *policy,
				  const struct geotrip_policy_request *request)
{
	const struct geotrip_config *config = policy->config;

	if (policy->store == NULL || !request->access_policy ||
	    request->user == NULL ||
	    geotrip_config_user_exempt(config, request->user) ||
	    geotrip_config_ip_exempt(config, &request->ip) ||
	    !is_suspended(policy, request->user))
		return ACTION_NONE;
	e_debug(policy->event, "user=<%s>: open Postfix connection refused",
		geotrip_escape(request->user));
	return t_strconcat(ACTION_REFUSE, config->message, NULL);
}
