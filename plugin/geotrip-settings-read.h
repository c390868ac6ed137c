/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_SETTINGS_READ_H
#define GEOTRIP_SETTINGS_READ_H

/* Dovecot's settings API. One implementation for each version of it:
   geotrip-settings-read-2.3.c. */

#include "geotrip-settings.h"

struct setting_parser_info;

/* What the settings are called, their types, defaults and check. */
extern const struct setting_parser_info geotrip_setting_parser_info;

/* Read and parse the settings in the auth process. May be called before
   privileges are dropped. Returns -1 with an error. */
int geotrip_settings_read_auth(pool_t pool, struct geotrip_config *config_r,
			       const char **error_r);

#endif
