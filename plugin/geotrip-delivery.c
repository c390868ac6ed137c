/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The run. A notice is claimed before anything is done about it, and what
   became of it is committed before the next one: two runs at a time, or one
   that is killed, do not send a notice twice. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "geotrip-delivery.h"
#include "geotrip-event.h"
#include "geotrip-notice.h"
#include "geotrip-owner.h"

#include <unistd.h>

/* A claim lasts as long as a message may take, and then some for the lookup
   before it and for a database that cannot be written just then. */
#define LEASE_TIME (GEOTRIP_MAILER_MAX_TIME + GEOTRIP_USECS(6 * 60))
/* The outcome of a notice that was sent must be written down: try so often,
   with a pause. */
#define FINISH_TRIES 180
#define FINISH_PAUSE_SECS 1
/* When what is missing is ours to mend: it is mended, or not, in minutes. */
#define UNTRIED_DELAY GEOTRIP_USECS(60)
/* After so many notices in a row for which the mail server or the userdb could
   not be talked to, they are left alone until the next run. */
#define MAX_SERVER_FAILURES 3
/* The administrator gets so many copies in a run, and a digest of more. */
#define MAX_COPIES 10
/* So many are worth to be counted down on a terminal. */
#define PROGRESS_MIN_TOTAL 50
/* A digest of all of them would be no mail any more. */
#define MAX_LIST 1000

struct delivery_run {
	const struct geotrip_delivery_input *input;
	struct geotrip_notice_writer *writer;
	struct geotrip_mailer *mailer;
	struct geotrip_delivery_count *count;
	/* what becomes due later is for the next run */
	int64_t begin;
	unsigned int done, total;
	/* NULL: not shown */
	void (*progress)(unsigned int done, unsigned int total);
	/* in a row; of the mail server or the userdb */
	unsigned int server_failures;
	bool failed;
	bool store_failed;
	/* the last error of a template that was logged */
	char *template_error;
};

static void run_store_failed(struct delivery_run *run, const char *error)
{
	e_error(run->input->event, "%s", error);
	run->store_failed = TRUE;
	run->failed = TRUE;
}

/* Ten thousand notices in one language have one and the same error. */
static void run_template_failed(struct delivery_run *run, const char *error)
{
	run->failed = TRUE;
	if (null_strcmp(run->template_error, error) == 0)
		return;
	i_free(run->template_error);
	run->template_error = i_strdup(error);
	e_error(run->input->event, "%s", error);
}

static void run_server_failed(struct delivery_run *run)
{
	run->server_failures++;
	run->failed = TRUE;
}

static bool run_goes_on(const struct delivery_run *run)
{
	return !run->store_failed &&
		run->server_failures < MAX_SERVER_FAILURES &&
		!run->input->told_to_stop();
}

static bool notice_is_for_owner(const struct geotrip_notice *notice)
{
	return notice->kind == GEOTRIP_NOTICE_SUSPENDED ||
		notice->kind == GEOTRIP_NOTICE_RELEASED;
}

/*
 * What became of a notice
 */

/* The administrator gets a copy when the owner's notice is tried for the first
   time, and a report if the owner cannot be told. */
static void
tell_admin(const struct delivery_run *run, const struct geotrip_notice *notice,
	   struct geotrip_notice_outcome *outcome)
{
	if (array_count(&run->input->config->notify.admin) == 0 ||
	    !notice_is_for_owner(notice))
		return;
	outcome->queue_undelivered = outcome->state == GEOTRIP_NOTICE_FAILED;
	outcome->queue_copy = notice->kind == GEOTRIP_NOTICE_SUSPENDED &&
		outcome->state != GEOTRIP_NOTICE_FAILED && !outcome->untried;
}

