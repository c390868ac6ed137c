/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip evidence: the logins that led to the last suspension of one
   account, in columns for programs. */

#include "lib.h"
#include "doveadm-geotrip.h"

struct evidence_context {
	struct geotrip_cmd *cmd;
	const struct geotrip_suspension *suspension;
	bool suspended, printed;
};

static void print_header(void)
{
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("suspended");
	doveadm_print_header_simple("time");
	doveadm_print_header_simple("country");
	doveadm_print_header_simple("ip");
	doveadm_print_header_simple("service");
	doveadm_print_header_simple("mechanism");
	doveadm_print_header_simple("exempt");
}

static void
print_login(const struct geotrip_store_login *login, void *context)
{
	struct evidence_context *ctx = context;

	ctx->printed = TRUE;
	doveadm_print(geotrip_cmd_time(ctx->suspension->since));
	doveadm_print(geotrip_cmd_time(login->time));
	doveadm_print(geotrip_cmd_text(login->country.code));
	doveadm_print(geotrip_cmd_ip(&login->ip));
	doveadm_print(geotrip_cmd_text(login->service));
	doveadm_print(geotrip_cmd_text(login->mechanism));
	doveadm_print(geotrip_config_ip_exempt(&ctx->cmd->config,
					       &login->ip) ? "yes" : "no");
}

static const char *why_there_is_none(enum geotrip_reason from)
{
	switch (from) {
	case GEOTRIP_REASON_UNKNOWN:
	case GEOTRIP_REASON_RULE:
		return "its logins have been purged";
	case GEOTRIP_REASON_GIVEN:
	case GEOTRIP_REASON_NOT_GIVEN:
		return "an operator suspended the account";
	case GEOTRIP_REASON_REWRITTEN:
		return geotrip_reason_text(from);
	}
	i_unreached();
}

static void
print_suspension(const struct geotrip_suspension *suspension, void *context)
{
	struct evidence_context *ctx = context;
	const char *error;

	ctx->suspended = TRUE;
	ctx->suspension = suspension;
	if (geotrip_store_evidence(ctx->cmd->store, suspension->id,
				   print_login, ctx, &error) < 0)
		geotrip_cmd_fail(ctx->cmd, error);
	else if (!ctx->printed) {
		e_info(ctx->cmd->event, "The suspension of the user %s at %s "
		       "has no evidence: %s", geotrip_escape(suspension->user),
		       geotrip_cmd_time(suspension->since),
		       why_there_is_none(suspension->reason_from));
	}
}

static void print_evidence(struct geotrip_cmd *cmd, const char *user)
{
	struct evidence_context ctx = { .cmd = cmd };
	const char *error;

	print_header();
	if (geotrip_store_suspensions(cmd->store,
				      GEOTRIP_STORE_SUSPENSIONS_LAST, user,
				      print_suspension, &ctx, &error) < 0)
		geotrip_cmd_fail(cmd, error);
	else if (!ctx.suspended) {
		e_info(cmd->event, "The user %s has never been suspended",
		       geotrip_escape(user));
	}
}

static void cmd_geotrip_evidence(struct doveadm_cmd_context *cctx)
{
	geotrip_cmd_run_for_user(cctx, print_evidence);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_evidence = {
	.name = "geotrip evidence",
	.cmd = cmd_geotrip_evidence,
	.usage = "<user> # why the account was suspended, in columns",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('\0', "user", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
