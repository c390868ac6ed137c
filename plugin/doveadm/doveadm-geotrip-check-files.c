/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: the directory and the files of the database, and their
   permissions. What cannot be seen without root is reported as unknown. */

#include "lib.h"
#include "eacces-error.h"
#include "ipwd.h"
#include "geotrip-rights.h"
#include "doveadm-geotrip-check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

const char *geotrip_check_user_name(uid_t uid)
{
	struct passwd pw;

	if (i_getpwuid(uid, &pw) > 0)
		return t_strdup(pw.pw_name);
	return t_strdup_printf("the user with the id %s", dec2str(uid));
}

bool geotrip_check_access(const struct geotrip_check *check, const char *path,
			  int mode, const char **error_r)
{
	struct geotrip_rights rights;
	bool switched = geteuid() == 0 && check->have_owner &&
		geotrip_rights_take_user(&rights, check->owner_uid,
					 check->owner_gid) == 0;
	int ret = faccessat(AT_FDCWD, path, mode, AT_EACCESS);

	if (ret < 0) {
		*error_r = errno == EACCES ? eacces_error_get("access", path) :
			t_strdup_printf("access(%s) failed: %m", path);
	}
	if (switched)
		geotrip_rights_give_back(&rights);
	return ret == 0;
}

bool geotrip_check_may_look(const struct geotrip_check *check)
{
	return geteuid() == 0 ||
		(check->have_owner && geteuid() == check->owner_uid);
}

/* How to name the user that the auth process runs as. */
static const char *auth_user(const struct geotrip_check *check)
{
	return check->auth_user != NULL ? check->auth_user :
		"the user that the auth process runs as, usually dovecot";
}

/* Returns what is wrong with the directory, or NULL. */
static const char *
directory_problem(const struct geotrip_check *check, const char *dir,
		  const struct stat *st)
{
	const char *owner = geotrip_check_user_name(st->st_uid), *error;

	if (!S_ISDIR(st->st_mode))
		return "is not a directory";
	if (check->have_owner && check->owner_uid == 0) {
		return "service auth has user = root. Remove that: only "
			"service auth-worker needs root";
	}
	if (st->st_uid == 0 ||
	    (check->have_owner && st->st_uid != check->owner_uid)) {
		return t_strdup_printf("belongs to %s. Change its owner, and "
			"that of the files in it, to %s", owner,
			auth_user(check));
	}
	if ((st->st_mode & 0022) != 0)
		return "is writable by others. Change its mode to 0750";
	if ((st->st_mode & S_IRWXU) != S_IRWXU)
		return "is not writable by its owner. Change its mode to 0750";
	if (geotrip_check_may_look(check) &&
	    !geotrip_check_access(check, dir, R_OK | W_OK | X_OK, &error)) {
		return t_strdup_printf("%s cannot write to it: %s", owner,
				       error);
	}
	return NULL;
}

static bool check_directory(struct geotrip_check *check, const char *dir)
{
	const char *problem;
	struct stat st;

	if (stat(dir, &st) < 0) {
		if (errno == EACCES && geteuid() != 0) {
			geotrip_check_row(check, "directory",
				GEOTRIP_CHECK_UNKNOWN,
				"%s. Run doveadm as root",
				eacces_error_get("stat", dir));
		} else if (errno == ENOENT) {
			geotrip_check_row(check, "directory",
				GEOTRIP_CHECK_FAILED,
				"%s: does not exist. Create it with mode 0750 "
				"for %s", dir, auth_user(check));
		} else {
			geotrip_check_row(check, "directory",
				GEOTRIP_CHECK_FAILED, "%s: %m", dir);
		}
		return FALSE;
	}
	problem = directory_problem(check, dir, &st);
	if (problem == NULL && !check->have_owner) {
		check->owner_uid = st.st_uid;
		check->owner_gid = st.st_gid;
		check->have_owner = TRUE;
	}
	if (problem != NULL) {
		geotrip_check_row(check, "directory", GEOTRIP_CHECK_FAILED,
				  "%s: %s", dir, problem);
	} else {
		geotrip_check_row(check, "directory", GEOTRIP_CHECK_OK,
				  "%s", dir);
	}
	return problem == NULL;
}

/* SQLite creates more files next to the database, all owned by the same user.
   Returns FALSE after having reported what is wrong. */
static bool check_file_owner(struct geotrip_check *check, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0 || st.st_uid == check->owner_uid)
		return TRUE;
	geotrip_check_row(check, "database", GEOTRIP_CHECK_FAILED,
		"%s: belongs to %s, but its directory to %s. Change its "
		"owner to %s", path, geotrip_check_user_name(st.st_uid),
		geotrip_check_user_name(check->owner_uid), auth_user(check));
	return FALSE;
}

static void only_owner_may_look(struct geotrip_check *check, const char *error)
{
	geotrip_check_row(check, "database", GEOTRIP_CHECK_UNKNOWN,
		"%s. Only root and %s may see it, and the brake, notices and "
		"countries in it: run doveadm as one of them", error,
		geotrip_check_user_name(check->owner_uid));
}

static bool check_files(struct geotrip_check *check, const char *path)
{
	bool may_look = geotrip_check_may_look(check);
	const char *error;
	struct stat st;

	if (lstat(path, &st) < 0) {
		if (errno == EACCES && !may_look) {
			only_owner_may_look(check,
					    eacces_error_get("stat", path));
		} else if (errno == ENOENT) {
			geotrip_check_row(check, "database",
				GEOTRIP_CHECK_WARNING,
				"%s: does not exist yet. Dovecot's auth "
				"process creates it at the first login; if "
				"there has been one, see Dovecot's log", path);
		} else {
			geotrip_check_row(check, "database",
				GEOTRIP_CHECK_FAILED, "%s: %m", path);
		}
		return FALSE;
	}
	if (!check_file_owner(check, path) ||
	    !check_file_owner(check, t_strconcat(path, "-wal", NULL)) ||
	    !check_file_owner(check, t_strconcat(path, "-shm", NULL)))
		return FALSE;
	if (!may_look &&
	    !geotrip_check_access(check, path, R_OK | W_OK, &error)) {
		only_owner_may_look(check, error);
		return FALSE;
	}
	return TRUE;
}

bool geotrip_check_files(struct geotrip_check *check)
{
	const char *path = check->config.db_path;
	/* it is an absolute path */
	const char *dir = t_strdup_until(path, strrchr(path, '/'));

	geotrip_cmd_start_guard();
	return check_directory(check, *dir == '\0' ? "/" : dir) &&
		check_files(check, path);
}
