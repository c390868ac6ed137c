/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip purge: delete old records. Run it from cron or a timer. */

#include "lib.h"
#include "doveadm-geotrip.h"

static void print_header(const char *name)
{
	doveadm_print_header(name, name, DOVEADM_PRINT_HEADER_FLAG_NUMBER);
}

static void purge(struct geotrip_cmd *cmd, int64_t keep)
{
	struct geotrip_purge_count count;
	const char *error;

	if (keep < cmd->config.window) {
		e_warning(cmd->event, "geotrip_rules look back further than "
			  "what is kept: some logins will not count");
	}
	if (!geotrip_cmd_expire(cmd))
		return;
	if (geotrip_store_purge(cmd->store, geotrip_now() - keep, &count,
				&error) < 0)
		geotrip_cmd_fail(cmd, error);

	doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
	print_header("logins");
	print_header("suspensions");
	print_header("users");
	doveadm_print_num(count.logins);
	doveadm_print_num(count.suspensions);
	doveadm_print_num(count.users);
}

static void cmd_geotrip_purge(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;
	int64_t keep = -1;

	if (!geotrip_cmd_get_duration(cctx, "keep", &keep) ||
	    !geotrip_cmd_begin(cctx, &cmd))
		return;
	purge(&cmd, keep < 0 ? cmd.config.retention : keep);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_purge = {
	.name = "geotrip purge",
	.cmd = cmd_geotrip_purge,
	.usage = "[-k <keep>] # delete old records: run it daily",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('k', "keep", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAMS_END
};
