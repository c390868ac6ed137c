/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The settings: their names, types, defaults and check. */

#include "lib.h"
#include "array.h"
#include "geotrip-compat.h"
#include "geotrip-settings-read.h"

#define DEF(type, name) \
	SETTING_DEFINE_STRUCT_##type(#name, name, struct geotrip_settings)

const struct setting_define geotrip_setting_defines[] = {
	DEF(STR_NOVARS, geotrip_db),
	DEF(STR_NOVARS, geotrip_mmdb),
	DEF(ENUM, geotrip_mode),
	DEF(STR_NOVARS, geotrip_rules),
	DEF(STR_NOVARS, geotrip_services),
	DEF(STR_NOVARS, geotrip_suspend_services),
	DEF(TIME, geotrip_suspend_time),
	DEF(STR_NOVARS, geotrip_max_suspensions),
	DEF(STR_NOVARS, geotrip_exempt_users),
	DEF(STR_NOVARS, geotrip_exempt_networks),
	DEF(STR_NOVARS, geotrip_message),
	DEF(ENUM, geotrip_on_error),
	DEF(TIME_MSECS, geotrip_timeout),
	DEF(TIME, geotrip_retention),
	DEF(STR_NOVARS, geotrip_notify_address),
	DEF(STR_NOVARS, geotrip_notify_domain),
	DEF(STR_NOVARS, geotrip_notify_language),
	DEF(STR_NOVARS, geotrip_notify_from),
	DEF(STR_NOVARS, geotrip_notify_admin),
	DEF(BOOL, geotrip_notify_release),
	DEF(STR_NOVARS, geotrip_notify_templates),

	SETTING_DEFINE_LIST_END
};

const struct geotrip_settings geotrip_default_settings = {
	.geotrip_db = "",
	.geotrip_mmdb = "",
	.geotrip_mode = "enforce:observe",
	.geotrip_rules = "3 countries in 1h",
	.geotrip_services = "smtp submission",
	.geotrip_suspend_services = "smtp submission",
	.geotrip_suspend_time = 24 * 60 * 60,
	.geotrip_max_suspensions = "100 in 1h",
	.geotrip_exempt_users = "",
	.geotrip_exempt_networks = GEOTRIP_NETWORKS_LOCAL,
	/* a sentence that fits geotrip_suspend_services */
	.geotrip_message = "",
	.geotrip_on_error = "allow:deny",
	.geotrip_timeout = 1000,
	.geotrip_retention = 30 * 24 * 60 * 60,
	.geotrip_notify_address = GEOTRIP_ADDRESS_USER,
	.geotrip_notify_domain = "",
	.geotrip_notify_language = "en",
	.geotrip_notify_from = "",
	.geotrip_notify_admin = "",
	.geotrip_notify_release = TRUE,
	.geotrip_notify_templates = "",
};

bool geotrip_settings_check(void *_set, pool_t pool, const char **error_r)
{
	struct geotrip_config config;

	return geotrip_config_parse(_set, pool, &config, error_r) == 0;
}
