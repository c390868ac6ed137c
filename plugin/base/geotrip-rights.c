/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* While the process can become root again, only its saved uid is root. A child
   process, such as one that becomes sendmail, gives that up at once: some
   versions of Dovecot see to that by themselves, but not 2.4.1. */

#ifndef _GNU_SOURCE
/* for setresuid() */
#  define _GNU_SOURCE
#endif
#include "lib.h"
#include "ipwd.h"
#include "restrict-access.h"
#include "geotrip-rights.h"

#include <grp.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEND "Change its owner and group to those that Dovecot's auth " \
	"process runs as, usually dovecot"

/* Those in use, while there is root to be had again. */
static const struct geotrip_rights *current_rights;

/* In a child process, after fork(). */
static void give_up_root(void)
{
	if (current_rights != NULL &&
	    setresuid(current_rights->uid, current_rights->uid,
		      current_rights->uid) < 0)
		i_fatal("setresuid(%s) failed: %m",
			dec2str(current_rights->uid));
}

static void watch_children(void)
{
	static bool watching = FALSE;

	if (!watching && pthread_atfork(NULL, NULL, give_up_root) != 0)
		i_fatal_status(FATAL_OUTOFMEM, "pthread_atfork() failed");
	watching = TRUE;
}

static int
find_owner(struct geotrip_rights *rights, const char *db_path,
	   const char **error_r)
{
	const char *slash = strrchr(db_path, '/');
	const char *dir = slash == NULL ? "." : slash == db_path ? "/" :
		t_strdup_until(db_path, slash);
	struct passwd pw;
	struct stat st;

	if (stat(dir, &st) < 0) {
		*error_r = t_strdup_printf(
			"Database geotrip_db=%s: its directory: %m. %s",
			db_path, errno == EACCES ? "Run this as root" :
			"Create it with mode 0750 for the user that "
			"Dovecot's auth process runs as, usually dovecot");
		return -1;
	}
	rights->uid = st.st_uid;
	rights->gid = st.st_gid;
	switch (i_getpwuid(st.st_uid, &pw)) {
	case -1:
		*error_r = t_strdup_printf(
			"Database geotrip_db=%s: getpwuid(%s) for the owner of "
			"its directory failed: %m", db_path,
			dec2str(st.st_uid));
		return -1;
	case 0:
		break;
	default:
		rights->gid = pw.pw_gid;
		rights->name = i_strdup(pw.pw_name);
	}
	if (rights->uid == 0 || rights->gid == 0) {
		*error_r = t_strdup_printf(
			"Database geotrip_db=%s: its directory belongs to "
			"root. "MEND, db_path);
		return -1;
	}
	return 0;
}

static void remember_groups(struct geotrip_rights *rights)
{
	const gid_t *groups;

	if (getresgid(&rights->old_gids[0], &rights->old_gids[1],
		      &rights->old_gids[2]) < 0)
		i_fatal("getresgid() failed: %m");
	groups = restrict_get_groups_list(&rights->old_groups_count);
	rights->old_groups = i_new(gid_t, rights->old_groups_count + 1);
	memcpy(rights->old_groups, groups,
	       rights->old_groups_count * sizeof(*groups));
}

static void restore_groups(const struct geotrip_rights *rights)
{
	if (setresgid(rights->old_gids[0], rights->old_gids[1],
		      rights->old_gids[2]) < 0)
		i_fatal("setresgid() failed: %m");
	if (setgroups(rights->old_groups_count, rights->old_groups) < 0)
		i_fatal("setgroups() failed: %m");
}

static int become_owner(struct geotrip_rights *rights)
{
	watch_children();
	remember_groups(rights);
	if ((rights->name != NULL ? initgroups(rights->name, rights->gid) :
	     setgroups(1, &rights->gid)) < 0)
		return -1;
	if (setresgid(rights->gid, rights->gid, rights->gid) < 0 ||
	    setresuid(rights->uid, rights->uid, 0) < 0) {
		int saved_errno = errno;

		restore_groups(rights);
		errno = saved_errno;
		return -1;
	}
	rights->was_root = TRUE;
	current_rights = rights;
	return 0;
}

int geotrip_rights_take(struct geotrip_rights *rights, const char *db_path,
			const char **error_r)
{
	int ret = -1;

	i_zero(rights);
	if (find_owner(rights, db_path, error_r) < 0)
		;
	else if (geteuid() == rights->uid)
		ret = 0;
	else if (geteuid() != 0) {
		*error_r = t_strdup_printf(
			"Database geotrip_db=%s: belongs to the user %s. Run "
			"this as root, or as that user", db_path,
			rights->name != NULL ? rights->name :
			dec2str(rights->uid));
	} else if (become_owner(rights) < 0) {
		*error_r = t_strdup_printf(
			"Database geotrip_db=%s: cannot become its owner, the "
			"user %s: %m. Root needs the capabilities CAP_SETUID "
			"and CAP_SETGID for it", db_path,
			rights->name != NULL ? rights->name :
			dec2str(rights->uid));
	} else {
		ret = 0;
	}
	if (ret < 0)
		geotrip_rights_give_back(rights);
	return ret;
}

int geotrip_rights_take_user(struct geotrip_rights *rights, uid_t uid,
			     gid_t gid)
{
	struct passwd pw;

	i_zero(rights);
	rights->uid = uid;
	rights->gid = gid;
	if (i_getpwuid(uid, &pw) > 0) {
		rights->gid = pw.pw_gid;
		rights->name = i_strdup(pw.pw_name);
	}
	if (become_owner(rights) == 0)
		return 0;
	geotrip_rights_give_back(rights);
	return -1;
}

void geotrip_rights_be_root(const struct geotrip_rights *rights)
{
	int saved_errno = errno;

	if (rights->was_root && seteuid(0) < 0)
		i_fatal("seteuid(0) failed: %m");
	errno = saved_errno;
}

void geotrip_rights_be_owner(const struct geotrip_rights *rights)
{
	int saved_errno = errno;

	if (rights->was_root && seteuid(rights->uid) < 0)
		i_fatal("seteuid(%s) failed: %m", dec2str(rights->uid));
	errno = saved_errno;
}

void geotrip_rights_keep(struct geotrip_rights *rights)
{
	struct restrict_access_settings set;

	if (!rights->was_root)
		return;
	restrict_access_init(&set);
	set.uid = rights->uid;
	set.gid = rights->gid;
	set.system_groups_user = rights->name;
	geotrip_rights_be_root(rights);
	/* it verifies that there is no way back, or kills the process */
	restrict_access(&set, 0, NULL);
	rights->was_root = FALSE;
	current_rights = NULL;
}

void geotrip_rights_give_back(struct geotrip_rights *rights)
{
	if (rights->was_root) {
		geotrip_rights_be_root(rights);
		if (setresuid(0, 0, 0) < 0)
			i_fatal("setresuid(0, 0, 0) failed: %m");
		restore_groups(rights);
		current_rights = NULL;
	}
	i_free(rights->name);
	i_free(rights->old_groups);
	i_zero(rights);
}
