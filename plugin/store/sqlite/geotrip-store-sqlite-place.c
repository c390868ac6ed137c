/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The places that users come from: what is known of the past without searching
   their logins. A place is written when a user is first seen there, and then
   from time to time. */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "geotrip-store-sqlite.h"

static struct geotrip_store_place *
find_place(struct geotrip_store_user *user, unsigned int service_hash,
	   const struct geotrip_country *country)
{
	struct geotrip_store_place *place;

	for (place = user->places;
	     place < user->places + N_ELEMENTS(user->places); place++) {
		if (place->written != 0 &&
		    place->service_hash == service_hash &&
		    strcmp(place->country.code, country->code) == 0)
			return place;
	}
	return NULL;
}

/* Is the written place recent enough for this login? */
static bool
place_has(const struct geotrip_store *store,
	  const struct geotrip_store_place *place,
	  const struct geotrip_store_login *login)
{
	if (login->verdict == GEOTRIP_VERDICT_ALLOW && !place->allowed)
		return FALSE;
	/* the clock may have been set back */
	return login->time >= place->written &&
		login->time - place->written < store->set.place_usecs &&
		login->time / GEOTRIP_USECS_PER_DAY ==
		place->written / GEOTRIP_USECS_PER_DAY;
}

static int
write_place(struct geotrip_store *store,
	    const struct geotrip_store_login *login, int64_t login_id,
	    const char **error_r)
{
	static const char sql[] =
		"INSERT INTO place (user_id, country, service, last_time, "
		"allowed_time, allowed_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
		"ON CONFLICT DO UPDATE SET last_time = excluded.last_time, "
		"allowed_time = coalesce(excluded.allowed_time, allowed_time),"
		"allowed_id = coalesce(excluded.allowed_id, allowed_id)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, login->user->id);
	geotrip_sqlite_bind_text(stmt, 2, login->country.code);
	geotrip_sqlite_bind_text(stmt, 3, login->service);
	(void)sqlite3_bind_int64(stmt, 4, login->time);
	if (login->verdict == GEOTRIP_VERDICT_ALLOW) {
		(void)sqlite3_bind_int64(stmt, 5, login->time);
		(void)sqlite3_bind_int64(stmt, 6, login_id);
	}
	return geotrip_sqlite_run(store, stmt, error_r);
}

int geotrip_sqlite_see_place(struct geotrip_store *store,
			     const struct geotrip_store_login *login,
			     int64_t login_id, const char **error_r)
{
	unsigned int hash = str_hash(login->service);
	struct geotrip_store_user *user = login->user;
	struct geotrip_store_place *place;

	place = find_place(user, hash, &login->country);
	if (place != NULL && place_has(store, place, login))
		return 0;
	if (place == NULL) {
		place = &user->places[user->place_idx++ %
				      N_ELEMENTS(user->places)];
		i_zero(place);
		place->country = login->country;
		place->service_hash = hash;
	}
	place->written = login->time;
	if (login->verdict == GEOTRIP_VERDICT_ALLOW)
		place->allowed = TRUE;
	return write_place(store, login, login_id, error_r);
}

int geotrip_sqlite_load_sightings(struct geotrip_store *store,
				  int64_t user_id, int64_t since, int64_t now,
				  ARRAY_TYPE(geotrip_sighting) *seen,
				  bool *was_ahead, const char **error_r)
{
	static const char sql[] =
		"SELECT country, max(allowed_time), allowed_id FROM place "
		"WHERE user_id = ?1 AND country <> '' AND allowed_time > ?2 "
		"GROUP BY country";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	struct geotrip_sighting sighting;
	int ret;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user_id);
	(void)sqlite3_bind_int64(stmt, 2, since);
	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		geotrip_sqlite_country(stmt, 0, &sighting.country);
		sighting.time = sqlite3_column_int64(stmt, 1);
		sighting.login_id = sqlite3_column_int64(stmt, 2);
		if (sighting.time - GEOTRIP_CLOCK_SLACK_USECS <= now)
			array_push_back(seen, &sighting);
		else
			*was_ahead = TRUE;
	}
	return ret;
}
