/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* When the brake engages, and when it releases. */

#include "lib.h"
#include "array.h"
#include "geotrip-alarm.h"
#include "geotrip-brake.h"
#include "geotrip-event.h"
#include "geotrip-settings.h"
#include "geotrip-store.h"
#include "geotrip-upkeep.h"

/* While there are still too many, this is recorded at most this many times per
   window. */
#define PROLONG_PER_WINDOW 60

/* Did too many accounts trip, of the domain or in total (NULL)? In the total,
   each domain counts for at most half of the limit: the accounts of one domain
   alone must not prevent those of others from being suspended. Returns 1, 0 if
   not, -1 on error. */
static int
too_many(struct geotrip *gt, const char *domain,
	 const struct geotrip_store_user *except, int64_t now)
{
	const struct geotrip_limit *limit = &gt->config->max_suspensions;
	const struct geotrip_tripped_query query = {
		.domain = domain,
		.domain_max = domain != NULL ? limit->count :
			(limit->count + 1) / 2,
		.since = now - limit->window,
		.now = now,
		.except = except,
	};
	unsigned int count;
	const char *error;

	if (geotrip_store_count_tripped(gt->store, &query, limit->count,
					&count, &error) < 0) {
		geotrip_alarm_raise(gt->alarm, error);
		return -1;
	}
	return count >= limit->count ? 1 : 0;
}

static bool brake_begin(struct geotrip *gt, const char *domain, int64_t now)
{
	const struct geotrip_config *config = gt->config;
	const char *error;
	int ret;

	ret = geotrip_store_brake_begin(gt->store, domain,
					config->max_suspensions.text, now,
					array_count(&config->notify.admin) > 0,
					&error);
	if (ret < 0)
		geotrip_alarm_raise(gt->alarm, error);
	else if (ret > 0) {
		geotrip_event_brake_started(gt->event, domain,
					    config->max_suspensions.text);
	}
	return ret >= 0;
}

/* Get the active brakes. Returns FALSE on error. */
static bool
get_brakes(struct geotrip *gt, ARRAY_TYPE(geotrip_brake) *brakes_r)
{
	const char *error;

	t_array_init(brakes_r, 4);
	if (geotrip_store_brakes(gt->store, pool_datastack_create(), brakes_r,
				 &error) < 0) {
		geotrip_alarm_raise(gt->alarm, error);
		return FALSE;
	}
	return TRUE;
}

bool geotrip_brake_holds(struct geotrip *gt,
			 const struct geotrip_store_user *user, int64_t now)
{
	const char *domain = geotrip_user_domain(user->name);
	ARRAY_TYPE(geotrip_brake) brakes;
	const struct geotrip_brake *brake;

	if (gt->config->max_suspensions.count == 0 ||
	    !get_brakes(gt, &brakes))
		return FALSE;
	array_foreach(&brakes, brake) {
		if (brake->domain == NULL ||
		    strcmp(brake->domain, domain) == 0)
			return TRUE;
	}
	/* While the global brake is active, no domain gets one, and two domains
	   over the limit are enough to engage it: the number of brakes and of
	   messages about them stays small, even if an attacker has accounts in
	   thousands of domains. */
	if (too_many(gt, NULL, user, now) > 0)
		return brake_begin(gt, NULL, now);
	return too_many(gt, domain, user, now) > 0 &&
		brake_begin(gt, domain, now);
}

static void
brake_end(struct geotrip *gt, const struct geotrip_brake *brake,
	  enum geotrip_end by)
{
	const char *error;
	int ret = geotrip_store_brake_end(gt->store, brake->id, by, &error);

	if (ret < 0)
		geotrip_alarm_raise(gt->alarm, error);
	else if (ret > 0)
		geotrip_event_brake_ended(gt->event, brake->domain, by);
}

static void
brake_prolong(struct geotrip *gt, const struct geotrip_brake *brake,
	      int64_t now)
{
	const char *error;

	if (geotrip_store_brake_prolong(gt->store, brake->id, now, &error) < 0)
		geotrip_alarm_raise(gt->alarm, error);
}

/* Returns FALSE if it is over. */
static bool
brake_upkeep(struct geotrip *gt, const struct geotrip_brake *brake)
{
	const struct geotrip_limit *limit = &gt->config->max_suspensions;
	int64_t now = geotrip_now();
	int ret;

	if (limit->count == 0) {
		/* an auth process that is shutting down may have outdated
		   settings */
		if (geotrip_store_is_shared(gt->store))
			return TRUE;
		brake_end(gt, brake, GEOTRIP_END_SETTINGS);
		return FALSE;
	}
	/* the clock may have been set back */
	if (now >= brake->over_at &&
	    now - brake->over_at < limit->window / PROLONG_PER_WINDOW)
		return TRUE;
	ret = too_many(gt, brake->domain, NULL, now);
	if (ret > 0 || (ret == 0 && brake->over_at > now))
		brake_prolong(gt, brake, now);
	else if (ret == 0 && now - brake->over_at >= limit->window) {
		brake_end(gt, brake, GEOTRIP_END_TIME);
		return FALSE;
	}
	return TRUE;
}

void geotrip_brake_upkeep(struct geotrip *gt)
{
	ARRAY_TYPE(geotrip_brake) brakes;
	const struct geotrip_brake *brake;

	if (!get_brakes(gt, &brakes))
		return;
	array_foreach(&brakes, brake) {
		/* The global one comes first. While it is active, releasing
		   another one would change nothing. */
		if (brake_upkeep(gt, brake) && brake->domain == NULL)
			break;
	}
}
