/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_DELIVERY_PRIVATE_H
#define GEOTRIP_DELIVERY_PRIVATE_H

/* What the steps of a delivery share. Only for geotrip-delivery*.c, where each
   file calls none but those below it:

   geotrip-delivery.c          the run: what is delivered, in which order
   geotrip-delivery-withdraw.c what must no longer be delivered
   geotrip-delivery-notice.c   one notice, one message
   geotrip-delivery-list.c     many notices, one message to the administrator
   geotrip-delivery-send.c     a message goes to the mail server
   geotrip-delivery-outcome.c  what became of a notice
   geotrip-delivery-run.c      the state of the run

   No function returns an error: what has failed is logged and kept in the
   run, which ends because of it or goes on. */

#include "geotrip-delivery.h"

struct geotrip_notice_writer;

/* The maximum number of consecutive notices for which the mail server or the
   userdb could not be reached. After that they are left alone until the next
   run. */
#define GEOTRIP_DELIVERY_MAX_SERVER_FAILURES 3

struct geotrip_delivery_run {
	const struct geotrip_delivery_input *input;
	struct geotrip_notice_writer *writer;
	struct geotrip_mailer *mailer;
	struct geotrip_delivery_count *count;
	/* notices that become due later are left to the next run */
	int64_t begin;
	unsigned int done, total;
	/* NULL: progress is not shown */
	void (*progress)(unsigned int done, unsigned int total);
	/* consecutive failures of the mail server or the userdb */
	unsigned int server_failures;
	bool failed;
	bool store_failed;
	/* the last template error that was logged */
	char *template_error;
};

/* Does the notice go to the owner of the account, and not to the
   administrator? */
static inline bool
geotrip_delivery_is_for_owner(const struct geotrip_notice *notice)
{
	return notice->kind == GEOTRIP_NOTICE_SUSPENDED ||
		notice->kind == GEOTRIP_NOTICE_RELEASED;
}

/*
 * geotrip-delivery-withdraw.c
 */

/* Withdraw queued notices that are no longer true, and log each one of an
   exempt account. Returns FALSE if the store failed. */
bool geotrip_delivery_withdraw(struct geotrip_delivery_run *run);

/*
 * geotrip-delivery-notice.c
 */

/* Deliver the due notices of a kind, each in a message of its own, as long as
   the run goes on. Not for the kind undelivered, which goes in lists only. */
void geotrip_delivery_each(struct geotrip_delivery_run *run,
			   enum geotrip_notice_kind kind);

/*
 * geotrip-delivery-list.c
 */

/* Deliver the due notices of the kind copy or undelivered in lists to the
   administrator, who must have an address, until a list is not sent or the run
   ends. */
void geotrip_delivery_lists(struct geotrip_delivery_run *run,
			    enum geotrip_notice_kind kind);

/*
 * geotrip-delivery-send.c
 */

/* Send the message to the addresses, or only to those of them that the notice
   is pending for. recipients is initialised from the pool and gets an answer
   for each; it stays empty if none of them is pending. The addresses point to
   those in to. A server that cannot be reached counts as a failure of the run,
   and all recipients are deferred. */
void geotrip_delivery_send(struct geotrip_delivery_run *run,
			   const struct geotrip_notice *notice,
			   const ARRAY_TYPE(smtp_address_const) *to,
			   const string_t *message, pool_t pool,
			   ARRAY_TYPE(geotrip_mailer_recipient) *recipients);

/*
 * geotrip-delivery-outcome.c
 */

/* The outcome must be zeroed before one of these sets it. It points to the
   error and to those of the recipients; what else it points to is in the data
   stack. */

/* Defer the notice, or give up if it has been tried often enough. */
void geotrip_delivery_set_deferred(const struct geotrip_delivery_run *run,
				   const struct geotrip_notice *notice,
				   const char *error,
				   struct geotrip_notice_outcome *outcome_r);
/* Nothing was tried because of a local problem. */
void geotrip_delivery_set_untried(const struct geotrip_delivery_run *run,
				  const char *error,
				  struct geotrip_notice_outcome *outcome_r);
/* Set the outcome by the replies for the recipients. As long as one of them may
   still accept the message, it is retried for those that have not. */
void geotrip_delivery_set_answers(
	const struct geotrip_delivery_run *run,
	const struct geotrip_notice *notice,
	const ARRAY_TYPE(geotrip_mailer_recipient) *recipients,
	struct geotrip_notice_outcome *outcome_r);

/* Add to the outcome what the administrator is to be told, store it, count and
   log it, and show the progress. If a recipient accepted the message and the
   database cannot be written, this keeps trying for some minutes. to is where
   the message went, for the log; NULL: nowhere. */
void geotrip_delivery_finish(struct geotrip_delivery_run *run,
			     const struct geotrip_notice *notice,
			     struct geotrip_notice_outcome *outcome,
			     const char *to);

/*
 * geotrip-delivery-run.c
 */

/* The store failed: log the error. The run ends. */
void geotrip_delivery_store_failed(struct geotrip_delivery_run *run,
				   const char *error);
/* A template is unusable: log the error, unless it is the same as the last one.
   The run goes on. */
void geotrip_delivery_template_failed(struct geotrip_delivery_run *run,
				      const char *error);
/* The mail server or the userdb could not be reached: count it. The run ends
   after too many of these in a row. Nothing is logged. */
void geotrip_delivery_server_failed(struct geotrip_delivery_run *run);
/* Returns FALSE if the run must end, because of failures or because it was told
   to stop. */
bool geotrip_delivery_goes_on(const struct geotrip_delivery_run *run);

/* Claim the next notice of a kind that was due at run->begin; if like is not
   NULL, only one that is to go to the same addresses. The claim lasts for ten
   minutes. Its texts are allocated from the pool. Returns FALSE if there is
   none, or the store failed. */
bool geotrip_delivery_claim(struct geotrip_delivery_run *run,
			    enum geotrip_notice_kind kind,
			    const struct geotrip_notice *like, pool_t pool,
			    struct geotrip_notice *notice_r);

#endif
