/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Owns the logins that wait to be written. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "geotrip-alarm.h"
#include "geotrip-recorder.h"
#include "geotrip-users.h"

#define MAX_DELAY_USECS 10000
#define MAX_BATCH 1000
#define RETRY_MSECS 1000
/* What may wait while the store is out of order. */
#define MAX_WAITING 100000
#define MAX_WAITING_BYTES (64 * 1024 * 1024)
/* Longer names of services, mechanisms and sessions are nobody's but an
   attacker's. */
#define MAX_NAME_BYTES 255

struct geotrip_recorder {
	struct geotrip_store *store;
	struct geotrip_alarm *alarm;

	/* the strings of the logins */
	pool_t pool;
	ARRAY_TYPE(geotrip_store_login) logins;
	/* a reference to the user of each login */
	ARRAY(struct geotrip_user *) users;

	struct timeout *to_flush;
	bool failing;
	unsigned int dropped;
};

static void recorder_flush(struct geotrip_recorder *recorder);

struct geotrip_recorder *
geotrip_recorder_init(struct geotrip_store *store,
		      struct geotrip_alarm *alarm)
{
	struct geotrip_recorder *recorder = i_new(struct geotrip_recorder, 1);

	recorder->store = store;
	recorder->alarm = alarm;
	recorder->pool = pool_alloconly_create("geotrip logins", 16384);
	i_array_init(&recorder->logins, 64);
	i_array_init(&recorder->users, 64);
	return recorder;
}

static void recorder_clear(struct geotrip_recorder *recorder)
{
	struct geotrip_user **user;

	array_foreach_modifiable(&recorder->users, user)
		geotrip_user_unref(user);
	array_clear(&recorder->users);
	array_clear(&recorder->logins);
	p_clear(recorder->pool);
}

void geotrip_recorder_deinit(struct geotrip_recorder **_recorder)
{
	struct geotrip_recorder *recorder = *_recorder;

	if (recorder == NULL)
		return;
	*_recorder = NULL;

	recorder_flush(recorder);
	if (array_count(&recorder->logins) > 0) {
		geotrip_alarm_raise(recorder->alarm, t_strdup_printf(
			"%s could not be written before the stop and are lost",
			geotrip_count(array_count(&recorder->logins),
				      "login", "logins")));
	}
	recorder_clear(recorder);
	timeout_remove(&recorder->to_flush);
	array_free(&recorder->logins);
	array_free(&recorder->users);
	pool_unref(&recorder->pool);
	i_free(recorder);
}

static void recorder_schedule(struct geotrip_recorder *recorder)
{
	if (recorder->to_flush != NULL)
		return;
	/* 0: when the handlers of this iteration have run */
	recorder->to_flush = timeout_add_short(
		recorder->failing ? RETRY_MSECS : 0, recorder_flush, recorder);
}

static void
recorder_flushed(enum geotrip_store_commit_result result, const char *error,
		 void *context)
{
	struct geotrip_recorder *recorder = context;

	recorder->failing = result != GEOTRIP_STORE_COMMITTED;
	if (recorder->failing) {
		geotrip_alarm_raise(recorder->alarm, error);
		recorder_schedule(recorder);
		return;
	}
	recorder_clear(recorder);
	if (recorder->dropped > 0) {
		geotrip_alarm_raise(recorder->alarm, t_strdup_printf(
			"The database can be written again, but %s could not "
			"wait so long and are missing in it",
			geotrip_count(recorder->dropped, "login", "logins")));
		recorder->dropped = 0;
	}
}

static void recorder_flush(struct geotrip_recorder *recorder)
{
	const char *error;

	timeout_remove(&recorder->to_flush);
	if (array_count(&recorder->logins) == 0)
		return;
	if (recorder->failing &&
	    geotrip_store_open(recorder->store, &error) < 0) {
		recorder_flushed(GEOTRIP_STORE_COMMIT_FAILED, error, recorder);
		return;
	}
	geotrip_store_commit(recorder->store, &recorder->logins, NULL,
			     recorder_flushed, recorder);
}

static const char *copy_name(pool_t pool, const char *name)
{
	return name == NULL ? NULL : p_strndup(pool, name, MAX_NAME_BYTES);
}

static void
recorder_push(struct geotrip_recorder *recorder, struct geotrip_user *user,
	      const struct geotrip_store_login *login)
{
	struct geotrip_store_login *copy;

	copy = array_append_space(&recorder->logins);
	*copy = *login;
	copy->user = &user->store;
	copy->service = copy_name(recorder->pool, login->service);
	copy->mechanism = copy_name(recorder->pool, login->mechanism);
	copy->session = copy_name(recorder->pool, login->session);

	geotrip_user_ref(user);
	array_push_back(&recorder->users, &user);
}

static void recorder_pop(struct geotrip_recorder *recorder)
{
	struct geotrip_user **user = array_back_modifiable(&recorder->users);

	geotrip_user_unref(user);
	array_pop_back(&recorder->users);
	array_pop_back(&recorder->logins);
}

static bool recorder_full(struct geotrip_recorder *recorder)
{
	return array_count(&recorder->logins) >= MAX_WAITING ||
		pool_alloconly_get_total_used_size(recorder->pool) >=
		MAX_WAITING_BYTES;
}

void geotrip_recorder_add(struct geotrip_recorder *recorder,
			  struct geotrip_user *user,
			  const struct geotrip_store_login *login)
{
	const struct geotrip_store_login *first;

	if (recorder_full(recorder)) {
		recorder->dropped++;
		geotrip_alarm_raise(recorder->alarm,
			"Too many logins wait for the database: "
			"more of them are not recorded");
		return;
	}
	recorder_push(recorder, user, login);

	first = array_front(&recorder->logins);
	if (!recorder->failing &&
	    (array_count(&recorder->logins) >= MAX_BATCH ||
	     login->time - first->time >= MAX_DELAY_USECS))
		recorder_flush(recorder);
	else
		recorder_schedule(recorder);
}

struct recorder_trip {
	struct geotrip_recorder *recorder;
	geotrip_store_commit_callback_t *callback;
	void *context;
};

static void
recorder_tripped(enum geotrip_store_commit_result result, const char *error,
		 void *context)
{
	struct recorder_trip *trip = context;
	struct geotrip_recorder *recorder = trip->recorder;

	if (result == GEOTRIP_STORE_SUSPENDED_ALREADY) {
		recorder_pop(recorder);
	} else if (result == GEOTRIP_STORE_COMMIT_FAILED) {
		recorder_pop(recorder);
		/* what is waiting waits on */
		if (array_count(&recorder->logins) > 0)
			recorder_flushed(result, error, recorder);
	} else {
		recorder_flushed(result, error, recorder);
	}
	trip->callback(result, error, trip->context);
}

void geotrip_recorder_trip(struct geotrip_recorder *recorder,
			   struct geotrip_user *user,
			   const struct geotrip_store_login *login,
			   const struct geotrip_store_trip *trip,
			   geotrip_store_commit_callback_t *callback,
			   void *context)
{
	struct recorder_trip ctx = {
		.recorder = recorder,
		.callback = callback,
		.context = context,
	};

	recorder_push(recorder, user, login);
	geotrip_store_commit(recorder->store, &recorder->logins, trip,
			     recorder_tripped, &ctx);
}

bool geotrip_recorder_failing(const struct geotrip_recorder *recorder)
{
	return recorder->failing;
}
