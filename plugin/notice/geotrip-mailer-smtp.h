/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MAILER_SMTP_H
#define GEOTRIP_MAILER_SMTP_H

/* Messages by SMTP to submission_host, one after the other over one connection.
   A server that replies endlessly, slowly or not at all neither uses up memory
   nor delays the caller. Only for geotrip-mailer.c. */

#include "geotrip-mailer.h"

struct geotrip_mailer_smtp;

/* Like geotrip_mailer_init(). Connects when there is a message. */
struct geotrip_mailer_smtp *
geotrip_mailer_smtp_init(const struct geotrip_mailer_settings *set,
			 bool (*told_to_stop)(void));
void geotrip_mailer_smtp_deinit(struct geotrip_mailer_smtp **mailer);

/* Like geotrip_mailer_send(), but if this returns -1, the replies of the
   recipients are undefined. */
int geotrip_mailer_smtp_send(struct geotrip_mailer_smtp *mailer,
			     const struct smtp_address *from,
			     ARRAY_TYPE(geotrip_mailer_recipient) *recipients,
			     const string_t *message, pool_t pool,
			     const char **error_r);

/* Like geotrip_mailer_connect(). */
int geotrip_mailer_smtp_connect(struct geotrip_mailer_smtp *mailer,
				unsigned int *status_r, const char **error_r);

#endif
