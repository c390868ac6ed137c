/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The settings as Dovecot 2.3 describes and hands them out. */

#include "lib.h"
#include "array.h"
#include "settings-parser.h"
#include "master-service.h"
#include "master-service-settings.h"
#include "geotrip-settings-read.h"

const struct setting_parser_info geotrip_setting_parser_info = {
	.module_name = "geotrip",
	.defines = geotrip_setting_defines,
	.defaults = &geotrip_default_settings,

	.type_offset = SIZE_MAX,
	.struct_size = sizeof(struct geotrip_settings),
	.parent_offset = SIZE_MAX,

	.check_func = geotrip_settings_check,
};

int geotrip_settings_read_service(const char *service, pool_t pool,
				  struct geotrip_config *config_r,
				  const char **error_r)
{
	const struct setting_parser_info *roots[] = {
		&geotrip_setting_parser_info, NULL
	};
	struct master_service_settings_input input = {
		.roots = roots,
		.module = "geotrip",
		.service = service,
	};
	struct master_service_settings_output output;

	if (master_service_settings_read(master_service, &input, &output,
					 error_r) < 0)
		return -1;
	return geotrip_config_parse(
		master_service_settings_get_others(master_service)[0],
		pool, config_r, error_r);
}
