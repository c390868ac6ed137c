/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: is everything in place? One row for each requirement,
   for operators and for monitoring. */

#include "lib.h"
#include "doveadm-geotrip-check.h"

static void check_all(struct geotrip_check *check)
{
	if (!geotrip_check_settings(check))
		return;
	if (geotrip_check_files(check))
		geotrip_check_database(check);
	geotrip_check_mmdb(check);
	geotrip_check_mailer(check);
	geotrip_check_templates(check);
}

static void cmd_geotrip_check(struct doveadm_cmd_context *cctx)
{
	struct geotrip_check check = {
		.cctx = cctx,
		.pool = pool_alloconly_create("geotrip check", 4096),
	};

	geotrip_check_begin(&check);
	check_all(&check);
	/* With an exit code, Dovecot's HTTP server would return nothing else:
	   there, use the column result. */
	if (check.failed && cctx->conn_type != DOVEADM_CONNECTION_TYPE_HTTP)
		doveadm_exit_code = 1;
	pool_unref(&check.pool);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_check = {
	.name = "geotrip check",
	.cmd = cmd_geotrip_check,
	.usage = "# is everything in place",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAMS_END
};
