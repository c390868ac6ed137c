/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The part of the hook that is the same for every Dovecot version: it sits
   between a handler and its reply callback. */

#include "lib.h"
#include "geotrip-compat-auth.h"
#include "auth-geotrip-hook.h"

static geotrip_hook_callback_t *hook_callback;
/* the callback that Dovecot set in every handler */
static auth_request_handler_reply_callback_t *next_reply_callback;

void geotrip_hook_set_callback(geotrip_hook_callback_t *callback)
{
	hook_callback = callback;
}

static void
hook_reply(struct auth_request *request, enum auth_client_result result,
	   const void *reply, size_t reply_size)
{
	bool allow = TRUE;

	/* a client that has disconnected gets no reply anyway */
	if (result == AUTH_CLIENT_RESULT_SUCCESS && hook_callback != NULL &&
	    !request->handler->destroyed) {
		T_BEGIN {
			allow = hook_callback(request, reply, reply_size);
		} T_END;
	}
	if (allow)
		next_reply_callback(request, result, reply, reply_size);
}

void geotrip_hook_watch(struct auth_request_handler *handler)
{
	static bool warned = FALSE;

	if (handler->reply_callback == hook_reply)
		return;
	if (next_reply_callback == NULL)
		next_reply_callback = handler->reply_callback;
	if (handler->reply_callback == next_reply_callback)
		handler->reply_callback = hook_reply;
	else if (!warned) {
		/* Dovecot itself has only one. A second plugin that replaces it
		   as well is no reason to crash the auth process. */
		i_error("geotrip: Another auth plugin replaces the reply "
			"callback of some connections: geotrip cannot see "
			"their logins");
		warned = TRUE;
	}
}

static void hook_fail(struct auth_request *request)
{
	request->failed = TRUE;
	request->fields.successful = FALSE;
	/* tell a policy server, which gets a report of every login, that the
	   password was correct */
	request->policy_refusal = TRUE;
	geotrip_auth_no_penalty(request);
}

static void
hook_deny(struct auth_request *request, const char *message)
{
	hook_fail(request);
	request->passdb_result = PASSDB_RESULT_USER_DISABLED;
	auth_fields_add(request->fields.extra_fields, "reason", message, 0);
}

void geotrip_hook_reply(struct auth_request *request,
			enum geotrip_verdict verdict, const char *message,
			const void *reply, size_t reply_size)
{
	switch (verdict) {
	case GEOTRIP_VERDICT_UNKNOWN:
		i_unreached();
	case GEOTRIP_VERDICT_ALLOW:
	case GEOTRIP_VERDICT_OBSERVE:
		next_reply_callback(request, AUTH_CLIENT_RESULT_SUCCESS,
				    reply, reply_size);
		return;
	case GEOTRIP_VERDICT_TRIP:
	case GEOTRIP_VERDICT_BLOCKED:
		hook_deny(request, message);
		break;
	case GEOTRIP_VERDICT_TEMPFAIL:
		hook_fail(request);
		request->internal_failure = TRUE;
		break;
	}
	next_reply_callback(request, AUTH_CLIENT_RESULT_FAILURE, "", 0);
}
