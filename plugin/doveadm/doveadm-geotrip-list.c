/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip list: who is suspended, or would have been. */

#include "lib.h"
#include "wildcard-match.h"
#include "doveadm-geotrip.h"

struct list_context {
	struct geotrip_cmd *cmd;
	/* NULL: all of them */
	const char *mask;
};

static void
print_matching(const struct geotrip_suspension *suspension, void *context)
{
	struct list_context *ctx = context;

	if (ctx->mask == NULL ||
	    wildcard_match_icase(suspension->user, ctx->mask))
		geotrip_cmd_print_suspension(ctx->cmd, suspension);
}

static void
print_suspensions(struct geotrip_cmd *cmd, bool all, const char *mask)
{
	struct list_context ctx = { .cmd = cmd, .mask = mask };
	const char *error;

	geotrip_cmd_print_suspension_header();
	if (geotrip_store_suspensions(cmd->store, all ?
				      GEOTRIP_STORE_SUSPENSIONS_ALL :
				      GEOTRIP_STORE_SUSPENSIONS_ACTIVE,
				      NULL, print_matching, &ctx, &error) < 0)
		geotrip_cmd_fail(cmd, error);
}

static void cmd_geotrip_list(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;
	const char *mask = NULL;
	bool all = FALSE, marks = FALSE;

	(void)doveadm_cmd_param_bool(cctx, "all", &all);
	(void)doveadm_cmd_param_bool(cctx, "marks", &marks);
	if (doveadm_cmd_param_str(cctx, "user", &mask))
		mask = geotrip_unescape(mask);
	if (all && marks) {
		geotrip_cmd_usage(cctx, "Either -a or -w: those who were "
				  "suspended, or those who would have been");
		return;
	}

	if (!geotrip_cmd_begin(cctx, &cmd))
		return;
	if (marks)
		geotrip_cmd_print_marks(&cmd, mask);
	else
		print_suspensions(&cmd, all, mask);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_list = {
	.name = "geotrip list",
	.cmd = cmd_geotrip_list,
	.usage = "[-a|-w] [<user mask>] # who is suspended, or would have been",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('a', "all", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('w', "marks", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('\0', "user", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
