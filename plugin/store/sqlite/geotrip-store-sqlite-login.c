/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What the auth process needs from the store: the history of a user, and
   writing logins and trips. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite.h"

/* Returns 1, 0 if the user is not known, -1 with an error. */
static int
load_user(struct geotrip_store *store, struct geotrip_store_user *user,
	  struct geotrip_store_history *history, const char **error_r)
{
	static const char sql[] =
		"SELECT user.id, user.cleared_at, suspension.id, "
		"suspension.until FROM user LEFT JOIN suspension "
		"ON suspension.user_id = user.id "
		"AND suspension.released_at IS NULL WHERE user.name = ?1";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret;

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, user->name);
	ret = geotrip_sqlite_step(store, stmt, error_r);
	if (ret <= 0)
		return ret;

	user->id = sqlite3_column_int64(stmt, 0);
	user->id_generation = store->generation;
	i_zero(&user->places);
	history->cleared_at = sqlite3_column_int64(stmt, 1);
	history->suspended = sqlite3_column_type(stmt, 2) != SQLITE_NULL;
	if (history->suspended) {
		history->suspended_until =
			sqlite3_column_type(stmt, 3) == SQLITE_NULL ?
			GEOTRIP_NEVER : sqlite3_column_int64(stmt, 3);
	}
	(void)sqlite3_reset(stmt);
	return 1;
}

void geotrip_store_load(struct geotrip_store *store,
			struct geotrip_store_user *user,
			int64_t since, int64_t now,
			geotrip_store_load_callback_t *callback,
			void *context)
{
	struct geotrip_store_history history;
	const char *error = NULL;
	int ret;

	i_zero(&history);
	t_array_init(&history.seen, 8);
	user->id = 0;
	ret = load_user(store, user, &history, &error);
	if (history.cleared_at - GEOTRIP_CLOCK_SLACK_USECS > now) {
		history.cleared_at = now;
		history.was_ahead = TRUE;
	}
	if (ret > 0) {
		ret = geotrip_sqlite_load_sightings(
			store, user->id, I_MAX(since, history.cleared_at), now,
			&history.seen, &history.was_ahead, &error);
	}
	callback(ret < 0 ? NULL : &history, error, context);
}

/* Totals of the rows in a commit: few, because services and countries are
   few. */
struct day_count {
	int64_t day;
	const char *service;
	struct geotrip_country country;
	uint64_t logins, trips;
};
ARRAY_DEFINE_TYPE(day_count, struct day_count);

static struct day_count *
get_count(ARRAY_TYPE(day_count) *counts,
	  const struct geotrip_store_login *login)
{
	int64_t day = login->time / GEOTRIP_USECS_PER_DAY;
	struct day_count *count;

	array_foreach_modifiable(counts, count) {
		if (count->day == day &&
		    strcmp(count->service, login->service) == 0 &&
		    strcmp(count->country.code, login->country.code) == 0)
			return count;
	}
	count = array_append_space(counts);
	count->day = day;
	count->service = login->service;
	count->country = login->country;
	return count;
}

static void
count_login(ARRAY_TYPE(day_count) *counts,
	    const struct geotrip_store_login *login)
{
	struct day_count *count = get_count(counts, login);

	count->logins++;
	if (login->verdict == GEOTRIP_VERDICT_TRIP ||
	    login->verdict == GEOTRIP_VERDICT_OBSERVE)
		count->trips++;
}

static int
write_counts(struct geotrip_store *store, const ARRAY_TYPE(day_count) *counts,
	     const char **error_r)
{
	static const char sql[] =
		"INSERT INTO country_day (day, service, country, logins, trips)"
		" VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET "
		"logins = logins + excluded.logins, "
		"trips = trips + excluded.trips";
	const struct day_count *count;
	sqlite3_stmt *stmt;

	array_foreach(counts, count) {
		stmt = geotrip_sqlite_stmt(store, sql, error_r);
		if (stmt == NULL)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, count->day);
		geotrip_sqlite_bind_text(stmt, 2, count->service);
		geotrip_sqlite_bind_text(stmt, 3, count->country.code);
		(void)sqlite3_bind_int64(stmt, 4, count->logins);
		(void)sqlite3_bind_int64(stmt, 5, count->trips);
		if (geotrip_sqlite_run(store, stmt, error_r) < 0)
			return -1;
	}
	return 0;
}

static int
write_cleared(struct geotrip_store *store, int64_t user_id, int64_t time,
	      const char **error_r)
{
	static const char sql[] =
		"UPDATE user SET cleared_at = max(cleared_at, ?2) "
		"WHERE id = ?1";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user_id);
	(void)sqlite3_bind_int64(stmt, 2, time);
	return geotrip_sqlite_run(store, stmt, error_r);
}

