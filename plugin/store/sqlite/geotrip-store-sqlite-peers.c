/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Whether another process records logins in the same database, as an old and a
   new auth process do after a reload. Each of them holds a lock to show it,
   which the kernel releases however the process ends. It is a shared lock on
   the directory, because closing another descriptor of the database file would
   drop SQLite's locks on it. */

#ifndef _GNU_SOURCE
/* for open file description locks: SQLite opens and closes the directory, too,
   which would drop a lock that belongs to the process */
#  define _GNU_SOURCE
#endif
#include "lib.h"
#include "geotrip-store-sqlite.h"

#include <fcntl.h>
#include <unistd.h>

static struct flock peers_lock(const struct geotrip_store *store, short type)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		/* other databases in the directory use another byte */
		.l_start = store->st.st_ino & INT32_MAX,
		.l_len = 1,
	};
	return lock;
}

void geotrip_sqlite_join_peers(struct geotrip_store *store)
{
	const char *name = strrchr(store->set.path, '/');
	const char *dir = name == NULL ? "." :
		t_strdup_until(store->set.path, name + 1);
	struct flock lock = peers_lock(store, F_RDLCK);

	store->peers_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->peers_fd != -1 &&
	    fcntl(store->peers_fd, F_OFD_SETLK, &lock) < 0)
		i_close_fd(&store->peers_fd);
}

void geotrip_sqlite_leave_peers(struct geotrip_store *store)
{
	i_close_fd(&store->peers_fd);
}

bool geotrip_store_is_shared(const struct geotrip_store *store)
{
	struct flock lock = peers_lock(store, F_WRLCK);

	/* Could the lock be acquired? Our own lock does not conflict with
	   it. */
	return store->peers_fd != -1 &&
		fcntl(store->peers_fd, F_OFD_GETLK, &lock) == 0 &&
		lock.l_type != F_UNLCK;
}
