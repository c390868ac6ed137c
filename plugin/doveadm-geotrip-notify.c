/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip notify: the notices that are queued for owners. */

#include "lib.h"
#include "doveadm-geotrip.h"

static void
print_notice(const struct geotrip_suspension *suspension,
	     void *context ATTR_UNUSED)
{
	doveadm_print(geotrip_cmd_text(suspension->user));
	doveadm_print(geotrip_cmd_time(suspension->since));
	doveadm_print(geotrip_cmd_text(suspension->reason));
	doveadm_print(geotrip_cmd_text(suspension->countries));
	doveadm_print(geotrip_cmd_text(suspension->notice_state));
	doveadm_print_num(suspension->notice_attempts);
}

static void cmd_geotrip_notify(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;
	const char *error;

	if (!geotrip_cmd_begin(cctx, &cmd))
		return;
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("user");
	doveadm_print_header_simple("since");
	doveadm_print_header_simple("reason");
	doveadm_print_header_simple("countries");
	doveadm_print_header_simple("state");
	doveadm_print_header("attempts", "attempts",
			     DOVEADM_PRINT_HEADER_FLAG_NUMBER);
	if (geotrip_store_suspensions(cmd.store,
				      GEOTRIP_STORE_SUSPENSIONS_TO_NOTIFY,
				      NULL, print_notice, NULL, &error) < 0)
		geotrip_cmd_fail(&cmd, error);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_notify = {
	.name = "geotrip notify",
	.cmd = cmd_geotrip_notify,
	.usage = "",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAMS_END
};
