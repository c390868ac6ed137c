/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip suspend: an operator suspends accounts. */

#include "lib.h"
#include "geotrip-event.h"
#include "doveadm-geotrip.h"

static void
print_suspended(const struct geotrip_suspension *suspension, void *context)
{
	struct geotrip_cmd *cmd = context;

	geotrip_cmd_print_suspension(cmd, suspension);
}

static void suspend_user(struct geotrip_cmd *cmd, const char *user,
			 int64_t until, const char *reason)
{
	const char *error;

	/* A name that was never seen may be a typo, or an account that has not
	   sent anything yet. */
	if (geotrip_store_user_exists(cmd->store, user, &error) == 0) {
		e_warning(cmd->event, "There was no record of the user %s: "
			  "is this the name that Dovecot "
			  "logs?", geotrip_escape(user));
	}
	if (geotrip_config_user_exempt(&cmd->config, user)) {
		e_warning(cmd->event, "The user %s is in "
			  "geotrip_exempt_users, and will not be refused "
			  "until that is changed", geotrip_escape(user));
	}
	if (geotrip_store_suspend(cmd->store, user, until, reason,
				  &error) < 0 ||
	    geotrip_store_suspensions(cmd->store,
				      GEOTRIP_STORE_SUSPENSIONS_ACTIVE, user,
				      print_suspended, cmd, &error) < 0) {
		geotrip_cmd_fail(cmd, error);
		return;
	}
	geotrip_event_suspension_started(cmd->event, user, until,
		reason != NULL ? reason :
			geotrip_reason_text(GEOTRIP_REASON_NOT_GIVEN),
		"", GEOTRIP_SOURCE_OPERATOR);
}

static void cmd_geotrip_suspend(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;
	const char *const *users, *reason;
	int64_t until, duration = -1;

	if (!geotrip_cmd_get_users(cctx, &users))
		return;
	if (!doveadm_cmd_param_str(cctx, "reason", &reason))
		reason = NULL;
	if (!geotrip_cmd_get_duration(cctx, "time", &duration) ||
	    !geotrip_cmd_begin(cctx, &cmd))
		return;

	if (duration < 0)
		duration = cmd.config.suspend_time;
	until = duration == 0 ? GEOTRIP_NEVER : geotrip_now() + duration;
	if (!cmd.config.enforce) {
		e_warning(cmd.event, "geotrip_mode is observe: nobody is "
			  "refused until it is enforce");
	}
	geotrip_cmd_print_suspension_header();
	if (geotrip_cmd_expire(&cmd)) {
		for (; *users != NULL; users++) T_BEGIN {
			suspend_user(&cmd, *users, until, reason);
		} T_END;
	}
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_suspend = {
	.name = "geotrip suspend",
	.cmd = cmd_geotrip_suspend,
	.usage = "[-t <time>] [-r <reason>] <user> [<user> ...] "
		 "# suspend users by hand",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('t', "time", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('r', "reason", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('\0', "users", CMD_PARAM_ARRAY, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
