/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* From a login to a verdict: the steps of the pipeline, and what an error
   means at each. */

#include "lib.h"
#include "array.h"
#include "geotrip-alarm.h"
#include "geotrip-brake.h"
#include "geotrip-event.h"
#include "geotrip-geo.h"
#include "geotrip-login.h"
#include "geotrip-recorder.h"
#include "geotrip-store.h"
#include "geotrip-upkeep.h"
#include "geotrip-users.h"

/* A login that is being judged. It lives on the stack of geotrip_login_check();
   an asynchronous store would have to change that. */
struct geotrip_check {
	struct geotrip *gt;
	const struct geotrip_login *login;
	geotrip_verdict_callback_t *callback;
	void *context;

	/* in lower case */
	const char *service;
	/* the one that counts, see geotrip_config_get_ip() */
	struct ip_addr ip;
	/* geotrip_services has its service */
	bool counted;
	/* geotrip_suspend_services has its service */
	bool suspendable;
	struct geotrip_user *user;
	struct geotrip_country country;
	/* what could not be used */
	enum geotrip_outage outage;

	/* what makes a rule true */
	struct geotrip_store_trip trip;
	/* why it did not start a suspension */
	struct geotrip_store_mark mark;
	bool synced_for_trip;
	bool mended;
};

static void check_locate(struct geotrip_check *check)
{
	struct geotrip *gt = check->gt;

	geotrip_config_get_ip(gt->config, &check->login->ip, &check->ip);
	if (check->ip.family == 0 ||
	    geotrip_networks_have(&gt->config->special_networks, &check->ip))
		return;
	if (geotrip_geo_lookup(gt->geo, &check->ip, &check->country) ==
	    GEOTRIP_GEO_NO_DATABASE)
		check->outage = GEOTRIP_OUTAGE_MMDB;
}

static struct geotrip_store_login
check_get_row(const struct geotrip_check *check, enum geotrip_verdict verdict)
{
	return (struct geotrip_store_login) {
		.user = &check->user->store,
		.time = check->login->time,
		.country = check->country,
		.ip = check->ip,
		.service = check->service,
		.mechanism = check->login->mechanism,
		.session = check->login->session,
		.verdict = verdict,
		.mark = verdict == GEOTRIP_VERDICT_OBSERVE ?
			&check->mark : NULL,
	};
}

/* Behind a proxy the same session authenticates twice. */
static bool check_session_again(struct geotrip_check *check)
{
	const struct geotrip_login *login = check->login;

	return login->session != NULL && login->session[0] != '\0' &&
		geotrip_user_session_again(check->user, login->session,
					   check->service, &check->ip,
					   login->time);
}

/* It came so late that its user was released meanwhile. */
static bool check_is_forgiven(const struct geotrip_check *check)
{
	return check->login->time <= check->user->cleared_at &&
		check->user->cleared_at < check->login->now;
}

static void
check_record(struct geotrip_check *check,
	     const struct geotrip_store_login *row)
{
	const struct geotrip_config *config = check->gt->config;
	const struct geotrip_sighting sighting = {
		.time = row->time,
		.country = row->country,
	};
	bool again = FALSE, news = FALSE;

	/* remember the session whatever the verdict, unless the client was
	   refused */
	if (row->verdict != GEOTRIP_VERDICT_BLOCKED &&
	    row->verdict != GEOTRIP_VERDICT_TEMPFAIL)
		again = check_session_again(check);

	switch (row->verdict) {
	case GEOTRIP_VERDICT_UNKNOWN:
		i_unreached();
	case GEOTRIP_VERDICT_ALLOW:
		if (!check->counted || again)
			return;
		if (row->country.code[0] != '\0' &&
		    !check_is_forgiven(check)) {
			news = geotrip_user_see(check->user, &sighting,
						row->time - config->window);
		}
		break;
	case GEOTRIP_VERDICT_OBSERVE:
		/* only new countries count for the next mark */
		geotrip_user_clear(check->user, row->time);
		news = TRUE;
		break;
	case GEOTRIP_VERDICT_BLOCKED:
		break;
	case GEOTRIP_VERDICT_TRIP:
		/* written already */
		return;
	case GEOTRIP_VERDICT_TEMPFAIL:
		/* the client was not let in, and may retry */
		return;
	}
	/* write immediately what another process must know */
	geotrip_recorder_add(check->gt->recorder, check->user, row,
			     news && check->gt->shared);
}

