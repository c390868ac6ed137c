/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The attributes of a request, and what it is answered, with a real database
   in a real event loop. */

#include "lib.h"
#include "test-common.h"
#include "geotrip-login.h"
#include "geotrip-policy.h"
#include "geotrip-settings-read.h"
#include "test-login-fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define USER "user@example.com"
#define REFUSED "521 5.7.1 Suspended."
#define LET_THROUGH "DUNNO"

static struct geotrip_config config;
static struct geotrip *gt;

static struct geotrip_policy *start(const char *mode, const char *services)
{
	struct geotrip_settings set = geotrip_default_settings;
	struct geotrip_policy *policy;
	const char *error;

	set.geotrip_db = test_store_path;
	set.geotrip_mmdb = t_strconcat(getenv("GEOTRIP_TEST_DATA"),
				       "/maxmind.mmdb", NULL);
	set.geotrip_mode = mode;
	set.geotrip_services = "";
	set.geotrip_suspend_services = services;
	set.geotrip_exempt_users = "exempt*";
	set.geotrip_exempt_networks = "192.0.2.0/24";
	set.geotrip_message = "Suspended.";
	set.geotrip_on_error = "allow";

	i_zero(&config);
	if (geotrip_config_parse(&set, pool_datastack_create(), &config,
				 &error) < 0)
		i_fatal("%s", error);
	gt = geotrip_init(&config, gt_event);
	policy = geotrip_policy_init(&config, gt_event);
	geotrip_policy_serve(policy, gt);
	return policy;
}

static void stop(struct geotrip_policy **policy)
{
	geotrip_policy_deinit(policy);
	geotrip_deinit(&gt);
}

static struct geotrip_store *store_open(void)
{
	const struct geotrip_store_settings set = {
		.path = test_store_path,
		.create = TRUE,
		.lock_wait_msecs = 1000,
	};
	struct geotrip_store *store = geotrip_store_init(&set);
	const char *error;

	if (geotrip_store_open(store, &error) < 0)
		i_fatal("%s", error);
	return store;
}

static void suspend(const char *user, int64_t until)
{
	struct geotrip_store *store = store_open();
	const char *error;

	if (geotrip_store_suspend(store, user, until, "test", &error) < 0)
		i_fatal("%s", error);
	geotrip_store_deinit(&store);
}

static void release(const char *user)
{
	struct geotrip_store *store = store_open();
	const char *error;

	if (geotrip_store_release(store, user, NULL, &error) <= 0)
		i_fatal("release failed");
	geotrip_store_deinit(&store);
}

static const char *
ask(struct geotrip_policy *policy, const char *user, const char *ip)
{
	struct geotrip_policy_request request;
	const char *action;

	/* what other processes did is looked for once in a while */
	gt_run_ioloop(2);
	i_zero(&request);
	geotrip_policy_request_add(&request, "request=smtpd_access_policy");
	geotrip_policy_request_add(&request, "protocol_state=RCPT");
	geotrip_policy_request_add(&request, t_strconcat(
		"client_address=", ip, NULL));
	geotrip_policy_request_add(&request, t_strconcat(
		"sasl_username=", user, NULL));
	action = geotrip_policy_action(policy, &request);
	geotrip_policy_request_clear(&request);
	return action;
}

static void test_policy_request(void)
{
	static const char *const ignored[] = {
		"", "=", "sasl_username", "sasl_usernam=x", "sasl_username2=x",
		"Sasl_username=x", " sasl_username=x", "sender=sasl_username=x",
		"request", "client_address",
	};
	struct geotrip_policy_request request;
	struct ip_addr ip;
	unsigned int i;

	test_begin("policy: attributes");
	i_zero(&request);
	for (i = 0; i < N_ELEMENTS(ignored); i++) {
		geotrip_policy_request_add(&request, ignored[i]);
		test_assert_idx(request.user == NULL, i);
		test_assert_idx(!request.access_policy, i);
		test_assert_idx(request.ip.family == 0, i);
	}
	geotrip_policy_request_add(&request, "request=smtpd_access_policy");
	test_assert(request.access_policy);
	geotrip_policy_request_add(&request, "request=junk_policy");
	test_assert(!request.access_policy);

	geotrip_policy_request_add(&request, "sasl_username=a=b c");
	test_assert(null_strcmp(request.user, "a=b c") == 0);
	geotrip_policy_request_add(&request, "sasl_username=last");
	test_assert(null_strcmp(request.user, "last") == 0);
	geotrip_policy_request_add(&request, "sasl_username=");
	test_assert(request.user == NULL);

	geotrip_policy_request_add(&request, "client_address=2001:db8::1");
	test_assert(net_addr2ip("2001:db8::1", &ip) == 0 &&
		    net_ip_compare(&request.ip, &ip));
	geotrip_policy_request_add(&request, "client_address=unknown");
	test_assert(request.ip.family == 0);

	geotrip_policy_request_add(&request, "sasl_username=x");
	geotrip_policy_request_clear(&request);
	test_assert(request.user == NULL && !request.access_policy);
	test_end();
}

