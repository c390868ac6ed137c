/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_HOOK_H
#define AUTH_GEOTRIP_HOOK_H

/* Where Dovecot's auth process reports that a client's credentials were right,
   and how to turn that into a refusal.

   Every answer to a client goes through a callback of the handler of its
   connection; auth-geotrip-hook.c replaces it. How to get at a handler before
   its first answer differs between Dovecot versions: auth-geotrip-hook-mech.c
   or auth-geotrip-hook-sasl.c. */

struct auth_request;
struct auth_request_handler;

/* Called for every SASL success, after Dovecot itself has agreed to it and
   before the client is answered. Returns TRUE to let the client in. To refuse
   it, call geotrip_hook_deny() or geotrip_hook_tempfail() and return FALSE. */
typedef bool geotrip_hook_callback_t(struct auth_request *request);

/* See to it that the callback is called from now on. Call it when the
   mechanisms are registered and before the first client is served. */
void geotrip_hook_install(geotrip_hook_callback_t *callback);
/* The callback is not called any more. */
void geotrip_hook_uninstall(void);

/* Refuse the request like that of a disabled user, with this text for the
   client, at once, and without a penalty for its address, which it may share
   with other users. */
void geotrip_hook_deny(struct auth_request *request, const char *reason);
/* Refuse it for now. */
void geotrip_hook_tempfail(struct auth_request *request);

/* Between the files of the hook: whom to call, NULL for nobody, and a handler
   whose answers we want to see. */
void geotrip_hook_set_callback(geotrip_hook_callback_t *callback);
void geotrip_hook_watch(struct auth_request_handler *handler);

#endif
