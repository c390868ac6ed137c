/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Owns the cached users: a hash table by name, and an LRU list. */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "llist.h"
#include "md5.h"
#include "geotrip-users.h"

/* The approximate overhead of malloc() and the hash table per user. */
#define USER_OVERHEAD_BYTES 96

struct geotrip_users {
	HASH_TABLE(char *, struct geotrip_user *) hash;
	/* the head is the least recently used */
	struct geotrip_user *head, *tail;
	size_t bytes, max_bytes;
};

struct geotrip_users *geotrip_users_init(size_t max_bytes)
{
	struct geotrip_users *users = i_new(struct geotrip_users, 1);

	users->max_bytes = max_bytes;
	hash_table_create(&users->hash, default_pool, 0, str_hash, strcmp);
	return users;
}

/* Approximate. It must be the same when the user is added and removed, so it
   must not depend on the number of countries seen in between. */
static size_t user_bytes(const struct geotrip_user *user)
{
	return sizeof(*user) + USER_OVERHEAD_BYTES +
		2 * sizeof(struct geotrip_sighting) +
		strlen(user->store.name) + 1;
}

static void users_remove(struct geotrip_users *users,
			 struct geotrip_user *user)
{
	hash_table_remove(users->hash, user->store.name);
	DLLIST2_REMOVE(&users->head, &users->tail, user);
	users->bytes -= user_bytes(user);
	geotrip_user_unref(&user);
}

/* A user with logins waiting to be written is kept: the store does not have
   them yet, and the memory would not be freed anyway. */
static void users_drop_head(struct geotrip_users *users)
{
	struct geotrip_user *user = users->head;

	if (user->refcount == 1) {
		users_remove(users, user);
		return;
	}
	DLLIST2_REMOVE(&users->head, &users->tail, user);
	DLLIST2_APPEND(&users->head, &users->tail, user);
}

void geotrip_users_deinit(struct geotrip_users **_users)
{
	struct geotrip_users *users = *_users;

	if (users == NULL)
		return;
	*_users = NULL;
	while (users->head != NULL)
		users_remove(users, users->head);
	hash_table_destroy(&users->hash);
	i_free(users);
}

struct geotrip_user *
geotrip_users_get(struct geotrip_users *users, const char *name)
{
	struct geotrip_user *user = hash_table_lookup(users->hash, name);

	if (user != NULL) {
		DLLIST2_REMOVE(&users->head, &users->tail, user);
		DLLIST2_APPEND(&users->head, &users->tail, user);
		return user;
	}

	user = i_new(struct geotrip_user, 1);
	user->refcount = 1;
	user->store.name = i_strdup(name);
	hash_table_insert(users->hash, user->store.name, user);
	DLLIST2_APPEND(&users->head, &users->tail, user);
	users->bytes += user_bytes(user);
	while (users->bytes > users->max_bytes && users->head != user)
		users_drop_head(users);
	return user;
}

struct geotrip_user *
geotrip_users_find(struct geotrip_users *users, const char *name)
{
	return hash_table_lookup(users->hash, name);
}

void geotrip_user_ref(struct geotrip_user *user)
{
	i_assert(user->refcount > 0);
	user->refcount++;
}

void geotrip_user_unref(struct geotrip_user **_user)
{
	struct geotrip_user *user = *_user;

	*_user = NULL;
	i_assert(user->refcount > 0);
	if (--user->refcount > 0)
		return;
	i_free(user->seen);
	i_free(user->store.name);
	i_free(user);
}

/* Drop the sightings up to the given time. */
static void user_forget(struct geotrip_user *user, int64_t time)
{
	unsigned int i = 0;

	while (i < user->seen_count) {
		if (user->seen[i].time <= time)
			user->seen[i] = user->seen[--user->seen_count];
		else
			i++;
	}
}

static struct geotrip_sighting *
user_add_country(struct geotrip_user *user, struct geotrip_country country)
{
	size_t size = sizeof(*user->seen);
	struct geotrip_sighting *seen;

	if (user->seen_count == user->seen_alloc) {
		unsigned int alloc = I_MAX(1, user->seen_alloc * 2);

		user->seen = i_realloc(user->seen, size * user->seen_alloc,
				       size * alloc);
		user->seen_alloc = alloc;
	}
	seen = &user->seen[user->seen_count++];
	seen->country = country;
	seen->time = INT64_MIN;
	return seen;
}

static struct geotrip_sighting *
user_find_country(struct geotrip_user *user, struct geotrip_country country)
{
	unsigned int i;

	for (i = 0; i < user->seen_count; i++) {
		if (strcmp(user->seen[i].country.code, country.code) == 0)
			return &user->seen[i];
	}
	return NULL;
}

