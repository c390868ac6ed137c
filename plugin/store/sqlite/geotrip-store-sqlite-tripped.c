/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The accounts that made a rule true, one row for each, and counting them for
   the brake. */

#include "lib.h"
#include "geotrip-store-sqlite.h"

/* A brake whose end is further in the future was ended while the clock was
   ahead. */
#define MAX_AHEAD "3600000000"

static int
set_domain(struct geotrip_store *store, const char *domain, int64_t time,
	   const char **error_r)
{
	static const char sql[] =
		"INSERT INTO tripped_domain (domain, time) VALUES (?1, ?2) "
		"ON CONFLICT (domain) DO UPDATE SET "
		"time = max(time, excluded.time)";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, domain);
	(void)sqlite3_bind_int64(stmt, 2, time);
	return geotrip_sqlite_run(store, stmt, error_r);
}

int geotrip_sqlite_set_tripped(struct geotrip_store *store,
			       const struct geotrip_store_login *login,
			       const char **error_r)
{
	/* the previous time may have been written while the clock was ahead */
	static const char sql[] =
		"INSERT INTO tripped (user_id, domain, time) "
		"VALUES (?1, ?2, ?3) "
		"ON CONFLICT (user_id) DO UPDATE SET time = excluded.time";
	const char *domain = geotrip_user_domain(login->user->name);
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, login->user->id);
	geotrip_sqlite_bind_text(stmt, 2, domain);
	(void)sqlite3_bind_int64(stmt, 3, login->time);
	if (geotrip_sqlite_run(store, stmt, error_r) < 0)
		return -1;
	return set_domain(store, domain, login->time, error_r);
}

/* Add to count the accounts of a domain, at most max of them. */
static int
count_domain(struct geotrip_store *store,
	     const struct geotrip_tripped_query *query, const char *domain,
	     int64_t since, unsigned int max, unsigned int *count,
	     const char **error_r)
{
	static const char sql[] =
		"SELECT count(*) FROM (SELECT 1 FROM tripped "
		"WHERE domain = ?1 AND time > max(?2, "
		"(SELECT coalesce(max(ended_at), 0) FROM brake "
		"WHERE brake.domain = ?1 AND ended_at <= ?3 + "MAX_AHEAD")) "
		"AND time <= ?3 AND user_id <> ?4 LIMIT ?5)";
	const struct geotrip_store_user *except = query->except;
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, domain);
	(void)sqlite3_bind_int64(stmt, 2, since);
	(void)sqlite3_bind_int64(stmt, 3, query->now);
	(void)sqlite3_bind_int64(stmt, 4, except == NULL ||
		except->id_generation != store->generation ? 0 : except->id);
	(void)sqlite3_bind_int64(stmt, 5, I_MIN(max, query->domain_max));
	if (geotrip_sqlite_step(store, stmt, error_r) < 0)
		return -1;
	*count += sqlite3_column_int(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}

/* The same for all domains. Only domains with an account that counts are read,
   apart from the domain of the account that is left out, and those whose brake
   ended since: the number of rows read is bounded by max. */
static int
count_all(struct geotrip_store *store,
	  const struct geotrip_tripped_query *query, int64_t since,
	  unsigned int max, unsigned int *count, const char **error_r)
{
	static const char sql[] =
		"SELECT domain FROM tripped_domain WHERE time > ?1 "
		"ORDER BY time DESC";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	int ret = 0;

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, since);
	while (*count < max &&
	       (ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		ret = count_domain(store, query, (const char *)
				   sqlite3_column_text(stmt, 0), since,
				   max - *count, count, error_r);
		if (ret < 0)
			break;
	}
	(void)sqlite3_reset(stmt);
	return ret < 0 ? -1 : 0;
}

/* When the last global brake ended; 0: none did. */
static int
get_last_end(struct geotrip_store *store, int64_t now, int64_t *end_r,
	     const char **error_r)
{
	static const char sql[] =
		"SELECT coalesce(max(ended_at), 0) FROM brake "
		"WHERE domain IS NULL AND ended_at <= ?1 + "MAX_AHEAD;
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, now);
	if (geotrip_sqlite_step(store, stmt, error_r) < 0)
		return -1;
	*end_r = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}

int geotrip_store_count_tripped(struct geotrip_store *store,
				const struct geotrip_tripped_query *query,
				unsigned int max, unsigned int *count_r,
				const char **error_r)
{
	int64_t end;

	*count_r = 0;
	if (get_last_end(store, query->now, &end, error_r) < 0)
		return -1;
	end = I_MAX(query->since, end);
	return query->domain == NULL ?
		count_all(store, query, end, max, count_r, error_r) :
		count_domain(store, query, query->domain, end, max, count_r,
			     error_r);
}
