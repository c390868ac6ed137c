/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* From a login to a verdict. Owns geo, store, users and recorder, and keeps
   them in order. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "time-util.h"
#include "geotrip-alarm.h"
#include "geotrip-event.h"
#include "geotrip-geo.h"
#include "geotrip-login.h"
#include "geotrip-recorder.h"
#include "geotrip-store.h"
#include "geotrip-users.h"

/* The auth process serves everybody: nobody waits longer than this for the
   lock of another process. */
#define LOCK_WAIT_MSECS 100
#define USERS_MAX_BYTES (64 * 1024 * 1024)
/* How often the files are looked at: a replaced mmdb, a deleted database,
   suspensions whose time is over. */
#define UPKEEP_MSECS 5000
#define UPKEEP_FAILING_MSECS 1000

struct geotrip {
	const struct geotrip_config *config;
	struct event *event;
	struct geotrip_alarm *alarm;
	struct geotrip_geo *geo;
	struct geotrip_store *store;
	struct geotrip_recorder *recorder;
	struct geotrip_users *users;

	struct timeout *to_upkeep;
	bool store_works;
	/* ever since the start */
	bool store_worked;
	/* the event-loop iteration in which the store was last synced */
	struct timeval synced;
};

/* One login on its way. It lives on the stack of geotrip_login_check(), which
   a store that answers later would have to change. */
struct geotrip_check {
	struct geotrip *gt;
	const struct geotrip_login *login;
	geotrip_verdict_callback_t *callback;
	void *context;

	/* in lower case */
	const char *service;
	/* geotrip_services has its service */
	bool counted;
	/* geotrip_suspend_services has its service */
	bool suspendable;
	struct geotrip_user *user;
	struct geotrip_country country;
	/* what we have to do without: "store" or "mmdb" */
	const char *error;

	struct geotrip_store_trip trip;
	bool synced_for_trip;
};

static void geotrip_upkeep(struct geotrip *gt);

static void store_failed(struct geotrip *gt, const char *error)
{
	geotrip_alarm_raise(gt->alarm, error);
	gt->store_works = FALSE;
	timeout_remove(&gt->to_upkeep);
	gt->to_upkeep = timeout_add(UPKEEP_FAILING_MSECS, geotrip_upkeep, gt);
}

static void
suspension_ended(const struct geotrip_suspension *suspension, void *context)
{
	struct geotrip *gt = context;

	geotrip_event_suspension_ended(gt->event, suspension->user,
				       suspension->released_by,
				       suspension->release_reason);
}

/* Close the suspensions whose time is over. */
static void geotrip_expire(struct geotrip *gt)
{
	const char *error;

	if (geotrip_store_expire(gt->store, suspension_ended, gt, &error) < 0)
		geotrip_alarm_raise(gt->alarm, error);
}

static void suspend_again(struct geotrip_user *user, void *context)
{
	struct geotrip *gt = context;
	const char *error;

	if (geotrip_user_suspended(user, geotrip_now()) &&
	    geotrip_store_suspend(gt->store, user->store.name,
				  user->suspended_until,
				  "suspended before the database was lost",
				  &error) < 0)
		geotrip_alarm_raise(gt->alarm, error);
}

/* Open the store, or look whether it is still there. */
static bool geotrip_open(struct geotrip *gt)
{
	unsigned int generation = geotrip_store_generation(gt->store);
	const char *error;

	if (geotrip_store_open(gt->store, &error) < 0) {
		store_failed(gt, error);
		return FALSE;
	}
	if (geotrip_store_generation(gt->store) != generation &&
	    geotrip_store_is_new(gt->store) && gt->store_worked) {
		geotrip_alarm_raise(gt->alarm, t_strdup_printf(
			"The database geotrip_db=%s was deleted or moved "
			"away, and is made anew. Suspensions that are still "
			"known are written into it, everything else is "
			"forgotten", gt->config->db_path));
		geotrip_users_foreach(gt->users, suspend_again, gt);
	}
	gt->store_works = TRUE;
	gt->store_worked = TRUE;
	return TRUE;
}

static void geotrip_upkeep(struct geotrip *gt)
{
	const char *error;

	timeout_remove(&gt->to_upkeep);
	gt->to_upkeep = timeout_add(UPKEEP_MSECS, geotrip_upkeep, gt);

	if (geotrip_geo_refresh(gt->geo, &error) < 0)
		geotrip_alarm_raise(gt->alarm, error);
	if (geotrip_open(gt))
		geotrip_expire(gt);
}

