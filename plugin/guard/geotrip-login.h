/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_LOGIN_H
#define GEOTRIP_LOGIN_H

/* The pipeline of a login: country, history, rule, verdict, record. It depends
   on nothing in Dovecot's auth process, which calls this after the credentials
   of a client were verified and before the client gets its reply.

   This is the only place that decides what an error means. */

#include "geotrip-settings.h"

struct geotrip;

struct geotrip_login {
	const char *user;
	/* family 0: none */
	struct ip_addr ip;
	/* Dovecot's name: smtp, submission, imap, ... */
	const char *service;
	/* the SASL mechanism */
	const char *mechanism;
	/* NULL: none */
	const char *session;
	int64_t time;
};

/* ALLOW: let the client in. TRIP, BLOCKED: refuse it, with geotrip_message.
   TEMPFAIL: refuse it temporarily. */
typedef void
geotrip_verdict_callback_t(enum geotrip_verdict verdict, void *context);

/* config must stay valid until deinit. Opens the database and the mmdb, so it
   must be called after privileges were dropped. Never fails: errors are logged
   and retried. */
struct geotrip *geotrip_init(const struct geotrip_config *config,
			     struct event *event);
/* Writes all waiting logins. */
void geotrip_deinit(struct geotrip **gt);

/* Judge a login. login must stay valid until the callback, which is called
   exactly once. With the SQLite store it is called before this returns. */
void geotrip_login_check(struct geotrip *gt,
			 const struct geotrip_login *login,
			 geotrip_verdict_callback_t *callback, void *context);

#endif
