/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_BRAKE_H
#define GEOTRIP_BRAKE_H

/* When too many accounts trip in a short time (geotrip_max_suspensions), the
   fault is rather in the country database or in the network than with all of
   them: nobody is suspended then, until it is over or an operator resumes.
   When they are of one domain, this holds for that domain alone: somebody who
   can sign up for any number of accounts there must not protect thieves in
   others. The state of this is in the store, for all processes. */

struct geotrip;
struct geotrip_store_user;

/* Asked when this account is to be suspended: does a brake hold, for all or for
   its domain? It takes hold here. Errors are logged, and are a no. */
bool geotrip_brake_holds(struct geotrip *gt,
			 const struct geotrip_store_user *user, int64_t now);

/* Release the brake when it is over. To be called every few seconds. */
void geotrip_brake_upkeep(struct geotrip *gt);

#endif