static void
count_outcome(struct delivery_run *run, enum geotrip_notice_state state)
{
	switch (state) {
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

/* Returns as geotrip_store_notice_finish() does. What has been sent is sent
   again if that is not written down before the claim runs out. */
static int
write_outcome(struct delivery_run *run, const struct geotrip_notice *notice,
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

/* to says where it went, for the log. */
static void
finish(struct delivery_run *run, const struct geotrip_notice *notice,
       struct geotrip_notice_outcome *outcome, const char *to)
{
	const char *error, *subject = geotrip_notice_subject(notice);
	int ret;

	tell_admin(run, notice, outcome);
	ret = write_outcome(run, notice, outcome, &error);
	if (ret < 0) {
		run_store_failed(run, error);
		if (outcome->state == GEOTRIP_NOTICE_SENT) {
			e_error(run->input->event, "%s: a notice was "
				"sent, which could not be written down: it "
				"will be sent again", subject);
		}
		return;
	}
	if (ret == 0) {
		/* Only after a pause of minutes, such as a machine asleep. */
		e_warning(run->input->event, "%s: another run has "
			  "taken the notice over", subject);
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
   clock was set back: a run takes no notice twice. */
static int64_t time_after(const struct delivery_run *run, int64_t delay)
{
	return I_MAX(geotrip_now(), run->begin) + delay;
}

/* Put it off, or give up when it has been tried often enough. */
static void
set_deferred(const struct delivery_run *run,
	     const struct geotrip_notice *notice, const char *error,
	     struct geotrip_notice_outcome *outcome_r)
{
	int64_t delay = geotrip_notice_retry_delay(notice->attempts);

	outcome_r->state = delay == 0 ? GEOTRIP_NOTICE_FAILED :
		GEOTRIP_NOTICE_QUEUED;
	outcome_r->next_attempt = time_after(run, delay);
	outcome_r->error = error;
}

/* Nothing was tried, because something of ours is not in order. */
static void
set_untried(const struct delivery_run *run, const char *error,
	    struct geotrip_notice_outcome *outcome_r)
{
	outcome_r->state = GEOTRIP_NOTICE_QUEUED;
	outcome_r->untried = TRUE;
	outcome_r->next_attempt = time_after(run, UNTRIED_DELAY);
	outcome_r->error = error;
}

/* What the answers for the recipients make of the notice. As long as one may
   still accept it, it is tried with those that did not. */
static void
set_answers(const struct delivery_run *run,
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
		set_deferred(run, notice, deferred_error, outcome_r);
		if (accepted) {
			outcome_r->pending_to =
				geotrip_addresses_join(&deferred, "\n");
		}
		if (accepted && outcome_r->state == GEOTRIP_NOTICE_FAILED)
			outcome_r->state = GEOTRIP_NOTICE_SENT;
	} else {
		/* one address is enough to have been told */
		outcome_r->state = accepted ? GEOTRIP_NOTICE_SENT :
			GEOTRIP_NOTICE_FAILED;
		outcome_r->error = refused_error;
	}
}

/*
 * To the mail server
 */

/* Send to all of to, or to those of them that are pending, and get their
   answers. */
static void
send_message(struct delivery_run *run, const struct geotrip_notice *notice,
	     const ARRAY_TYPE(smtp_address_const) *to, const string_t *message,
	     pool_t pool, ARRAY_TYPE(geotrip_mailer_recipient) *recipients)
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
	/* who had to wait may be none of the owner's any more */
	if (array_count(recipients) == 0)
		return;
	if (geotrip_mailer_send(run->mailer,
				geotrip_notice_sender(run->writer),
				recipients, message, pool, &error) == 0)
		run->server_failures = 0;
	else
		run_server_failed(run);
}

/*
 * To the owner of an account
 */

static void
collect_login(const struct geotrip_store_login *login,
	      const char *verdict ATTR_UNUSED, void *context)
{
	ARRAY_TYPE(geotrip_notice_login) *evidence = context;
	struct geotrip_notice_login *copy = array_append_space(evidence);

	copy->time = login->time;
	copy->country = login->country;
	copy->ip = login->ip;
}

/* The message to the owner. Returns FALSE if there is none, and the
   outcome. */
static bool
write_to_owner(struct delivery_run *run, const struct geotrip_notice *notice,
	       pool_t pool, struct geotrip_owner *owner_r, string_t *message,
	       struct geotrip_notice_outcome *outcome_r)
{
	const struct geotrip_delivery_input *input = run->input;
	ARRAY_TYPE(geotrip_notice_login) evidence;
	const char *error;

	switch (geotrip_owner_lookup(input->auth, &input->config->notify,
				     notice->suspension.user, pool, owner_r,
				     &error)) {
	case GEOTRIP_OWNER_FOUND:
		if (owner_r->problem != NULL) {
			e_warning(input->event, "user=<%s>: %s",
				  geotrip_escape(notice->suspension.user),
				  owner_r->problem);
		}
		break;
	case GEOTRIP_OWNER_UNREACHABLE:
		outcome_r->state = GEOTRIP_NOTICE_FAILED;
		outcome_r->error = error;
		return FALSE;
	case GEOTRIP_OWNER_LATER:
		set_deferred(run, notice, error, outcome_r);
		return FALSE;
	case GEOTRIP_OWNER_NO_USERDB:
		run_server_failed(run);
		set_untried(run, error, outcome_r);
		return FALSE;
	}

	p_array_init(&evidence, pool, 8);
	if (geotrip_store_evidence(input->store, notice->suspension.id,
				   collect_login, &evidence, &error) < 0) {
		run_store_failed(run, error);
		set_untried(run, error, outcome_r);
		return FALSE;
	}
	if (geotrip_notice_write(run->writer, notice, &evidence,
				 &owner_r->addresses, owner_r->language,
				 message, &error) < 0) {
		run_template_failed(run, error);
		set_untried(run, error, outcome_r);
		return FALSE;
	}
	return TRUE;
}

/* Write that nobody is suspended. Returns FALSE if there is no message, and
   the outcome. */
static bool
write_of_brake(struct delivery_run *run, const struct geotrip_notice *notice,
	       string_t *message, struct geotrip_notice_outcome *outcome_r)
{
	const char *error;

	if (geotrip_notice_write_brake(run->writer, &notice->brake, message,
				       &error) < 0) {
		run_template_failed(run, error);
		set_untried(run, error, outcome_r);
		return FALSE;
	}
	return TRUE;
}

static void
deliver_notice(struct delivery_run *run, const struct geotrip_notice *notice,
	       pool_t pool)
{
	struct geotrip_notice_outcome outcome = { .error = NULL };
	ARRAY_TYPE(geotrip_mailer_recipient) recipients;
	const ARRAY_TYPE(smtp_address_const) *to;
	string_t *message = str_new(pool, 4096);
	struct geotrip_owner owner;
	bool written;

	written = notice->kind == GEOTRIP_NOTICE_BRAKE ?
		write_of_brake(run, notice, message, &outcome) :
		write_to_owner(run, notice, pool, &owner, message, &outcome);
	if (!written) {
		finish(run, notice, &outcome, NULL);
		return;
	}
	to = notice_is_for_owner(notice) ? &owner.addresses :
		&run->input->config->notify.admin;
	send_message(run, notice, to, message, pool, &recipients);
	set_answers(run, notice, &recipients, &outcome);
	finish(run, notice, &outcome, geotrip_addresses_join(to, ", "));
}

/* Claim the next notice of a kind, like another one if that is not NULL.
   Returns FALSE if there is none. */
static bool
claim(struct delivery_run *run, enum geotrip_notice_kind kind,
      const struct geotrip_notice *like, pool_t pool,
      struct geotrip_notice *notice_r)
{
	const char *error;
	int ret;

	ret = geotrip_store_notice_claim(run->input->store, kind, run->begin,
					 geotrip_now() + LEASE_TIME, like,
					 pool, notice_r, &error);
	if (ret < 0)
		run_store_failed(run, error);
	return ret > 0;
}

static void
deliver_each(struct delivery_run *run, enum geotrip_notice_kind kind)
{
	struct geotrip_notice notice;
	pool_t pool;
	bool found = TRUE;

	pool = pool_alloconly_create("geotrip delivery", 16384);
	while (found && run_goes_on(run)) {
		p_clear(pool);
		T_BEGIN {
			found = claim(run, kind, NULL, pool, &notice);
			if (found)
				deliver_notice(run, &notice, pool);
		} T_END;
	}
	pool_unref(&pool);
}

/*
 * Lists to the administrator
 */

ARRAY_DEFINE_TYPE(notice, struct geotrip_notice);

/* Claim notices for one list, which go to the same addresses. */
static void
claim_list(struct delivery_run *run, enum geotrip_notice_kind kind,
	   pool_t pool, ARRAY_TYPE(notice) *notices, string_t *list)
{
	const struct geotrip_notice *like = NULL;
	struct geotrip_notice notice;

	while (array_count(notices) < MAX_LIST &&
	       claim(run, kind, like, pool, &notice)) T_BEGIN {
		array_push_back(notices, &notice);
		/* the array may move */
		like = array_front(notices);
		if (str_len(list) > 0)
			str_append_c(list, '\n');
		str_append(list, geotrip_notice_list_line(run->writer,
							  &notice));
	} T_END;
}

/* One list of a kind. Returns FALSE if it was not delivered, or none was
   due. */
static bool
deliver_list(struct delivery_run *run, enum geotrip_notice_kind kind,
	     pool_t pool)
{
	const ARRAY_TYPE(smtp_address_const) *admin =
		&run->input->config->notify.admin;
	ARRAY_TYPE(geotrip_mailer_recipient) recipients;
	struct geotrip_notice_outcome outcome;
	string_t *list = str_new(pool, 4096), *message = str_new(pool, 8192);
	const struct geotrip_notice *first, *notice;
	ARRAY_TYPE(notice) notices;
	const char *error = NULL;

	p_array_init(&notices, pool, 16);
	claim_list(run, kind, pool, &notices, list);
	if (array_count(&notices) == 0)
		return FALSE;
	first = array_front(&notices);
	if (geotrip_notice_write_list(run->writer, first,
				      array_count(&notices), str_c(list),
				      message, &error) < 0)
		run_template_failed(run, error);
	else
		send_message(run, first, admin, message, pool, &recipients);
	array_foreach(&notices, notice) {
		i_zero(&outcome);
		if (error != NULL)
			set_untried(run, error, &outcome);
		else
			set_answers(run, notice, &recipients, &outcome);
		finish(run, notice, &outcome,
		       geotrip_addresses_join(admin, ", "));
	}
	return outcome.state == GEOTRIP_NOTICE_SENT;
}

static void
deliver_lists(struct delivery_run *run, enum geotrip_notice_kind kind)
{
	pool_t pool = pool_alloconly_create("geotrip list", 16384);
	bool delivered = TRUE;

	while (delivered && run_goes_on(run)) {
		p_clear(pool);
		T_BEGIN {
			delivered = deliver_list(run, kind, pool);
		} T_END;
	}
	pool_unref(&pool);
}

static unsigned int
count_due(struct delivery_run *run, enum geotrip_notice_kind kind)
{
	unsigned int count = 0;
	const char *error;

	if (geotrip_store_notices_due(run->input->store, kind, run->begin,
				      &count, &error) < 0)
		run_store_failed(run, error);
	return count;
}

static void deliver_to_admin(struct delivery_run *run)
{
	/* copies were queued by this run as well */
	run->begin = geotrip_now();
	if (array_count(&run->input->config->notify.admin) == 0)
		return;
	if (count_due(run, GEOTRIP_NOTICE_COPY) <= MAX_COPIES)
		deliver_each(run, GEOTRIP_NOTICE_COPY);
	else
		deliver_lists(run, GEOTRIP_NOTICE_COPY);
	deliver_lists(run, GEOTRIP_NOTICE_UNDELIVERED);
}

/*
 * The run
 */

static void run_all(struct delivery_run *run)
{
	const char *error;

	if (geotrip_store_notices_withdraw(
			run->input->store,
			!run->input->config->notify.release,
			&run->count->withdrawn, &error) < 0) {
		run_store_failed(run, error);
		return;
	}
	/* without it, all of them would only be claimed and put back */
	if (geotrip_notice_writer_check(run->writer, &error) < 0) {
		run_template_failed(run, error);
		return;
	}
	run->total = count_due(run, GEOTRIP_NOTICE_SUSPENDED) +
		count_due(run, GEOTRIP_NOTICE_RELEASED);
	if (run->total >= PROGRESS_MIN_TOTAL)
		run->progress = run->input->progress;
	/* what concerns everybody comes first */
	if (array_count(&run->input->config->notify.admin) > 0)
		deliver_each(run, GEOTRIP_NOTICE_BRAKE);
	deliver_each(run, GEOTRIP_NOTICE_SUSPENDED);
	deliver_each(run, GEOTRIP_NOTICE_RELEASED);
	if (run_goes_on(run))
		deliver_to_admin(run);
	if (run->server_failures >= MAX_SERVER_FAILURES) {
		e_error(run->input->event, "The mail server or the userdb "
			"could not be talked to %u times in a row: what is "
			"left will be tried by the next run",
			MAX_SERVER_FAILURES);
	}
	if (run->input->told_to_stop()) {
		e_info(run->input->event, "Told to stop: what is left will be "
		       "delivered by the next run");
	}
}

int geotrip_deliver(const struct geotrip_delivery_input *input,
		    struct geotrip_delivery_count *count_r)
{
	struct delivery_run run = {
		.input = input,
		.count = count_r,
		.begin = geotrip_now(),
	};

	i_zero(count_r);
	run.writer = geotrip_notice_writer_init(
		input->config, input->mailer.submit->hostname);
	run.mailer = geotrip_mailer_init(&input->mailer);
	run_all(&run);
	if (run.progress != NULL)
		run.progress(0, 0);
	geotrip_mailer_deinit(&run.mailer);
	geotrip_notice_writer_deinit(&run.writer);
	i_free(run.template_error);
	return run.failed ? -1 : 0;
}
