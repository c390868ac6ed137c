/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_BRAKE_H
#define GEOTRIP_BRAKE_H

/* When too many accounts trip in a short time (geotrip_max_suspensions), the
   country database or a network is more likely wrong than all of them stolen:
   nobody is suspended then, until it is over or an operator resumes. If they
   are all in one domain, this applies only to that domain: somebody who can
   sign up for any number of accounts there must not protect thieves in others.
   The state is in the store, shared by all processes. */

struct geotrip;
struct geotrip_store_user;

/* Called before an account is suspended: is a brake active, globally or for its
   domain? This is also where it engages. Errors are logged, and count as no. */
bool geotrip_brake_holds(struct geotrip *gt,
			 const struct geotrip_store_user *user, int64_t now);

/* Release the brake when it is over. To be called every few seconds. */
void geotrip_brake_upkeep(struct geotrip *gt);

#endif