struct geotrip *geotrip_init(const struct geotrip_config *config,
			     struct event *event)
{
	const struct geotrip_store_settings store_set = {
		.path = config->db_path,
		.create = TRUE,
		.lock_wait_msecs = LOCK_WAIT_MSECS,
	};
	struct geotrip *gt = i_new(struct geotrip, 1);

	gt->config = config;
	gt->event = event;
	event_ref(event);
	gt->alarm = geotrip_alarm_init(event);
	gt->geo = geotrip_geo_init(config->mmdb_path);
	gt->store = geotrip_store_init(&store_set);
	gt->recorder = geotrip_recorder_init(gt->store, gt->alarm);
	gt->users = geotrip_users_init(USERS_MAX_BYTES);
	geotrip_upkeep(gt);
	return gt;
}

void geotrip_deinit(struct geotrip **_gt)
{
	struct geotrip *gt = *_gt;

	if (gt == NULL)
		return;
	*_gt = NULL;
	timeout_remove(&gt->to_upkeep);
	geotrip_recorder_deinit(&gt->recorder);
	geotrip_users_deinit(&gt->users);
	geotrip_store_deinit(&gt->store);
	geotrip_geo_deinit(&gt->geo);
	geotrip_alarm_deinit(&gt->alarm);
	event_unref(&gt->event);
	i_free(gt);
}

static void check_locate(struct geotrip_check *check)
{
	const struct geotrip_login *login = check->login;
	struct geotrip *gt = check->gt;

	if (login->ip.family == 0 ||
	    geotrip_networks_have(&gt->config->local_networks, &login->ip))
		return;
	if (geotrip_geo_lookup(gt->geo, &login->ip, &check->country) ==
	    GEOTRIP_GEO_NO_DATABASE)
		check->error = "mmdb";
}

static struct geotrip_store_login
check_get_row(const struct geotrip_check *check, enum geotrip_verdict verdict)
{
	struct geotrip_store_login row = {
		.user = &check->user->store,
		.time = check->login->time,
		.country = check->country,
		.ip = check->login->ip,
		.service = check->service,
		.mechanism = check->login->mechanism,
		.session = check->login->session,
		.verdict = verdict,
	};

	(void)net_ipv6_mapped_ipv4_convert(&check->login->ip, &row.ip);
	return row;
}

/* A proxy makes one session authenticate twice. */
static bool check_session_again(struct geotrip_check *check)
{
	const struct geotrip_login *login = check->login;

	return login->session != NULL && login->session[0] != '\0' &&
		geotrip_user_session_again(check->user, login->session,
					   check->service, &login->ip);
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
	bool again = FALSE;

	/* it is remembered whatever the verdict was, if it lets the client in */
	if (row->verdict != GEOTRIP_VERDICT_BLOCKED &&
	    row->verdict != GEOTRIP_VERDICT_TEMPFAIL)
		again = check_session_again(check);

	switch (row->verdict) {
	case GEOTRIP_VERDICT_ALLOW:
		if (!check->counted || again)
			return;
		if (row->country.code[0] != '\0') {
			geotrip_user_see(check->user, &sighting,
					 row->time - config->window);
		}
		break;
	case GEOTRIP_VERDICT_OBSERVE:
		/* the next mark needs countries of its own */
		geotrip_user_clear(check->user, row->time);
		break;
	case GEOTRIP_VERDICT_BLOCKED:
		break;
	case GEOTRIP_VERDICT_TRIP:
		/* written already */
		return;
	case GEOTRIP_VERDICT_TEMPFAIL:
		/* the client was not let in, and may come again */
		return;
	}
	geotrip_recorder_add(check->gt->recorder, check->user, row);
}

/* The verdict stands: remember it, tell it. */
static void
check_finish(struct geotrip_check *check, enum geotrip_verdict verdict)
{
	struct geotrip_store_login row = check_get_row(check, verdict);
	struct geotrip *gt = check->gt;

	check_record(check, &row);
	geotrip_event_login(gt->event, &row, check->error);

	/* A login that trips a rule by a service that goes on working for a
	   suspended user, such as imap if it is counted, goes on. */
	if (verdict == GEOTRIP_VERDICT_OBSERVE ||
	    (verdict == GEOTRIP_VERDICT_TRIP && !check->suspendable))
		verdict = GEOTRIP_VERDICT_ALLOW;
	check->callback(verdict, check->context);
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
			check->trip.reason, check->trip.countries, "rule");
		check_finish(check, GEOTRIP_VERDICT_TRIP);
		return;
	case GEOTRIP_STORE_SUSPENDED_ALREADY:
		/* by another process, just now */
		check_finish(check, check->suspendable ?
			     GEOTRIP_VERDICT_BLOCKED : GEOTRIP_VERDICT_ALLOW);
		return;
	case GEOTRIP_STORE_COMMIT_FAILED:
		/* Nobody is told about a suspension that may get lost. The
		   next login makes the rule true again. */
		geotrip_alarm_raise(gt->alarm, error);
		check->error = "store";
		check_finish(check, gt->config->deny_on_error ?
			     GEOTRIP_VERDICT_TEMPFAIL : GEOTRIP_VERDICT_ALLOW);
		return;
	}
	i_unreached();
}

