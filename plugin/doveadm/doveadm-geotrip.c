/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Settings, store, arguments and output of the commands. */

#include "lib.h"
#include "array.h"
#include "iso8601-date.h"
#include "mail-storage.h"
#include "geotrip-compat.h"
#include "geotrip-event.h"
#include "doveadm-geotrip.h"

/* An operator can wait for a lock. */
#define LOCK_WAIT_MSECS 10000

static int
cmd_open(struct doveadm_cmd_context *cctx, struct geotrip_cmd *cmd,
	 bool needs_root, const char **error_r)
{
	struct geotrip_store_settings store_set = {
		/* left to the auth process, which runs as the right user */
		.create = FALSE,
		.lock_wait_msecs = LOCK_WAIT_MSECS,
	};

	if (geotrip_cmd_read_settings(cctx, cmd->pool, &cmd->config,
				      error_r) < 0)
		return -1;
	if (*cmd->config.db_path == '\0') {
		*error_r = "geotrip is switched off: "
			"the setting geotrip_db is empty";
		return -1;
	}
	geotrip_cmd_start_guard();
	if (geotrip_rights_take(&cmd->rights, cmd->config.db_path,
				error_r) < 0)
		return -1;
	if (!needs_root)
		geotrip_cmd_stay_owner(cctx, cmd);
	store_set.path = cmd->config.db_path;
	cmd->store = geotrip_store_init(&store_set);
	return geotrip_store_open(cmd->store, error_r);
}

static bool
cmd_begin(struct doveadm_cmd_context *cctx, struct geotrip_cmd *cmd,
	  bool needs_root)
{
	const char *error;

	i_zero(cmd);
	cmd->pool = pool_alloconly_create("geotrip command", 4096);
	cmd->event = geotrip_event_create(NULL);
	if (cmd_open(cctx, cmd, needs_root, &error) < 0) {
		geotrip_cmd_fail(cmd, error);
		geotrip_cmd_end(cmd);
		return FALSE;
	}
	return TRUE;
}

bool geotrip_cmd_begin(struct doveadm_cmd_context *cctx,
		       struct geotrip_cmd *cmd_r)
{
	return cmd_begin(cctx, cmd_r, FALSE);
}

bool geotrip_cmd_begin_with_root(struct doveadm_cmd_context *cctx,
				 struct geotrip_cmd *cmd_r)
{
	return cmd_begin(cctx, cmd_r, TRUE);
}

