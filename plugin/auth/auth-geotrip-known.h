/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_KNOWN_H
#define AUTH_GEOTRIP_KNOWN_H

/* Users of whom the guard said lately that they are suspended: they stay so
   while the guard cannot be asked. Bounded: the one that was heard of longest
   ago goes first. */

#include "geotrip-common.h"

struct geotrip_known;

struct geotrip_known *geotrip_known_init(unsigned int max_users);
void geotrip_known_deinit(struct geotrip_known **known);

/* The user is suspended until then; 0: it is not. */
void geotrip_known_set(struct geotrip_known *known, const char *user,
		       int64_t until);
bool geotrip_known_suspended(struct geotrip_known *known, const char *user,
			     int64_t now);

/* For going through all of them: from the first one on, and the next one, FALSE
   if there is none. What is set meanwhile comes as well. */
void geotrip_known_rewind(struct geotrip_known *known);
bool geotrip_known_next(struct geotrip_known *known, const char **user_r,
			int64_t *until_r);

#endif
