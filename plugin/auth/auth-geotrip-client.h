/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_CLIENT_H
#define AUTH_GEOTRIP_CLIENT_H

/* Asks the guard about logins, and answers the clients that wait. Nothing here
   blocks, and no client waits longer than geotrip_timeout:

   - While the guard is not there, logins wait for it to come (Dovecot starts
     it), up to that time.
   - When a login has waited for so long in vain, it is answered by what is
     known of its user and by geotrip_on_error, and so are all that come after
     it, at once, until the guard answers again. It is told of them. */

#include "geotrip-settings.h"
#include "geotrip-wire.h"

struct geotrip_held;

struct geotrip_client;

/* config must stay valid until deinit. path is the guard's socket. Connects at
   once. */
struct geotrip_client *
geotrip_client_init(const struct geotrip_config *config, const char *path,
		    struct event *event);
void geotrip_client_deinit(struct geotrip_client **client);

/* Dovecot stops, and what is held needs what it is about to free: answer all
   of it now, with a temporary failure. From then on nothing is held. */
void geotrip_client_stop(struct geotrip_client *client);

/* Ask about a login whose client waits. What is held is answered, now or
   later. login is needed only during the call; what concerns the protocol is
   set here. */
void geotrip_client_ask(struct geotrip_client *client,
			struct geotrip_wire_login *login,
			struct geotrip_held *held);

#endif
