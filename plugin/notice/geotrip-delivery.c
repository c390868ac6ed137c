/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The run. Each notice is claimed before anything is done about it, and its
   outcome is committed before the next one is claimed, so that a notice is not
   sent twice if two runs overlap or a run is killed. */

#include "lib.h"
#include "array.h"
#include "geotrip-delivery-private.h"
#include "geotrip-notice.h"

/* At most this many copies are sent to the administrator in a run. If there are
   more, one digest is sent instead. */
#define MAX_COPIES 10
/* The minimum number of notices for which progress is shown on a terminal. */
#define PROGRESS_MIN_TOTAL 50

static unsigned int
count_due(struct geotrip_delivery_run *run, enum geotrip_notice_kind kind)
{
	unsigned int count = 0;
	const char *error;

	if (geotrip_store_notices_due(run->input->store, kind, run->begin,
				      &count, &error) < 0)
		geotrip_delivery_store_failed(run, error);
	return count;
}

static void deliver_to_admin(struct geotrip_delivery_run *run)
{
	/* this run has queued copies, too */
	run->begin = geotrip_now();
	if (array_count(&run->input->config->notify.admin) == 0)
		return;
	if (count_due(run, GEOTRIP_NOTICE_COPY) <= MAX_COPIES)
		geotrip_delivery_each(run, GEOTRIP_NOTICE_COPY);
	else
		geotrip_delivery_lists(run, GEOTRIP_NOTICE_COPY);
	geotrip_delivery_lists(run, GEOTRIP_NOTICE_UNDELIVERED);
}

static void run_all(struct geotrip_delivery_run *run)
{
	const char *error;

	if (!geotrip_delivery_withdraw(run))
		return;
	/* without a template, all of them would only be claimed and put back */
	if (geotrip_notice_writer_check(run->writer, &error) < 0) {
		geotrip_delivery_template_failed(run, error);
		return;
	}
	run->total = count_due(run, GEOTRIP_NOTICE_SUSPENDED) +
		count_due(run, GEOTRIP_NOTICE_RELEASED);
	if (run->total >= PROGRESS_MIN_TOTAL)
		run->progress = run->input->progress;
	/* what concerns everybody goes first */
	if (array_count(&run->input->config->notify.admin) > 0)
		geotrip_delivery_each(run, GEOTRIP_NOTICE_BRAKE);
	geotrip_delivery_each(run, GEOTRIP_NOTICE_SUSPENDED);
	geotrip_delivery_each(run, GEOTRIP_NOTICE_RELEASED);
	if (geotrip_delivery_goes_on(run))
		deliver_to_admin(run);
	if (run->server_failures >= GEOTRIP_DELIVERY_MAX_SERVER_FAILURES) {
		e_error(run->input->event, "The mail server or the userdb "
			"could not be reached %u times in a row: the "
			"remaining notices will be tried by the next run",
			GEOTRIP_DELIVERY_MAX_SERVER_FAILURES);
	}
	if (run->input->told_to_stop()) {
		e_info(run->input->event, "Told to stop: the remaining "
		       "notices will be delivered by the next run");
	}
}

int geotrip_deliver(const struct geotrip_delivery_input *input,
		    struct geotrip_delivery_count *count_r)
{
	struct geotrip_delivery_run run = {
		.input = input,
		.count = count_r,
		.begin = geotrip_now(),
	};

	i_zero(count_r);
	run.writer = geotrip_notice_writer_init(
		input->config, input->mailer.submit->hostname);
	run.mailer = geotrip_mailer_init(&input->mailer, input->told_to_stop);
	run_all(&run);
	if (run.progress != NULL)
		run.progress(0, 0);
	geotrip_mailer_deinit(&run.mailer);
	geotrip_notice_writer_deinit(&run.writer);
	i_free(run.template_error);
	return run.failed ? -1 : 0;
}
