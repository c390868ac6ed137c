/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_HELD_H
#define AUTH_GEOTRIP_HELD_H

/* A success of which the client has not been told yet: it waits for a
   verdict. Each one must be answered exactly once, whatever became of the
   client meanwhile. */

#include "geotrip-common.h"

struct auth_request;

struct geotrip_held;

/* Hold the reply that Dovecot wants to give. The request stays valid, and no
   client is told anything, until geotrip_held_answer(). */
struct geotrip_held *
geotrip_held_create(struct auth_request *request,
		    const void *reply, size_t reply_size);

/* Tell the client, unless it has gone away or cancelled the request. message
   is what a refused client is shown; it is copied. */
void geotrip_held_answer(struct geotrip_held **held,
			 enum geotrip_verdict verdict, const char *message);

#endif