bool geotrip_user_see(struct geotrip_user *user,
		      const struct geotrip_sighting *sighting, int64_t since)
{
	struct geotrip_sighting *seen;
	bool news;

	/* it is adjusted occasionally */
	user->cleared_at = I_MIN(user->cleared_at, sighting->time - 1);
	seen = user_find_country(user, sighting->country);
	if (seen == NULL) {
		user_forget(user, since);
		seen = user_add_country(user, sighting->country);
	}
	/* not seen within the second half of the window */
	news = seen->time < since + (sighting->time - since) / 2;
	seen->time = sighting->time;
	seen->login_id = 0;
	return news;
}

void geotrip_user_written(struct geotrip_user *user,
			  const struct geotrip_store_login *login)
{
	struct geotrip_sighting *seen =
		user_find_country(user, login->country);

	if (seen != NULL && seen->time == login->time)
		seen->login_id = login->id;
}

void geotrip_user_clear(struct geotrip_user *user, int64_t time)
{
	user->cleared_at = I_MAX(user->cleared_at, time);
	user_forget(user, user->cleared_at);
}

void geotrip_user_set_back(struct geotrip_user *user,
			   const struct geotrip_set_back *clock)
{
	unsigned int i;

	if (user->cleared_at > clock->to) {
		user->cleared_at = I_MIN(user->cleared_at - clock->by,
					 clock->to - 1);
	}
	for (i = 0; i < user->seen_count; i++) {
		struct geotrip_sighting *seen = &user->seen[i];

		if (seen->time > clock->to) {
			seen->time = I_MIN(seen->time - clock->by, clock->to);
			seen->time = I_MAX(seen->time, user->cleared_at + 1);
		}
	}
	user->generation = 0;
}

void geotrip_user_merge(struct geotrip_user *user,
			const struct geotrip_store_history *history,
			unsigned int generation)
{
	const struct geotrip_sighting *sighting;
	struct geotrip_sighting *seen;

	user->generation = generation;
	user->suspended_until = history->suspended ?
		history->suspended_until : 0;
	geotrip_user_clear(user, history->cleared_at);
	array_foreach(&history->seen, sighting) {
		if (sighting->time <= user->cleared_at)
			continue;
		seen = user_find_country(user, sighting->country);
		if (seen == NULL)
			seen = user_add_country(user, sighting->country);
		/* the store may have an earlier one */
		if (seen->time < sighting->time)
			*seen = *sighting;
	}
}

void geotrip_users_foreach(struct geotrip_users *users,
			   void (*callback)(struct geotrip_user *user,
					    void *context), void *context)
{
	struct geotrip_user *user;

	for (user = users->head; user != NULL; user = user->next)
		callback(user, context);
}

bool geotrip_user_suspended(struct geotrip_user *user, int64_t now)
{
	if (user->suspended_until == 0)
		return FALSE;
	if (user->suspended_until > now)
		return TRUE;
	geotrip_user_clear(user, user->suspended_until);
	user->suspended_until = 0;
	/* treat the next login from each place as the first one */
	i_zero(&user->store.places);
	return FALSE;
}

static uint64_t
session_id(const char *session, const char *service, const struct ip_addr *ip)
{
	unsigned char digest[MD5_RESULTLEN];
	struct md5_context ctx;
	uint64_t id;

	/* MD5 is wide enough to avoid accidental collisions. A client that
	   forces one only hides one of its own logins, for seconds. */
	md5_init(&ctx);
	md5_update(&ctx, session, strlen(session) + 1);
	md5_update(&ctx, service, strlen(service) + 1);
	md5_update(&ctx, net_ip2addr(ip), strlen(net_ip2addr(ip)));
	md5_final(&ctx, digest);
	memcpy(&id, digest, sizeof(id));
	return id;
}

bool geotrip_user_session_again(struct geotrip_user *user,
				const char *session, const char *service,
				const struct ip_addr *ip, int64_t time)
{
	uint64_t id = session_id(session, service, ip);
	struct geotrip_user_session *seen;
	unsigned int i;

	for (i = 0; i < GEOTRIP_USER_SESSIONS; i++) {
		seen = &user->sessions[i];
		if (seen->id != id)
			continue;
		if (time >= seen->time &&
		    time - seen->time < GEOTRIP_USER_SESSION_USECS)
			return TRUE;
		seen->time = time;
		return FALSE;
	}
	seen = &user->sessions[user->session_idx++ % GEOTRIP_USER_SESSIONS];
	seen->id = id;
	seen->time = time;
	return FALSE;
}
