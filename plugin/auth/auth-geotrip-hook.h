/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_HOOK_H
#define AUTH_GEOTRIP_HOOK_H

/* Intercepts successful authentications in Dovecot's auth process, and can turn
   them into failures.

   Every reply to a client goes through the reply callback of its connection's
   handler, which auth-geotrip-hook.c replaces. How to find a handler before its
   first reply differs between Dovecot versions: auth-geotrip-hook-mech.c or
   auth-geotrip-hook-sasl.c. */

struct auth_request;
struct auth_request_handler;

/* Called for every SASL success, after Dovecot itself has accepted it and
   before the client gets its reply. Returns TRUE to let the client in. To
   refuse it, call geotrip_hook_deny() or geotrip_hook_tempfail() and return
   FALSE. */
typedef bool geotrip_hook_callback_t(struct auth_request *request);

/* Start calling the callback. Must be called after the mechanisms were
   registered and before the first client is served. */
void geotrip_hook_install(geotrip_hook_callback_t *callback);
/* Stop calling the callback. */
void geotrip_hook_uninstall(void);

/* Fail the request like that of a disabled user, with this text for the client.
   The failure is neither delayed nor penalizes the client's address, which may
   be shared with other users. */
void geotrip_hook_deny(struct auth_request *request, const char *reason);
/* Fail it with a temporary failure. */
void geotrip_hook_tempfail(struct auth_request *request);

/* Internal to the hook's files: set the callback (NULL for none), and watch the
   replies of a handler. */
void geotrip_hook_set_callback(geotrip_hook_callback_t *callback);
void geotrip_hook_watch(struct auth_request_handler *handler);

#endif