static int
resolve_user(struct geotrip_store *store, struct geotrip_store_user *user,
	     const char **error_r)
{
	if (user->id != 0 && user->id_generation == store->generation)
		return 0;
	user->id_generation = store->generation;
	/* a transaction that was rolled back, or a user that was recreated */
	i_zero(&user->places);
	return geotrip_sqlite_make_user(store, user->name, &user->id, error_r);
}

/* The account would have been suspended. */
static int
write_marked(struct geotrip_store *store,
	     const struct geotrip_store_login *login, const char **error_r)
{
	/* only new countries count for the next mark */
	i_zero(&login->user->places);
	return write_cleared(store, login->user->id, login->time,
			     error_r) < 0 ||
		geotrip_sqlite_set_tripped(store, login, error_r) < 0 ||
		geotrip_sqlite_insert_mark(store, login, error_r) < 0 ? -1 : 0;
}

static int
write_login(struct geotrip_store *store, struct geotrip_store_login *login,
	    const char **error_r)
{
	static const char sql[] =
		"INSERT INTO login (user_id, time, country, ip, service, "
		"mechanism, verdict, session) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
	sqlite3_stmt *stmt;

	if (resolve_user(store, login->user, error_r) < 0)
		return -1;
	stmt = geotrip_sqlite_stmt(store, sql, error_r);
	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, login->user->id);
	(void)sqlite3_bind_int64(stmt, 2, login->time);
	if (login->country.code[0] != '\0')
		geotrip_sqlite_bind_text(stmt, 3, login->country.code);
	if (IPADDR_IS_V4(&login->ip)) {
		(void)sqlite3_bind_blob(stmt, 4, &login->ip.u.ip4, 4,
					SQLITE_STATIC);
	} else if (IPADDR_IS_V6(&login->ip)) {
		(void)sqlite3_bind_blob(stmt, 4, &login->ip.u.ip6, 16,
					SQLITE_STATIC);
	}
	geotrip_sqlite_bind_text(stmt, 5, login->service);
	geotrip_sqlite_bind_text(stmt, 6, login->mechanism);
	geotrip_sqlite_bind_text(stmt, 7,
				 geotrip_verdict_name(login->verdict));
	geotrip_sqlite_bind_text(stmt, 8, login->session);
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	login->id = sqlite3_last_insert_rowid(store->db);
	if (geotrip_sqlite_see_place(store, login, login->id, error_r) < 0)
		return -1;

	return login->verdict == GEOTRIP_VERDICT_OBSERVE ?
		write_marked(store, login, error_r) : 0;
}

static int
write_logins(struct geotrip_store *store,
	     ARRAY_TYPE(geotrip_store_login) *logins, const char **error_r)
{
	struct geotrip_store_login *login;
	ARRAY_TYPE(day_count) counts;

	t_array_init(&counts, 16);
	array_foreach_modifiable(logins, login) {
		if (write_login(store, login, error_r) < 0)
			return -1;
		count_login(&counts, login);
	}
	return write_counts(store, &counts, error_r);
}

/* The id of a sighting's login: one written before, or in this transaction.
   Returns 0 if it was not written. */
static int64_t
find_login_id(const struct geotrip_sighting *seen,
	      const struct geotrip_store_user *user,
	      const ARRAY_TYPE(geotrip_store_login) *logins)
{
	const struct geotrip_store_login *login;

	if (seen->login_id != 0)
		return seen->login_id;
	array_foreach(logins, login) {
		if (login->user->id == user->id &&
		    login->time == seen->time &&
		    strcmp(login->country.code, seen->country.code) == 0)
			return login->id;
	}
	return 0;
}

static int
write_evidence(struct geotrip_store *store, int64_t suspension_id,
	       const struct geotrip_store_user *user,
	       const ARRAY_TYPE(geotrip_store_login) *logins,
	       const ARRAY_TYPE(geotrip_sighting) *evidence,
	       const char **error_r)
{
	/* purge may have been told to keep less than the rules' window. Also,
	   the database may have been replaced since the login was written: in
	   the new one, its id belongs to another login. */
	static const char sql[] =
		"INSERT OR IGNORE INTO evidence (suspension_id, login_id) "
		"SELECT ?1, id FROM login "
		"WHERE id = ?2 AND user_id = ?3 AND country = ?4";
	const struct geotrip_sighting *seen;
	sqlite3_stmt *stmt;

	array_foreach(evidence, seen) {
		stmt = geotrip_sqlite_stmt(store, sql, error_r);
		if (stmt == NULL)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, suspension_id);
		(void)sqlite3_bind_int64(stmt, 2, find_login_id(
			seen, user, logins));
		(void)sqlite3_bind_int64(stmt, 3, user->id);
		geotrip_sqlite_bind_text(stmt, 4, seen->country.code);
		if (geotrip_sqlite_run(store, stmt, error_r) < 0)
			return -1;
	}
	return 0;
}

