/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef STORE_LIFE_PRIVATE_H
#define STORE_LIFE_PRIVATE_H

/* What the parts of a life share: store-life.c lives it, store-life-steps.c
   has its steps, store-life-look.c looks into the database. */

#include "geotrip-store.h"
#include "store-life.h"

#include <sqlite3.h>

enum life_user {
	ALICE, BOB, OLD, THIEF, BRIEF, AGAIN, LAST,
	USER_COUNT
};

enum life_outcome {
	NOT_TAKEN,
	FAILED,
	/* the store says that it is done */
	DONE,
};

struct life_step {
	const char *name;
	/* Returns whether it is done. A failure that was not one, such as an
	   answer that is wrong, goes to life->wrong. */
	bool (*take)(struct store_life *life);
	/* a query for "done" or "none"; anything else is half-done. NULL:
	   nothing is to be seen of it. */
	const char *state;
	/* it answers only when a power cut cannot undo it */
	bool durable;
};

struct store_life {
	enum store_life_begin begin;
	struct geotrip_store *store;
	struct geotrip_store_user users[USER_COUNT];
	int64_t now;
	/* of the steps */
	enum life_outcome *outcomes;
	/* of the step that is being taken; ours are in parentheses */
	const char *error;
	/* what was found first */
	char *wrong;
};

/* In the order in which they are taken. */
extern const struct life_step life_steps[];
extern const unsigned int life_step_count;

/* Something is not as it must be. */
void life_wrong(struct store_life *life, const char *format, ...)
	ATTR_FORMAT(2, 3);

/* Open the store as the auth process does. This is a step, too. */
bool life_open_auth(struct store_life *life);

/* The database without the store. Nothing fails now. */
sqlite3 *life_open_db(void);
/* What the database says of a step: "done", "none", or what is half-done; NULL
   if it says nothing of it. */
const char *life_step_state(struct store_life *life, sqlite3 *db,
			    const struct life_step *step);
/* Make a database as the first version of geotrip left it. */
void life_make_old_database(void);

#endif
