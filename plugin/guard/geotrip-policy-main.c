/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The geotrip-policy process: a Dovecot service for Postfix. */

#include "lib.h"
#include "restrict-access.h"
#include "geotrip-compat.h"
#include "geotrip-event.h"
#include "geotrip-policy.h"
#include "geotrip-policy-client.h"
#include "geotrip-settings-read.h"

#define SERVICE_NAME "geotrip-policy"

int main(int argc, char *argv[])
{
	struct geotrip_config config;
	struct geotrip_policy *policy;
	struct event *event;
	const char *error;
	pool_t pool;

	master_service = master_service_init(SERVICE_NAME, 0,
					     &argc, &argv, "");
	if (master_getopt(master_service) > 0)
		return FATAL_DEFAULT;
	if (geotrip_master_settings_read(&error) < 0)
		i_fatal("%s", error);
	pool = pool_alloconly_create("geotrip config", 4096);
	if (geotrip_settings_read_service(SERVICE_NAME, pool, &config,
					  &error) < 0)
		i_fatal("geotrip: Cannot read the settings: %s", error);
	master_service_init_log(master_service);

	/* not as root: files created by SQLite would be owned by root */
	restrict_access_by_env(0, NULL);
	restrict_access_allow_coredumps(TRUE);
	/* Otherwise Postfix' open connections would keep a process with old
	   settings alive after a reload. Postfix reconnects by itself. */
	master_service_set_die_with_master(master_service, TRUE);

	event = geotrip_event_create(geotrip_service_event());
	policy = geotrip_policy_init(&config, event);
	geotrip_policy_clients_init(policy, event);
	master_service_init_finish(master_service);

	master_service_run(master_service, geotrip_policy_client_create);

	geotrip_policy_clients_deinit();
	geotrip_policy_deinit(&policy);
	event_unref(&event);
	pool_unref(&pool);
	master_service_deinit(&master_service);
	return 0;
}
