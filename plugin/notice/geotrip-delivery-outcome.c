/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The outcome of a notice: from an error or the mail server's replies to what
   is stored, counted and logged. */

#include "lib.h"
#include "array.h"
#include "geotrip-delivery-private.h"
#include "geotrip-event.h"
#include "geotrip-notice.h"

#include <unistd.h>

/* The outcome of a notice that was sent must be stored: try at most this many
   times, with a pause in between. */
#define FINISH_TRIES 180
#define FINISH_PAUSE_SECS 1
/* The retry delay when the problem is local: it gets fixed within minutes, or
   not at all. */
#define UNTRIED_DELAY GEOTRIP_USECS(60)

/* The administrator gets a copy after the first attempt to deliver the owner's
   notice, and a report if the owner cannot be notified. */
static void
tell_admin(const struct geotrip_delivery_run *run,
	   const struct geotrip_notice *notice,
	   struct geotrip_notice_outcome *outcome)
{
	if (array_count(&run->input->config->notify.admin) == 0 ||
	    !geotrip_delivery_is_for_owner(notice))
		return;
	outcome->queue_undelivered = outcome->state == GEOTRIP_NOTICE_FAILED;
	outcome->queue_copy = notice->kind == GEOTRIP_NOTICE_SUSPENDED &&
		outcome->state != GEOTRIP_NOTICE_FAILED && !outcome->untried;
}

static void
count_outcome(struct geotrip_delivery_run *run, enum geotrip_notice_state state)
{
	switch (state) {
	case GEOTRIP_NOTICE_STATE_UNKNOWN:
		i_unreached();
	case GEOTRIP_NOTICE_QUEUED:
		run->count->deferred++;
		break;
	case GEOTRIP_NOTICE_WITHDRAWN:
		run->count->withdrawn++;
		break;
	case GEOTRIP_NOTICE_SENT:
		run->count->sent++;
		break;
	case GEOTRIP_NOTICE_FAILED:
		run->count->failed++;
		break;
	}
}

/* Returns as geotrip_store_notice_finish() does. A notice that was sent is sent
   again unless its outcome is stored before the claim expires. */
static int
write_outcome(struct geotrip_delivery_run *run,
	      const struct geotrip_notice *notice,
	      const struct geotrip_notice_outcome *outcome,
	      const char **error_r)
{
	unsigned int tries = outcome->state == GEOTRIP_NOTICE_SENT ||
		outcome->pending_to != NULL ? FINISH_TRIES : 1;
	int ret;

	for (;;) {
		ret = geotrip_store_notice_finish(run->input->store, notice,
						  outcome, error_r);
		if (ret >= 0 || --tries == 0)
			return ret;
		(void)sleep(FINISH_PAUSE_SECS);
	}
}

void geotrip_delivery_finish(struct geotrip_delivery_run *run,
			     const struct geotrip_notice *notice,
			     struct geotrip_notice_outcome *outcome,
			     const char *to)
{
	const char *error, *subject = geotrip_notice_subject(notice);
	int ret;

	tell_admin(run, notice, outcome);
	ret = write_outcome(run, notice, outcome, &error);
	if (ret < 0) {
		geotrip_delivery_store_failed(run, error);
		if (outcome->state == GEOTRIP_NOTICE_SENT) {
			e_error(run->input->event, "%s: a notice was sent, "
				"but this could not be recorded: it will be "
				"sent again", subject);
		}
		return;
	}
	if (ret == 0) {
		/* Happens only after a pause of minutes, for example when the
		   machine was suspended. */
		e_warning(run->input->event, "%s: another run has taken over "
			  "the notice", subject);
		return;
	}
	geotrip_event_notice(run->input->event, notice, outcome, to,
			     run->progress != NULL);
	count_outcome(run, outcome->state);
	run->done++;
	if (run->progress != NULL)
		run->progress(run->done, I_MAX(run->done, run->total));
}

/* The time after a delay. It is after the beginning of this run even if the
   clock was set back, so that a run never takes a notice twice. */
static int64_t
time_after(const struct geotrip_delivery_run *run, int64_t delay)
{
	return I_MAX(geotrip_now(), run->begin) + delay;
}

void geotrip_delivery_set_deferred(const struct geotrip_delivery_run *run,
				   const struct geotrip_notice *notice,
				   const char *error,
				   struct geotrip_notice_outcome *outcome_r)
{
	int64_t delay = geotrip_notice_retry_delay(notice->attempts);

	outcome_r->state = delay == 0 ? GEOTRIP_NOTICE_FAILED :
		GEOTRIP_NOTICE_QUEUED;
	outcome_r->next_attempt = time_after(run, delay);
	outcome_r->error = error;
}

void geotrip_delivery_set_untried(const struct geotrip_delivery_run *run,
				  const char *error,
				  struct geotrip_notice_outcome *outcome_r)
{
	outcome_r->state = GEOTRIP_NOTICE_QUEUED;
	outcome_r->untried = TRUE;
	outcome_r->next_attempt = time_after(run, UNTRIED_DELAY);
	outcome_r->error = error;
}

void geotrip_delivery_set_answers(
	const struct geotrip_delivery_run *run,
	const struct geotrip_notice *notice,
	const ARRAY_TYPE(geotrip_mailer_recipient) *recipients,
	struct geotrip_notice_outcome *outcome_r)
{
	const struct geotrip_mailer_recipient *recipient;
	ARRAY_TYPE(smtp_address_const) deferred;
	const char *deferred_error = NULL, *refused_error = NULL;
	bool accepted = notice->pending_to != NULL;

	t_array_init(&deferred, 4);
	array_foreach(recipients, recipient) {
		switch (recipient->answer) {
		case GEOTRIP_MAILER_ACCEPTED:
			accepted = TRUE;
			break;
		case GEOTRIP_MAILER_DEFERRED:
			array_push_back(&deferred, &recipient->address);
			deferred_error = recipient->error;
			break;
		case GEOTRIP_MAILER_REFUSED:
			refused_error = recipient->error;
			break;
		}
	}
	if (deferred_error != NULL) {
		geotrip_delivery_set_deferred(run, notice, deferred_error,
					      outcome_r);
		if (accepted) {
			outcome_r->pending_to =
				geotrip_addresses_join(&deferred, "\n");
		}
		if (accepted && outcome_r->state == GEOTRIP_NOTICE_FAILED)
			outcome_r->state = GEOTRIP_NOTICE_SENT;
	} else {
		/* the owner counts as notified if one address accepted the
		   message */
		outcome_r->state = accepted ? GEOTRIP_NOTICE_SENT :
			GEOTRIP_NOTICE_FAILED;
		outcome_r->error = refused_error;
	}
}
