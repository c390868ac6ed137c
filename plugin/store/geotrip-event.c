/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The names and fields of our events, in one place. */

#include "lib.h"
#include "geotrip-event.h"

static struct event_category event_category_geotrip = {
	.name = "geotrip",
};

struct event *geotrip_event_create(struct event *parent)
{
	struct event *event = event_create(parent);

	event_add_category(event, &event_category_geotrip);
	event_set_append_log_prefix(event, "geotrip: ");
	return event;
}

/* Each gets an event of its own: the duration field that Dovecot adds would
   otherwise be the age of the process. */

void geotrip_event_login(struct event *parent,
			 const struct geotrip_store_login *login,
			 enum geotrip_outage outage)
{
	const char *verdict = geotrip_verdict_name(login->verdict);
	struct event *event = event_create(parent);

	/* no passthrough event: allocate only one event per login */
	event_set_name(event, "geotrip_login_finished");
	event_add_str(event, "user", login->user->name);
	event_add_str(event, "service", login->service);
	event_add_str(event, "country", login->country.code);
	event_add_str(event, "verdict", verdict);
	if (outage != GEOTRIP_OUTAGE_NONE)
		event_add_str(event, "error", geotrip_outage_name(outage));
	e_debug(event, "user=<%s> service=%s country=%s: %s",
		geotrip_escape(login->user->name),
		geotrip_escape(login->service),
		login->country.code[0] == '\0' ? "-" : login->country.code,
		verdict);
	event_unref(&event);
}

void geotrip_event_suspension_started(struct event *parent, const char *user,
				      int64_t until, const char *reason,
				      const char *countries,
				      enum geotrip_source source)
{
	struct event *event = event_create(parent);
	struct event_passthrough *e = event_create_passthrough(event)->
		set_name("geotrip_suspension_started")->
		add_str("user", user)->
		add_str("reason", reason)->
		add_str("countries", countries)->
		add_str("source", geotrip_source_name(source));
	const char *end = until == GEOTRIP_NEVER ? "released" :
		geotrip_format_time(until);

	e_info(e->event(), "user=<%s>: suspended until %s by %s: %s%s",
	       geotrip_escape(user), end, geotrip_source_name(source),
	       geotrip_escape(reason),
	       *countries == '\0' ? "" : t_strdup_printf(" (%s)", countries));
	event_unref(&event);
}

void geotrip_event_suspension_ended(struct event *parent, const char *user,
				    enum geotrip_end by, const char *reason)
{
	struct event *event = event_create(parent);
	struct event_passthrough *e = event_create_passthrough(event)->
		set_name("geotrip_suspension_ended")->
		add_str("user", user)->
		add_str("released_by", geotrip_end_name(by));

	if (reason != NULL)
		e->add_str("reason", reason);
	e_info(e->event(), "user=<%s>: suspension ended by %s%s%s",
	       geotrip_escape(user), geotrip_end_name(by),
	       reason == NULL ? "" : ": ",
	       reason == NULL ? "" : geotrip_escape(reason));
	event_unref(&event);
}

void geotrip_event_suspension_marked(struct event *parent, const char *user,
				     const struct geotrip_store_mark *mark)
{
	struct event *event = event_create(parent);
	struct event_passthrough *e = event_create_passthrough(event)->
		set_name("geotrip_suspension_marked")->
		add_str("user", user)->
		add_str("rule", mark->rule)->
		add_str("countries", mark->countries)->
		add_str("cause", geotrip_mark_cause_name(mark->cause));

	e_info(e->event(), "user=<%s>: would be suspended: %s (%s), but %s",
	       geotrip_escape(user), geotrip_escape(mark->rule),
	       mark->countries, mark->cause == GEOTRIP_MARK_BRAKE ?
	       "too many accounts tripped" : "geotrip_mode is observe");
	event_unref(&event);
}

const char *geotrip_brake_accounts(const char *domain)
{
	if (domain == NULL)
		return "accounts";
	if (*domain == '\0')
		return "accounts without a domain";
	return t_strconcat("accounts of the domain ", geotrip_escape(domain),
			   NULL);
}

