/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_RECORDER_H
#define GEOTRIP_RECORDER_H

/* Decides when logins are written: those of 9 ms together, after the replies
   were sent; at the latest after 10 ms or 1,000 logins. While the store fails
   they wait in memory, and writing is retried once a second. Reopening the
   store is up to the caller. */

#include "geotrip-store.h"

struct geotrip_alarm;
struct geotrip_user;

struct geotrip_recorder;

/* The store and the alarm must live longer than the recorder. */
struct geotrip_recorder *
geotrip_recorder_init(struct geotrip_store *store,
		      struct geotrip_alarm *alarm);
/* Writes what is waiting. What cannot be written now is lost, and this is
   logged. */
void geotrip_recorder_deinit(struct geotrip_recorder **recorder);

/* Queue a login of the user; login->user is ignored, all strings are copied.
   at_once: write it and everything waiting before returning, unless the store
   is failing. If too much is waiting already, the login is dropped with an
   alarm. */
void geotrip_recorder_add(struct geotrip_recorder *recorder,
			  struct geotrip_user *user,
			  const struct geotrip_store_login *login,
			  bool at_once);

/* Write what is waiting before this returns, unless the store is failing. */
void geotrip_recorder_write(struct geotrip_recorder *recorder);

/* Write this login and the suspension that begins with it now, together with
   everything that is waiting; or, if so much is waiting that the store must
   have been failing, only with the waiting logins that are its evidence. Unless
   the result is GEOTRIP_STORE_COMMITTED, the login itself is dropped and the
   others keep waiting. The callback is called exactly once; with SQLite before
   this returns. */
void geotrip_recorder_trip(struct geotrip_recorder *recorder,
			   const struct geotrip_store_login *login,
			   const struct geotrip_store_trip *trip,
			   geotrip_store_commit_callback_t *callback,
			   void *context);

/* Is the recorder waiting for the store to work again? */
bool geotrip_recorder_failing(const struct geotrip_recorder *recorder);

/* Call back whenever all that was queued has been written. */
void geotrip_recorder_set_written_callback(struct geotrip_recorder *recorder,
					   void (*callback)(void));
/* Returns TRUE if nothing is queued. */
bool geotrip_recorder_is_empty(const struct geotrip_recorder *recorder);

#endif
