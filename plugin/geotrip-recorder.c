/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Owns the logins that wait to be written, in batches: one transaction each. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "llist.h"
#include "geotrip-alarm.h"
#include "geotrip-recorder.h"
#include "geotrip-users.h"

/* A commit costs as much as several logins: who comes within this time shares
   one. With what the event loop adds, it is MAX_DELAY_USECS. */
#define FLUSH_MSECS 9
#define MAX_DELAY_USECS 10000
/* So many logins are written in some milliseconds. */
#define MAX_BATCH 1000
/* A trip takes what is waiting with it: some of that is its evidence. But on a
   full disk a thief must not make us write much, to no avail, at each of his
   logins: then it takes the evidence alone. */
#define MAX_BATCH_FAILING 100
#define RETRY_MSECS 1000
/* While another process writes, purge for example: nobody waits for it. When
   it takes half a second, longer than a slow disk needs to write a suspension
   of an operator's, that is a failure. */
#define BUSY_RETRY_MSECS 2
#define BUSY_MAX_RETRIES 250
/* What may wait while the store is out of order. */
#define MAX_WAITING 100000
#define MAX_WAITING_BYTES (64 * 1024 * 1024)
/* Longer names of services, mechanisms and sessions are nobody's but an
   attacker's. */
#define MAX_NAME_BYTES 255

struct recorder_batch {
	struct recorder_batch *prev, *next;
	/* holds the batch itself and the strings of the logins */
	pool_t pool;
	ARRAY_TYPE(geotrip_store_login) logins;
	/* a reference to the user of each login */
	ARRAY(struct geotrip_user *) users;
};

struct geotrip_recorder {
	struct geotrip_store *store;
	struct geotrip_alarm *alarm;

	/* the oldest is the head; new logins go to the tail */
	struct recorder_batch *head, *tail;
	unsigned int waiting;
	size_t waiting_bytes;

	struct timeout *to_flush;
	/* so often in a row another process was writing */
	unsigned int busy_count;
	bool failing;
	unsigned int dropped;
};

static void recorder_flush(struct geotrip_recorder *recorder);
static void recorder_write_all(struct geotrip_recorder *recorder);

struct geotrip_recorder *
geotrip_recorder_init(struct geotrip_store *store,
		      struct geotrip_alarm *alarm)
{
	struct geotrip_recorder *recorder = i_new(struct geotrip_recorder, 1);

	recorder->store = store;
	recorder->alarm = alarm;
	return recorder;
}

static struct recorder_batch *
recorder_add_batch(struct geotrip_recorder *recorder)
{
	struct recorder_batch *batch;
	pool_t pool;

	pool = pool_alloconly_create("geotrip logins", 4096);
	batch = p_new(pool, struct recorder_batch, 1);
	batch->pool = pool;
	i_array_init(&batch->logins, 32);
	i_array_init(&batch->users, 32);
	DLLIST2_APPEND(&recorder->head, &recorder->tail, batch);
	return batch;
}

static void
recorder_drop_batch(struct geotrip_recorder *recorder,
		    struct recorder_batch *batch)
{
	struct geotrip_user **user;
	pool_t pool = batch->pool;

	DLLIST2_REMOVE(&recorder->head, &recorder->tail, batch);
	recorder->waiting -= array_count(&batch->logins);
	array_foreach_modifiable(&batch->users, user)
		geotrip_user_unref(user);
	array_free(&batch->users);
	array_free(&batch->logins);
	pool_unref(&pool);
	if (recorder->head == NULL)
		recorder->waiting_bytes = 0;
}

void geotrip_recorder_deinit(struct geotrip_recorder **_recorder)
{
	struct geotrip_recorder *recorder = *_recorder;

	if (recorder == NULL)
		return;
	*_recorder = NULL;

	if (recorder->head != NULL)
		recorder_write_all(recorder);
	if (recorder->waiting > 0) {
		geotrip_alarm_raise(recorder->alarm, t_strdup_printf(
			"%s could not be written before the stop and are lost",
			geotrip_count(recorder->waiting, "login", "logins")));
	}
	while (recorder->head != NULL)
		recorder_drop_batch(recorder, recorder->head);
	timeout_remove(&recorder->to_flush);
	i_free(recorder);
}

