/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_DELIVERY_H
#define GEOTRIP_DELIVERY_H

/* One run over the queued notices: claims each one, looks up its recipients,
   has it written and sent, and stores the outcome. */

#include "geotrip-mailer.h"
#include "geotrip-settings.h"
#include "geotrip-store.h"

struct auth_master_connection;
struct geotrip_rights;

struct geotrip_delivery_input {
	const struct geotrip_config *config;
	struct geotrip_store *store;
	struct geotrip_mailer_settings mailer;
	/* used for userdb lookups, as root if possible */
	struct auth_master_connection *auth;
	const struct geotrip_rights *rights;
	struct event *event;
	/* called before each notice, and while waiting for the mail server:
	   must the run end? */
	bool (*told_to_stop)(void);
	/* If this is not NULL and there is a lot to do, it is called after each
	   notice, and notices that were sent are not logged. At the end it is
	   called with 0 of 0. */
	void (*progress)(unsigned int done, unsigned int total);
};

/* The number of notices ... */
struct geotrip_delivery_count {
	unsigned int sent, deferred, failed, withdrawn;
};

/* Deliver what is due. Errors are logged to the event. Returns 0, or -1 if
   there was a problem with more than individual recipients: the store failed, a
   template is unusable, or the mail server cannot be reached. count_r is set in
   both cases. */
int geotrip_deliver(const struct geotrip_delivery_input *input,
		    struct geotrip_delivery_count *count_r);

#endif
