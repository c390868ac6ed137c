/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The SQLite store: opens the database, and notices when the file is replaced
   or changed by others. */

#include "lib.h"
#include "array.h"
#include "geotrip-store-sqlite.h"

#include <fcntl.h>
#include <unistd.h>

/* The size that the write-ahead log is truncated to after a long-running reader
   let it grow. */
#define WAL_MAX_BYTES (64 * 1024 * 1024)
/* The auth process checkpoints only if nobody else does, see
   geotrip_store_checkpoint(): it takes long, and logins wait for it. */
#define AUTH_CHECKPOINT_PAGES 8000
/* The cache of the auth process: twice SQLite's default, for indexes with
   millions of logins. */
#define AUTH_CACHE_KB 4096

struct geotrip_store *
geotrip_store_init(const struct geotrip_store_settings *set)
{
	struct geotrip_store *store = i_new(struct geotrip_store, 1);

	store->set = *set;
	store->set.path = i_strdup(set->path);
	store->generation = 1;
	store->peers_fd = -1;
	store->open_error = i_strdup_printf(
		"Database geotrip_db=%s: has not been opened yet", set->path);
	i_array_init(&store->stmts, 32);
	return store;
}

static void store_close(struct geotrip_store *store)
{
	struct geotrip_sqlite_stmt *stmt;

	array_foreach_modifiable(&store->stmts, stmt)
		(void)sqlite3_finalize(stmt->stmt);
	array_clear(&store->stmts);
	(void)sqlite3_close(store->db);
	store->db = NULL;
	geotrip_sqlite_leave_peers(store);
	store->broken = FALSE;
	store->impatient = FALSE;
}

void geotrip_store_deinit(struct geotrip_store **_store)
{
	struct geotrip_store *store = *_store;
	char *path;

	if (store == NULL)
		return;
	*_store = NULL;
	store_close(store);
	array_free(&store->stmts);
	path = (char *)store->set.path;
	i_free(path);
	i_free(store->real_path);
	i_free(store->open_error);
	i_free(store);
}

/* Without a write-ahead log readers would block logins. A copied database may
   not have one. */
static int store_use_wal(struct geotrip_store *store, const char **error_r)
{
	static const char sql[] = "PRAGMA journal_mode = WAL";
	sqlite3_stmt *stmt = geotrip_sqlite_stmt(store, sql, error_r);
	const char *mode;
	int ret;

	if (stmt == NULL)
		return -1;
	ret = geotrip_sqlite_step(store, stmt, error_r);
	if (ret < 0)
		return -1;
	i_assert(ret > 0);
	mode = (const char *)sqlite3_column_text(stmt, 0);
	ret = null_strcmp(mode, "wal") == 0 ? 0 : -1;
	if (ret < 0) {
		*error_r = t_strdup_printf(
			"Database geotrip_db=%s: cannot have a write-ahead log "
			"there. Put it on a local file system",
			store->set.path);
	}
	(void)sqlite3_reset(stmt);
	return ret;
}

static int store_configure(struct geotrip_store *store, const char **error_r)
{
	(void)sqlite3_extended_result_codes(store->db, 1);
	(void)sqlite3_busy_timeout(store->db, store->set.lock_wait_msecs);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
				NULL);
	if (geotrip_sqlite_exec(store, t_strdup_printf(
		"PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; "
		"PRAGMA journal_size_limit = %u", WAL_MAX_BYTES),
		error_r) < 0)
		return -1;
	if (!store->set.create)
		return 0;
	return geotrip_sqlite_exec(store, t_strdup_printf(
		"PRAGMA wal_autocheckpoint = %u; PRAGMA cache_size = -%u",
		AUTH_CHECKPOINT_PAGES, AUTH_CACHE_KB), error_r);
}

/* Numbers that tell whether others changed something about a user, or wrote
   logins (as two auth processes do after a reload). */
static int
store_get_changes(struct geotrip_store *store, int64_t *change_number_r,
		  int64_t *last_login_id_r, const char **error_r)
{
	static const char sql[] = "SELECT coalesce(max(id), 0) FROM login";

	return geotrip_sqlite_change_number(store, change_number_r,
					    error_r) < 0 ||
		geotrip_sqlite_get_int(store, sql, last_login_id_r,
				       error_r) < 0 ? -1 : 0;
}

