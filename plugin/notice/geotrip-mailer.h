/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MAILER_H
#define GEOTRIP_MAILER_H

/* Submits messages as Dovecot is configured to: by SMTP to submission_host,
   over one connection for all of them, or else with the program sendmail_path,
   which Dovecot refuses to start as root. */

#include "smtp-submit.h"
#include "geotrip-address.h"

struct ssl_iostream_settings;

struct geotrip_mailer_settings {
	const struct smtp_submit_settings *submit;
	/* has the parent event for Dovecot's SMTP client */
	struct smtp_submit_input input;
	/* NULL: Dovecot gets them itself */
	const struct ssl_iostream_settings *ssl;
};

enum geotrip_mailer_answer {
	GEOTRIP_MAILER_ACCEPTED,
	/* not now: try again later */
	GEOTRIP_MAILER_DEFERRED,
	/* permanent failure */
	GEOTRIP_MAILER_REFUSED,
};

struct geotrip_mailer_recipient {
	const struct smtp_address *address;
	enum geotrip_mailer_answer answer;
	/* the server's reply if it did not accept, else NULL */
	const char *error;
};
ARRAY_DEFINE_TYPE(geotrip_mailer_recipient, struct geotrip_mailer_recipient);

struct geotrip_mailer;

/* The settings must live as long as the mailer. told_to_stop() is polled; when
   it returns TRUE, the mail server has a second to accept the current message.
   NULL: there will be no message. */
struct geotrip_mailer *
geotrip_mailer_init(const struct geotrip_mailer_settings *set,
		    bool (*told_to_stop)(void));
void geotrip_mailer_deinit(struct geotrip_mailer **mailer);

/* Connect to submission_host, which must be set, as for a message, and quit
   after the server's reply to EHLO. Takes at most submission_timeout, plus the
   time of the DNS lookup. Returns 0, or -1 with an error; then status_r is that
   of the server's reply, or an internal code of Dovecot's SMTP client, or 0 if
   submission_host is invalid. */
int geotrip_mailer_connect(struct geotrip_mailer *mailer,
			   unsigned int *status_r, const char **error_r);

/* The maximum time that sending a message can take, in microseconds. */
#define GEOTRIP_MAILER_MAX_TIME (4 * 60 * (int64_t)1000000)

/* Send the message (lines end with LF) to the recipients, and set the reply for
   each; error texts are allocated from the pool. Returns 0, or -1 with an error
   if the server could not be reached, rejected us, stopped replying or sent too
   much, or if the run was told to stop: then as far as is known nobody has
   received the message, all are deferred, and the next message will probably
   fail as well. */
int geotrip_mailer_send(struct geotrip_mailer *mailer,
			const struct smtp_address *from,
			ARRAY_TYPE(geotrip_mailer_recipient) *recipients,
			const string_t *message, pool_t pool,
			const char **error_r);

#endif
