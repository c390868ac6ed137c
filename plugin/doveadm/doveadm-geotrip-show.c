/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip show: everything that a support desk needs to explain what
   happened to an account. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "geotrip-event.h"
#include "doveadm-geotrip.h"

/* An account that is used all over the world may have many. */
#define MAX_MARKS 10

struct show_context {
	struct geotrip_cmd *cmd;
	bool any;
};

static void print_field(const char *field, const char *value)
{
	doveadm_print(field);
	doveadm_print(value);
}

static void
print_evidence(const struct geotrip_store_login *login,
	       void *context)
{
	struct show_context *ctx = context;

	print_field("evidence", t_strdup_printf("%s %s %s %s %s%s",
		geotrip_cmd_time(login->time),
		geotrip_cmd_text(login->country.code),
		geotrip_cmd_ip(&login->ip),
		geotrip_cmd_text(login->service),
		geotrip_cmd_text(login->mechanism),
		geotrip_config_ip_exempt(&ctx->cmd->config, &login->ip) ?
			" exempt" : ""));
}

/* "sent 2026-11-24T20:01:50+09:00, 1 attempt", "queued, 2 attempts, next
   ...". */
static void
print_notice(const struct geotrip_notice *notice, void *context ATTR_UNUSED)
{
	string_t *str = t_str_new(128);

	str_append(str, geotrip_notice_state_name(notice->state));
	if (notice->sent_at != 0)
		str_printfa(str, " %s", geotrip_cmd_time(notice->sent_at));
	str_printfa(str, ", %s", geotrip_count(notice->attempts, "attempt",
					       "attempts"));
	if (notice->state == GEOTRIP_NOTICE_QUEUED && notice->attempts > 0) {
		str_printfa(str, ", next %s",
			    geotrip_cmd_time(notice->next_attempt));
	}
	if (notice->error != NULL)
		str_printfa(str, ": %s", geotrip_cmd_text(notice->error));
	print_field(geotrip_notice_title(notice->kind), str_c(str));
}

static void print_release(const struct geotrip_suspension *suspension)
{
	if (suspension->released_at == 0) {
		/* expired, but not closed yet */
		print_field("ended", geotrip_cmd_time(suspension->until));
		print_field("ended by", geotrip_end_name(GEOTRIP_END_TIME));
		return;
	}
	print_field("ended", geotrip_cmd_time(suspension->released_at));
	print_field("ended by", geotrip_end_name(suspension->released_by));
	if (suspension->release_reason != NULL) {
		print_field("release reason",
			    geotrip_cmd_text(suspension->release_reason));
	}
}

static void print_not_suspended(struct show_context *ctx, const char *user)
{
	print_field("state", geotrip_config_user_exempt(&ctx->cmd->config,
							user) ?
		    geotrip_suspension_state_name(GEOTRIP_SUSPENSION_EXEMPT) :
		    "not suspended");
}

static void
show_suspension(const struct geotrip_suspension *suspension, void *context)
{
	struct show_context *ctx = context;
	enum geotrip_suspension_state state;
	const char *remark, *error;

	ctx->any = TRUE;
	if (!geotrip_cmd_get_state(ctx->cmd, suspension, &state, &remark))
		return;
	if (state == GEOTRIP_SUSPENSION_ENDED) {
		print_not_suspended(ctx, suspension->user);
		print_field("last suspended",
			    geotrip_cmd_time(suspension->since));
		print_release(suspension);
	} else {
		print_field("state", geotrip_suspension_state_name(state));
		print_field("since", geotrip_cmd_time(suspension->since));
		print_field("until", geotrip_cmd_time(suspension->until));
	}
	if (remark != NULL)
		print_field("remark", remark);
	print_field("reason", geotrip_cmd_text(suspension->reason));
	print_field("rule", geotrip_cmd_text(suspension->rule));
	print_field("countries", geotrip_cmd_text(suspension->countries));
	print_field("source", geotrip_source_name(suspension->source));
	if (geotrip_store_notices(ctx->cmd->store, suspension->id,
				  print_notice, NULL, &error) < 0 ||
	    geotrip_store_evidence(ctx->cmd->store, suspension->id,
				   print_evidence, ctx, &error) < 0)
		geotrip_cmd_fail(ctx->cmd, error);
}

static void print_mark(const struct geotrip_mark *mark,
		       void *context ATTR_UNUSED)
{
	print_field("marked", geotrip_cmd_mark(mark));
}

static void
show_window(const struct geotrip_store_history *history, const char *error,
	    void *context)
{
	struct show_context *ctx = context;
	const struct geotrip_sighting *seen;

	if (history == NULL) {
		geotrip_cmd_fail(ctx->cmd, error);
		return;
	}
	array_foreach(&history->seen, seen) {
		print_field("window", t_strdup_printf("%s %s",
			geotrip_cmd_time(seen->time),
			geotrip_cmd_text(seen->country.code)));
	}
}

static void show_user(struct geotrip_cmd *cmd, const char *user)
{
	struct show_context ctx = { .cmd = cmd };
	struct geotrip_store_user store_user = {
		.name = t_strdup_noconst(user),
	};
	int64_t now = geotrip_now();
	const char *error;

	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header("field", "field", 0);
	doveadm_print_header("value", "value",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	print_field("user", geotrip_cmd_text(user));
	if (geotrip_store_suspensions(cmd->store,
				      GEOTRIP_STORE_SUSPENSIONS_LAST, user,
				      show_suspension, &ctx, &error) < 0) {
		geotrip_cmd_fail(cmd, error);
		return;
	}
	if (!ctx.any)
		print_not_suspended(&ctx, user);
	if (geotrip_store_user_marks(cmd->store, user, MAX_MARKS, print_mark,
				     NULL, &error) < 0) {
		geotrip_cmd_fail(cmd, error);
		return;
	}
	geotrip_store_load(cmd->store, &store_user,
			   now - cmd->config.window, now, show_window, &ctx);
}

static void cmd_geotrip_show(struct doveadm_cmd_context *cctx)
{
	geotrip_cmd_run_for_user(cctx, show_user);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_show = {
	.name = "geotrip show",
	.cmd = cmd_geotrip_show,
	.usage = "<user> # why a user is suspended, with the evidence",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('\0', "user", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