/* The verdict is final: record it and report it. */
static void
check_finish(struct geotrip_check *check, enum geotrip_verdict verdict)
{
	struct geotrip_store_login row = check_get_row(check, verdict);
	struct geotrip *gt = check->gt;

	check_record(check, &row);
	geotrip_event_login(gt->event, &row, check->outage);

	/* If the service keeps working for suspended users (imap, for example,
	   if it is counted), the login that tripped the rule is let in. */
	if (verdict == GEOTRIP_VERDICT_OBSERVE ||
	    (verdict == GEOTRIP_VERDICT_TRIP && !check->suspendable))
		verdict = GEOTRIP_VERDICT_ALLOW;
	check->callback(verdict, check->user->suspended_until,
			check->context);
}

static void
check_tripped(enum geotrip_store_commit_result result, const char *error,
	      void *context)
{
	struct geotrip_check *check = context;
	struct geotrip *gt = check->gt;

	switch (result) {
	case GEOTRIP_STORE_COMMITTED:
		check->user->suspended_until = check->trip.until;
		geotrip_event_suspension_started(gt->event,
			check->login->user, check->trip.until,
			check->trip.reason, check->trip.countries,
			GEOTRIP_SOURCE_RULE);
		check_finish(check, GEOTRIP_VERDICT_TRIP);
		return;
	case GEOTRIP_STORE_SUSPENDED_ALREADY:
		/* another process has just done it */
		check_finish(check, check->suspendable ?
			     GEOTRIP_VERDICT_BLOCKED : GEOTRIP_VERDICT_ALLOW);
		return;
	case GEOTRIP_STORE_COMMIT_BUSY:
	case GEOTRIP_STORE_COMMIT_FAILED:
		/* Do not report a suspension that may get lost. The next login
		   makes the rule true again. */
		geotrip_alarm_raise(gt->alarm, error);
		check->outage = GEOTRIP_OUTAGE_STORE;
		check_finish(check, gt->config->deny_on_error ?
			     GEOTRIP_VERDICT_TEMPFAIL : GEOTRIP_VERDICT_ALLOW);
		return;
	}
	i_unreached();
}

static void check_decide(struct geotrip_check *check);
static void check_load(struct geotrip_check *check);

/* Returns TRUE if the user must be reloaded before it is suspended: another
   process may have released or suspended it. */
static bool check_is_outdated(struct geotrip_check *check)
{
	struct geotrip *gt = check->gt;
	const char *error;

	if (check->synced_for_trip)
		return FALSE;
	check->synced_for_trip = TRUE;
	geotrip_expire(gt);
	return geotrip_store_sync(gt->store, &error) == 0 &&
		check->user->generation != geotrip_store_generation(gt->store);
}

static void
check_collect(struct geotrip_check *check, const struct geotrip_rule *rule,
	      const struct geotrip_sighting *sighting)
{
	check->trip.rule = rule->text;
	check->trip.reason = rule->text;
	t_array_init(&check->trip.evidence, 8);
	geotrip_rule_evidence(rule, check->user->seen,
			      check->user->seen_count, sighting,
			      &check->trip.evidence);
	check->trip.countries = geotrip_join_countries(&check->trip.evidence);
}

static void
check_mark(struct geotrip_check *check, enum geotrip_mark_cause cause)
{
	check->mark.cause = cause;
	check->mark.rule = check->trip.rule;
	check->mark.countries = check->trip.countries;
	geotrip_event_suspension_marked(check->gt->event, check->login->user,
					&check->mark);
	check_finish(check, GEOTRIP_VERDICT_OBSERVE);
}

static void check_trip(struct geotrip_check *check)
{
	struct geotrip_store_login row =
		check_get_row(check, GEOTRIP_VERDICT_TRIP);
	struct geotrip *gt = check->gt;

	if (geotrip_brake_holds(gt, &check->user->store,
				check->login->time)) {
		check_mark(check, GEOTRIP_MARK_BRAKE);
		return;
	}
	check->trip.until = gt->config->suspend_time == 0 ? GEOTRIP_NEVER :
		check->login->time + gt->config->suspend_time;
	geotrip_recorder_trip(gt->recorder, &row, &check->trip,
			      check_tripped, check);
}

static void
check_rule_matched(struct geotrip_check *check, const struct geotrip_rule *rule,
		   const struct geotrip_sighting *sighting)
{
	bool enforce = check->gt->config->enforce;

	if (enforce && check_is_outdated(check)) {
		check_load(check);
		return;
	}
	check_collect(check, rule, sighting);
	if (enforce)
		check_trip(check);
	else
		check_mark(check, GEOTRIP_MARK_OBSERVE);
}

