/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* A suspension as the commands print it: in one row, with a remark if the
   account or a network has been exempted since. */

#include "lib.h"
#include "geotrip-exemption.h"
#include "doveadm-geotrip.h"

bool geotrip_cmd_get_state(struct geotrip_cmd *cmd,
			   const struct geotrip_suspension *suspension,
			   enum geotrip_suspension_state *state_r,
			   const char **remark_r)
{
	enum geotrip_exemption exemption;
	const char *error;

	*remark_r = NULL;
	if (suspension->released_at != 0 ||
	    suspension->until <= geotrip_now()) {
		*state_r = GEOTRIP_SUSPENSION_ENDED;
		return TRUE;
	}
	if (geotrip_exemption_find(cmd->store, &cmd->config, suspension,
				   &exemption, &error) < 0) {
		geotrip_cmd_fail(cmd, error);
		return FALSE;
	}
	*state_r = exemption == GEOTRIP_EXEMPTION_USER ?
		GEOTRIP_SUSPENSION_EXEMPT : GEOTRIP_SUSPENSION_ACTIVE;
	*remark_r = geotrip_exemption_remark(exemption);
	return TRUE;
}

void geotrip_cmd_print_suspension_header(void)
{
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("user");
	doveadm_print_header_simple("since");
	doveadm_print_header_simple("until");
	doveadm_print_header_simple("reason");
	doveadm_print_header_simple("countries");
	doveadm_print_header_simple("notice");
	doveadm_print_header_simple("state");
	doveadm_print_header_simple("remark");
}

void geotrip_cmd_print_suspension(struct geotrip_cmd *cmd,
				  const struct geotrip_suspension *suspension)
{
	enum geotrip_suspension_state state;
	const char *remark;

	if (!geotrip_cmd_get_state(cmd, suspension, &state, &remark))
		return;
	doveadm_print(geotrip_cmd_text(suspension->user));
	doveadm_print(geotrip_cmd_time(suspension->since));
	doveadm_print(geotrip_cmd_time(suspension->released_at != 0 ?
		suspension->released_at : suspension->until));
	doveadm_print(geotrip_cmd_text(suspension->reason));
	doveadm_print(geotrip_cmd_text(suspension->countries));
	doveadm_print(geotrip_notice_state_name(suspension->notice_state));
	doveadm_print(geotrip_suspension_state_name(state));
	doveadm_print(geotrip_cmd_text(remark));
}
