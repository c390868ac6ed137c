/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The auth module: begins and ends with the auth process. */

#include "lib.h"
#include "ioloop.h"
#include "geotrip-compat-auth.h"
#include "geotrip-settings-read.h"
#include "auth-geotrip-client.h"
#include "auth-geotrip-hook.h"
#include "auth-geotrip-login.h"
#include "auth-geotrip-plugin.h"

#define GUARD_SOCKET "geotrip"

const char *auth_geotrip_version = DOVECOT_ABI_VERSION;

static pool_t geotrip_pool;
static struct geotrip_config geotrip_config;
static struct timeout *to_start;
static struct event *geotrip_event;
static struct geotrip_client *geotrip_client;

/* What a passdb does at shutdown. It runs while requests can still be answered:
   when modules are unloaded, that is over. */
static void (*next_passdb_deinit)(struct passdb_module *module);
static void (*next_userdb_deinit)(struct userdb_module *module);

static void stop_before_passdb(struct passdb_module *module)
{
	geotrip_client_stop(geotrip_client);
	if (next_passdb_deinit != NULL)
		next_passdb_deinit(module);
}

static void stop_before_userdb(struct userdb_module *module)
{
	geotrip_client_stop(geotrip_client);
	if (next_userdb_deinit != NULL)
		next_userdb_deinit(module);
}

/* Mechanisms such as GSSAPI need no passdb. There is always a userdb. */
static void watch_userdb(struct userdb_module *module)
{
	static struct userdb_module_interface iface;

	iface = *module->iface;
	next_userdb_deinit = iface.deinit;
	iface.deinit = stop_before_userdb;
	module->iface = &iface;
}

static void watch_shutdown(void)
{
	struct auth_passdb *passdb = geotrip_auth_passdbs();
	struct auth_userdb *userdb = geotrip_auth_userdbs();

	if (passdb == NULL) {
		if (userdb != NULL)
			watch_userdb(userdb->userdb);
		return;
	}
	next_passdb_deinit = passdb->passdb->iface.deinit;
	passdb->passdb->iface.deinit = stop_before_passdb;
}

static void geotrip_start(void *context ATTR_UNUSED)
{
	timeout_remove(&to_start);
	geotrip_event = event_create(auth_event);
	event_set_append_log_prefix(geotrip_event, "geotrip: ");
	geotrip_client = geotrip_client_init(&geotrip_config, t_strconcat(
		global_auth_settings->base_dir, "/"GUARD_SOCKET, NULL),
		geotrip_event);
	watch_shutdown();
	geotrip_logins_init(&geotrip_config, geotrip_client);
	geotrip_hook_install(geotrip_login_succeeded);
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
	if (geotrip_client != NULL) {
		geotrip_hook_uninstall();
		geotrip_client_deinit(&geotrip_client);
		event_unref(&geotrip_event);
	}
	pool_unref(&geotrip_pool);
}
