/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip unsuspend: an operator releases accounts. */

#include "lib.h"
#include "array.h"
#include "wildcard-match.h"
#include "geotrip-event.h"
#include "doveadm-geotrip.h"

struct unsuspend_context {
	struct geotrip_cmd *cmd;
	const char *reason;
	/* the names that match are collected here */
	const char *mask;
	ARRAY_TYPE(const_string) names;
};

/* Returns FALSE if the user is not suspended, or on an error. */
static bool release_user(struct unsuspend_context *ctx, const char *user)
{
	struct geotrip_cmd *cmd = ctx->cmd;
	const char *error;
	int ret;

	ret = geotrip_store_release(cmd->store, user, ctx->reason, &error);
	if (ret < 0)
		geotrip_cmd_fail(cmd, error);
	if (ret <= 0)
		return FALSE;
	doveadm_print(geotrip_cmd_text(user));
	geotrip_event_suspension_ended(cmd->event, user, GEOTRIP_END_OPERATOR,
				       ctx->reason);
	return TRUE;
}

static void
collect_matching(const struct geotrip_suspension *suspension, void *context)
{
	struct unsuspend_context *ctx = context;
	const char *name;

	if (wildcard_match_icase(suspension->user, ctx->mask)) {
		name = p_strdup(ctx->cmd->pool, suspension->user);
		array_push_back(&ctx->names, &name);
	}
}

/* Returns the number of released users, or -1 on error. */
static int release_mask(struct unsuspend_context *ctx, const char *mask)
{
	const char *name, *error;
	int count = 0;

	ctx->mask = mask;
	array_clear(&ctx->names);
	if (geotrip_store_suspensions(ctx->cmd->store,
				      GEOTRIP_STORE_SUSPENSIONS_ACTIVE, NULL,
				      collect_matching, ctx, &error) < 0) {
		geotrip_cmd_fail(ctx->cmd, error);
		return -1;
	}
	array_foreach_elem(&ctx->names, name) T_BEGIN {
		if (release_user(ctx, name))
			count++;
	} T_END;
	return count;
}

/* An exact name takes precedence over its meaning as a mask: a user named "*"
   must not get everybody released. */
static void release_arg(struct unsuspend_context *ctx, const char *arg)
{
	struct geotrip_cmd *cmd = ctx->cmd;
	const char *error;
	int ret;

	ret = geotrip_store_user_exists(cmd->store, arg, &error);
	if (ret < 0) {
		geotrip_cmd_fail(cmd, error);
	} else if (ret > 0) {
		if (!release_user(ctx, arg) && doveadm_exit_code == 0) {
			e_info(cmd->event, "The user %s is not suspended",
			       geotrip_escape(arg));
		}
	} else if (strpbrk(arg, "*?") == NULL ||
		   release_mask(ctx, arg) == 0) {
		geotrip_cmd_no_user(cmd, arg);
	}
}

/* users is NULL for everybody. */
static void
release_args(struct unsuspend_context *ctx, const char *const *users)
{
	if (users == NULL)
		(void)release_mask(ctx, "*");
	for (; users != NULL && *users != NULL; users++) T_BEGIN {
		release_arg(ctx, *users);
	} T_END;
}

static void cmd_geotrip_unsuspend(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;
	struct unsuspend_context ctx = { .cmd = &cmd };
	const char *const *users = NULL;
	bool all;

	if (!doveadm_cmd_param_bool(cctx, "all", &all))
		all = FALSE;
	if (all && doveadm_cmd_param_array(cctx, "users", &users) &&
	    *users != NULL) {
		geotrip_cmd_usage(cctx, "Give either users or -a");
		return;
	}
	if (!all && !geotrip_cmd_get_users(cctx, &users))
		return;
	if (!doveadm_cmd_param_str(cctx, "reason", &ctx.reason))
		ctx.reason = NULL;
	if (!geotrip_cmd_begin(cctx, &cmd))
		return;

	doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
	doveadm_print_header_simple("user");
	p_array_init(&ctx.names, cmd.pool, 16);
	if (geotrip_cmd_expire(&cmd))
		release_args(&ctx, all ? NULL : users);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_unsuspend = {
	.name = "geotrip unsuspend",
	.cmd = cmd_geotrip_unsuspend,
	.usage = "[-r <reason>] <user mask> [<user mask> ...]|-a "
		"# release users",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('a', "all", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('r', "reason", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('\0', "users", CMD_PARAM_ARRAY, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