void geotrip_event_brake_started(struct event *parent, const char *domain,
				 const char *max)
{
	const char *accounts = geotrip_brake_accounts(domain);
	struct event *event = event_create(parent);
	struct event_passthrough *e = event_create_passthrough(event)->
		set_name("geotrip_brake_started")->
		add_str("max", max);

	if (domain != NULL)
		e->add_str("domain", domain);
	e_error(e->event(), "Too many %s tripped (geotrip_max_suspensions = "
		"%s): from now on %s that trip are only marked, not "
		"suspended. Look for a wrong network or country with doveadm "
		"geotrip countries -s 1h and doveadm geotrip list -w. This "
		"ends when fewer trip, or with doveadm geotrip resume",
		accounts, max, accounts);
	event_unref(&event);
}

void geotrip_event_brake_ended(struct event *parent, const char *domain,
			       enum geotrip_end by)
{
	struct event *event = event_create(parent);
	struct event_passthrough *e = event_create_passthrough(event)->
		set_name("geotrip_brake_ended")->
		add_str("ended_by", geotrip_end_name(by));

	if (domain != NULL)
		e->add_str("domain", domain);
	e_info(e->event(), "From now on %s that trip are suspended again: "
	       "ended by %s", geotrip_brake_accounts(domain),
	       geotrip_end_name(by));
	event_unref(&event);
}

const char *geotrip_notice_subject(const struct geotrip_notice *notice)
{
	if (notice->kind != GEOTRIP_NOTICE_BRAKE) {
		return t_strdup_printf("user=<%s>", geotrip_escape(
			notice->suspension.user));
	}
	return notice->brake.domain == NULL ? "geotrip" :
		t_strdup_printf("domain=<%s>", geotrip_escape(
			notice->brake.domain));
}

const char *geotrip_notice_title(enum geotrip_notice_kind kind)
{
	switch (kind) {
	case GEOTRIP_NOTICE_KIND_UNKNOWN:
		break;
	case GEOTRIP_NOTICE_SUSPENDED:
		return "notice";
	case GEOTRIP_NOTICE_RELEASED:
		return "release notice";
	case GEOTRIP_NOTICE_COPY:
		return "copy of notice";
	case GEOTRIP_NOTICE_UNDELIVERED:
		return "undelivered report";
	case GEOTRIP_NOTICE_BRAKE:
		return "brake report";
	}
	return geotrip_notice_kind_name(kind);
}

void geotrip_event_notice(struct event *parent,
			  const struct geotrip_notice *notice,
			  const struct geotrip_notice_outcome *outcome,
			  const char *to, bool quiet)
{
	bool deferred = outcome->state == GEOTRIP_NOTICE_QUEUED;
	struct event *event = event_create(parent);
	struct event_passthrough *e = event_create_passthrough(event)->
		set_name("geotrip_notice_finished")->
		add_str("kind", geotrip_notice_kind_name(notice->kind))->
		add_str("state", deferred ? "deferred" :
			geotrip_notice_state_name(outcome->state));
	const char *title = t_strdup_printf("%s: %s",
		geotrip_notice_subject(notice),
		geotrip_notice_title(notice->kind));
	const char *to_title = to == NULL ? title : t_strdup_printf(
		"%s to %s", title, geotrip_escape(to));
	const char *error = outcome->error == NULL ? "" : t_strconcat(
		": ", geotrip_escape(outcome->error), NULL);

	if (notice->suspension.user != NULL)
		e->add_str("user", notice->suspension.user);
	if (notice->brake.domain != NULL)
		e->add_str("domain", notice->brake.domain);
	if (outcome->error != NULL)
		e->add_str("error", outcome->error);
	/* the caller logs once for all notices why nothing was tried */
	if (outcome->untried)
		e_debug(e->event(), "%s not tried%s", to_title, error);
	else if (deferred) {
		e_warning(e->event(), "%s deferred until %s%s", to_title,
			  geotrip_format_time(outcome->next_attempt),
			  error);
	} else if (outcome->state == GEOTRIP_NOTICE_SENT && quiet) {
		e_debug(e->event(), "%s sent to %s%s", title,
			geotrip_escape(to), error);
	} else if (outcome->state == GEOTRIP_NOTICE_SENT) {
		e_info(e->event(), "%s sent to %s%s", title,
		       geotrip_escape(to), error);
	} else {
		e_error(e->event(), "%s failed%s", to_title, error);
	}
	event_unref(&event);
}
