/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip resume: an operator has found out why so many accounts
   tripped; release the brake, so that accounts that trip are suspended
   again. */

#include "lib.h"
#include "array.h"
#include "geotrip-event.h"
#include "doveadm-geotrip.h"

/* Returns FALSE if the store failed. */
static bool
resume_brake(struct geotrip_cmd *cmd, const struct geotrip_brake *brake)
{
	const char *error;
	int ret = geotrip_store_brake_end(cmd->store, brake->id, GEOTRIP_END_OPERATOR,
					  &error);

	if (ret < 0) {
		geotrip_cmd_fail(cmd, error);
		return FALSE;
	}
	/* if it has not just ended by itself */
	if (ret > 0) {
		doveadm_print(geotrip_cmd_time(brake->since));
		doveadm_print(geotrip_cmd_text(brake->max));
		doveadm_print(brake->domain == NULL ? "*" :
			      geotrip_cmd_text(brake->domain));
		geotrip_event_brake_ended(cmd->event, brake->domain,
					  GEOTRIP_END_OPERATOR);
	}
	return TRUE;
}

static void resume(struct geotrip_cmd *cmd)
{
	ARRAY_TYPE(geotrip_brake) brakes;
	const struct geotrip_brake *brake;
	const char *error;

	p_array_init(&brakes, cmd->pool, 4);
	if (geotrip_store_brakes(cmd->store, cmd->pool, &brakes, &error) < 0) {
		geotrip_cmd_fail(cmd, error);
		return;
	}
	if (array_count(&brakes) == 0) {
		e_info(cmd->event, cmd->config.enforce ?
		       "Nothing to resume: accounts that trip are suspended" :
		       "Nothing to resume: geotrip_mode is observe");
	}
	array_foreach(&brakes, brake) {
		if (!resume_brake(cmd, brake))
			break;
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
	doveadm_print_header_simple("domain");
	resume(&cmd);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_resume = {
	.name = "geotrip resume",
	.cmd = cmd_geotrip_resume,
	.usage = "# suspend again, after too many accounts tripped",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAMS_END
};
