/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Many notices in one message: the lists to the administrator. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "geotrip-delivery-private.h"
#include "geotrip-notice.h"

/* A digest of any number of them would become too large for a mail. */
#define MAX_LIST 1000

ARRAY_DEFINE_TYPE(notice, struct geotrip_notice);

/* Claim notices for one list; all of them go to the same addresses. */
static void
claim_list(struct geotrip_delivery_run *run, enum geotrip_notice_kind kind,
	   pool_t pool, ARRAY_TYPE(notice) *notices, string_t *list)
{
	const struct geotrip_notice *like = NULL;
	struct geotrip_notice notice;

	while (array_count(notices) < MAX_LIST &&
	       geotrip_delivery_claim(run, kind, like, pool, &notice)) T_BEGIN {
		array_push_back(notices, &notice);
		/* the array may have been reallocated */
		like = array_front(notices);
		if (str_len(list) > 0)
			str_append_c(list, '\n');
		str_append(list, geotrip_notice_list_line(run->writer,
							  &notice));
	} T_END;
}

/* Deliver one list of a kind. Returns FALSE if it was not delivered, or nothing
   was due. */
static bool
deliver_list(struct geotrip_delivery_run *run, enum geotrip_notice_kind kind,
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
		geotrip_delivery_template_failed(run, error);
	else
		geotrip_delivery_send(run, first, admin, message, pool,
				      &recipients);
	array_foreach(&notices, notice) {
		i_zero(&outcome);
		if (error != NULL)
			geotrip_delivery_set_untried(run, error, &outcome);
		else
			geotrip_delivery_set_answers(run, notice, &recipients,
						     &outcome);
		geotrip_delivery_finish(run, notice, &outcome,
					geotrip_addresses_join(admin, ", "));
	}
	return outcome.state == GEOTRIP_NOTICE_SENT;
}

void geotrip_delivery_lists(struct geotrip_delivery_run *run,
			    enum geotrip_notice_kind kind)
{
	pool_t pool = pool_alloconly_create("geotrip list", 16384);
	bool delivered = TRUE;

	while (delivered && geotrip_delivery_goes_on(run)) {
		p_clear(pool);
		T_BEGIN {
			delivered = deliver_list(run, kind, pool);
		} T_END;
	}
	pool_unref(&pool);
}
