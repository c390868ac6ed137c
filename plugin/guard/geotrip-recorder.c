/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Writes the waiting logins: decides when, how often to retry, and what goes
   into one transaction. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "geotrip-alarm.h"
#include "geotrip-login-queue.h"
#include "geotrip-recorder.h"

/* A commit costs as much as several logins: logins within this time share one.
   Together with the event loop's latency the delay is MAX_DELAY_USECS. */
#define FLUSH_MSECS 9
#define MAX_DELAY_USECS 10000
/* A trip is written together with what is waiting, some of which is its
   evidence. But while the disk is full, each login of a thief must not cause a
   large write that fails: then only the evidence is written with it. */
#define MAX_BATCH_FAILING 100
#define RETRY_MSECS 1000
/* While another process (purge, for example) is writing, retry instead of
   waiting for its lock. If that takes half a second, which is longer than a
   slow disk needs to write an operator's suspension, it is a failure. */
#define BUSY_RETRY_MSECS 2
#define BUSY_MAX_RETRIES 250

struct geotrip_recorder {
	struct geotrip_store *store;
	struct geotrip_alarm *alarm;
	struct geotrip_login_queue *queue;

	struct timeout *to_flush;
	/* consecutive attempts that failed because another process was
	   writing */
	unsigned int busy_count;
	bool failing;
	unsigned int dropped;
	void (*written)(void);
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
	recorder->queue = geotrip_login_queue_init();
	return recorder;
}

