/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip countries: from where the submission servers are used. */

#include "lib.h"
#include "doveadm-geotrip.h"

static void
print_count(const struct geotrip_country_count *count,
	    void *context ATTR_UNUSED)
{
	doveadm_print(geotrip_cmd_text(count->country.code));
	doveadm_print_num(count->logins);
	doveadm_print_num(count->users);
	doveadm_print_num(count->trips);
}

static void cmd_geotrip_countries(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;
	const char *service, *error;
	int64_t since = 0;

	if (!doveadm_cmd_param_str(cctx, "service", &service))
		service = NULL;
	if (!geotrip_cmd_get_time(cctx, "since", &since) ||
	    !geotrip_cmd_begin(cctx, &cmd))
		return;

	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	doveadm_print_header_simple("country");
	doveadm_print_header("logins", "logins",
			     DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
			     DOVEADM_PRINT_HEADER_FLAG_NUMBER);
	doveadm_print_header("users", "users",
			     DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
			     DOVEADM_PRINT_HEADER_FLAG_NUMBER);
	/* a table gives the last column all the room that is left */
	doveadm_print_header("trips", "trips",
			     DOVEADM_PRINT_HEADER_FLAG_NUMBER);
	if (geotrip_store_countries(cmd.store, since, service, print_count,
				    NULL, &error) < 0)
		geotrip_cmd_fail(&cmd, error);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_countries = {
	.name = "geotrip countries",
	.cmd = cmd_geotrip_countries,
	.usage = "[-s <since>] [-S <service>]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('s', "since", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('S', "service", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAMS_END
};
