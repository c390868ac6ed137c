/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_STORE_H
#define GEOTRIP_STORE_H

/* The store: users, their logins, suspensions and notices, on disk.

   A store is opened by every process that needs it: the auth process, which
   records, geotrip-policy and doveadm. Nothing here logs. Every error text
   names the path. Error texts are in the data stack.

   Order of calls: geotrip_store_init(), then geotrip_store_open() until it
   succeeds, then the rest. Queries see commits of other processes immediately;
   callers that cache results must compare geotrip_store_generation(). */

#include "geotrip-common.h"

struct geotrip_store;

struct geotrip_store_settings {
	const char *path;
	/* create the database if there is none. Only for the process that owns
	   it: Dovecot could not write to a file created by root. */
	bool create;
	/* how long to wait for another process' lock */
	unsigned int lock_wait_msecs;
	/* While a user keeps coming from the same place, its last time is
	   written at most once within this time: after a restart, it may be too
	   early by this much. 0: write it with each login. */
	int64_t place_usecs;
};

struct geotrip_store *
geotrip_store_init(const struct geotrip_store_settings *set);
void geotrip_store_deinit(struct geotrip_store **store);

/* Open the database, create or migrate its schema. If it is open already, only
   check whether the file is still the same, and reopen it if not. Returns 0, or
   -1 with an error; may be called again. */
int geotrip_store_open(struct geotrip_store *store, const char **error_r);

/* Was the database created when it was last opened? */
bool geotrip_store_is_new(const struct geotrip_store *store);

/* Find out whether another process committed something since the last call.
   Returns 0, or -1 with an error. The database must have been opened. */
int geotrip_store_sync(struct geotrip_store *store, const char **error_r);
/* This number changes when what was read before may have become outdated. It is
   never 0. */
unsigned int geotrip_store_generation(const struct geotrip_store *store);
/* Does another process that creates the database have it open, too? After a
   reload the old auth process does, until its last client has disconnected.
   Costs a system call. Returns FALSE if this cannot be determined. */
bool geotrip_store_is_shared(const struct geotrip_store *store);

/*
 * The path of a login
 */

/* A place that a user comes from. */
struct geotrip_store_place {
	struct geotrip_country country;
	/* an allowed login from there has been written */
	bool allowed;
	unsigned int service_hash;
	/* the time that was written; 0: unused */
	int64_t written;
};

/* The store's part of a user. The caller keeps one for each user that it works
   with, zero-initialized except for the name; the rest is private to the
   store. */
struct geotrip_store_user {
	char *name;
	int64_t id;
	unsigned int id_generation;
	/* where the user came from recently: at home and by phone, for
	   example */
	struct geotrip_store_place places[2];
	unsigned int place_idx;
};

/* Why a login with the verdict observe would have suspended its user. */
struct geotrip_store_mark {
	enum geotrip_mark_cause cause;
	const char *rule;
	/* those that made the rule true, separated by spaces; that of the login
	   is last */
	const char *countries;
};

struct geotrip_store_login {
	struct geotrip_store_user *user;
	int64_t time;
	struct geotrip_country country;
	/* family 0: no address */
	struct ip_addr ip;
	const char *service;
	const char *mechanism;
	/* NULL: none */
	const char *session;
	enum geotrip_verdict verdict;
	/* set if the verdict is observe, NULL otherwise */
	const struct geotrip_store_mark *mark;
	/* set when it is written */
	int64_t id;
};
ARRAY_DEFINE_TYPE(geotrip_store_login, struct geotrip_store_login);

/* What is known of a user before a login. */
struct geotrip_store_history {
	/* logins up to this time do not count */
	int64_t cleared_at;
	bool suspended;
	/* GEOTRIP_NEVER: until released */
	int64_t suspended_until;
	/* the countries of allowed logins after cleared_at */
	ARRAY_TYPE(geotrip_sighting) seen;
	/* There are times in the future, which are left out because the clock
	   was ahead. See geotrip_store_mend_times(). */
	bool was_ahead;
};

