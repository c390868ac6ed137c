/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_USERS_H
#define GEOTRIP_USERS_H

/* The users seen lately, in memory: what a verdict needs to know of them. The
   verdict of a login then needs no query. The memory is bounded: the least
   recently used user goes first. What is forgotten is in the store. */

#include "geotrip-store.h"

/* The number of sessions of a user that are remembered, to count each once. */
#define GEOTRIP_USER_SESSIONS 4
/* A proxy makes a session authenticate twice within this time: Dovecot's own
   gives up after login_proxy_timeout, 30 seconds. A client may choose the id of
   its session, and keep it for all of its logins: those count. */
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

	/* the store's generation when the history was loaded; 0: it is to be
	   loaded */
	unsigned int generation;
	/* logins up to this time do not count */
	int64_t cleared_at;
	/* 0: not suspended, GEOTRIP_NEVER: until released */
	int64_t suspended_until;
	/* at most one for each country, in no order */
	struct geotrip_sighting *seen;
	unsigned int seen_count, seen_alloc;

	struct geotrip_user_session sessions[GEOTRIP_USER_SESSIONS];
	unsigned int session_idx;
};

struct geotrip_users;

/* Keep about max_bytes of users. */
struct geotrip_users *geotrip_users_init(size_t max_bytes);
void geotrip_users_deinit(struct geotrip_users **users);

/* Find the user, or begin with one of whom nothing is known. It stays valid
   until the next geotrip_users_get(), or as long as there is a reference. */
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

/* Take over what the store knows. What was seen here and is not in the store
   yet stays, and a release that the store knows of wins over both. */
void geotrip_user_merge(struct geotrip_user *user,
			const struct geotrip_store_history *history,
			unsigned int generation);
/* Remember that the user was seen just now. Sightings older than since are
   dropped. Returns TRUE if that is news: who does not hear of it would take the
   country for one that the user has not come from since then, now or before
   long. */
bool geotrip_user_see(struct geotrip_user *user,
		      const struct geotrip_sighting *sighting, int64_t since);
/* A login that was seen has been written by the store. */
void geotrip_user_written(struct geotrip_user *user,
			  const struct geotrip_store_login *login);
/* Nothing up to this time counts any more. */
void geotrip_user_clear(struct geotrip_user *user, int64_t time);
/* The clock was ahead: what was seen meanwhile stays as long ago as it is. The
   user is to be loaded again. */
void geotrip_user_set_back(struct geotrip_user *user,
			   const struct geotrip_set_back *clock);
/* Is the user suspended at this time? Ends a suspension whose time is over. */
bool geotrip_user_suspended(struct geotrip_user *user, int64_t now);
/* Returns TRUE if this session was seen just before from the same address and
   for the same service, and remembers it otherwise. */
bool geotrip_user_session_again(struct geotrip_user *user,
				const char *session, const char *service,
				const struct ip_addr *ip, int64_t time);

#endif
