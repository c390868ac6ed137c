/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The guard: the process behind Dovecot's service geotrip. Auth processes ask
   it about logins, and Postfix about the clients that it has already.

   When Dovecot reloads, a guard with the new settings takes over at once. When
   it stops, auth processes go on for a moment, and need this one as long. Both
   begin in the same way: the master closes a pipe. What tells them apart is the
   socket, which the master replaces at a reload. */

#include "lib.h"
#include "ioloop.h"
#include "restrict-access.h"
#include "geotrip-compat.h"
#include "geotrip-event.h"
#include "geotrip-guard-client.h"
#include "geotrip-login.h"
#include "geotrip-policy.h"
#include "geotrip-policy-client.h"
#include "geotrip-settings-read.h"

#include <sys/stat.h>
#include <unistd.h>

#define SERVICE_NAME "geotrip"
/* A listener's name is the last part of its path. */
#define LISTENER_GUARD "geotrip"
#define LISTENER_POLICY "geotrip-policy"
/* How often to look for a new socket, and for how long auth processes that are
   shutting down are served. */
#define SUCCESSOR_MSECS 10
#define DRAIN_MSECS (35 * 1000)

static struct geotrip_config config;
static struct event *guard_event;
static struct geotrip *guard;
static struct geotrip_policy *policy;
static struct stat socket_st;
static struct timeout *to_start, *to_successor, *to_drain;

static const char *socket_path(void)
{
	return t_strconcat(geotrip_base_dir(), "/"LISTENER_GUARD, NULL);
}

static void client_connected(struct master_service_connection *conn)
{
	if (strcmp(conn->name, LISTENER_GUARD) == 0)
		geotrip_guard_client_create(conn);
	else if (strcmp(conn->name, LISTENER_POLICY) == 0)
		geotrip_policy_client_create(conn);
	else {
		/* it is not accepted, and so closed */
		i_error("geotrip: A unix_listener of service geotrip must be "
			"called "LISTENER_GUARD" or "LISTENER_POLICY", not "
			"\"%s\"", conn->name);
	}
}

/* To migrate a large database takes longer than Dovecot waits for a new
   process. */
static void guard_start(void *context ATTR_UNUSED)
{
	timeout_remove(&to_start);
	if (*config.db_path != '\0') {
		guard = geotrip_init(&config, guard_event);
		geotrip_set_written_callback(guard,
			geotrip_guard_clients_committed);
	}
	geotrip_guard_clients_serve(guard);
	geotrip_policy_serve(policy, guard);
}

static bool has_successor(void)
{
	struct stat st;

	return stat(socket_path(), &st) < 0 ||
		st.st_ino != socket_st.st_ino || st.st_dev != socket_st.st_dev;
}

static void look_for_successor(void *context ATTR_UNUSED)
{
	if (has_successor() || geotrip_guard_clients_count() == 0) {
		master_service_stop(master_service);
		io_loop_stop(current_ioloop);
	}
}

/* The master has stopped, or has read its configuration again. */
static void master_gone(void)
{
	if (to_successor == NULL) {
		to_successor = timeout_add_short(SUCCESSOR_MSECS,
						 look_for_successor, NULL);
	}
}

static void stop_draining(void *context ATTR_UNUSED)
{
	timeout_remove(&to_drain);
	io_loop_stop(current_ioloop);
}

static void drained(void)
{
	io_loop_stop(current_ioloop);
}

/* Told to stop by a signal, as the auth processes probably are. */
static void drain(void)
{
	master_service_stop_new_connections(master_service);
	geotrip_guard_clients_set_all_gone_callback(drained);
	if (to_successor == NULL) {
		to_successor = timeout_add_short(SUCCESSOR_MSECS,
						 look_for_successor, NULL);
	}
	to_drain = timeout_add(DRAIN_MSECS, stop_draining, NULL);
	while (to_drain != NULL && !has_successor() &&
	       geotrip_guard_clients_count() > 0)
		io_loop_run(current_ioloop);
	geotrip_guard_clients_set_all_gone_callback(NULL);
	timeout_remove(&to_drain);
}

int main(int argc, char *argv[])
{
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

	restrict_access_by_env(0, NULL);
	/* the files that SQLite makes would be root's */
	if (geteuid() == 0) {
		i_fatal("geotrip: service geotrip must not run as root: "
			"remove user = root from its block in dovecot.conf");
	}
	restrict_access_allow_coredumps(TRUE);
	master_service_set_die_with_master(master_service, TRUE);
	master_service_set_die_callback(master_service, master_gone);
	if (stat(socket_path(), &socket_st) < 0)
		i_zero(&socket_st);

	guard_event = geotrip_event_create(geotrip_service_event());
	geotrip_guard_clients_init(guard_event);
	policy = geotrip_policy_init(&config, guard_event);
	geotrip_policy_clients_init(policy, guard_event);
	master_service_init_finish(master_service);

	to_start = timeout_add_short(0, guard_start, NULL);
	master_service_run(master_service, client_connected);
	geotrip_policy_clients_deinit();
	drain();

	timeout_remove(&to_start);
	timeout_remove(&to_successor);
	geotrip_policy_deinit(&policy);
	/* writes what waits, and tells the auth processes */
	geotrip_deinit(&guard);
	geotrip_guard_clients_deinit();
	event_unref(&guard_event);
	pool_unref(&pool);
	master_service_deinit(&master_service);
	return 0;
}
