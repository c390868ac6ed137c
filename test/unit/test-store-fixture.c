/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What the tests of the store have in common. */

#include "lib.h"
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
