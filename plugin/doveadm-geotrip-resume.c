/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip resume: an operator has found out why so many accounts
   tripped, and those that do are suspended again. */

#include "lib.h"
#include "geotrip-event.h"
#include "doveadm-geotrip.h"

static void resume(struct geotrip_cmd *cmd)
{
	struct geotrip_brake brake;
	const char *error;
	int ret;

	ret = geotrip_store_brake(cmd->store, cmd->pool, &brake, &error);
	if (ret > 0)
		ret = geotrip_store_brake_end(cmd->store, GEOTRIP_END_OPERATOR,
					      &error);
	if (ret < 0)
		geotrip_cmd_fail(cmd, error);
	else if (ret == 0) {
		e_info(cmd->event, cmd->config.enforce ?
		       "Nothing to resume: accounts that trip are suspended" :
		       "Nothing to resume: geotrip_mode is observe");
	} else {
		doveadm_print(geotrip_cmd_time(brake.since));
		doveadm_print(geotrip_cmd_text(brake.max));
		geotrip_event_brake_ended(cmd->event, GEOTRIP_END_OPERATOR);
	}
}

static void cmd_geotrip_resume(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;

	if (!geotrip_cmd_begin(cctx, &cmd))
		return;
	doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
	doveadm_print_header_simple("since");
	doveadm_print_header_simple("max");
	resume(&cmd);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_resume = {
	.name = "geotrip resume",
	.cmd = cmd_geotrip_resume,
	.usage = "",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAMS_END
};
