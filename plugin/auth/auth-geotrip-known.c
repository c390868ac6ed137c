/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* A hash table by name, and a list in the order in which users were heard
   of. */

#include "lib.h"
#include "hash.h"
#include "llist.h"
#include "auth-geotrip-known.h"

struct known_user {
	struct known_user *prev, *next;
	int64_t until;
	char *name;
};

struct geotrip_known {
	HASH_TABLE(char *, struct known_user *) hash;
	/* the head was heard of longest ago */
	struct known_user *head, *tail;
	/* the last one of geotrip_known_next(); NULL: before the first one */
	struct known_user *cursor;
	unsigned int max_users;
};

struct geotrip_known *geotrip_known_init(unsigned int max_users)
{
	struct geotrip_known *known = i_new(struct geotrip_known, 1);

	known->max_users = max_users;
	hash_table_create(&known->hash, default_pool, 0, str_hash, strcmp);
	return known;
}

static void known_remove(struct geotrip_known *known, struct known_user *user)
{
	if (known->cursor == user)
		known->cursor = user->prev;
	hash_table_remove(known->hash, user->name);
	DLLIST2_REMOVE(&known->head, &known->tail, user);
	i_free(user->name);
	i_free(user);
}

void geotrip_known_deinit(struct geotrip_known **_known)
{
	struct geotrip_known *known = *_known;

	if (known == NULL)
		return;
	*_known = NULL;
	while (known->head != NULL)
		known_remove(known, known->head);
	hash_table_destroy(&known->hash);
	i_free(known);
}

void geotrip_known_set(struct geotrip_known *known, const char *name,
		       int64_t until)
{
	struct known_user *user = hash_table_lookup(known->hash, name);

	/* becomes the one that was heard of last */
	if (user != NULL)
		known_remove(known, user);
	if (until == 0)
		return;
	if (hash_table_count(known->hash) == known->max_users)
		known_remove(known, known->head);
	user = i_new(struct known_user, 1);
	user->name = i_strdup(name);
	user->until = until;
	hash_table_insert(known->hash, user->name, user);
	DLLIST2_APPEND(&known->head, &known->tail, user);
}

bool geotrip_known_suspended(struct geotrip_known *known, const char *name,
			     int64_t now)
{
	struct known_user *user = hash_table_lookup(known->hash, name);

	return user != NULL && user->until > now;
}

void geotrip_known_rewind(struct geotrip_known *known)
{
	known->cursor = NULL;
}

bool geotrip_known_next(struct geotrip_known *known, const char **user_r,
			int64_t *until_r)
{
	struct known_user *user = known->cursor == NULL ? known->head :
		known->cursor->next;

	if (user == NULL)
		return FALSE;
	*user_r = user->name;
	*until_r = user->until;
	known->cursor = user;
	return TRUE;
}