static void check_decide(struct geotrip_check *check)
{
	const struct geotrip_config *config = check->gt->config;
	const struct geotrip_sighting sighting = {
		.time = check->login->time,
		.country = check->country,
	};
	const struct geotrip_rule *rule;
	bool suspended;

	/* expires in any mode */
	suspended = geotrip_user_suspended(check->user, check->login->time) &&
		config->enforce;
	if (suspended && check->suspendable) {
		check_finish(check, GEOTRIP_VERDICT_BLOCKED);
		return;
	}
	if (check->outage != GEOTRIP_OUTAGE_NONE && config->deny_on_error &&
	    check->counted) {
		check_finish(check, GEOTRIP_VERDICT_TEMPFAIL);
		return;
	}
	if (!check->counted || suspended || check_is_forgiven(check)) {
		check_finish(check, GEOTRIP_VERDICT_ALLOW);
		return;
	}
	rule = geotrip_rules_match(&config->rules, check->user->seen,
				   check->user->seen_count, &sighting);
	if (rule == NULL)
		check_finish(check, GEOTRIP_VERDICT_ALLOW);
	else
		check_rule_matched(check, rule, &sighting);
}

/* Returns TRUE if times in the future were fixed: reload the user. */
static bool check_mend(struct geotrip_check *check)
{
	if (check->mended)
		return FALSE;
	check->mended = TRUE;
	return geotrip_mend_times(check->gt, &check->user->store,
				  check->login->now);
}

static void
check_loaded(const struct geotrip_store_history *history, const char *error,
	     void *context)
{
	struct geotrip_check *check = context;
	struct geotrip *gt = check->gt;

	if (history == NULL) {
		/* use what is in memory */
		geotrip_store_failed(gt, error);
		check->outage = GEOTRIP_OUTAGE_STORE;
	} else if (history->was_ahead && check_mend(check)) {
		check_load(check);
		return;
	} else {
		/* if this failed, the next login tries again */
		geotrip_user_merge(check->user, history, history->was_ahead ?
				   0 : geotrip_store_generation(gt->store));
	}
	check_decide(check);
}

struct geotrip_user_load {
	struct geotrip *gt;
	struct geotrip_user *user;
};

static void check_load(struct geotrip_check *check)
{
	struct geotrip *gt = check->gt;

	geotrip_store_load(gt->store, &check->user->store,
			   check->login->time - gt->config->window,
			   check->login->now, check_loaded, check);
}

void geotrip_login_check(struct geotrip *gt,
			 const struct geotrip_login *login,
			 geotrip_verdict_callback_t *callback, void *context)
{
	const struct geotrip_config *config = gt->config;
	const char *service = t_str_lcase(login->service);
	struct geotrip_check check = {
		.gt = gt,
		.login = login,
		.callback = callback,
		.context = context,
		.service = service,
		.counted = geotrip_services_have(config->services, service),
		.suspendable = geotrip_services_have(config->suspend_services,
						     service),
	};

	if ((!check.counted && !check.suspendable) ||
	    geotrip_config_user_exempt(config, login->user) ||
	    geotrip_config_ip_exempt(config, &login->ip)) {
		callback(GEOTRIP_VERDICT_ALLOW, 0, context);
		return;
	}

	geotrip_clock_read(gt, login->now);
	check_locate(&check);
	check.user = geotrip_users_get(gt->users, login->user);
	if (geotrip_recorder_failing(gt->recorder))
		check.outage = GEOTRIP_OUTAGE_STORE;
	if (!geotrip_sync(gt)) {
		check.outage = GEOTRIP_OUTAGE_STORE;
		check_decide(&check);
	} else if (check.user->generation !=
		   geotrip_store_generation(gt->store)) {
		check_load(&check);
	} else {
		check_decide(&check);
	}
}

static void
user_loaded(const struct geotrip_store_history *history, const char *error,
	    void *context)
{
	struct geotrip_user_load *load = context;

	if (history == NULL)
		geotrip_store_failed(load->gt, error);
	else {
		geotrip_user_merge(load->user, history, history->was_ahead ?
			0 : geotrip_store_generation(load->gt->store));
	}
}

bool geotrip_is_suspended(struct geotrip *gt, const char *name, int64_t now)
{
	struct geotrip_user_load load = {
		.gt = gt,
		.user = geotrip_users_get(gt->users, name),
	};

	if (geotrip_sync(gt) && load.user->generation !=
	    geotrip_store_generation(gt->store)) {
		geotrip_store_load(gt->store, &load.user->store,
				   now - gt->config->window, now, user_loaded,
				   &load);
	}
	return gt->config->enforce && geotrip_user_suspended(load.user, now);
}

void geotrip_remember_suspension(struct geotrip *gt, const char *name,
				 int64_t until, int64_t now)
{
	const char *error;

	if (until <= now || geotrip_is_suspended(gt, name, now))
		return;
	if (geotrip_store_suspend_again(gt->store, name, until, &error) < 0)
		geotrip_alarm_raise(gt->alarm, error);
	else {
		/* it is read with the next login */
		geotrip_users_get(gt->users, name)->generation = 0;
	}
}
