/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_RIGHTS_H
#define GEOTRIP_RIGHTS_H

/* The privileges that doveadm runs with. It is usually started by root, but
   works as the owner of the database's directory: whatever that user puts there
   is accessed only with that user's privileges.

   Privileges belong to the whole process, so there must be only one of these at
   a time, at one place in memory. A zeroed one does nothing. Programs that are
   started meanwhile have the privileges of the owner and no others. */

struct geotrip_rights {
	/* the owner; from its passwd entry, if it has one */
	uid_t uid;
	gid_t gid;
	/* NULL: it has no passwd entry */
	char *name;
	/* the process was root, and can become root again */
	bool was_root;
	/* its original privileges, in that case */
	gid_t old_gids[3];
	gid_t *old_groups;
	unsigned int old_groups_count;
};

/* Become the owner of the directory that the database is in, with the groups of
   that user and no others. Does nothing if the process already is that user.
   Returns 0, or -1 with an error and with unchanged privileges if the owner is
   root or unknown, or if the process is neither root nor the owner. */
int geotrip_rights_take(struct geotrip_rights *rights, const char *db_path,
			const char **error_r);

/* The same for root and an already known user. Returns -1 with unchanged
   privileges if root cannot become that user, as in some containers. */
int geotrip_rights_take_user(struct geotrip_rights *rights, uid_t uid,
			     gid_t gid);

/* Become root for as short as possible, and then the owner again. They do
   nothing if the process was never root, or must stay the owner. errno is
   preserved. */
void geotrip_rights_be_root(const struct geotrip_rights *rights);
void geotrip_rights_be_owner(const struct geotrip_rights *rights);

/* Stay the owner: root is given up for good. */
void geotrip_rights_keep(struct geotrip_rights *rights);

/* Restore the original privileges, unless the process must stay the owner.
   Frees what the struct holds, and zeroes it. */
void geotrip_rights_give_back(struct geotrip_rights *rights);

#endif
