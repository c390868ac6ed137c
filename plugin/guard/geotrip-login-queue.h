/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_LOGIN_QUEUE_H
#define GEOTRIP_LOGIN_QUEUE_H

/* The logins waiting to be written, oldest first, in batches that are written
   in one transaction each. The memory is bounded. */

#include "geotrip-store.h"

/* The maximum number of logins in a batch, so that writing it takes only some
   milliseconds. */
#define GEOTRIP_LOGIN_BATCH_MAX 1000

struct geotrip_user;

struct geotrip_login_queue;

struct geotrip_login_queue *geotrip_login_queue_init(void);
/* Logins that are still waiting are lost. */
void geotrip_login_queue_deinit(struct geotrip_login_queue **queue);

/* Add a login of the user. login->user is ignored. All strings are copied, and
   truncated at lengths that only an attacker exceeds. The user is referenced
   until the login has been written. Returns FALSE if the queue is full. */
bool geotrip_login_queue_add(struct geotrip_login_queue *queue,
			     struct geotrip_user *user,
			     const struct geotrip_store_login *login);

/* The number of waiting logins. */
unsigned int
geotrip_login_queue_count(const struct geotrip_login_queue *queue);
/* The oldest batch, or NULL if nothing is waiting. It is owned by the queue,
   and valid until something is removed from the queue. */
ARRAY_TYPE(geotrip_store_login) *
geotrip_login_queue_first(struct geotrip_login_queue *queue);
/* The oldest batch has been written and its logins have their ids: tell their
   users, and remove the batch. */
void geotrip_login_queue_written(struct geotrip_login_queue *queue);

typedef bool
geotrip_login_match_t(const struct geotrip_store_login *login,
		      const void *context);
/* Append those that match to logins. Their strings are still owned by the
   queue. */
void geotrip_login_queue_copy(struct geotrip_login_queue *queue,
			      geotrip_login_match_t *match,
			      const void *context,
			      ARRAY_TYPE(geotrip_store_login) *logins);
/* Remove those that match. */
void geotrip_login_queue_remove(struct geotrip_login_queue *queue,
				geotrip_login_match_t *match,
				const void *context);

#endif
