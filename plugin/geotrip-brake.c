/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* When the brake takes hold, and when it is over. */

#include "lib.h"
#include "array.h"
#include "geotrip-alarm.h"
#include "geotrip-brake.h"
#include "geotrip-event.h"
#include "geotrip-settings.h"
#include "geotrip-store.h"
#include "geotrip-upkeep.h"

/* So often in its time it is written down that there are too many still. */
#define PROLONG_PER_WINDOW 60

/* Returns 1, 0 if there are not, -1 on error. */
static int
too_many(struct geotrip *gt, const struct geotrip_store_user *except,
	 int64_t now)
{
	const struct geotrip_limit *limit = &gt->config->max_suspensions;
	unsigned int count;
	const char *error;

	if (geotrip_store_count_tripped(gt->store, now - limit->window, now,
					except, limit->count, &count,
					&error) < 0) {
		geotrip_alarm_raise(gt->alarm, error);
		return -1;
	}
	return count >= limit->count ? 1 : 0;
}

static bool brake_begin(struct geotrip *gt, int64_t now)
{
	const struct geotrip_config *config = gt->config;
	const char *error;
	int ret;

	ret = geotrip_store_brake_begin(gt->store,
					config->max_suspensions.text, now,
					array_count(&config->notify.admin) > 0,
					&error);
	if (ret < 0)
		geotrip_alarm_raise(gt->alarm, error);
	else if (ret > 0) {
		geotrip_event_brake_started(gt->event,
					    config->max_suspensions.text);
	}
	return ret >= 0;
}

bool geotrip_brake_holds(struct geotrip *gt,
			 const struct geotrip_store_user *user, int64_t now)
{
	struct geotrip_brake brake;
	const char *error;
	int ret;

	if (gt->config->max_suspensions.count == 0)
		return FALSE;
	ret = geotrip_store_brake(gt->store, pool_datastack_create(), &brake,
				  &error);
	if (ret < 0)
		geotrip_alarm_raise(gt->alarm, error);
	if (ret != 0)
		return ret > 0;
	return too_many(gt, user, now) > 0 && brake_begin(gt, now);
}

static void brake_end(struct geotrip *gt, enum geotrip_end by)
{
	const char *error;
	int ret = geotrip_store_brake_end(gt->store, by, &error);

	if (ret < 0)
		geotrip_alarm_raise(gt->alarm, error);
	else if (ret > 0)
		geotrip_event_brake_ended(gt->event, by);
}

static void brake_prolong(struct geotrip *gt, int64_t now)
{
	const char *error;

	if (geotrip_store_brake_prolong(gt->store, now, &error) < 0)
		geotrip_alarm_raise(gt->alarm, error);
}

void geotrip_brake_upkeep(struct geotrip *gt)
{
	const struct geotrip_limit *limit = &gt->config->max_suspensions;
	struct geotrip_brake brake;
	int64_t now = geotrip_now();
	const char *error;
	int ret;

	ret = geotrip_store_brake(gt->store, pool_datastack_create(), &brake,
				  &error);
	if (ret < 0)
		geotrip_alarm_raise(gt->alarm, error);
	if (ret <= 0)
		return;
	if (limit->count == 0) {
		/* the settings of an auth process that is on its way out are
		   not those that count */
		if (!geotrip_store_is_shared(gt->store))
			brake_end(gt, GEOTRIP_END_SETTINGS);
		return;
	}
	/* the clock may have been set back */
	if (now >= brake.over_at &&
	    now - brake.over_at < limit->window / PROLONG_PER_WINDOW)
		return;
	ret = too_many(gt, NULL, now);
	if (ret > 0 || (ret == 0 && brake.over_at > now))
		brake_prolong(gt, now);
	else if (ret == 0 && now - brake.over_at >= limit->window)
		brake_end(gt, GEOTRIP_END_TIME);
}