/* Do not touch the write-ahead log of another program's database. */
static int store_check_id(struct geotrip_store *store, const char **error_r)
{
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
				NULL);
	if (geotrip_sqlite_check_id(store, error_r) < 0)
		return -1;
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0,
				NULL);
	return 0;
}

static int store_open_file(struct geotrip_store *store, const char **error_r)
{
	static const char sql[] = "PRAGMA data_version";
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_NOFOLLOW;
	int ret;

	if (geotrip_sqlite_check_files(store, error_r) < 0)
		return -1;
	if (store->set.create)
		flags |= SQLITE_OPEN_CREATE;
	ret = sqlite3_open_v2(store->real_path, &store->db, flags, NULL);
	if (ret != SQLITE_OK) {
		*error_r = geotrip_sqlite_error(store, store->db == NULL ?
			ret : sqlite3_extended_errcode(store->db));
		return -1;
	}
	if (store_configure(store, error_r) < 0 ||
	    store_check_id(store, error_r) < 0 ||
	    store_use_wal(store, error_r) < 0 ||
	    geotrip_sqlite_migrate(store, error_r) < 0 ||
	    geotrip_sqlite_get_int(store, sql, &store->data_version,
				   error_r) < 0 ||
	    store_get_changes(store, &store->change_number,
			      &store->last_login_id, error_r) < 0)
		return -1;
	if (lstat(store->real_path, &store->st) < 0) {
		*error_r = t_strdup_printf(
			"Database geotrip_db=%s: lstat() failed: %m. Has it "
			"just been moved away?", store->set.path);
		return -1;
	}
	if (store->set.create)
		geotrip_sqlite_join_peers(store);
	return 0;
}

static bool store_file_is_gone(struct geotrip_store *store)
{
	struct stat st;

	return lstat(store->set.path, &st) < 0 ||
		st.st_ino != store->st.st_ino || st.st_dev != store->st.st_dev;
}

int geotrip_store_open(struct geotrip_store *store, const char **error_r)
{
	if (store->db != NULL) {
		if (!store->broken && !store_file_is_gone(store))
			return 0;
		store_close(store);
	}
	geotrip_sqlite_next_generation(store);
	store->created = FALSE;
	if (store_open_file(store, error_r) < 0) {
		store_close(store);
		i_free(store->open_error);
		store->open_error = i_strdup(*error_r);
		return -1;
	}
	return 0;
}

int geotrip_store_sync(struct geotrip_store *store, const char **error_r)
{
	static const char sql[] = "PRAGMA data_version";
	int64_t data_version, change_number, last_login_id;

	if (geotrip_sqlite_get_int(store, sql, &data_version, error_r) < 0)
		return -1;
	if (data_version == store->data_version)
		return 0;
	if (store_get_changes(store, &change_number, &last_login_id,
			      error_r) < 0)
		return -1;
	store->data_version = data_version;
	if (change_number != store->change_number ||
	    last_login_id != store->last_login_id) {
		store->change_number = change_number;
		store->last_login_id = last_login_id;
		geotrip_sqlite_next_generation(store);
	}
	return 0;
}

int geotrip_store_checkpoint(struct geotrip_store *store, const char **error_r)
{
	int ret;

	if (store->db == NULL) {
		*error_r = t_strdup(store->open_error);
		return -1;
	}
	ret = sqlite3_wal_checkpoint_v2(store->db, NULL,
					SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	/* another process is doing it */
	if (ret == SQLITE_OK || ret == SQLITE_BUSY)
		return 0;
	*error_r = geotrip_sqlite_error(store, ret);
	return -1;
}

bool geotrip_store_is_new(const struct geotrip_store *store)
{
	return store->created;
}

unsigned int geotrip_store_generation(const struct geotrip_store *store)
{
	return store->generation;
}

int geotrip_store_try_write(struct geotrip_store *store, const char **error_r)
{
	if (geotrip_sqlite_begin(store, error_r) < 0)
		return -1;
	geotrip_sqlite_rollback(store);
	return 0;
}