/* history is NULL if there was an error. It is valid during the callback. */
typedef void
geotrip_store_load_callback_t(const struct geotrip_store_history *history,
			      const char *error, void *context);

/* Read the history of a user from the time since up to now. The callback is
   called exactly once; SQLite calls it before this returns. */
void geotrip_store_load(struct geotrip_store *store,
			struct geotrip_store_user *user,
			int64_t since, int64_t now,
			geotrip_store_load_callback_t *callback,
			void *context);

/* The clock was ahead and has been set back: correct the times in the future of
   a user that was loaded, so that logins up to the last release still do not
   count, and those after it do. If it is not known by how much it was ahead,
   they count as if they were now. Does not bump the generation: the caller must
   reload the user. Returns 0, or -1 with an error. */
int geotrip_store_mend_times(struct geotrip_store *store,
			     const struct geotrip_store_user *user,
			     const struct geotrip_set_back *clock,
			     const char **error_r);

/* The suspension that begins with the last login of a commit. */
struct geotrip_store_trip {
	/* GEOTRIP_NEVER: until released */
	int64_t until;
	const char *reason;
	const char *rule;
	/* the sightings that made the rule true, oldest first; the last one is
	   the login itself */
	ARRAY_TYPE(geotrip_sighting) evidence;
	/* the countries of the evidence, separated by spaces */
	const char *countries;
};

enum geotrip_store_commit_result {
	GEOTRIP_STORE_COMMITTED,
	/* nothing was written: the user of the trip is suspended already */
	GEOTRIP_STORE_SUSPENDED_ALREADY,
	/* nothing was written: another process is writing, usually for some
	   milliseconds */
	GEOTRIP_STORE_COMMIT_BUSY,
	/* nothing was written */
	GEOTRIP_STORE_COMMIT_FAILED,
};

typedef void
geotrip_store_commit_callback_t(enum geotrip_store_commit_result result,
				const char *error, void *context);

/* Write the logins in one transaction and set their ids; with a trip also the
   suspension, its evidence and its notice, so that they survive a power cut.
   This does not change the generation: the caller knows what it wrote. The
   callback is called exactly once; SQLite calls it before this returns. */
void geotrip_store_commit(struct geotrip_store *store,
			  ARRAY_TYPE(geotrip_store_login) *logins,
			  const struct geotrip_store_trip *trip,
			  geotrip_store_commit_callback_t *callback,
			  void *context);
/* The same without a trip and without waiting for other processes: only this
   one may return GEOTRIP_STORE_COMMIT_BUSY. */
void geotrip_store_commit_now(struct geotrip_store *store,
			      ARRAY_TYPE(geotrip_store_login) *logins,
			      geotrip_store_commit_callback_t *callback,
			      void *context);

/*
 * Suspensions
 */

struct geotrip_suspension {
	int64_t id;
	const char *user;
	int64_t since;
	/* GEOTRIP_NEVER: until released */
	int64_t until;
	const char *reason;
	enum geotrip_reason reason_from;
	/* NULL: an operator suspended the account */
	const char *rule;
	const char *countries;
	enum geotrip_source source;
	/* 0: active. The following are not set then. */
	int64_t released_at;
	enum geotrip_end released_by;
	const char *release_reason;
	/* the state of the notice to the owner; unknown if there is none */
	enum geotrip_notice_state notice_state;
};

/* Callbacks get one row at a time, valid during the callback. They are called
   after the query has finished: a slow reader delays nobody. */
typedef void
geotrip_suspension_callback_t(const struct geotrip_suspension *suspension,
			      void *context);

enum geotrip_store_suspensions {
	/* the active ones, oldest first */
	GEOTRIP_STORE_SUSPENSIONS_ACTIVE,
	/* all of them, oldest first */
	GEOTRIP_STORE_SUSPENSIONS_ALL,
	/* only the one that began last */
	GEOTRIP_STORE_SUSPENSIONS_LAST,
};

/* Call back for the suspensions of a user, or of all users (NULL). Expired ones
   are not active. Returns 0, or -1 with an error. */