/* The first batch was written. */
static void recorder_batch_written(struct geotrip_recorder *recorder)
{
	struct recorder_batch *batch = recorder->head;
	const struct geotrip_store_login *logins;
	struct geotrip_user *const *users;
	unsigned int i, count;

	logins = array_get(&batch->logins, &count);
	users = array_front(&batch->users);
	for (i = 0; i < count; i++)
		geotrip_user_written(users[i], &logins[i]);
	recorder_drop_batch(recorder, batch);
}

static void recorder_schedule(struct geotrip_recorder *recorder)
{
	unsigned int msecs = FLUSH_MSECS;

	if (recorder->to_flush != NULL)
		return;
	if (recorder->failing)
		msecs = RETRY_MSECS;
	else if (recorder->busy_count > 0)
		msecs = BUSY_RETRY_MSECS;
	recorder->to_flush = timeout_add_short(msecs, recorder_flush,
					       recorder);
}

/* All that was waiting is written. */
static void recorder_emptied(struct geotrip_recorder *recorder)
{
	recorder->failing = FALSE;
	/* it may be the one of a store that is out of order */
	timeout_remove(&recorder->to_flush);
	if (recorder->dropped > 0) {
		geotrip_alarm_raise(recorder->alarm, t_strdup_printf(
			"The database can be written again, but %s could not "
			"wait so long and are missing in it",
			geotrip_count(recorder->dropped, "login", "logins")));
		recorder->dropped = 0;
	}
}

static void
recorder_flushed(enum geotrip_store_commit_result result, const char *error,
		 void *context)
{
	struct geotrip_recorder *recorder = context;

	if (result != GEOTRIP_STORE_COMMIT_BUSY)
		recorder->busy_count = 0;
	else if (++recorder->busy_count < BUSY_MAX_RETRIES &&
		 !recorder->failing) {
		recorder_schedule(recorder);
		return;
	}
	recorder->failing = result != GEOTRIP_STORE_COMMITTED;
	if (recorder->failing)
		geotrip_alarm_raise(recorder->alarm, error);
	else
		recorder_batch_written(recorder);

	if (recorder->head != NULL)
		recorder_schedule(recorder);
	else
		recorder_emptied(recorder);
}

static void recorder_flush(struct geotrip_recorder *recorder)
{
	timeout_remove(&recorder->to_flush);
	if (recorder->head != NULL) {
		geotrip_store_commit_now(recorder->store,
					 &recorder->head->logins,
					 recorder_flushed, recorder);
	}
}

/* Everything that is waiting, and now, even if that means to wait for another
   process. */
static void recorder_write_all(struct geotrip_recorder *recorder)
{
	do {
		timeout_remove(&recorder->to_flush);
		geotrip_store_commit(recorder->store,
				     &recorder->head->logins, NULL,
				     recorder_flushed, recorder);
	} while (recorder->head != NULL && !recorder->failing);
}

static const char *
copy_name(struct geotrip_recorder *recorder, pool_t pool, const char *name)
{
	if (name == NULL)
		return NULL;
	name = p_strndup(pool, name, MAX_NAME_BYTES);
	recorder->waiting_bytes += strlen(name) + 1;
	return name;
}

static void
recorder_push(struct geotrip_recorder *recorder, struct geotrip_user *user,
	      const struct geotrip_store_login *login)
{
	struct recorder_batch *batch = recorder->tail;
	struct geotrip_store_login *copy;

	if (batch == NULL || array_count(&batch->logins) >= MAX_BATCH)
		batch = recorder_add_batch(recorder);
	copy = array_append_space(&batch->logins);
	*copy = *login;
	copy->user = &user->store;
	copy->service = copy_name(recorder, batch->pool, login->service);
	copy->mechanism = copy_name(recorder, batch->pool, login->mechanism);
	copy->session = copy_name(recorder, batch->pool, login->session);

	geotrip_user_ref(user);
	array_push_back(&batch->users, &user);
	recorder->waiting++;
}

void geotrip_recorder_add(struct geotrip_recorder *recorder,
			  struct geotrip_user *user,
			  const struct geotrip_store_login *login,
			  bool at_once)
{
	const struct geotrip_store_login *first;

	if (recorder->waiting >= MAX_WAITING ||
	    recorder->waiting_bytes >= MAX_WAITING_BYTES) {
		recorder->dropped++;
		geotrip_alarm_raise(recorder->alarm,
			"Too many logins wait for the database: "
			"more of them are not recorded");
		return;
	}
	recorder_push(recorder, user, login);

	first = array_front(&recorder->head->logins);
	if (at_once && !recorder->failing)
		recorder_write_all(recorder);
	else if (!recorder->failing && recorder->busy_count == 0 &&
		 (recorder->waiting >= MAX_BATCH ||
		  login->time - first->time >= MAX_DELAY_USECS))
		recorder_flush(recorder);
	else
		recorder_schedule(recorder);
}

