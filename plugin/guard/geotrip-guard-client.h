/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_GUARD_CLIENT_H
#define GEOTRIP_GUARD_CLIENT_H

/* The connections of auth processes. */

struct event;
struct geotrip;
struct master_service_connection;

void geotrip_guard_clients_init(struct event *event);
/* From now on gt judges the logins; until then none is read, and no client is
   greeted. NULL: geotrip is off, and every login is let in. */
void geotrip_guard_clients_serve(struct geotrip *gt);
/* Closes all of them. Auth processes send again what was not committed. */
void geotrip_guard_clients_deinit(void);

void geotrip_guard_client_create(struct master_service_connection *conn);
unsigned int geotrip_guard_clients_count(void);
/* Called when the last of them has gone. NULL: do not. */
void geotrip_guard_clients_set_all_gone_callback(void (*callback)(void));

/* All logins that were read have been written: tell the auth processes. */
void geotrip_guard_clients_committed(void);

#endif