int geotrip_store_suspensions(struct geotrip_store *store,
			      enum geotrip_store_suspensions which,
			      const char *user,
			      geotrip_suspension_callback_t *callback,
			      void *context, const char **error_r);

/* Suspend a user, known or not, on behalf of an operator, and queue a notice.
   until may be GEOTRIP_NEVER; reason may be NULL. If the user is suspended
   already, that suspension gets the new end and reason. Returns 0, or -1 with
   an error. */
int geotrip_store_suspend(struct geotrip_store *store, const char *user,
			  int64_t until, const char *reason,
			  const char **error_r);
/* The same for a suspension that the process remembers from a database that is
   lost. */
int geotrip_store_suspend_again(struct geotrip_store *store, const char *user,
				int64_t until, const char **error_r);

/* End the active suspension of a user on behalf of an operator, clear the
   user's window, withdraw a notice that is still queued, or queue one that
   sending works again. reason may be NULL. Returns 1, 0 if the user is not
   suspended, or -1 with an error. */
int geotrip_store_release(struct geotrip_store *store, const char *user,
			  const char *reason, const char **error_r);

/* Close suspensions that have expired, queue notices for those whose owner was
   told of the beginning, and call back for each. This does not change the
   generation: the caller must reload cached users itself. Returns 0, or -1 with
   an error. */
int geotrip_store_expire(struct geotrip_store *store,
			 geotrip_suspension_callback_t *callback,
			 void *context, const char **error_r);

/*
 * Marks: who would have been suspended
 */

struct geotrip_mark {
	const char *user;
	/* of the login */
	int64_t time;
	enum geotrip_mark_cause cause;
	/* NULL: not known, as before there were marks */
	const char *rule;
	const char *countries;
};

typedef void
geotrip_mark_callback_t(const struct geotrip_mark *mark, void *context);

/* Call back for the marks of all users, oldest first. They are read in chunks,
   between which others may write: memory use is bounded. Returns 0, or -1 with
   an error, possibly after some callbacks. */
int geotrip_store_marks(struct geotrip_store *store,
			geotrip_mark_callback_t *callback, void *context,
			const char **error_r);
/* Call back for the last max marks of a user, oldest first. Returns 0, or -1
   with an error. */
int geotrip_store_user_marks(struct geotrip_store *store, const char *user,
			     unsigned int max,
			     geotrip_mark_callback_t *callback, void *context,
			     const char **error_r);

/*
 * The brake: while too many accounts trip, none is suspended. It is for the
 * accounts of a domain, see geotrip_user_domain(), or for all. Several may be
 * active at a time.
 */

struct geotrip_brake {
	int64_t id, since;
	/* NULL: it is for all accounts */
	const char *domain;
	/* the limit that was exceeded: geotrip_max_suspensions at that time */
	const char *max;
	/* the last time that there were too many */
	int64_t over_at;
	/* 0: it is active */
	int64_t ended_at;
};
ARRAY_DEFINE_TYPE(geotrip_brake, struct geotrip_brake);

/* Append the active ones, the one for all first, then the oldest. Their texts
   are allocated from the pool. Returns 0, or -1 with an error. */
int geotrip_store_brakes(struct geotrip_store *store, pool_t pool,
			 ARRAY_TYPE(geotrip_brake) *brakes,
			 const char **error_r);

/* Which accounts that made a rule true are counted; each counts once. */
struct geotrip_tripped_query {
	/* NULL: those of all domains */
	const char *domain;
	/* at most this many of each domain */
	unsigned int domain_max;
	/* after the time since, up to now, and after the last brake for them
	   ended */
	int64_t since, now;
	/* not this one; NULL: none is left out */
	const struct geotrip_store_user *except;
};

/* Count them, up to max. The number of rows read is bounded by max, however
   many accounts tripped, and how often. Returns 0, or -1 with an error. */
int geotrip_store_count_tripped(struct geotrip_store *store,
				const struct geotrip_tripped_query *query,
				unsigned int max, unsigned int *count_r,
				const char **error_r);

/* Engage a brake for the domain, or for all (NULL); with tell_admin, queue a
   message. Returns 1, 0 if it is active already, or -1 with an error. */
