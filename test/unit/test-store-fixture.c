/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What the tests of the store have in common. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "test-store-fixture.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

const char *test_store_path;

struct geotrip_store *open_store(bool create)
{
	const struct geotrip_store_settings set = {
		.path = test_store_path,
		.create = create,
		.lock_wait_msecs = 100,
		.place_usecs = GEOTRIP_USECS(60),
	};
	struct geotrip_store *store = geotrip_store_init(&set);
	const char *error;

	if (geotrip_store_open(store, &error) < 0)
		i_fatal("%s", error);
	return store;
}

void remove_db(void)
{
	i_unlink_if_exists(test_store_path);
	i_unlink_if_exists(t_strconcat(test_store_path, "-wal", NULL));
	i_unlink_if_exists(t_strconcat(test_store_path, "-shm", NULL));
}

const char *sql(const char *statement)
{
	string_t *str = t_str_new(64);
	sqlite3_stmt *stmt;
	sqlite3 *db;

	if (sqlite3_open(test_store_path, &db) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, statement, -1, &stmt, NULL) != SQLITE_OK)
		i_fatal("%s: %s", statement, sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(stmt, 0);

		if (str_len(str) > 0)
			str_append_c(str, ' ');
		str_append(str, text == NULL ? "NULL" : (const char *)text);
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return str_c(str);
}

struct geotrip_store_login
make_login(struct geotrip_store_user *user, const char *country, int64_t time)
{
	struct geotrip_store_login login = {
		.user = user,
		.time = time,
		.service = "smtp",
		.mechanism = "PLAIN",
		.verdict = GEOTRIP_VERDICT_ALLOW,
	};

	i_assert(strlen(country) <= 2);
	memcpy(login.country.code, country, strlen(country));
	if (net_addr2ip("192.0.2.1", &login.ip) < 0)
		i_unreached();
	return login;
}

void mark_login(struct geotrip_store_login *login)
{
	static const struct geotrip_store_mark mark = {
		.cause = GEOTRIP_MARK_OBSERVE,
		.rule = "r",
		.countries = "JP US",
	};

	login->verdict = GEOTRIP_VERDICT_OBSERVE;
	login->mark = &mark;
}

void
keep_commit_result(enum geotrip_store_commit_result result, const char *error,
		   void *context)
{
	enum geotrip_store_commit_result *result_r = context;

	test_assert((error != NULL) == (result == GEOTRIP_STORE_COMMIT_FAILED ||
					result == GEOTRIP_STORE_COMMIT_BUSY));
	*result_r = result;
}

enum geotrip_store_commit_result
commit_one(struct geotrip_store *store, const struct geotrip_store_login *login,
	   const struct geotrip_store_trip *trip)
{
	ARRAY_TYPE(geotrip_store_login) logins;
	enum geotrip_store_commit_result result = (unsigned int)-1;

	t_array_init(&logins, 1);
	array_push_back(&logins, login);
	geotrip_store_commit(store, &logins, trip, keep_commit_result, &result);
	return result;
}

void
commit_login(struct geotrip_store *store, struct geotrip_store_user *user,
	     const char *country, int64_t time)
{
	struct geotrip_store_login login = make_login(user, country, time);

	test_assert(commit_one(store, &login, NULL) == GEOTRIP_STORE_COMMITTED);
}

void
print_history(const struct geotrip_store_history *history, const char *error,
	      void *context)
{
	string_t *str = context;
	const struct geotrip_sighting *seen;

	if (history == NULL) {
		str_printfa(str, "error %s", error);
		return;
	}
	str_printfa(str, "cleared=%"PRId64, history->cleared_at);
	if (history->suspended) {
		str_printfa(str, " until=%"PRId64,
			    history->suspended_until == GEOTRIP_NEVER ? -1 :
			    history->suspended_until);
	}
	array_foreach(&history->seen, seen) {
		str_printfa(str, " %s%"PRId64, seen->country.code,
			    seen->time);
	}
}

const char *
load_history(struct geotrip_store *store, struct geotrip_store_user *user,
	     int64_t since)
{
	string_t *str = t_str_new(64);

	geotrip_store_load(store, user, since, GEOTRIP_NEVER - 1,
			   print_history, str);
	return str_c(str);
}

int test_store_run(void (*const tests[])(void))
{
	char template[] = "/tmp/test-geotrip-store.XXXXXX";
	char path[64];
	const char *dir;
	int ret;

	dir = mkdtemp(template);
	if (dir == NULL)
		i_fatal("mkdtemp() failed: %m");
	i_snprintf(path, sizeof(path), "%s/geotrip.db", dir);
	test_store_path = path;
	ret = test_run(tests);
	if (rmdir(dir) < 0)
		i_fatal("rmdir(%s) failed: %m", dir);
	return ret;
}
