/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The auth module: connects the hook to the login pipeline, and decides which
   successes are logins of users. */

#include "lib.h"
#include "ioloop.h"
#include "geotrip-compat-auth.h"
#include "geotrip-event.h"
#include "geotrip-login.h"
#include "geotrip-settings-read.h"
#include "auth-geotrip-hook.h"
#include "auth-geotrip-plugin.h"

const char *auth_geotrip_version = DOVECOT_ABI_VERSION;

static pool_t geotrip_pool;
static struct geotrip_config geotrip_config;
static struct timeout *to_start;
static struct event *geotrip_event;
static struct geotrip *geotrip;

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

static void verdict_callback(enum geotrip_verdict verdict, void *context)
{
	enum geotrip_verdict *verdict_r = context;

	*verdict_r = verdict;
}

static bool login_callback(struct auth_request *request)
{
	/* SQLite answers before geotrip_login_check() returns. A store that
	   answers later needs the reply to be kept until then. */
	enum geotrip_verdict verdict = GEOTRIP_VERDICT_ALLOW;
	const struct geotrip_login login = {
		.user = request->fields.user,
		.ip = request->fields.remote_ip,
		.service = geotrip_auth_service(request),
		.mechanism = geotrip_auth_mechanism(request),
		.session = request->fields.session_id,
		.time = geotrip_now(),
	};

	if (!is_login(request))
		return TRUE;
	geotrip_login_check(geotrip, &login, verdict_callback, &verdict);
	switch (verdict) {
	case GEOTRIP_VERDICT_UNKNOWN:
		i_unreached();
	case GEOTRIP_VERDICT_ALLOW:
	case GEOTRIP_VERDICT_OBSERVE:
		return TRUE;
	case GEOTRIP_VERDICT_TRIP:
	case GEOTRIP_VERDICT_BLOCKED:
		geotrip_hook_deny(request, geotrip_config.message);
		return FALSE;
	case GEOTRIP_VERDICT_TEMPFAIL:
		geotrip_hook_tempfail(request);
		return FALSE;
	}
	i_unreached();
}

static void geotrip_start(void *context ATTR_UNUSED)
{
	timeout_remove(&to_start);
	geotrip_event = geotrip_event_create(auth_event);
	geotrip = geotrip_init(&geotrip_config, geotrip_event);
	geotrip_hook_install(login_callback);
}

void auth_geotrip_init(struct module *module ATTR_UNUSED)
{
	const char *error;

	/* workers only do passdb and userdb lookups for the main auth
	   process */
	if (worker)
		return;

	geotrip_pool = pool_alloconly_create("geotrip config", 4096);
	if (geotrip_settings_read_service("auth", geotrip_pool,
					  &geotrip_config, &error) < 0)
		i_fatal("geotrip: Cannot read the settings: %s", error);
	if (*geotrip_config.db_path == '\0')
		return;
	/* We are still root and there are no mechanisms yet. The timeout runs
	   after both have changed and before the first client is served. */
	to_start = timeout_add_short(0, geotrip_start, NULL);
}

void auth_geotrip_deinit(void)
{
	timeout_remove(&to_start);
	if (geotrip != NULL) {
		geotrip_hook_uninstall();
		geotrip_deinit(&geotrip);
		event_unref(&geotrip_event);
	}
	pool_unref(&geotrip_pool);
}
