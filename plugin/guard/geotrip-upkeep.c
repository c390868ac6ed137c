/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Owns geo, store, users and recorder, and maintains them: keeps trying to open
   what could not be opened, and notices what others changed. */

#include "lib.h"
#include "ioloop.h"
#include "time-util.h"
#include "geotrip-alarm.h"
#include "geotrip-brake.h"
#include "geotrip-event.h"
#include "geotrip-geo.h"
#include "geotrip-login.h"
#include "geotrip-recorder.h"
#include "geotrip-store.h"
#include "geotrip-upkeep.h"
#include "geotrip-users.h"

#include <unistd.h>

/* The auth process serves everybody: waiting for another process' lock is
   bounded by this. */
#define LOCK_WAIT_MSECS 100
/* How much too late a window may begin after a restart. */
#define PLACE_PER_WINDOW 60
#define PLACE_MAX_USECS GEOTRIP_USECS(60)
#define USERS_MAX_BYTES (64 * 1024 * 1024)
/* How often to check for a replaced mmdb, a deleted database, and expired
   suspensions. */
#define UPKEEP_MSECS 5000
#define UPKEEP_FAILING_MSECS 1000
/* The maximum time until a commit of another process is noticed: shorter than
   doveadm takes to exit. Checking costs some system calls. */
#define SYNC_USECS 1000
/* The time after which the process that we replace, if it still exists, has
   noticed us and written what it had queued. */
#define SUCCESSION_USECS 50000

static void geotrip_upkeep(struct geotrip *gt);

void geotrip_store_failed(struct geotrip *gt, const char *error)
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
	struct geotrip_user *user =
		geotrip_users_find(gt->users, suspension->user);

	/* the clock may have been ahead: the end in memory may differ from the
	   one in the store */
	if (user != NULL)
		user->generation = 0;
	geotrip_event_suspension_ended(gt->event, suspension->user,
				       suspension->released_by,
				       suspension->release_reason);
}

void geotrip_expire(struct geotrip *gt)
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
	    geotrip_store_suspend_again(gt->store, user->store.name,
					user->suspended_until, &error) < 0)
		geotrip_alarm_raise(gt->alarm, error);
}

/* Open the store, or check that it still exists. */
static bool geotrip_open(struct geotrip *gt)
{
	unsigned int generation = geotrip_store_generation(gt->store);
	const char *error;

	if (geotrip_store_open(gt->store, &error) < 0) {
		geotrip_store_failed(gt, error);
		return FALSE;
	}
	if (geotrip_store_generation(gt->store) != generation &&
	    geotrip_store_is_new(gt->store) && gt->store_worked) {
		geotrip_alarm_raise(gt->alarm, t_strdup_printf(
			"The database geotrip_db=%s was deleted or moved "
			"away, and has been recreated. Suspensions that are "
			"still in memory are written to it; everything else "
			"is lost", gt->config->db_path));
		geotrip_users_foreach(gt->users, suspend_again, gt);
	}
	gt->store_works = TRUE;
	gt->store_worked = TRUE;
	return TRUE;
}

static void set_user_back(struct geotrip_user *user, void *context)
{
	struct geotrip *gt = context;

	geotrip_user_set_back(user, &gt->set_back);
}

void geotrip_clock_read(struct geotrip *gt, int64_t now)
{
	if (now + GEOTRIP_CLOCK_SLACK_USECS < gt->latest) {
		/* Waiting logins are identified by their time. */
		geotrip_recorder_write(gt->recorder);
		gt->set_back.to = now;
		gt->set_back.by = gt->latest - now;
		geotrip_users_foreach(gt->users, set_user_back, gt);
		gt->latest = now;
	}
	gt->latest = I_MAX(gt->latest, now);
}

bool geotrip_mend_times(struct geotrip *gt,
			const struct geotrip_store_user *user, int64_t now)
{
	struct geotrip_set_back clock = gt->set_back;
	const char *error;

	/* By then all times before the jump that we noticed are in the past.
	   These are from a jump before we were started. */
	if (now >= clock.to + clock.by) {
		clock.to = now;
		clock.by = 0;
	}
	if (geotrip_store_mend_times(gt->store, user, &clock, &error) < 0) {
		geotrip_alarm_raise(gt->alarm, error);
		return FALSE;
	}
	return TRUE;
}

static void geotrip_upkeep(struct geotrip *gt)
{
	const char *error;

	geotrip_clock_read(gt, geotrip_now());
	timeout_remove(&gt->to_upkeep);
	gt->to_upkeep = timeout_add(UPKEEP_MSECS, geotrip_upkeep, gt);

	if (geotrip_geo_refresh(gt->geo, &error) < 0)
		geotrip_alarm_raise(gt->alarm, error);
	if (geotrip_open(gt)) {
		geotrip_expire(gt);
		geotrip_brake_upkeep(gt);
	}
}

struct geotrip *geotrip_init(const struct geotrip_config *config,
			     struct event *event)
{
	const struct geotrip_store_settings store_set = {
		.path = config->db_path,
		.create = TRUE,
		.lock_wait_msecs = LOCK_WAIT_MSECS,
		.place_usecs = I_MIN(config->window / PLACE_PER_WINDOW,
				     PLACE_MAX_USECS),
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
	gt->shared = geotrip_store_is_shared(gt->store);
	if (gt->shared)
		(void)usleep(SUCCESSION_USECS);
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

bool geotrip_sync(struct geotrip *gt)
{
	const char *error;
	long long since;

	if (!gt->store_works)
		return FALSE;
	since = timeval_diff_usecs(&ioloop_timeval, &gt->synced);
	/* the clock may have been set back */
	if (since >= 0 && since < SYNC_USECS && !gt->shared)
		return TRUE;
	gt->synced = ioloop_timeval;
	gt->shared = geotrip_store_is_shared(gt->store);
	if (geotrip_store_sync(gt->store, &error) < 0) {
		geotrip_store_failed(gt, error);
		return FALSE;
	}
	return TRUE;
}

void geotrip_set_written_callback(struct geotrip *gt, void (*callback)(void))
{
	geotrip_recorder_set_written_callback(gt->recorder, callback);
}

bool geotrip_all_written(const struct geotrip *gt)
{
	return geotrip_recorder_is_empty(gt->recorder);
}

bool geotrip_knows(const struct geotrip *gt)
{
	return gt->store_works;
}

bool geotrip_forgot(const struct geotrip *gt)
{
	return gt->store_works && geotrip_store_is_new(gt->store);
}
