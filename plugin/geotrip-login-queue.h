/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_LOGIN_QUEUE_H
#define GEOTRIP_LOGIN_QUEUE_H

/* The logins that wait to be written, the oldest first, in batches of one
   transaction each. The memory is bounded. */

#include "geotrip-store.h"

/* So many logins are in a batch at most: they are written in some
   milliseconds. */
#define GEOTRIP_LOGIN_BATCH_MAX 1000

struct geotrip_user;

struct geotrip_login_queue;

struct geotrip_login_queue *geotrip_login_queue_init(void);
/* What still waits is lost. */
void geotrip_login_queue_deinit(struct geotrip_login_queue **queue);

/* Add a login of the user; login->user is ignored, all strings are copied, and
   cut where only an attacker's are so long. The user stays in memory as long
   as the login waits. Returns FALSE if there is no room. */
bool geotrip_login_queue_add(struct geotrip_login_queue *queue,
			     struct geotrip_user *user,
			     const struct geotrip_store_login *login);

/* How many logins wait? */
unsigned int
geotrip_login_queue_count(const struct geotrip_login_queue *queue);
/* The oldest batch, or NULL if nothing waits. It belongs to the queue, and is
   valid until something is removed from it. */
ARRAY_TYPE(geotrip_store_login) *
geotrip_login_queue_first(struct geotrip_login_queue *queue);
/* The oldest batch was written, its logins have their ids: tell it to their
   users, and remove it. */
void geotrip_login_queue_written(struct geotrip_login_queue *queue);

typedef bool
geotrip_login_match_t(const struct geotrip_store_login *login,
		      const void *context);
/* Append those that match to logins. Their strings stay with the queue. */
void geotrip_login_queue_copy(struct geotrip_login_queue *queue,
			      geotrip_login_match_t *match,
			      const void *context,
			      ARRAY_TYPE(geotrip_store_login) *logins);
/* Remove those that match. */
void geotrip_login_queue_remove(struct geotrip_login_queue *queue,
				geotrip_login_match_t *match,
				const void *context);

#endif
