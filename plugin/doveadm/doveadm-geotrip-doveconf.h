/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef DOVEADM_GEOTRIP_DOVECONF_H
#define DOVEADM_GEOTRIP_DOVECONF_H

/* Settings of other parts of Dovecot. A module can read them directly only in
   2.3; doveconf can in every version. */

struct doveadm_cmd_context;

struct geotrip_doveconf {
	/* "key = value", as doveconf printed them */
	const char *const *lines;
};

/* Get the settings with these names, a NULL-terminated list, from the
   configuration that the command uses. Everything is allocated from the pool.
   Returns 0, or -1 with an error. */
int geotrip_doveconf_read(struct doveadm_cmd_context *cctx,
			  const char *const *names, pool_t pool,
			  struct geotrip_doveconf *conf_r,
			  const char **error_r);

/* The value of a setting, named without its enclosing blocks: "user" for
   service/auth/user. NULL: it has none. */
const char *geotrip_doveconf_get(const struct geotrip_doveconf *conf,
				 const char *name);

#endif
