/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_RIGHTS_H
#define GEOTRIP_RIGHTS_H

/* The rights that doveadm works with. It is mostly started by root, but works
   as the owner of the database's directory: whatever that user puts there, no
   rights but its own are behind what is done with it.

   Rights belong to the whole process, so there must be only one of these at a
   time. All zero is one that does nothing. */

struct geotrip_rights {
	/* the owner; what its entry in passwd says, if it has one */
	uid_t uid;
	gid_t gid;
	/* NULL: it has no entry */
	char *name;
	/* the process was root, and can become it again */
	bool was_root;
	/* what it had, if so */
	gid_t old_gids[3];
	gid_t *old_groups;
	unsigned int old_groups_count;
};

/* Become the owner of the directory that the database is in, with the groups
   of that user and no others. Nothing changes if the process is that user
   already. Returns 0, or -1 with an error, and no rights changed, if the owner
   is root or not known, or if the process is neither root nor the owner. */
int geotrip_rights_take(struct geotrip_rights *rights, const char *db_path,
			const char **error_r);

/* The same for root, and a user who is known already. Returns -1, and no rights
   changed, if root may not become that user, as in some containers. */
int geotrip_rights_take_user(struct geotrip_rights *rights, uid_t uid,
			     gid_t gid);

/* For what only root can do, as short as possible, and then be the owner
   again. Nothing happens where the process was never root, or is to stay the
   owner. errno is preserved. */
void geotrip_rights_be_root(const struct geotrip_rights *rights);
void geotrip_rights_be_owner(const struct geotrip_rights *rights);

/* Stay the owner: there is no way back any more. */
void geotrip_rights_keep(struct geotrip_rights *rights);

/* The process gets back what it had, unless it is to stay the owner. Frees
   what the struct holds, and makes it all zero. */
void geotrip_rights_give_back(struct geotrip_rights *rights);

#endif
