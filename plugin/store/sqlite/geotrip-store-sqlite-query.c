/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What was recorded: logins and countries. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite.h"

/* Counting millions of logins takes long: for earlier times use the daily
   totals. */
#define EXACT_DAYS 2

#define LOGIN_COLUMNS \
	"user.name, login.time, login.country, login.ip, login.service, " \
	"login.mechanism, login.session, login.verdict"

/* Logins of the user of a suspension, before it began. */
#define WAS_COUNTED \
	"login.verdict = 'allow' AND login.country IS NOT NULL " \
	"AND login.time > this.begin AND login.time <= this.since"

#define USER_ID "(SELECT id FROM user WHERE name = ?1)"

static void ip_from_column(sqlite3_stmt *stmt, int idx, struct ip_addr *ip_r)
{
	const void *blob = sqlite3_column_blob(stmt, idx);

	i_zero(ip_r);
	switch (sqlite3_column_bytes(stmt, idx)) {
	case 4:
		ip_r->family = AF_INET;
		memcpy(&ip_r->u.ip4, blob, 4);
		break;
	case 16:
		ip_r->family = AF_INET6;
		memcpy(&ip_r->u.ip6, blob, 16);
		break;
	}
}

struct login_row {
	struct geotrip_store_user user;
	struct geotrip_store_login login;
};
ARRAY_DEFINE_TYPE(login_row, struct login_row);

static void
login_from_row(pool_t pool, sqlite3_stmt *stmt, struct login_row *row)
{
	row->user.name = p_strdup(pool, (const char *)
				  sqlite3_column_text(stmt, 0));
	row->login.time = sqlite3_column_int64(stmt, 1);
	geotrip_sqlite_country(stmt, 2, &row->login.country);
	ip_from_column(stmt, 3, &row->login.ip);
	row->login.service = geotrip_sqlite_text(pool, stmt, 4);
	row->login.mechanism = geotrip_sqlite_text(pool, stmt, 5);
	row->login.session = geotrip_sqlite_text(pool, stmt, 6);
	row->login.verdict = geotrip_verdict_parse(
		(const char *)sqlite3_column_text(stmt, 7));
}

static int
each_login(struct geotrip_store *store, sqlite3_stmt *stmt,
	   geotrip_login_callback_t *callback, void *context,
	   const char **error_r)
{
	ARRAY_TYPE(login_row) rows;
	struct login_row *row;
	pool_t pool;
	int ret;

	pool = pool_alloconly_create("geotrip logins", 4096);
	p_array_init(&rows, pool, 16);
	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0)
		login_from_row(pool, stmt, array_append_space(&rows));
	if (ret == 0) {
		array_foreach_modifiable(&rows, row) T_BEGIN {
			row->login.user = &row->user;
			callback(&row->login, context);
		} T_END;
	}
	pool_unref(&pool);
	return ret;
}

int geotrip_store_logins(struct geotrip_store *store, const char *user,
			 int64_t since, unsigned int max,
			 geotrip_login_callback_t *callback, void *context,
			 const char **error_r)
{
	static const char sql[] =
		"SELECT "LOGIN_COLUMNS", user_login.login_id "
		"FROM user_login JOIN user ON user.id = user_login.user_id "
		"JOIN login ON login.id = user_login.login_id "
		"WHERE user_login.user_id = "USER_ID" "
		"AND login.time >= ?2 UNION ALL "
		/* those that user_login does not have yet */
		"SELECT "LOGIN_COLUMNS", login.id "
		"FROM login JOIN user ON user.id = login.user_id "
		"WHERE login.user_id = "USER_ID" AND login.time >= ?2 "
		"AND login.id > (SELECT login_id FROM user_login_end) "
		"ORDER BY user_login.login_id DESC LIMIT ?3";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	geotrip_sqlite_bind_text(stmt, 1, user);
	(void)sqlite3_bind_int64(stmt, 2, since);
	(void)sqlite3_bind_int64(stmt, 3, max);
	return each_login(store, stmt, callback, context, error_r);
}

int geotrip_store_evidence(struct geotrip_store *store, int64_t suspension_id,
			   geotrip_login_callback_t *callback, void *context,
			   const char **error_r)
{
	static const char sql[] =
		"SELECT "LOGIN_COLUMNS" "
		"FROM evidence JOIN login ON login.id = evidence.login_id "
		"JOIN user ON user.id = login.user_id "
		"WHERE evidence.suspension_id = ?1 "
		"ORDER BY login.time, login.id";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, suspension_id);
	return each_login(store, stmt, callback, context, error_r);
}

