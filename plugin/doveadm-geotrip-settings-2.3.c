/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The settings in doveadm of Dovecot 2.3. */

#include "lib.h"
#include "settings-parser.h"
#include "doveadm-geotrip.h"
#include "geotrip-settings-read.h"

void geotrip_cmd_register_settings(void)
{
	doveadm_setting_roots_add(&geotrip_setting_parser_info);
}

int geotrip_cmd_read_settings(struct doveadm_cmd_context *cctx ATTR_UNUSED,
			      pool_t pool, struct geotrip_config *config_r,
			      const char **error_r)
{
	const struct geotrip_settings *set =
		doveadm_setting_roots_get_settings(
			&geotrip_setting_parser_info);

	return geotrip_config_parse(set, pool, config_r, error_r);
}
