/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Holds a request and the reply to it.

   Dovecot has finished with the request, and drops one reference of its handler
   when the reply is sent. Until then we have this reference, and one of the
   request. When the client goes away, Dovecot removes the request from the
   handler and drops its own references only. */

#include "lib.h"
#include "geotrip-compat-auth.h"
#include "auth-geotrip-held.h"
#include "auth-geotrip-hook.h"

struct geotrip_held {
	struct auth_request *request;
	const void *reply;
	size_t reply_size;
};

struct geotrip_held *
geotrip_held_create(struct auth_request *request,
		    const void *reply, size_t reply_size)
{
	struct geotrip_held *held =
		p_new(request->pool, struct geotrip_held, 1);

	held->request = request;
	held->reply = reply_size == 0 ? "" :
		p_memdup(request->pool, reply, reply_size);
	held->reply_size = reply_size;
	/* until the verdict nobody may take it for one */
	request->fields.successful = FALSE;
	auth_request_ref(request);
	return held;
}

/* What Dovecot does after a reply, for a client that gets none. */
static void held_drop(struct auth_request *request)
{
	struct auth_request_handler *handler = request->handler;

	auth_request_unref(&request);
	auth_request_handler_unref(&handler);
}

void geotrip_held_answer(struct geotrip_held **_held,
			 enum geotrip_verdict verdict, const char *message)
{
	struct geotrip_held *held = *_held;
	struct auth_request *request = held->request;

	*_held = NULL;
	if (request->removed_from_handler) {
		held_drop(request);
		return;
	}
	request->fields.successful = verdict == GEOTRIP_VERDICT_ALLOW ||
		verdict == GEOTRIP_VERDICT_OBSERVE;
	geotrip_hook_reply(request, verdict, message, held->reply,
			   held->reply_size);
	/* and held, which is in its pool */
	auth_request_unref(&request);
}
