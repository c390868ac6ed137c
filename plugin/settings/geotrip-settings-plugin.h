/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_SETTINGS_PLUGIN_H
#define GEOTRIP_SETTINGS_PLUGIN_H

/* The symbols that doveconf and the config process look for in the module
   libgeotrip_settings.so. */

#include "geotrip-compat.h"

extern const char *geotrip_settings_version;
extern const struct setting_parser_info *geotrip_settings_exports[];

void geotrip_settings_init(void);
void geotrip_settings_deinit(void);

#endif
