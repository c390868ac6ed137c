/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* A life: its steps taken, and taken again. */

#include "lib.h"
#include "test-store-fixture.h"
#include "store-life-private.h"

static const char *const user_names[] = {
	"alice", "bob", "old", "thief", "brief", "again", "last",
};

void life_wrong(struct store_life *life, const char *format, ...)
{
	va_list args;

	if (life->wrong != NULL)
		return;
	va_start(args, format);
	life->wrong = i_strdup_vprintf(format, args);
	va_end(args);
}

struct store_life *store_life_init(enum store_life_begin begin)
{
	struct store_life *life = i_new(struct store_life, 1);
	unsigned int i;

	life->begin = begin;
	life->now = geotrip_now();
	life->outcomes = i_new(enum life_outcome, life_step_count);
	for (i = 0; i < USER_COUNT; i++)
		life->users[i].name = i_strdup(user_names[i]);
	if (begin == STORE_LIFE_OLD)
		life_make_old_database();
	return life;
}

void store_life_close(struct store_life *life)
{
	unsigned int i;

	geotrip_store_deinit(&life->store);
	/* what else is in them was the store's own */
	for (i = 0; i < USER_COUNT; i++) {
		struct geotrip_store_user user = {
			.name = life->users[i].name,
		};

		life->users[i] = user;
	}
}

void store_life_deinit(struct store_life **_life)
{
	struct store_life *life = *_life;
	unsigned int i;

	*_life = NULL;
	store_life_close(life);
	for (i = 0; i < USER_COUNT; i++)
		i_free(life->users[i].name);
	i_free(life->outcomes);
	i_free(life->wrong);
	i_free(life);
}

static bool take_step(struct store_life *life, unsigned int i)
{
	life->error = NULL;
	life->outcomes[i] = life_steps[i].take(life) ? DONE : FAILED;
	if (life->outcomes[i] == DONE)
		return TRUE;
	if (life->error == NULL)
		life_wrong(life, "%s: does not say why", life_steps[i].name);
	else if (life->error[0] != '(' &&
		 strstr(life->error, test_store_path) == NULL) {
		life_wrong(life, "%s: does not name the file: %s",
			   life_steps[i].name, life->error);
	}
	return FALSE;
}

static void mend_step(struct store_life *life, unsigned int i)
{
	const char *state, *error, *first = life->error;
	sqlite3 *db;

	if (geotrip_store_open(life->store, &error) < 0) {
		life_wrong(life, "%s: cannot be opened after '%s': %s",
			   life_steps[i].name, first, error);
		return;
	}
	db = life_open_db();
	state = life_step_state(life, db, &life_steps[i]);
	(void)sqlite3_close(db);
	if (null_strcmp(state, "done") == 0)
		return;
	if (state != NULL && strcmp(state, "none") != 0) {
		life_wrong(life, "%s: is half-done: %s", life_steps[i].name,
			   state);
	} else if (!take_step(life, i)) {
		life_wrong(life, "%s: fails again after '%s': %s",
			   life_steps[i].name, first, life->error);
	}
}

/* Returns whether to go on with the next step. */
static bool
step_failed(struct store_life *life, unsigned int i,
	    enum store_life_failure failure)
{
	const char *error;

	switch (failure) {
	case STORE_LIFE_MEND:
		mend_step(life, i);
		return TRUE;
	case STORE_LIFE_GO_ON:
		(void)geotrip_store_open(life->store, &error);
		return TRUE;
	case STORE_LIFE_STOP:
		return FALSE;
	}
	i_unreached();
}

const char *
store_life_run(struct store_life *life, enum store_life_failure failure)
{
	unsigned int i;
	bool go_on = TRUE;

	for (i = 0; i < life_step_count && go_on &&
	     life->wrong == NULL; i++) T_BEGIN {
		if (!take_step(life, i))
			go_on = step_failed(life, i, failure);
	} T_END;
	return life->wrong;
}

/* Whatever the store said of it: does the database show that it is done? */
static bool
step_is_done(struct store_life *life, sqlite3 *db, unsigned int i)
{
	const char *state = life_step_state(life, db, &life_steps[i]);

	return state == NULL ? life->outcomes[i] == DONE :
		strcmp(state, "done") == 0;
}

const char *store_life_finish(struct store_life *life)
{
	sqlite3 *db;
	unsigned int i;

	if (!life_open_auth(life))
		life_wrong(life, "cannot be opened: %s", life->error);
	db = life_open_db();
	for (i = 0; i < life_step_count && life->wrong == NULL; i++) T_BEGIN {
		if (!step_is_done(life, db, i) && !take_step(life, i)) {
			life_wrong(life, "%s: still fails: %s",
				   life_steps[i].name, life->error);
		}
	} T_END;
	(void)sqlite3_close(db);
	store_life_close(life);
	return life->wrong;
}
