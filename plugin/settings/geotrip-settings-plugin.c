/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The settings module: makes geotrip_* known to doveconf and to the config
   process, so that they are native settings and mistakes stop the start. */

#include "lib.h"
#include "settings-parser.h"
#include "geotrip-settings-read.h"
#include "geotrip-settings-plugin.h"

const char *geotrip_settings_version = DOVECOT_ABI_VERSION;

const struct setting_parser_info *geotrip_settings_exports[] = {
	&geotrip_setting_parser_info,
	NULL
};

void geotrip_settings_init(void)
{
}

void geotrip_settings_deinit(void)
{
}
