/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MAILER_SMTP_H
#define GEOTRIP_MAILER_SMTP_H

/* Messages by SMTP to submission_host, one after the other over one
   connection. A server that answers without end, slowly or not at all neither
   takes memory nor holds anybody up. Only for geotrip-mailer.c. */

#include "geotrip-mailer.h"

struct geotrip_mailer_smtp;

/* As geotrip_mailer_init(). Connects when there is a message. */
struct geotrip_mailer_smtp *
geotrip_mailer_smtp_init(const struct geotrip_mailer_settings *set,
			 bool (*told_to_stop)(void));
void geotrip_mailer_smtp_deinit(struct geotrip_mailer_smtp **mailer);

/* As geotrip_mailer_send(), but with -1 the answers of the recipients are not
   to be relied on. */
int geotrip_mailer_smtp_send(struct geotrip_mailer_smtp *mailer,
			     const struct smtp_address *from,
			     ARRAY_TYPE(geotrip_mailer_recipient) *recipients,
			     const string_t *message, pool_t pool,
			     const char **error_r);

/* As geotrip_mailer_connect(). */
int geotrip_mailer_smtp_connect(struct geotrip_mailer_smtp *mailer,
				unsigned int *status_r, const char **error_r);

#endif
