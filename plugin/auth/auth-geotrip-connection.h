/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_CONNECTION_H
#define AUTH_GEOTRIP_CONNECTION_H

/* The connection to the guard: made again and again, until there is one. It
   never blocks. */

#include "geotrip-wire.h"

struct geotrip_alarm;

struct geotrip_connection_callbacks {
	/* The guard said hello: from now on messages can be sent. */
	void (*ready)(const struct geotrip_wire_hello *hello, void *context);
	void (*verdict)(const struct geotrip_wire_verdict *verdict,
			void *context);
	void (*committed)(uint64_t seq, void *context);
	/* Append messages that are to be sent, until there are some
	   kilobytes, or nothing more to send. */
	void (*fill)(buffer_t *dest, void *context);
};

struct geotrip_connection;

/* Connects at once. callbacks must stay valid. instance names this process. */
struct geotrip_connection *
geotrip_connection_init(const char *path, uint64_t instance,
			struct geotrip_alarm *alarm,
			const struct geotrip_connection_callbacks *callbacks,
			void *context);
void geotrip_connection_deinit(struct geotrip_connection **conn);

/* There is something to send. It goes out at the end of this iteration of the
   event loop, if the guard is there. */
void geotrip_connection_wake(struct geotrip_connection *conn);
/* Send it now, as far as the socket takes it. */
void geotrip_connection_flush(struct geotrip_connection *conn);
/* Call back for what came already. */
void geotrip_connection_read(struct geotrip_connection *conn);

#endif