int geotrip_store_counted(struct geotrip_store *store, int64_t suspension_id,
			  int64_t window, geotrip_login_callback_t *callback,
			  void *context, const char **error_r)
{
	/* What an earlier release or mark has cleared did not count. The
	   verdicts are written as in the condition of an index. */
	static const char sql[] =
		"WITH this AS MATERIALIZED (SELECT user_id, since, "
		"max(since - ?2, "
		"(SELECT coalesce(max(past.released_at), 0) "
		"FROM suspension AS past WHERE past.user_id = it.user_id "
		"AND past.released_at <= it.since), "
		"(SELECT coalesce(max(time), 0) FROM login "
		"WHERE (verdict = 'trip' OR verdict = 'observe') "
		"AND verdict = 'observe' AND login.user_id = it.user_id "
		"AND time > it.since - ?2 AND time <= it.since)) AS begin "
		"FROM suspension AS it WHERE id = ?1), "
		"counted AS (SELECT login_id AS id FROM evidence "
		"WHERE suspension_id = ?1 "
		"UNION SELECT login.id FROM this JOIN user_login "
		"ON user_login.user_id = this.user_id JOIN login "
		"ON login.id = user_login.login_id "
		"WHERE "WAS_COUNTED" "
		"UNION SELECT login.id FROM this JOIN login "
		"ON login.user_id = this.user_id "
		"WHERE login.id > (SELECT login_id FROM user_login_end) "
		"AND "WAS_COUNTED") "
		/* the columns are those of the row with the maximum */
		"SELECT "LOGIN_COLUMNS", max(login.time) "
		"FROM counted JOIN login ON login.id = counted.id "
		"JOIN user ON user.id = login.user_id "
		"GROUP BY login.country, login.ip";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);

	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, suspension_id);
	(void)sqlite3_bind_int64(stmt, 2, window);
	return each_login(store, stmt, callback, context, error_r);
}

static const char *countries_sql(bool by_days)
{
	/* ?1: since, in days or as a time, ?2: service, NULL for all */
	static const char exact[] =
		"SELECT coalesce(country, ''), count(*) AS logins, "
		"count(DISTINCT user_id), "
		"sum(verdict IN ('trip', 'observe')) FROM login "
		/* nothing a day before that is recent enough, unless it had to
		   wait that long for a failing store */
		"WHERE id > coalesce((SELECT id FROM login "
		"WHERE time < ?1 - 86400000000 ORDER BY id DESC LIMIT 1), 0) "
		"AND time >= ?1 AND (?2 IS NULL OR service = ?2) "
		"GROUP BY country ORDER BY logins DESC, country";
	/* services may share users */
	static const char days[] =
		"WITH seen AS MATERIALIZED (SELECT country, count(*) AS users "
		"FROM (SELECT DISTINCT user_id, country FROM place "
		"WHERE last_time >= ?1 * 86400000000 "
		"AND (?2 IS NULL OR service = ?2)) "
		"GROUP BY country) "
		"SELECT country_day.country, sum(logins) AS logins, "
		"coalesce((SELECT users FROM seen "
		"WHERE seen.country = country_day.country), 0), sum(trips) "
		"FROM country_day "
		"WHERE day >= ?1 AND (?2 IS NULL OR service = ?2) "
		"GROUP BY country_day.country "
		"ORDER BY logins DESC, country_day.country";

	return by_days ? days : exact;
}

int geotrip_store_countries(struct geotrip_store *store, int64_t since,
			    const char *service,
			    geotrip_country_callback_t *callback,
			    void *context, const char **error_r)
{
	bool by_days = since < geotrip_now() - EXACT_DAYS *
		GEOTRIP_USECS_PER_DAY;
	ARRAY(struct geotrip_country_count) counts;
	struct geotrip_country_count *count;
	sqlite3_stmt *stmt;
	int ret;

	stmt = geotrip_sqlite_stmt(store, countries_sql(by_days), error_r);
	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, by_days ?
				 since / GEOTRIP_USECS_PER_DAY : since);
	geotrip_sqlite_bind_text(stmt, 2, service);
	t_array_init(&counts, 256);
	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		count = array_append_space(&counts);
		geotrip_sqlite_country(stmt, 0, &count->country);
		count->logins = sqlite3_column_int64(stmt, 1);
		count->users = sqlite3_column_int64(stmt, 2);
		count->trips = sqlite3_column_int64(stmt, 3);
	}
	if (ret == 0) {
		array_foreach_modifiable(&counts, count) T_BEGIN {
			callback(count, context);
		} T_END;
	}
	return ret;
}

int geotrip_store_services(struct geotrip_store *store, int64_t since,
			   geotrip_service_callback_t *callback,
			   void *context, const char **error_r)
{
	static const char sql[] =
		"SELECT service, sum(logins), sum(logins * (country = '')) "
		"FROM country_day WHERE day >= ?1 GROUP BY service";
	ARRAY(struct geotrip_service_count) counts;
	struct geotrip_service_count *count;
	sqlite3_stmt *stmt;
	int ret;

	stmt = geotrip_sqlite_stmt(store, sql, error_r);
	if (stmt == NULL)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, since / GEOTRIP_USECS_PER_DAY);
	t_array_init(&counts, 8);
	while ((ret = geotrip_sqlite_step(store, stmt, error_r)) > 0) {
		count = array_append_space(&counts);
		count->name = geotrip_sqlite_text(pool_datastack_create(),
						  stmt, 0);
		count->logins = sqlite3_column_int64(stmt, 1);
		count->unknown = sqlite3_column_int64(stmt, 2);
	}
	if (ret == 0) {
		array_foreach_modifiable(&counts, count) T_BEGIN {
			callback(count, context);
		} T_END;
	}
	return ret;
}
