/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_UPKEEP_H
#define GEOTRIP_UPKEEP_H

/* The parts of geotrip in the auth process, and whether they work. Private to
   geotrip-login.c, geotrip-brake.c and geotrip-upkeep.c; everything else uses
   geotrip-login.h. */

#include "geotrip-common.h"

#include <sys/time.h>

struct geotrip_store_user;

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
	/* has worked at least once */
	bool store_worked;
	/* the latest time seen, and by how much the clock was last set back */
	int64_t latest;
	struct geotrip_set_back set_back;
	/* when the store was last synced */
	struct timeval synced;
	/* Another auth process also records. Each of the two must know the
	   countries that the other has seen. */
	bool shared;
};

/* The store cannot be read: log the error, continue without it, and retry
   soon. */
void geotrip_store_failed(struct geotrip *gt, const char *error);
/* Must be called with each time that is read from the clock: notices that it
   was set back, and adjusts the times in memory. */
void geotrip_clock_read(struct geotrip *gt, int64_t now);
/* The same for a user that has times in the future in the store. Returns TRUE
   if they were adjusted, and the user must be reloaded. */
bool geotrip_mend_times(struct geotrip *gt,
			const struct geotrip_store_user *user, int64_t now);
/* Check for changes by other processes, once per event loop iteration, or at
   each login if the store is shared. Returns FALSE if the store does not
   work. */
bool geotrip_sync(struct geotrip *gt);
/* Close the suspensions that have expired, and send their events. */
void geotrip_expire(struct geotrip *gt);

#endif
