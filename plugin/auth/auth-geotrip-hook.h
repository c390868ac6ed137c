/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_HOOK_H
#define AUTH_GEOTRIP_HOOK_H

/* Intercepts successful authentications in Dovecot's auth process, and can turn
   them into failures.

   Every reply to a client goes through the reply callback of its connection's
   handler, which auth-geotrip-hook.c replaces. How to find a handler before its
   first reply differs between Dovecot versions: auth-geotrip-hook-mech.c or
   auth-geotrip-hook-sasl.c. */

#include "geotrip-names.h"

struct auth_request;
struct auth_request_handler;

/* Called for every SASL success, after Dovecot itself has accepted it and
   before the client gets its reply. Returns TRUE to let the client in now, with
   the reply. Returns FALSE if geotrip_hook_reply() is called instead, now or
   later, exactly once: see auth-geotrip-held.h for what that takes. */
typedef bool geotrip_hook_callback_t(struct auth_request *request,
				     const void *reply, size_t reply_size);

/* Start calling the callback. Must be called after the mechanisms were
   registered and before the first client is served. */
void geotrip_hook_install(geotrip_hook_callback_t *callback);
/* Stop calling the callback. */
void geotrip_hook_uninstall(void);

/* Reply to the client by the verdict. ALLOW and OBSERVE let it in, with the
   reply. TRIP and BLOCKED refuse it like a disabled user, with the message, and
   TEMPFAIL for now: at once, and without a penalty for its address, which it
   may share with other users. */
void geotrip_hook_reply(struct auth_request *request,
			enum geotrip_verdict verdict, const char *message,
			const void *reply, size_t reply_size);

/* Internal to the hook's files: set the callback (NULL for none), and watch the
   replies of a handler. */
void geotrip_hook_set_callback(geotrip_hook_callback_t *callback);
void geotrip_hook_watch(struct auth_request_handler *handler);

#endif