int geotrip_store_brake_begin(struct geotrip_store *store, const char *domain,
			      const char *max, int64_t now, bool tell_admin,
			      const char **error_r);
/* Record that there are still too many. Returns 0, or -1 with an error. */
int geotrip_store_brake_prolong(struct geotrip_store *store, int64_t id,
				int64_t now, const char **error_r);
/* Release it. Returns 1, 0 if it is not active, or -1 with an error. */
int geotrip_store_brake_end(struct geotrip_store *store, int64_t id,
			    enum geotrip_end by, const char **error_r);

/*
 * Notices
 */

struct geotrip_notice {
	int64_t id;
	enum geotrip_notice_kind kind;
	enum geotrip_notice_state state;
	/* claiming counts as one */
	unsigned int attempts;
	int64_t next_attempt;
	/* 0: not claimed */
	int64_t lease_until;
	/* the addresses that have not accepted it yet, one per line; NULL: all
	   of them */
	const char *pending_to;
	/* 0: it was not sent */
	int64_t sent_at;
	/* why the last attempt failed, or NULL */
	const char *error;
	/* what it is about; neither is set by geotrip_store_notices(), and only
	   the first by geotrip_store_notices_queued() */
	struct geotrip_suspension suspension;
	struct geotrip_brake brake;
	/* why the owner's notice failed, or NULL; likewise */
	const char *owner_error;
};

/* Count the queued notices of a kind that are due at the time and not claimed.
   Returns 0, or -1 with an error. */
int geotrip_store_notices_due(struct geotrip_store *store,
			      enum geotrip_notice_kind kind, int64_t time,
			      unsigned int *count_r, const char **error_r);

/* Claim the notice of a kind that has been due for the longest at the time: no
   other process gets it until lease_until. Notices that are due, or claimed
   until, more than two hours from now were written while the clock was ahead:
   they are treated as due and unclaimed. like may be a notice that was claimed
   before: then only one that goes to the same addresses is claimed. Its texts
   are allocated from the pool. Returns 1, 0 if there is none, or -1 with an
   error. */
int geotrip_store_notice_claim(struct geotrip_store *store,
			       enum geotrip_notice_kind kind, int64_t time,
			       int64_t lease_until,
			       const struct geotrip_notice *like, pool_t pool,
			       struct geotrip_notice *notice_r,
			       const char **error_r);

/* The outcome of a claimed notice. */
struct geotrip_notice_outcome {
	enum geotrip_notice_state state;
	/* if it is queued again */
	int64_t next_attempt;
	const char *pending_to;
	/* nothing was tried: the claim does not count as an attempt */
	bool untried;
	const char *error;
	/* notify the administrator as well: queue a copy, or a report that the
	   owner could not be notified */
	bool queue_copy;
	bool queue_undelivered;
};

/* Store the outcome and end the claim. Returns 1, 0 if the claim had expired
   and another process has the notice, or -1 with an error. */
int geotrip_store_notice_finish(struct geotrip_store *store,
				const struct geotrip_notice *notice,
				const struct geotrip_notice_outcome *outcome,
				const char **error_r);

/* Withdraw queued notices that are no longer true: about suspensions that an
   operator has ended, and about releases of accounts that were suspended again,
   or, with all_released, all notices about releases. Returns 0, or -1 with an
   error. */
int geotrip_store_notices_withdraw(struct geotrip_store *store,
				   bool all_released, unsigned int *count_r,
				   const char **error_r);

typedef void
geotrip_notice_callback_t(const struct geotrip_notice *notice, void *context);

/* Call back for the queued notices of a kind that is about a suspension, due or
   not, unless a process is delivering them. Returns 0, or -1 with an error. */
int geotrip_store_notices_queued(struct geotrip_store *store,
				 enum geotrip_notice_kind kind,
				 geotrip_notice_callback_t *callback,
				 void *context, const char **error_r);

/* Withdraw a queued notice. If some of the addresses have received it, the
   owner is still notified of the end of the suspension. Returns 1, 0 if it is
   not queued or a process is delivering it, or -1 with an error. */