struct recorder_trip {
	struct geotrip_recorder *recorder;
	const struct geotrip_store_login *login;
	const struct geotrip_store_trip *trip;
	/* all that is waiting is written together with the trip; if not, only
	   its evidence is */
	bool with_batch;
	ARRAY_TYPE(geotrip_store_login) logins;
	geotrip_store_commit_callback_t *callback;
	void *context;
};

static bool
trip_has_evidence(const struct recorder_trip *trip,
		  const struct geotrip_store_login *login)
{
	const struct geotrip_sighting *seen;

	/* users whose logins wait stay in memory: the pointer is enough */
	if (login->user != trip->login->user ||
	    login->verdict != GEOTRIP_VERDICT_ALLOW)
		return FALSE;
	array_foreach(&trip->trip->evidence, seen) {
		if (login->time == seen->time &&
		    strcmp(login->country.code, seen->country.code) == 0)
			return TRUE;
	}
	return FALSE;
}

static void
trip_copy_evidence(const struct recorder_trip *trip,
		   ARRAY_TYPE(geotrip_store_login) *logins)
{
	const struct geotrip_store_login *login;
	struct recorder_batch *batch = trip->recorder->head;

	for (; batch != NULL; batch = batch->next) {
		array_foreach(&batch->logins, login) {
			if (trip_has_evidence(trip, login))
				array_push_back(logins, login);
		}
	}
}

/* It was written, and waits no longer. */
static void trip_remove_evidence(const struct recorder_trip *trip)
{
	struct geotrip_recorder *recorder = trip->recorder;
	struct recorder_batch *batch, *next;
	unsigned int i;

	for (batch = recorder->head; batch != NULL; batch = next) {
		next = batch->next;
		for (i = array_count(&batch->logins); i-- > 0; ) {
			if (!trip_has_evidence(trip, array_idx(&batch->logins,
							       i)))
				continue;
			geotrip_user_unref(array_idx_modifiable(&batch->users,
								i));
			array_delete(&batch->users, i, 1);
			array_delete(&batch->logins, i, 1);
			recorder->waiting--;
		}
		if (array_count(&batch->logins) == 0)
			recorder_drop_batch(recorder, batch);
	}
	if (recorder->head == NULL)
		recorder_emptied(recorder);
}

static void
recorder_tripped(enum geotrip_store_commit_result result, const char *error,
		 void *context)
{
	struct recorder_trip *trip = context;
	ARRAY_TYPE(geotrip_store_login) *batch;

	if (!trip->with_batch) {
		if (result == GEOTRIP_STORE_COMMITTED)
			trip_remove_evidence(trip);
	} else if (result != GEOTRIP_STORE_SUSPENDED_ALREADY) {
		/* with their ids */
		batch = &trip->recorder->head->logins;
		array_copy(&batch->arr, 0, &trip->logins.arr, 0,
			   array_count(batch));
		recorder_flushed(result, error, trip->recorder);
	}
	trip->callback(result, error, trip->context);
}

void geotrip_recorder_trip(struct geotrip_recorder *recorder,
			   const struct geotrip_store_login *login,
			   const struct geotrip_store_trip *trip,
			   geotrip_store_commit_callback_t *callback,
			   void *context)
{
	struct recorder_trip ctx = {
		.recorder = recorder,
		.login = login,
		.trip = trip,
		.with_batch = recorder->head != NULL &&
			recorder->head == recorder->tail &&
			recorder->waiting <= (recorder->failing ?
					      MAX_BATCH_FAILING : MAX_BATCH),
		.callback = callback,
		.context = context,
	};

	t_array_init(&ctx.logins, 64);
	if (ctx.with_batch)
		array_append_array(&ctx.logins, &recorder->head->logins);
	else
		trip_copy_evidence(&ctx, &ctx.logins);
	array_push_back(&ctx.logins, login);
	geotrip_store_commit(recorder->store, &ctx.logins, trip,
			     recorder_tripped, &ctx);
}

bool geotrip_recorder_failing(const struct geotrip_recorder *recorder)
{
	return recorder->failing;
}
