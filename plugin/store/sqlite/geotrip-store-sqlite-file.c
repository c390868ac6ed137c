/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Checks the files before SQLite opens them, because it creates files next to
   whatever it opens. No symbolic links are followed, and only regular files are
   opened; unless this process creates the database, only those of its own user
   that contain a database of geotrip. */

#include "lib.h"
#include "byteorder.h"
#include "path-util.h"
#include "read-full.h"
#include "geotrip-store-sqlite.h"

#include <fcntl.h>
#include <unistd.h>

/* See https://www.sqlite.org/fileformat.html */
#define HEADER_SIZE 100
#define HEADER_MAGIC "SQLite format 3"
#define HEADER_ID_OFFSET 68

#define MEND_OWNER "It and its directory must exist and belong to the user " \
	"that Dovecot's auth process runs as"

static int
file_error(struct geotrip_store *store, const char *suffix, const char *what,
	   const char **error_r)
{
	*error_r = *suffix == '\0' ?
		t_strdup_printf("Database geotrip_db=%s: %s",
				store->set.path, what) :
		t_strdup_printf("Database geotrip_db=%s: its file %s%s %s",
				store->set.path, store->set.path, suffix, what);
	return -1;
}

/* SQLite would refuse links in the path of the directory as well. */
static int find_real_path(struct geotrip_store *store, const char **error_r)
{
	const char *path = store->set.path, *slash = strrchr(path, '/');
	const char *dir = slash == NULL ? "." : slash == path ? "/" :
		t_strdup_until(path, slash);
	const char *error;

	if (t_realpath(dir, &dir, &error) < 0) {
		return file_error(store, "", t_strdup_printf(
			"%s. "MEND_OWNER, errno != ENOENT ? error :
			"its directory does not exist"), error_r);
	}
	i_free(store->real_path);
	store->real_path = i_strconcat(dir, "/",
		slash == NULL ? path : slash + 1, NULL);
	return 0;
}

/* Returns 1 if the file exists and may be opened, 0 if it does not exist, or
   -1 with an error. */
static int
check_file(struct geotrip_store *store, const char *suffix,
	   struct stat *st_r, const char **error_r)
{
	if (lstat(t_strconcat(store->real_path, suffix, NULL), st_r) < 0) {
		if (errno == ENOENT)
			return 0;
		return file_error(store, suffix, t_strdup_printf(
			"lstat() failed: %m. "MEND_OWNER), error_r);
	}
	if (S_ISLNK(st_r->st_mode)) {
		return file_error(store, suffix, *suffix == '\0' ?
			"is a symbolic link, which is not followed. Set the "
			"path of the file itself" :
			"is a symbolic link, which is not followed. Remove it",
			error_r);
	}
	if (!S_ISREG(st_r->st_mode)) {
		return file_error(store, suffix, *suffix == '\0' ?
			"is not a regular file. Set another path" :
			"is not a regular file. Remove it", error_r);
	}
	if (!store->set.create && st_r->st_uid != geteuid()) {
		return file_error(store, suffix, "belongs to another user. "
			"Change its owner to the user that Dovecot's auth "
			"process runs as", error_r);
	}
	return 1;
}

/* Returns 1 if the header could be read, 0 if there is none, or -1. */
static int
read_header(struct geotrip_store *store, unsigned char header_r[HEADER_SIZE],
	    const char **error_r)
{
	/* the file may have been replaced since lstat() */
	int fd = open(store->real_path,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int ret = fd < 0 ? -1 : read_full(fd, header_r, HEADER_SIZE);

	if (ret < 0) {
		(void)file_error(store, "", t_strdup_printf(
			"%s() failed: %m. "MEND_OWNER,
			fd < 0 ? "open" : "read"), error_r);
	}
	i_close_fd(&fd);
	return ret;
}

/* Is it a database of geotrip? The header of a new one may so far be only in
   its write-ahead log: then the files next to it exist already. */
static int
check_header(struct geotrip_store *store, bool has_log, const char **error_r)
{
	unsigned char header[HEADER_SIZE];
	uint32_t id;
	int ret = read_header(store, header, error_r);

	if (ret < 0)
		return -1;
	if (ret == 0 || memcmp(header, HEADER_MAGIC,
			       sizeof(HEADER_MAGIC)) != 0) {
		*error_r = geotrip_sqlite_error(store, SQLITE_NOTADB);
		return -1;
	}
	id = be32_to_cpu_unaligned(header + HEADER_ID_OFFSET);
	if (id == GEOTRIP_SQLITE_APPLICATION_ID || (id == 0 && has_log))
		return 0;
	return geotrip_sqlite_refuse(store, FALSE, error_r);
}

int geotrip_sqlite_refuse(struct geotrip_store *store, bool is_empty,
			  const char **error_r)
{
	return file_error(store, "", is_empty ?
		"is empty. Remove it: Dovecot's auth process creates it at "
		"the first login" :
		"is the database of another program. Set another path",
		error_r);
}

int geotrip_sqlite_check_files(struct geotrip_store *store,
			       const char **error_r)
{
	struct stat st, st_wal, st_other;
	int db, wal, shm;

	if (find_real_path(store, error_r) < 0 ||
	    (db = check_file(store, "", &st, error_r)) < 0 ||
	    (wal = check_file(store, "-wal", &st_wal, error_r)) < 0 ||
	    (shm = check_file(store, "-shm", &st_other, error_r)) < 0 ||
	    check_file(store, "-journal", &st_other, error_r) < 0)
		return -1;
	if (store->set.create)
		return 0;
	if (db == 0) {
		return file_error(store, "", "does not exist yet. Dovecot's "
			"auth process creates it at the first login. doveadm "
			"geotrip check tells whether it can", error_r);
	}
	if (st.st_size == 0)
		return geotrip_sqlite_refuse(store, TRUE, error_r);
	return check_header(store, wal > 0 && st_wal.st_size > 0 && shm > 0,
			    error_r);
}
