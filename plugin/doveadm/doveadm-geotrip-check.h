/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef DOVEADM_GEOTRIP_CHECK_H
#define DOVEADM_GEOTRIP_CHECK_H

/* The parts of doveadm geotrip check. Each checks one thing and prints a row
   for each result; the detail of a row that is not ok says how to fix it. */

#include "doveadm-geotrip.h"

enum geotrip_check_result {
	GEOTRIP_CHECK_OK,
	/* worth a look, but nothing is broken */
	GEOTRIP_CHECK_WARNING,
	GEOTRIP_CHECK_FAILED,
	/* this user has no permission to see it */
	GEOTRIP_CHECK_UNKNOWN,
};

struct geotrip_check {
	struct doveadm_cmd_context *cctx;
	pool_t pool;
	struct geotrip_config config;
	/* the user that the auth process runs as, and therefore the owner of
	   the database; NULL: not known, the owner of the directory is used
	   instead */
	const char *auth_user;
	uid_t owner_uid;
	gid_t owner_gid;
	bool have_owner;
	/* there is a row with failed or unknown */
	bool failed;
};

/* Begin the table. */
void geotrip_check_begin(struct geotrip_check *check);
/* Print a row: what was checked, the result, and the detail. */
void geotrip_check_row(struct geotrip_check *check, const char *what,
		       enum geotrip_check_result result,
		       const char *format, ...) ATTR_FORMAT(4, 5);

/* Is geotrip on, and are modules, rules, service names and user names valid?
   Returns FALSE if there is nothing else to check. Determines which user the
   auth process runs as. */
bool geotrip_check_settings(struct geotrip_check *check);
/* Do the directory and the files of the database belong to the user that the
   auth process runs as? Returns FALSE if the database cannot be opened. */
bool geotrip_check_files(struct geotrip_check *check);
/* Can the database be used, and what does it contain? */
void geotrip_check_database(struct geotrip_check *check);
/* Are accounts that trip suspended? Prints a row for each active brake, or a
   single one if there is none. */
void geotrip_check_brake(struct geotrip_check *check,
			 struct geotrip_store *store);
/* Can the country database be used, also by the owner of the database? */
void geotrip_check_mmdb(struct geotrip_check *check);
/* Is there a mail server? */
void geotrip_check_mailer(struct geotrip_check *check);
/* Are all templates valid, and does the configured one exist? */
void geotrip_check_templates(struct geotrip_check *check);

/* The name of a user, or the number if it has none. In the data stack. */
const char *geotrip_check_user_name(uid_t uid);
/* Does the owner of the database have this access (R_OK, W_OK, X_OK) to the
   path? Only root can check that for another user; otherwise it is checked for
   the current user. Returns FALSE with an error if not. */
bool geotrip_check_access(const struct geotrip_check *check, const char *path,
			  int mode, const char **error_r);
/* May this process see what only root and the owner may see? */
bool geotrip_check_may_look(const struct geotrip_check *check);

#endif
