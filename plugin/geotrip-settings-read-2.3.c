/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The settings as Dovecot 2.3 describes and hands them out. */

#include "lib.h"
#include "array.h"
#include "settings-parser.h"
#include "master-service.h"
#include "master-service-settings.h"
#include "geotrip-settings-read.h"

#define DEF(type, name) \
	SETTING_DEFINE_STRUCT_##type(#name, name, struct geotrip_settings)

static const struct setting_define geotrip_setting_defines[] = {
	DEF(STR, geotrip_db),
	DEF(STR, geotrip_mmdb),
	DEF(ENUM, geotrip_mode),
	DEF(STR, geotrip_rules),
	DEF(STR, geotrip_services),
	DEF(STR, geotrip_suspend_services),
	DEF(TIME, geotrip_suspend_time),
	DEF(STR, geotrip_exempt_users),
	DEF(STR, geotrip_exempt_networks),
	DEF(STR, geotrip_message),
	DEF(ENUM, geotrip_on_error),
	DEF(TIME, geotrip_retention),

	SETTING_DEFINE_LIST_END
};

static const struct geotrip_settings geotrip_default_settings = {
	.geotrip_db = "",
	.geotrip_mmdb = "",
	.geotrip_mode = "enforce:observe",
	.geotrip_rules = "3 countries in 1h",
	.geotrip_services = "smtp submission",
	.geotrip_suspend_services = "smtp submission",
	.geotrip_suspend_time = 24 * 60 * 60,
	.geotrip_exempt_users = "",
	.geotrip_exempt_networks = GEOTRIP_NETWORKS_LOCAL,
	.geotrip_message = "Sending mail is suspended for this account: "
		"it was used from several countries within a short time. "
		"Reading mail still works. Please change your password and "
		"contact your mail provider.",
	.geotrip_on_error = "allow:deny",
	.geotrip_retention = 30 * 24 * 60 * 60,
};

static bool
geotrip_settings_check(void *_set, pool_t pool, const char **error_r)
{
	struct geotrip_config config;

	return geotrip_config_parse(_set, pool, &config, error_r) == 0;
}

const struct setting_parser_info geotrip_setting_parser_info = {
	.module_name = "geotrip",
	.defines = geotrip_setting_defines,
	.defaults = &geotrip_default_settings,

	.type_offset = SIZE_MAX,
	.struct_size = sizeof(struct geotrip_settings),
	.parent_offset = SIZE_MAX,

	.check_func = geotrip_settings_check,
};

int geotrip_settings_read_auth(pool_t pool, struct geotrip_config *config_r,
			       const char **error_r)
{
	const struct setting_parser_info *roots[] = {
		&geotrip_setting_parser_info, NULL
	};
	struct master_service_settings_input input = {
		.roots = roots,
		.module = "geotrip",
		.service = "auth",
	};
	struct master_service_settings_output output;

	if (master_service_settings_read(master_service, &input, &output,
					 error_r) < 0)
		return -1;
	return geotrip_config_parse(
		master_service_settings_get_others(master_service)[0],
		pool, config_r, error_r);
}