int geotrip_store_notice_withdraw(struct geotrip_store *store, int64_t id,
				  const char **error_r);

/* Call back for each notice of a suspension. Returns 0, or -1 with an
   error. */
int geotrip_store_notices(struct geotrip_store *store, int64_t suspension_id,
			  geotrip_notice_callback_t *callback, void *context,
			  const char **error_r);

/*
 * What was recorded
 */

/* Is there any record of the user? Returns 1, 0, or -1 with an error. */
int geotrip_store_user_exists(struct geotrip_store *store, const char *user,
			      const char **error_r);

typedef void
geotrip_login_callback_t(const struct geotrip_store_login *login,
			 void *context);

/* Call back for at most max logins of a user since a time, the last written
   ones first. Returns 0, or -1 with an error. */
int geotrip_store_logins(struct geotrip_store *store, const char *user,
			 int64_t since, unsigned int max,
			 geotrip_login_callback_t *callback, void *context,
			 const char **error_r);

/* Call back for the logins that are the evidence of a suspension, oldest
   first. */
int geotrip_store_evidence(struct geotrip_store *store, int64_t suspension_id,
			   geotrip_login_callback_t *callback, void *context,
			   const char **error_r);

/* Call back for the logins that led to a suspension: its evidence, and what
   else counted within the window. Only the last one for each country and
   address, unordered. Returns 0, or -1 with an error. */
int geotrip_store_counted(struct geotrip_store *store, int64_t suspension_id,
			  int64_t window, geotrip_login_callback_t *callback,
			  void *context, const char **error_r);

struct geotrip_country_count {
	struct geotrip_country country;
	uint64_t logins, users, trips;
};

typedef void
geotrip_country_callback_t(const struct geotrip_country_count *count,
			   void *context);

/* Call back for each country, most logins first. since = 0: the totals since
   recording began, which purge keeps; users then counts those whose logins
   still exist. If since is more than two days ago, it is rounded down to the
   beginning of its day, UTC. service may be NULL for all of them. */
int geotrip_store_countries(struct geotrip_store *store, int64_t since,
			    const char *service,
			    geotrip_country_callback_t *callback,
			    void *context, const char **error_r);

/* The logins of a service, whatever their verdict. */
struct geotrip_service_count {
	const char *name;
	uint64_t logins;
	/* those of them that had no country */
	uint64_t unknown;
};

typedef void
geotrip_service_callback_t(const struct geotrip_service_count *count,
			   void *context);

/* Call back for each service that had logins since the beginning of the day of
   since, UTC, or ever (0). Purge leaves these totals alone. Returns 0, or -1
   with an error. */
int geotrip_store_services(struct geotrip_store *store, int64_t since,
			   geotrip_service_callback_t *callback,
			   void *context, const char **error_r);

/*
 * Upkeep
 */

/* Brakes and marks are not counted. */
struct geotrip_purge_count {
	uint64_t logins, suspensions, users;
};

/* Delete what is older than before, in transactions so small that logins do not
   wait: logins that are not evidence of an active suspension, marks,
   suspensions and brakes that ended, users without any records left. The last
   login of all stays. Returns 0, or -1 with an error after having deleted a
   part; count_r is set in both cases. */
int geotrip_store_purge(struct geotrip_store *store, int64_t before,
			struct geotrip_purge_count *count_r,
			const char **error_r);

/* Update the index that finds the logins of a user, in transactions small
   enough not to delay logins. Without it geotrip_store_logins() still finds
   them, but has to read all logins since the last update. Returns 0, or -1 with
   an error. */
int geotrip_store_index_logins(struct geotrip_store *store,
			       const char **error_r);

/* Checkpoint the write-ahead log, as far as possible without blocking others.
   The more of it other processes do, the less is left to the auth process.
   Returns 0, or -1 with an error. */
int geotrip_store_checkpoint(struct geotrip_store *store,
			     const char **error_r);

/* Check whether the store can be written now, by taking and releasing the write
   lock. Returns 0, or -1 with an error. */
int geotrip_store_try_write(struct geotrip_store *store, const char **error_r);

#endif