static void test_policy_action(void)
{
	struct geotrip_policy *policy = start("enforce", "smtp");
	struct geotrip_policy_request request;

	test_begin("policy: action");
	suspend(USER, GEOTRIP_NEVER);
	suspend("exempt@example.com", GEOTRIP_NEVER);
	suspend("past@example.com", geotrip_now() - 1);
	suspend("future@example.com", geotrip_now() + GEOTRIP_USECS(60));

	test_assert_strcmp(ask(policy, USER, "203.0.113.1"), REFUSED);
	test_assert_strcmp(ask(policy, USER, "unknown"), REFUSED);
	test_assert_strcmp(ask(policy, USER, "192.0.2.1"), LET_THROUGH);
	test_assert_strcmp(ask(policy, USER, "::ffff:192.0.2.1"), LET_THROUGH);
	test_assert_strcmp(ask(policy, "", "203.0.113.1"), LET_THROUGH);
	test_assert_strcmp(ask(policy, "other", "203.0.113.1"), LET_THROUGH);
	test_assert_strcmp(ask(policy, "exempt@example.com", "203.0.113.1"),
			   LET_THROUGH);
	test_assert_strcmp(ask(policy, "past@example.com", "203.0.113.1"),
			   LET_THROUGH);
	test_assert_strcmp(ask(policy, "future@example.com", "203.0.113.1"),
			   REFUSED);

	i_zero(&request);
	geotrip_policy_request_add(&request, "sasl_username="USER);
	test_assert_strcmp(geotrip_policy_action(policy, &request),
			   LET_THROUGH);
	geotrip_policy_request_clear(&request);

	release(USER);
	test_assert_strcmp(ask(policy, USER, "203.0.113.1"), LET_THROUGH);
	stop(&policy);
	remove_db();
	test_end();
}

static void test_policy_nobody(void)
{
	static const struct {
		const char *mode, *services, *action;
	} tests[] = {
		{ "enforce", "submission *", REFUSED },
		{ "enforce", "submission SMTP", REFUSED },
		{ "enforce", "submission", LET_THROUGH },
		{ "enforce", "", LET_THROUGH },
		{ "observe", "*", LET_THROUGH },
	};
	struct geotrip_policy *policy;
	unsigned int i;

	test_begin("policy: modes and services");
	suspend(USER, GEOTRIP_NEVER);
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		policy = start(tests[i].mode, tests[i].services);
		test_assert_strcmp_idx(ask(policy, USER, "203.0.113.1"),
				       tests[i].action, i);
		stop(&policy);
	}
	remove_db();
	test_end();
}

static void test_policy_errors(void)
{
	const char *away = t_strconcat(test_store_path, ".away", NULL);
	struct geotrip_policy *policy = start("enforce", "smtp");

	test_begin("policy: without the guard, and without the database");
	suspend(USER, GEOTRIP_NEVER);
	geotrip_policy_serve(policy, NULL);
	test_assert_strcmp(ask(policy, USER, "203.0.113.1"), LET_THROUGH);
	geotrip_policy_serve(policy, gt);
	test_assert_strcmp(ask(policy, USER, "203.0.113.1"), REFUSED);

	/* what is known stays known */
	if (rename(test_store_path, away) < 0)
		i_fatal("rename() failed: %m");
	test_assert_strcmp(ask(policy, USER, "203.0.113.1"), REFUSED);
	if (rename(away, test_store_path) < 0)
		i_fatal("rename() failed: %m");
	stop(&policy);
	remove_db();
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_policy_request,
		test_policy_action,
		test_policy_nobody,
		test_policy_errors,
		NULL
	};
	return gt_run_tests(tests);
}
