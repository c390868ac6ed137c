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
	/* when the credentials had been verified */
	int64_t time;
	/* what the clock says: a login may come late. Not before time. */
	int64_t now;
};

/* ALLOW: let the client in. TRIP, BLOCKED: refuse it, with geotrip_message.
   TEMPFAIL: refuse it temporarily. until is when the suspension ends that the
   user is under, GEOTRIP_NEVER if by release only, and 0 if there is none. */
typedef void
geotrip_verdict_callback_t(enum geotrip_verdict verdict, int64_t until,
			   void *context);

/* config must stay valid until deinit. Opens the database and the mmdb, so it
   must be called after privileges were dropped. Never fails: errors are logged
   and retried. */
struct geotrip *geotrip_init(const struct geotrip_config *config,
			     struct event *event);
/* Writes all waiting logins. */
void geotrip_deinit(struct geotrip **gt);

/* Call back whenever all logins that were judged have been written. */
void geotrip_set_written_callback(struct geotrip *gt, void (*callback)(void));
/* Returns TRUE if none of them waits to be written. */
bool geotrip_all_written(const struct geotrip *gt);
/* Returns TRUE if the store can be read: FALSE means that verdicts rest on what
   is in memory. */
bool geotrip_knows(const struct geotrip *gt);

/* Returns TRUE if a login of the user to one of geotrip_suspend_services would
   be refused now. Of a user who cannot be read only what is in memory is
   known. */
bool geotrip_is_suspended(struct geotrip *gt, const char *user, int64_t now);

/* Returns TRUE if the database was created by this process: there may be
   suspensions that only auth processes know of. */
bool geotrip_forgot(const struct geotrip *gt);
/* The user was suspended until then when a guard could tell. It is written, if
   the database does not know better. */
void geotrip_remember_suspension(struct geotrip *gt, const char *user,
				 int64_t until, int64_t now);

/* Judge a login. login must stay valid until the callback, which is called
   exactly once. With the SQLite store it is called before this returns. */
void geotrip_login_check(struct geotrip *gt,
			 const struct geotrip_login *login,
			 geotrip_verdict_callback_t *callback, void *context);

#endif