void geotrip_recorder_deinit(struct geotrip_recorder **_recorder)
{
	struct geotrip_recorder *recorder = *_recorder;
	unsigned int lost;

	if (recorder == NULL)
		return;
	*_recorder = NULL;

	if (geotrip_login_queue_count(recorder->queue) > 0)
		recorder_write_all(recorder);
	lost = geotrip_login_queue_count(recorder->queue);
	if (lost > 0) {
		geotrip_alarm_raise(recorder->alarm, t_strdup_printf(
			"Lost at shutdown because of an error of the database: %s",
			geotrip_count(lost, "login", "logins")));
	}
	geotrip_login_queue_deinit(&recorder->queue);
	timeout_remove(&recorder->to_flush);
	i_free(recorder);
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

/* Everything that was waiting has been written. */
static void recorder_emptied(struct geotrip_recorder *recorder)
{
	recorder->failing = FALSE;
	/* it may be the retry timeout of a failing store */
	timeout_remove(&recorder->to_flush);
	if (recorder->dropped > 0) {
		geotrip_alarm_raise(recorder->alarm, t_strdup_printf(
			"The database can be written again, but %s did not "
			"fit into memory in the meantime and are missing "
			"from it",
			geotrip_count(recorder->dropped, "login", "logins")));
		recorder->dropped = 0;
	}
	if (recorder->written != NULL)
		recorder->written();
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
		geotrip_login_queue_written(recorder->queue);

	if (geotrip_login_queue_count(recorder->queue) > 0)
		recorder_schedule(recorder);
	else
		recorder_emptied(recorder);
}

static void recorder_flush(struct geotrip_recorder *recorder)
{
	ARRAY_TYPE(geotrip_store_login) *batch =
		geotrip_login_queue_first(recorder->queue);

	timeout_remove(&recorder->to_flush);
	if (batch != NULL) {
		geotrip_store_commit_now(recorder->store, batch,
					 recorder_flushed, recorder);
	}
}

/* Write everything that is waiting now, even if that means waiting for another
   process. */
static void recorder_write_all(struct geotrip_recorder *recorder)
{
	do {
		timeout_remove(&recorder->to_flush);
		geotrip_store_commit(
			recorder->store,
			geotrip_login_queue_first(recorder->queue), NULL,
			recorder_flushed, recorder);
	} while (geotrip_login_queue_count(recorder->queue) > 0 &&
		 !recorder->failing);
}

void geotrip_recorder_write(struct geotrip_recorder *recorder)
{
	if (geotrip_login_queue_count(recorder->queue) > 0 &&
	    !recorder->failing)
		recorder_write_all(recorder);
}

void geotrip_recorder_add(struct geotrip_recorder *recorder,
			  struct geotrip_user *user,
			  const struct geotrip_store_login *login,
			  bool at_once)
{
	const struct geotrip_store_login *first;

	if (!geotrip_login_queue_add(recorder->queue, user, login)) {
		recorder->dropped++;
		geotrip_alarm_raise(recorder->alarm,
			"Too many logins are waiting for the database: "
			"further ones are not recorded");
		return;
	}
	first = array_front(geotrip_login_queue_first(recorder->queue));
	if (at_once && !recorder->failing)
		recorder_write_all(recorder);
	else if (!recorder->failing && recorder->busy_count == 0 &&
		 (geotrip_login_queue_count(recorder->queue) >=
		  GEOTRIP_LOGIN_BATCH_MAX ||
		  login->time - first->time >= MAX_DELAY_USECS))
		recorder_flush(recorder);
	else
		recorder_schedule(recorder);
}

struct recorder_trip {
	struct geotrip_recorder *recorder;
	const struct geotrip_store_login *login;
	const struct geotrip_store_trip *trip;
	/* everything waiting is written together with the trip, otherwise only
	   its evidence */
	bool with_batch;
	ARRAY_TYPE(geotrip_store_login) logins;
	geotrip_store_commit_callback_t *callback;
	void *context;
};

/* Is the login part of the evidence of the trip (the context)? */
static bool
is_evidence(const struct geotrip_store_login *login, const void *context)
{
	const struct recorder_trip *trip = context;
	const struct geotrip_sighting *seen;

	/* waiting logins reference their users, so comparing pointers is
	   enough */
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

/* The evidence was written with the trip: remove it from the queue. */
static void evidence_written(const struct recorder_trip *trip)
{
	struct geotrip_recorder *recorder = trip->recorder;

	geotrip_login_queue_remove(recorder->queue, is_evidence, trip);
	if (geotrip_login_queue_count(recorder->queue) == 0)
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
			evidence_written(trip);
	} else if (result != GEOTRIP_STORE_SUSPENDED_ALREADY) {
		/* the logins now have their ids */
		batch = geotrip_login_queue_first(trip->recorder->queue);
		array_copy(&batch->arr, 0, &trip->logins.arr, 0,
			   array_count(batch));
		recorder_flushed(result, error, trip->recorder);
	}
	trip->callback(result, error, trip->context);
}

/* Write everything that is waiting with a trip? Only if it is a single
   batch. */
static bool takes_batch(const struct geotrip_recorder *recorder)
{
	unsigned int count = geotrip_login_queue_count(recorder->queue);

	return count > 0 &&
		count == array_count(
			geotrip_login_queue_first(recorder->queue)) &&
		(!recorder->failing || count <= MAX_BATCH_FAILING);
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
		.with_batch = takes_batch(recorder),
		.callback = callback,
		.context = context,
	};

	t_array_init(&ctx.logins, 64);
	if (ctx.with_batch) {
		array_append_array(&ctx.logins, geotrip_login_queue_first(
			recorder->queue));
	} else {
		geotrip_login_queue_copy(recorder->queue, is_evidence, &ctx,
					 &ctx.logins);
	}
	array_push_back(&ctx.logins, login);
	geotrip_store_commit(recorder->store, &ctx.logins, trip,
			     recorder_tripped, &ctx);
}

bool geotrip_recorder_failing(const struct geotrip_recorder *recorder)
{
	return recorder->failing;
}

void geotrip_recorder_set_written_callback(struct geotrip_recorder *recorder,
					   void (*callback)(void))
{
	recorder->written = callback;
}

bool geotrip_recorder_is_empty(const struct geotrip_recorder *recorder)
{
	return geotrip_login_queue_count(recorder->queue) == 0;
}
