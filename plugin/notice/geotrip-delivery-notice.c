/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* One message per notice: to the owner of an account, its copy to the
   administrator, or the report to the administrator that the brake holds. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "geotrip-delivery-private.h"
#include "geotrip-notice.h"
#include "geotrip-owner.h"
#include "geotrip-rights.h"

static void
collect_login(const struct geotrip_store_login *login, void *context)
{
	ARRAY_TYPE(geotrip_notice_login) *evidence = context;
	struct geotrip_notice_login *copy = array_append_space(evidence);

	copy->time = login->time;
	copy->country = login->country;
	copy->ip = login->ip;
}

/* Write the message to the owner. Returns FALSE and sets the outcome if there
   is none. */
static bool
write_to_owner(struct geotrip_delivery_run *run,
	       const struct geotrip_notice *notice, pool_t pool,
	       struct geotrip_owner *owner_r, string_t *message,
	       struct geotrip_notice_outcome *outcome_r)
{
	const struct geotrip_delivery_input *input = run->input;
	ARRAY_TYPE(geotrip_notice_login) evidence;
	enum geotrip_owner_result result;
	const char *error;

	geotrip_rights_be_root(input->rights);
	result = geotrip_owner_lookup(input->auth, &input->config->notify,
				      notice->suspension.user, pool, owner_r,
				      &error);
	geotrip_rights_be_owner(input->rights);
	switch (result) {
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
		geotrip_delivery_set_deferred(run, notice, error, outcome_r);
		return FALSE;
	case GEOTRIP_OWNER_NO_USERDB:
		geotrip_delivery_server_failed(run);
		geotrip_delivery_set_untried(run, error, outcome_r);
		return FALSE;
	}

	p_array_init(&evidence, pool, 8);
	if (geotrip_store_evidence(input->store, notice->suspension.id,
				   collect_login, &evidence, &error) < 0) {
		geotrip_delivery_store_failed(run, error);
		geotrip_delivery_set_untried(run, error, outcome_r);
		return FALSE;
	}
	if (geotrip_notice_write(run->writer, notice, &evidence,
				 &owner_r->addresses, owner_r->language,
				 message, &error) < 0) {
		geotrip_delivery_template_failed(run, error);
		geotrip_delivery_set_untried(run, error, outcome_r);
		return FALSE;
	}
	return TRUE;
}

/* Write the report that the brake holds. Returns FALSE and sets the outcome if
   there is no message. */
static bool
write_of_brake(struct geotrip_delivery_run *run,
	       const struct geotrip_notice *notice, string_t *message,
	       struct geotrip_notice_outcome *outcome_r)
{
	const char *error;

	if (geotrip_notice_write_brake(run->writer, &notice->brake, message,
				       &error) < 0) {
		geotrip_delivery_template_failed(run, error);
		geotrip_delivery_set_untried(run, error, outcome_r);
		return FALSE;
	}
	return TRUE;
}

static void
deliver_notice(struct geotrip_delivery_run *run,
	       const struct geotrip_notice *notice, pool_t pool)
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
		geotrip_delivery_finish(run, notice, &outcome, NULL);
		return;
	}
	to = geotrip_delivery_is_for_owner(notice) ? &owner.addresses :
		&run->input->config->notify.admin;
	geotrip_delivery_send(run, notice, to, message, pool, &recipients);
	geotrip_delivery_set_answers(run, notice, &recipients, &outcome);
	geotrip_delivery_finish(run, notice, &outcome,
				geotrip_addresses_join(to, ", "));
}

void geotrip_delivery_each(struct geotrip_delivery_run *run,
			   enum geotrip_notice_kind kind)
{
	struct geotrip_notice notice;
	pool_t pool;
	bool found = TRUE;

	pool = pool_alloconly_create("geotrip delivery", 16384);
	while (found && geotrip_delivery_goes_on(run)) {
		p_clear(pool);
		T_BEGIN {
			found = geotrip_delivery_claim(run, kind, NULL, pool,
						       &notice);
			if (found)
				deliver_notice(run, &notice, pool);
		} T_END;
	}
	pool_unref(&pool);
}
