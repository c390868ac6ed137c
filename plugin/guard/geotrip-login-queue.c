/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Owns the logins that are waiting to be written: a list of batches, each of
   which owns the memory of its logins. */

#include "lib.h"
#include "array.h"
#include "llist.h"
#include "geotrip-login-queue.h"
#include "geotrip-users.h"

/* The limits for logins waiting while the store fails. */
#define MAX_COUNT 100000
#define MAX_BYTES (64 * 1024 * 1024)
/* Only an attacker has longer names of services, mechanisms and sessions. */
#define MAX_NAME_BYTES 255

struct login_batch {
	struct login_batch *prev, *next;
	/* holds the batch itself and the strings of the logins */
	pool_t pool;
	ARRAY_TYPE(geotrip_store_login) logins;
	/* a reference to the user of each login */
	ARRAY(struct geotrip_user *) users;
};

struct geotrip_login_queue {
	/* the oldest is the head; new logins go to the tail */
	struct login_batch *head, *tail;
	unsigned int count;
	size_t bytes;
};

struct geotrip_login_queue *geotrip_login_queue_init(void)
{
	return i_new(struct geotrip_login_queue, 1);
}

static struct login_batch *add_batch(struct geotrip_login_queue *queue)
{
	struct login_batch *batch;
	pool_t pool;

	pool = pool_alloconly_create("geotrip logins", 4096);
	batch = p_new(pool, struct login_batch, 1);
	batch->pool = pool;
	i_array_init(&batch->logins, 32);
	i_array_init(&batch->users, 32);
	DLLIST2_APPEND(&queue->head, &queue->tail, batch);
	return batch;
}

static void
drop_batch(struct geotrip_login_queue *queue, struct login_batch *batch)
{
	struct geotrip_user **user;
	pool_t pool = batch->pool;

	DLLIST2_REMOVE(&queue->head, &queue->tail, batch);
	queue->count -= array_count(&batch->logins);
	array_foreach_modifiable(&batch->users, user)
		geotrip_user_unref(user);
	array_free(&batch->users);
	array_free(&batch->logins);
	pool_unref(&pool);
	if (queue->head == NULL)
		queue->bytes = 0;
}

void geotrip_login_queue_deinit(struct geotrip_login_queue **_queue)
{
	struct geotrip_login_queue *queue = *_queue;

	if (queue == NULL)
		return;
	*_queue = NULL;
	while (queue->head != NULL)
		drop_batch(queue, queue->head);
	i_free(queue);
}

static const char *
copy_name(struct geotrip_login_queue *queue, pool_t pool, const char *name)
{
	if (name == NULL)
		return NULL;
	name = p_strndup(pool, name, MAX_NAME_BYTES);
	queue->bytes += strlen(name) + 1;
	return name;
}

/* Its strings are not truncated: they come from the settings and the country
   database, not from a client. */
static const struct geotrip_store_mark *
copy_mark(struct geotrip_login_queue *queue, pool_t pool,
	  const struct geotrip_store_mark *mark)
{
	struct geotrip_store_mark *copy =
		p_new(pool, struct geotrip_store_mark, 1);

	copy->cause = mark->cause;
	copy->rule = p_strdup(pool, mark->rule);
	copy->countries = p_strdup(pool, mark->countries);
	queue->bytes += sizeof(*copy) + strlen(copy->rule) + 1 +
		strlen(copy->countries) + 1;
	return copy;
}

bool geotrip_login_queue_add(struct geotrip_login_queue *queue,
			     struct geotrip_user *user,
			     const struct geotrip_store_login *login)
{
	struct login_batch *batch = queue->tail;
	struct geotrip_store_login *copy;

	if (queue->count >= MAX_COUNT || queue->bytes >= MAX_BYTES)
		return FALSE;
	if (batch == NULL ||
	    array_count(&batch->logins) >= GEOTRIP_LOGIN_BATCH_MAX)
		batch = add_batch(queue);
	copy = array_append_space(&batch->logins);
	*copy = *login;
	copy->user = &user->store;
	copy->service = copy_name(queue, batch->pool, login->service);
	copy->mechanism = copy_name(queue, batch->pool, login->mechanism);
	copy->session = copy_name(queue, batch->pool, login->session);
	if (login->mark != NULL)
		copy->mark = copy_mark(queue, batch->pool, login->mark);

	geotrip_user_ref(user);
	array_push_back(&batch->users, &user);
	queue->count++;
	return TRUE;
}

unsigned int
geotrip_login_queue_count(const struct geotrip_login_queue *queue)
{
	return queue->count;
}

ARRAY_TYPE(geotrip_store_login) *
geotrip_login_queue_first(struct geotrip_login_queue *queue)
{
	return queue->head == NULL ? NULL : &queue->head->logins;
}

void geotrip_login_queue_written(struct geotrip_login_queue *queue)
{
	struct login_batch *batch = queue->head;
	const struct geotrip_store_login *logins;
	struct geotrip_user *const *users;
	unsigned int i, count;

	i_assert(batch != NULL);
	logins = array_get(&batch->logins, &count);
	users = array_front(&batch->users);
	for (i = 0; i < count; i++)
		geotrip_user_written(users[i], &logins[i]);
	drop_batch(queue, batch);
}

void geotrip_login_queue_copy(struct geotrip_login_queue *queue,
			      geotrip_login_match_t *match,
			      const void *context,
			      ARRAY_TYPE(geotrip_store_login) *logins)
{
	const struct geotrip_store_login *login;
	struct login_batch *batch = queue->head;

	for (; batch != NULL; batch = batch->next) {
		array_foreach(&batch->logins, login) {
			if (match(login, context))
				array_push_back(logins, login);
		}
	}
}

void geotrip_login_queue_remove(struct geotrip_login_queue *queue,
				geotrip_login_match_t *match,
				const void *context)
{
	struct login_batch *batch, *next;
	unsigned int i;

	for (batch = queue->head; batch != NULL; batch = next) {
		next = batch->next;
		for (i = array_count(&batch->logins); i-- > 0; ) {
			if (!match(array_idx(&batch->logins, i), context))
				continue;
			geotrip_user_unref(array_idx_modifiable(&batch->users,
								i));
			array_delete(&batch->users, i, 1);
			array_delete(&batch->logins, i, 1);
			queue->count--;
		}
		if (array_count(&batch->logins) == 0)
			drop_batch(queue, batch);
	}
}