void geotrip_cmd_stay_owner(struct doveadm_cmd_context *cctx,
			    struct geotrip_cmd *cmd)
{
	/* a server has other commands to serve */
	if (cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
		geotrip_rights_keep(&cmd->rights);
}

void geotrip_cmd_end(struct geotrip_cmd *cmd)
{
	geotrip_store_deinit(&cmd->store);
	geotrip_rights_give_back(&cmd->rights);
	event_unref(&cmd->event);
	pool_unref(&cmd->pool);
}

void geotrip_cmd_fail(struct geotrip_cmd *cmd, const char *error)
{
	e_error(cmd->event, "%s", error);
	doveadm_exit_code = EX_TEMPFAIL;
}

static void
suspension_ended(const struct geotrip_suspension *suspension, void *context)
{
	struct geotrip_cmd *cmd = context;

	geotrip_event_suspension_ended(cmd->event, suspension->user,
				       suspension->released_by,
				       suspension->release_reason);
}

bool geotrip_cmd_expire(struct geotrip_cmd *cmd)
{
	const char *error;

	if (geotrip_store_expire(cmd->store, suspension_ended, cmd,
				 &error) < 0) {
		geotrip_cmd_fail(cmd, error);
		return FALSE;
	}
	return TRUE;
}

void geotrip_cmd_usage(struct doveadm_cmd_context *cctx, const char *error)
{
	i_error("%s. Usage: doveadm %s %s", error, cctx->cmd->name,
		cctx->cmd->usage == NULL ? "" : cctx->cmd->usage);
	doveadm_exit_code = EX_USAGE;
}

bool geotrip_cmd_get_user(struct doveadm_cmd_context *cctx,
			  const char **user_r)
{
	if (!doveadm_cmd_param_str(cctx, "user", user_r) ||
	    **user_r == '\0') {
		geotrip_cmd_usage(cctx, "No user was given");
		return FALSE;
	}
	*user_r = geotrip_unescape(*user_r);
	return TRUE;
}

bool geotrip_cmd_get_users(struct doveadm_cmd_context *cctx,
			   const char *const **users_r)
{
	const char *const *args, *user;
	ARRAY_TYPE(const_string) users;

	t_array_init(&users, 8);
	/* not "user": over HTTP, Dovecot treats that one as a string */
	if (!doveadm_cmd_param_array(cctx, "users", &args))
		args = NULL;
	for (; args != NULL && *args != NULL; args++) {
		user = geotrip_unescape(*args);
		/* for example an unset variable in a script */
		if (*user == '\0') {
			geotrip_cmd_usage(cctx, "A user name is empty");
			return FALSE;
		}
		array_push_back(&users, &user);
	}
	if (array_count(&users) == 0) {
		geotrip_cmd_usage(cctx, "No user was given");
		return FALSE;
	}
	array_append_zero(&users);
	*users_r = array_front(&users);
	return TRUE;
}

/* As we print it, or as Dovecot's other commands accept it. */
static int parse_time(const char *str, time_t *time_r)
{
	int offset;
	bool utc;

	if (iso8601_date_parse((const unsigned char *)str, strlen(str),
			       time_r, &offset))
		return 0;
	return mail_parse_human_timestamp(str, time_r, &utc);
}

bool geotrip_cmd_get_time(struct doveadm_cmd_context *cctx, const char *name,
			  int64_t *time_r)
{
	const char *str;
	time_t time;

	if (!doveadm_cmd_param_str(cctx, name, &str))
		return TRUE;
	if (parse_time(str, &time) < 0 || time < 0 ||
	    time > INT64_MAX / 1000000) {
		geotrip_cmd_usage(cctx, t_strdup_printf(
			"\"%s\" is not a time: use for example 2h (ago), "
			"2026-11-24, 2026-11-24T20:01:45+09:00, or seconds "
			"since 1970", geotrip_escape(str)));
		return FALSE;
	}
	*time_r = GEOTRIP_USECS(time);
	return TRUE;
}

bool geotrip_cmd_get_duration(struct doveadm_cmd_context *cctx,
			      const char *name, int64_t *duration_r)
{
	const char *str, *error;
	unsigned int secs;

	if (!doveadm_cmd_param_str(cctx, name, &str))
		return TRUE;
	if (geotrip_parse_time(str, &secs, &error) < 0) {
		geotrip_cmd_usage(cctx, t_strdup_printf(
			"\"%s\" is not a duration: use for example 30 mins, "
			"2h or 7 days", geotrip_escape(str)));
		return FALSE;
	}
	*duration_r = GEOTRIP_USECS(secs);
	return TRUE;
}

bool geotrip_cmd_require_user(struct geotrip_cmd *cmd, const char *user)
{
	const char *error;
	int ret = geotrip_store_user_exists(cmd->store, user, &error);

	if (ret < 0)
		geotrip_cmd_fail(cmd, error);
	else if (ret == 0 && strpbrk(user, "*?") == NULL)
		geotrip_cmd_no_user(cmd, user);
	else if (ret == 0) {
		e_error(cmd->event, "There is no record of a user named %s, "
			"and this command takes one user, not a mask. With a "
			"mask, use doveadm geotrip list -a MASK, or list -w "
			"MASK for who would have been suspended",
			geotrip_escape(user));
		doveadm_exit_code = EX_NOUSER;
	}
	return ret > 0;
}

void geotrip_cmd_run_for_user(struct doveadm_cmd_context *cctx,
			      void (*print)(struct geotrip_cmd *cmd,
					    const char *user))
{
	struct geotrip_cmd cmd;
	const char *user;

	if (!geotrip_cmd_get_user(cctx, &user) ||
	    !geotrip_cmd_begin(cctx, &cmd))
		return;
	if (geotrip_cmd_require_user(&cmd, user))
		print(&cmd, user);
	geotrip_cmd_end(&cmd);
}

void geotrip_cmd_no_user(struct geotrip_cmd *cmd, const char *user)
{
	e_error(cmd->event, "There is no record of the user %s",
		geotrip_escape(user));
	if (doveadm_exit_code == 0)
		doveadm_exit_code = EX_NOUSER;
}

bool geotrip_cmd_service_is_known(const char *service)
{
	/* Dovecot has no list of them */
	static const char *const known[] = {
		"smtp", "submission", "imap", "pop3", "sieve", "lmtp",
		"doveadm", "imap-urlauth", "xmpp", "http", NULL
	};

	return str_array_find(known, service);
}

const char *geotrip_cmd_time(int64_t time)
{
	if (time == GEOTRIP_NEVER)
		return "released";
	return time == 0 ? "-" : geotrip_format_time(time);
}

const char *geotrip_cmd_text(const char *text)
{
	return text == NULL || *text == '\0' ? "-" : geotrip_escape(text);
}

const char *geotrip_cmd_ip(const struct ip_addr *ip)
{
	return ip->family == 0 ? "-" : net_ip2addr(ip);
}
