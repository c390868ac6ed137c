/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip history: the logins of one account. */

#include "lib.h"
#include "strnum.h"
#include "doveadm-geotrip.h"

#define DEFAULT_MAX 100

static void
print_login(const struct geotrip_store_login *login,
	    void *context ATTR_UNUSED)
{
	doveadm_print(geotrip_cmd_time(login->time));
	doveadm_print(geotrip_cmd_text(login->user->name));
	doveadm_print(geotrip_cmd_text(login->service));
	doveadm_print(geotrip_cmd_text(login->country.code));
	doveadm_print(geotrip_cmd_ip(&login->ip));
	doveadm_print(geotrip_verdict_name(login->verdict));
}

static bool get_max(struct doveadm_cmd_context *cctx, unsigned int *max_r)
{
	const char *str;

	*max_r = DEFAULT_MAX;
	if (!doveadm_cmd_param_str(cctx, "max", &str))
		return TRUE;
	if (str_to_uint(str, max_r) < 0 || *max_r == 0) {
		geotrip_cmd_usage(cctx, t_strdup_printf(
			"\"%s\" must be a number of logins, at least 1",
			geotrip_escape(str)));
		return FALSE;
	}
	return TRUE;
}

static void print_history(struct geotrip_cmd *cmd, const char *user,
			  int64_t since, unsigned int max)
{
	const char *error;

	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("time");
	doveadm_print_header_simple("user");
	doveadm_print_header_simple("service");
	doveadm_print_header_simple("country");
	doveadm_print_header_simple("ip");
	doveadm_print_header_simple("verdict");
	if (geotrip_store_logins(cmd->store, user, since, max, print_login,
				 NULL, &error) < 0)
		geotrip_cmd_fail(cmd, error);
}

static void cmd_geotrip_history(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;
	const char *user;
	unsigned int max;
	int64_t since = 0;

	if (!geotrip_cmd_get_user(cctx, &user) ||
	    !geotrip_cmd_get_time(cctx, "since", &since) ||
	    !get_max(cctx, &max) || !geotrip_cmd_begin(cctx, &cmd))
		return;
	if (geotrip_cmd_require_user(&cmd, user))
		print_history(&cmd, user, since, max);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_history = {
	.name = "geotrip history",
	.cmd = cmd_geotrip_history,
	.usage = "[-s <since>] [-n <max>] <user> # the logins of a user",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('s', "since", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('n', "max", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('\0', "user", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
