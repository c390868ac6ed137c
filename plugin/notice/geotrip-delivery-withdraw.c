/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Withdraws notices that are no longer true, before anything is delivered. */

#include "lib.h"
#include "array.h"
#include "geotrip-delivery-private.h"
#include "geotrip-event.h"
#include "geotrip-exemption.h"

static void
withdraw(struct geotrip_delivery_run *run, const struct geotrip_notice *notice,
	 enum geotrip_exemption exemption)
{
	const char *error;
	int ret;

	ret = geotrip_store_notice_withdraw(run->input->store, notice->id,
					    &error);
	if (ret < 0)
		geotrip_delivery_store_failed(run, error);
	else if (ret > 0) {
		run->count->withdrawn++;
		e_info(run->input->event, "%s: %s withdrawn: %s",
		       geotrip_notice_subject(notice),
		       geotrip_notice_title(notice->kind),
		       geotrip_exemption_remark(exemption));
	}
}

static void
withdraw_if_exempt(const struct geotrip_notice *notice, void *context)
{
	struct geotrip_delivery_run *run = context;
	enum geotrip_exemption exemption;
	const char *error;

	if (run->store_failed)
		return;
	if (geotrip_exemption_find(run->input->store, run->input->config,
				   &notice->suspension, &exemption,
				   &error) < 0)
		geotrip_delivery_store_failed(run, error);
	else if (exemption != GEOTRIP_EXEMPTION_NONE)
		withdraw(run, notice, exemption);
}

bool geotrip_delivery_withdraw(struct geotrip_delivery_run *run)
{
	/* An owner who was notified of the suspension is also notified of its
	   end, exempt or not. */
	static const enum geotrip_notice_kind kinds[] = {
		GEOTRIP_NOTICE_SUSPENDED, GEOTRIP_NOTICE_COPY
	};
	struct geotrip_store *store = run->input->store;
	const char *error;
	unsigned int i;

	if (geotrip_store_notices_withdraw(
			store, !run->input->config->notify.release,
			&run->count->withdrawn, &error) < 0) {
		geotrip_delivery_store_failed(run, error);
		return FALSE;
	}
	for (i = 0; i < N_ELEMENTS(kinds); i++) {
		if (geotrip_store_notices_queued(store, kinds[i],
						 withdraw_if_exempt, run,
						 &error) < 0)
			geotrip_delivery_store_failed(run, error);
	}
	return !run->store_failed;
}
