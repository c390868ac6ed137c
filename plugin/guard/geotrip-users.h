/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_USERS_H
#define GEOTRIP_USERS_H

/* A cache of the recently seen users with everything that a verdict needs, so
   that judging a login needs no query. The memory is bounded: the least
   recently used user is dropped first, and can be loaded from the store
   again. */

#include "geotrip-store.h"

/* The number of sessions that are remembered per user, so that each counts
   once. */
#define GEOTRIP_USER_SESSIONS 4
/* A proxy makes a session authenticate twice within this time: Dovecot's own
   gives up after login_proxy_timeout, 30 seconds. A client that can choose its
   session id may use the same one for all of its logins: those must count. */
#define GEOTRIP_USER_SESSION_USECS GEOTRIP_USECS(30)

struct geotrip_user_session {
	uint64_t id;
	/* when it was first seen, or seen again after that time */
	int64_t time;
};

struct geotrip_user {
	struct geotrip_user *prev, *next;
	int refcount;
	struct geotrip_store_user store;

	/* the store's generation when the history was loaded; 0: it must be
	   loaded */
	unsigned int generation;
	/* logins up to and including this time do not count */
	int64_t cleared_at;
	/* 0: not suspended, GEOTRIP_NEVER: until released */
	int64_t suspended_until;
	/* at most one for each country, unordered */
	struct geotrip_sighting *seen;
	unsigned int seen_count, seen_alloc;

	struct geotrip_user_session sessions[GEOTRIP_USER_SESSIONS];
	unsigned int session_idx;
};

struct geotrip_users;

/* Create a cache of about max_bytes. */
struct geotrip_users *geotrip_users_init(size_t max_bytes);
void geotrip_users_deinit(struct geotrip_users **users);

/* Find the user, or add one without any history. It is valid until the next
   geotrip_users_get(), or as long as it is referenced. */
struct geotrip_user *
geotrip_users_get(struct geotrip_users *users, const char *name);
/* Returns the user, or NULL if it is not in memory. */
struct geotrip_user *
geotrip_users_find(struct geotrip_users *users, const char *name);
/* Call back for every user in memory. */
void geotrip_users_foreach(struct geotrip_users *users,
			   void (*callback)(struct geotrip_user *user,
					    void *context), void *context);
void geotrip_user_ref(struct geotrip_user *user);
void geotrip_user_unref(struct geotrip_user **user);

/* Merge the history from the store. Sightings that are not in the store yet are
   kept, except for those before a release in the store. */
void geotrip_user_merge(struct geotrip_user *user,
			const struct geotrip_store_history *history,
			unsigned int generation);
/* Remember that the user was just seen. Sightings older than since are dropped.
   Returns TRUE if other processes must be told: otherwise they would assume,
   now or soon, that the user has not been in this country since then. */
bool geotrip_user_see(struct geotrip_user *user,
		      const struct geotrip_sighting *sighting, int64_t since);
/* A login that was seen has been written to the store. */
void geotrip_user_written(struct geotrip_user *user,
			  const struct geotrip_store_login *login);
/* Nothing up to and including this time counts from now on. */
void geotrip_user_clear(struct geotrip_user *user, int64_t time);
/* The clock was ahead: what was seen meanwhile keeps its age. The user must be
   reloaded. */
void geotrip_user_set_back(struct geotrip_user *user,
			   const struct geotrip_set_back *clock);
/* Is the user suspended at this time? Ends an expired suspension. */
bool geotrip_user_suspended(struct geotrip_user *user, int64_t now);
/* Returns TRUE if this session was seen just before from the same address and
   for the same service, and remembers it otherwise. */
bool geotrip_user_session_again(struct geotrip_user *user,
				const char *session, const char *service,
				const struct ip_addr *ip, int64_t time);

#endif
