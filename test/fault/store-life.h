/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef STORE_LIFE_H
#define STORE_LIFE_H

/* All that happens in the life of a store, in steps, and what must be true of
   its database whatever failed on the way. */

/* Where a life begins. */
enum store_life_begin {
	/* there is no database */
	STORE_LIFE_NEW,
	/* the database is of the first version of the schema */
	STORE_LIFE_OLD,
};

/* What a step promised by its answer. */
enum store_life_power {
	/* what was done is done */
	STORE_LIFE_POWER_ON,
	/* the power was cut: only a durable step, and what came before one, is
	   done for sure */
	STORE_LIFE_POWER_CUT,
};

struct store_life;

struct store_life *store_life_init(enum store_life_begin begin);
/* Close the store. What it gave out is free then. */
void store_life_close(struct store_life *life);
void store_life_deinit(struct store_life **life);

/* What to do after a step that failed. */
enum store_life_failure {
	/* nothing fails any more: the store can be opened, and the step taken
	   again if it is not done */
	STORE_LIFE_MEND,
	/* try to open the store, and go on with the next step */
	STORE_LIFE_GO_ON,
	/* leave the store as it is */
	STORE_LIFE_STOP,
};

/* Take all steps, each once. Returns NULL, or what was wrong; a step that fails
   is not. */
const char *
store_life_run(struct store_life *life, enum store_life_failure failure);
/* Nothing fails any more: open the store, which may be open, and take the steps
   that are not done; then close it. Returns NULL, or what was wrong: a
   step that fails. */
const char *store_life_finish(struct store_life *life);

/* Look into the database. Returns NULL if it is sound and shows all that the
   steps said they did, and all or nothing of those that failed; or else what
   is wrong. Calls nothing of the store. */
const char *store_life_check(struct store_life *life,
			     enum store_life_power power);

#endif