/* Returns 1 if written, 0 if the user is suspended already, -1 with an
   error. */
static int
write_trip(struct geotrip_store *store,
	   const ARRAY_TYPE(geotrip_store_login) *logins,
	   const struct geotrip_store_trip *trip, const char **error_r)
{
	const struct geotrip_store_login *login = array_back(logins);
	const struct geotrip_store_user *user = login->user;
	static const char sql[] =
		"SELECT 1 FROM suspension WHERE user_id = ?1 "
		"AND released_at IS NULL";
	const struct geotrip_suspension suspension = {
		.since = login->time,
		.until = trip->until,
		.reason = trip->reason,
		.reason_from = GEOTRIP_REASON_RULE,
		.rule = trip->rule,
		.countries = trip->countries,
		.source = GEOTRIP_SOURCE_RULE,
	};
	sqlite3_stmt *stmt;
	int64_t id;
	int ret;

	if (geotrip_sqlite_expire_user(store, user->id, login->time,
				       error_r) < 0)
		return -1;

	stmt = geotrip_sqlite_stmt(store, sql, error_r);
	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, user->id);
	ret = geotrip_sqlite_step(store, stmt, error_r);
	(void)sqlite3_reset(stmt);
	if (ret != 0)
		return ret < 0 ? -1 : 0;

	if (geotrip_sqlite_insert_suspension(store, user->id, &suspension,
					     &id, error_r) < 0 ||
	    write_evidence(store, id, user, logins, &trip->evidence,
			   error_r) < 0 ||
	    geotrip_sqlite_set_tripped(store, login, error_r) < 0)
		return -1;
	return 1;
}

/* Does any of the logins clear its user's window? */
static bool changes_users(const ARRAY_TYPE(geotrip_store_login) *logins)
{
	const struct geotrip_store_login *login;

	array_foreach(logins, login) {
		if (login->verdict == GEOTRIP_VERDICT_OBSERVE)
			return TRUE;
	}
	return FALSE;
}

static enum geotrip_store_commit_result
store_write(struct geotrip_store *store,
	    ARRAY_TYPE(geotrip_store_login) *logins,
	    const struct geotrip_store_trip *trip, const char **error_r)
{
	const struct geotrip_store_login *last;
	int ret;

	/* We hold the lock, so nobody can commit now. But somebody may have
	   done so before and deleted users whose ids we have cached. */
	if (geotrip_store_sync(store, error_r) < 0 ||
	    write_logins(store, logins, error_r) < 0)
		ret = -1;
	else if (trip == NULL)
		ret = 1;
	else
		ret = write_trip(store, logins, trip, error_r);

	if (ret <= 0) {
		geotrip_sqlite_rollback(store);
		return ret < 0 ? GEOTRIP_STORE_COMMIT_FAILED :
			GEOTRIP_STORE_SUSPENDED_ALREADY;
	}
	ret = trip != NULL || changes_users(logins) ?
		geotrip_sqlite_commit_known(store, error_r) :
		geotrip_sqlite_commit(store, error_r);
	if (ret < 0)
		return GEOTRIP_STORE_COMMIT_FAILED;
	last = array_back(logins);
	store->last_login_id = last->id;
	return GEOTRIP_STORE_COMMITTED;
}

void geotrip_store_commit(struct geotrip_store *store,
			  ARRAY_TYPE(geotrip_store_login) *logins,
			  const struct geotrip_store_trip *trip,
			  geotrip_store_commit_callback_t *callback,
			  void *context)
{
	enum geotrip_store_commit_result result = GEOTRIP_STORE_COMMIT_FAILED;
	const char *error = NULL, *ignored;

	T_BEGIN {
		if ((trip == NULL ||
		     geotrip_sqlite_set_durable(store, TRUE, &error) == 0) &&
		    geotrip_sqlite_begin(store, &error) == 0)
			result = store_write(store, logins, trip, &error);
		if (trip != NULL && store->db != NULL)
			(void)geotrip_sqlite_set_durable(store, FALSE,
							 &ignored);
	} T_END_PASS_STR_IF(error != NULL, &error);
	callback(result, error, context);
}

void geotrip_store_commit_now(struct geotrip_store *store,
			      ARRAY_TYPE(geotrip_store_login) *logins,
			      geotrip_store_commit_callback_t *callback,
			      void *context)
{
	enum geotrip_store_commit_result result = GEOTRIP_STORE_COMMIT_FAILED;
	const char *error = NULL;
	int ret;

	T_BEGIN {
		ret = geotrip_sqlite_begin_now(store, &error);
		if (ret > 0)
			result = store_write(store, logins, NULL, &error);
		else if (ret == 0)
			result = GEOTRIP_STORE_COMMIT_BUSY;
	} T_END_PASS_STR_IF(error != NULL, &error);
	callback(result, error, context);
}
