/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Sends a message to the recipients that have not accepted it yet. */

#include "lib.h"
#include "array.h"
#include "geotrip-delivery-private.h"
#include "geotrip-notice.h"

void geotrip_delivery_send(struct geotrip_delivery_run *run,
			   const struct geotrip_notice *notice,
			   const ARRAY_TYPE(smtp_address_const) *to,
			   const string_t *message, pool_t pool,
			   ARRAY_TYPE(geotrip_mailer_recipient) *recipients)
{
	const char *const *pending = notice->pending_to == NULL ? NULL :
		t_strsplit(notice->pending_to, "\n");
	struct geotrip_mailer_recipient *recipient;
	const struct smtp_address *address;
	const char *error;

	p_array_init(recipients, pool, array_count(to));
	array_foreach_elem(to, address) {
		if (pending != NULL &&
		    !str_array_find(pending, smtp_address_encode(address)))
			continue;
		recipient = array_append_space(recipients);
		recipient->address = address;
	}
	/* a deferred address may no longer belong to the owner */
	if (array_count(recipients) == 0)
		return;
	if (geotrip_mailer_send(run->mailer,
				geotrip_notice_sender(run->writer),
				recipients, message, pool, &error) == 0)
		run->server_failures = 0;
	else
		geotrip_delivery_server_failed(run);
}
