/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef DOVEADM_GEOTRIP_H
#define DOVEADM_GEOTRIP_H

/* What the commands of doveadm geotrip share: settings, store, arguments and
   output. A function that fails has logged why and set doveadm_exit_code. */

#include "doveadm.h"
#include "doveadm-print.h"
#include "geotrip-mailer.h"
#include "geotrip-rights.h"
#include "geotrip-settings.h"
#include "geotrip-store.h"

/* A running command. */
struct geotrip_cmd {
	pool_t pool;
	struct geotrip_config config;
	struct geotrip_rights rights;
	struct geotrip_store *store;
	struct event *event;
};

/* Each usage text ends with "#" and a description: Dovecot's list of commands
   prints a line for each, and has no other place for it. */
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_check;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_countries;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_evidence;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_history;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_list;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_notify;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_purge;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_show;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_suspend;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_unsuspend;
extern const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_resume;

/* How this version of Dovecot gives doveadm its settings:
   doveadm-geotrip-settings-2.3.c or -2.4.c. Register them when the module is
   loaded. */
void geotrip_cmd_register_settings(void);
int geotrip_cmd_read_settings(struct doveadm_cmd_context *cctx, pool_t pool,
			      struct geotrip_config *config_r,
			      const char **error_r);

/* Get the settings for the mail server that Dovecot is configured to use. They
   are allocated from the pool. Returns 0, or -1 with an error. */
int geotrip_cmd_read_mailer(struct doveadm_cmd_context *cctx, pool_t pool,
			    struct geotrip_mailer_settings *set_r,
			    const char **error_r);

/* Have the guard create or migrate the database first, if Dovecot runs and this
   process may ask for it. Waits for two seconds at most. */
void geotrip_cmd_start_guard(void);

/* Read the settings, become the owner of the database's directory (on the
   command line for good, in a server until the command ends), and open the
   store. If this returns TRUE, geotrip_cmd_end() must be called at the end;
   otherwise the command must return. */
bool geotrip_cmd_begin(struct doveadm_cmd_context *cctx,
		       struct geotrip_cmd *cmd_r);
/* The same for a command that needs root as well. It runs as the owner, but can
   use geotrip_rights_be_root() until geotrip_cmd_stay_owner(). */
bool geotrip_cmd_begin_with_root(struct doveadm_cmd_context *cctx,
				 struct geotrip_cmd *cmd_r);
/* The rest of the command does not need root. */
void geotrip_cmd_stay_owner(struct doveadm_cmd_context *cctx,
			    struct geotrip_cmd *cmd);
void geotrip_cmd_end(struct geotrip_cmd *cmd);
/* Report that the store failed. */
void geotrip_cmd_fail(struct geotrip_cmd *cmd, const char *error);

/* Close the suspensions that have expired, and send their events. */
bool geotrip_cmd_expire(struct geotrip_cmd *cmd);

/* Report wrong arguments, and how the command is used. */
void geotrip_cmd_usage(struct doveadm_cmd_context *cctx, const char *error);
/* Get the required argument that is a user. Names are accepted as they are
   printed, see geotrip_escape(). */
bool geotrip_cmd_get_user(struct doveadm_cmd_context *cctx,
			  const char **user_r);
/* The same for one or more users, a NULL-terminated list in the data stack. */
bool geotrip_cmd_get_users(struct doveadm_cmd_context *cctx,
			   const char *const **users_r);
/* Get an argument that is a point in time, as we print it (RFC 3339) or as
   Dovecot reads it: 2h (ago), 2026-11-24, seconds since 1970. time_r is
   unchanged if it was not given. */
bool geotrip_cmd_get_time(struct doveadm_cmd_context *cctx, const char *name,
			  int64_t *time_r);
/* Get an argument that is a duration, such as 1h. */
bool geotrip_cmd_get_duration(struct doveadm_cmd_context *cctx,
			      const char *name, int64_t *duration_r);
/* Returns TRUE if there is a record of the user. If not, and it looks like a
   mask, the error names the commands that take masks. */
bool geotrip_cmd_require_user(struct geotrip_cmd *cmd, const char *user);
/* Run a command that has no argument but a user: print is called if there is a
   record of the user. */
void geotrip_cmd_run_for_user(struct doveadm_cmd_context *cctx,
			      void (*print)(struct geotrip_cmd *cmd,
					    const char *user));
/* Report that there is no record of the user. */
void geotrip_cmd_no_user(struct geotrip_cmd *cmd, const char *user);

/* Does Dovecot have a service, or protocol, of this name? Postfix and Exim use
   one of these names. Other clients of the auth protocol may use their own. */
bool geotrip_cmd_service_is_known(const char *service);
/* A point in time as geotrip_format_time() does it; "-" for none (0) and
   "released" for GEOTRIP_NEVER. In the data stack. */
const char *geotrip_cmd_time(int64_t time);
/* An untrusted text, escaped; "-" for NULL or an empty one. */
const char *geotrip_cmd_text(const char *text);
const char *geotrip_cmd_ip(const struct ip_addr *ip);

/* The current state of the suspension, and a remark on it for the operator
   (NULL: none). Returns FALSE if the store failed. */
bool geotrip_cmd_get_state(struct geotrip_cmd *cmd,
			   const struct geotrip_suspension *suspension,
			   enum geotrip_suspension_state *state_r,
			   const char **remark_r);
/* The columns of list. */
void geotrip_cmd_print_suspension_header(void);
void geotrip_cmd_print_suspension(struct geotrip_cmd *cmd,
				  const struct geotrip_suspension *suspension);

/* Print the marks of the users that match the mask, or all of them (NULL),
   with their columns. */
void geotrip_cmd_print_marks(struct geotrip_cmd *cmd, const char *mask);
/* A mark in one line: time, rule, countries and cause, separated by commas. In
   the data stack. */
const char *geotrip_cmd_mark(const struct geotrip_mark *mark);

#endif
