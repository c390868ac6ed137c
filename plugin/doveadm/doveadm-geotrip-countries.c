/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip countries: where the submission servers are used from. */

#include "lib.h"
#include "doveadm-geotrip.h"

static void
print_count(const struct geotrip_country_count *count, void *context)
{
	bool *any_r = context;

	*any_r = TRUE;
	doveadm_print(geotrip_cmd_text(count->country.code));
	doveadm_print_num(count->logins);
	doveadm_print_num(count->users);
	doveadm_print_num(count->trips);
}

struct service_search {
	const char *name;
	bool found;
};

static void
find_service(const struct geotrip_service_count *count, void *context)
{
	struct service_search *search = context;

	if (strcmp(count->name, search->name) == 0)
		search->found = TRUE;
}

/* Nothing was found: is the service name wrong? */
static void check_service(struct geotrip_cmd *cmd, const char *service)
{
	struct service_search search = { .name = service };
	const char *error;

	if (geotrip_cmd_service_is_known(service))
		return;
	if (geotrip_store_services(cmd->store, 0, find_service, &search,
				   &error) < 0)
		geotrip_cmd_fail(cmd, error);
	else if (!search.found) {
		e_error(cmd->event, "No logins were ever recorded for a "
			"service \"%s\", and Dovecot does not have one with "
			"this name. Postfix and Exim are smtp",
			geotrip_escape(service));
		doveadm_exit_code = EX_USAGE;
	}
}

static void cmd_geotrip_countries(struct doveadm_cmd_context *cctx)
{
	struct geotrip_cmd cmd;
	const char *service, *error;
	int64_t since = 0;
	bool any = FALSE;

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
	/* the table formatter gives all remaining width to the last column */
	doveadm_print_header("trips", "trips",
			     DOVEADM_PRINT_HEADER_FLAG_NUMBER);
	if (geotrip_store_countries(cmd.store, since, service, print_count,
				    &any, &error) < 0)
		geotrip_cmd_fail(&cmd, error);
	else if (!any && service != NULL)
		check_service(&cmd, service);
	geotrip_cmd_end(&cmd);
}

const struct doveadm_cmd_ver2 doveadm_cmd_geotrip_countries = {
	.name = "geotrip countries",
	.cmd = cmd_geotrip_countries,
	.usage = "[-s <since>] [-S <service>] # where logins come from",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('s', "since", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('S', "service", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAMS_END
};