static void check_decide(struct geotrip_check *check);
static void check_load(struct geotrip_check *check);

/* Returns TRUE if the user has to be loaded again before a suspension: the
   store may know of a release, or of a suspension, that we do not. */
static bool check_is_outdated(struct geotrip_check *check)
{
	struct geotrip *gt = check->gt;
	const char *error;

	if (check->synced_for_trip)
		return FALSE;
	check->synced_for_trip = TRUE;
	return geotrip_store_sync(gt->store, &error) == 0 &&
		check->user->generation != geotrip_store_generation(gt->store);
}

static void
check_trip(struct geotrip_check *check, const struct geotrip_rule *rule,
	   const struct geotrip_sighting *sighting)
{
	struct geotrip_store_login row =
		check_get_row(check, GEOTRIP_VERDICT_TRIP);
	struct geotrip *gt = check->gt;

	if (check_is_outdated(check)) {
		check_load(check);
		return;
	}
	check->trip.until = gt->config->suspend_time == 0 ? GEOTRIP_NEVER :
		check->login->time + gt->config->suspend_time;
	check->trip.rule = rule->text;
	check->trip.reason = rule->text;
	t_array_init(&check->trip.evidence, 8);
	geotrip_rule_evidence(rule, check->user->seen,
			      check->user->seen_count, sighting,
			      &check->trip.evidence);
	check->trip.countries = geotrip_join_countries(&check->trip.evidence);
	geotrip_expire(gt);
	geotrip_recorder_trip(gt->recorder, &row, &check->trip,
			      check_tripped, check);
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

	suspended = config->enforce &&
		geotrip_user_suspended(check->user, check->login->time);
	if (suspended && check->suspendable) {
		check_finish(check, GEOTRIP_VERDICT_BLOCKED);
		return;
	}
	if (check->error != NULL && config->deny_on_error && check->counted) {
		check_finish(check, GEOTRIP_VERDICT_TEMPFAIL);
		return;
	}
	if (!check->counted || suspended) {
		check_finish(check, GEOTRIP_VERDICT_ALLOW);
		return;
	}
	rule = geotrip_rules_match(&config->rules, check->user->seen,
				   check->user->seen_count, &sighting);
	if (rule == NULL)
		check_finish(check, GEOTRIP_VERDICT_ALLOW);
	else if (!config->enforce)
		check_finish(check, GEOTRIP_VERDICT_OBSERVE);
	else
		check_trip(check, rule, &sighting);
}

static void
check_loaded(const struct geotrip_store_history *history, const char *error,
	     void *context)
{
	struct geotrip_check *check = context;
	struct geotrip *gt = check->gt;

	if (history == NULL) {
		/* go by what we remember */
		store_failed(gt, error);
		check->error = "store";
	} else {
		geotrip_user_merge(check->user, history,
				   geotrip_store_generation(gt->store));
	}
	check_decide(check);
}

static void check_load(struct geotrip_check *check)
{
	struct geotrip *gt = check->gt;

	geotrip_store_load(gt->store, &check->user->store,
			   check->login->time - gt->config->window,
			   check->login->time, check_loaded, check);
}

/* Once in each iteration of the event loop, see what other processes did. */
static bool geotrip_sync(struct geotrip *gt)
{
	const char *error;

	if (!gt->store_works)
		return FALSE;
	if (timeval_cmp(&gt->synced, &ioloop_timeval) == 0)
		return TRUE;
	gt->synced = ioloop_timeval;
	if (geotrip_store_sync(gt->store, &error) < 0) {
		store_failed(gt, error);
		return FALSE;
	}
	return TRUE;
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
	    geotrip_networks_have(&config->exempt_networks, &login->ip)) {
		callback(GEOTRIP_VERDICT_ALLOW, context);
		return;
	}

	check_locate(&check);
	check.user = geotrip_users_get(gt->users, login->user);
	if (geotrip_recorder_failing(gt->recorder))
		check.error = "store";
	if (!geotrip_sync(gt)) {
		check.error = "store";
		check_decide(&check);
	} else if (check.user->generation !=
		   geotrip_store_generation(gt->store)) {
		check_load(&check);
	} else {
		check_decide(&check);
	}
}
