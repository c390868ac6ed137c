/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The state of a run that all of its steps share: what has failed, whether it
   goes on, and the claim of its next notice. */

#include "lib.h"
#include "geotrip-delivery-private.h"

/* A claim lasts as long as a message may take, plus some time for the userdb
   lookup before it and for a database that is temporarily not writable. */
#define LEASE_TIME (GEOTRIP_MAILER_MAX_TIME + GEOTRIP_USECS(6 * 60))

void geotrip_delivery_store_failed(struct geotrip_delivery_run *run,
				   const char *error)
{
	e_error(run->input->event, "%s", error);
	run->store_failed = TRUE;
	run->failed = TRUE;
}

void geotrip_delivery_template_failed(struct geotrip_delivery_run *run,
				      const char *error)
{
	run->failed = TRUE;
	/* Ten thousand notices in one language all have the same error. */
	if (null_strcmp(run->template_error, error) == 0)
		return;
	i_free(run->template_error);
	run->template_error = i_strdup(error);
	e_error(run->input->event, "%s", error);
}

void geotrip_delivery_server_failed(struct geotrip_delivery_run *run)
{
	run->server_failures++;
	run->failed = TRUE;
}

bool geotrip_delivery_goes_on(const struct geotrip_delivery_run *run)
{
	return !run->store_failed &&
		run->server_failures < GEOTRIP_DELIVERY_MAX_SERVER_FAILURES &&
		!run->input->told_to_stop();
}

bool geotrip_delivery_claim(struct geotrip_delivery_run *run,
			    enum geotrip_notice_kind kind,
			    const struct geotrip_notice *like, pool_t pool,
			    struct geotrip_notice *notice_r)
{
	const char *error;
	int ret;

	ret = geotrip_store_notice_claim(run->input->store, kind, run->begin,
					 geotrip_now() + LEASE_TIME, like,
					 pool, notice_r, &error);
	if (ret < 0)
		geotrip_delivery_store_failed(run, error);
	return ret > 0;
}
