/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The settings as Dovecot 2.4 describes and hands them out. */

#include "lib.h"
#include "array.h"
#include "master-service.h"
#include "settings.h"
#include "geotrip-settings-read.h"

const struct setting_parser_info geotrip_setting_parser_info = {
	.name = "geotrip",
	.defines = geotrip_setting_defines,
	.defaults = &geotrip_default_settings,

	.struct_size = sizeof(struct geotrip_settings),
	.pool_offset1 = 1 + offsetof(struct geotrip_settings, pool),

	.check_func = geotrip_settings_check,
};

int geotrip_settings_read_event(struct event *event, pool_t pool,
				struct geotrip_config *config_r,
				const char **error_r)
{
	const struct geotrip_settings *set;
	int ret;

	if (settings_get(event, &geotrip_setting_parser_info, 0, &set,
			 error_r) < 0)
		return -1;
	ret = geotrip_config_parse(set, pool, config_r, error_r);
	settings_free(set);
	return ret;
}

int geotrip_settings_read_service(const char *service ATTR_UNUSED,
				  pool_t pool, struct geotrip_config *config_r,
				  const char **error_r)
{
	/* the process has no event of its own yet */
	return geotrip_settings_read_event(
		master_service_get_event(master_service), pool, config_r,
		error_r);
}
