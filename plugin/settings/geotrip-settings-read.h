/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_SETTINGS_READ_H
#define GEOTRIP_SETTINGS_READ_H

/* Dovecot's settings API. One implementation for each version of it:
   geotrip-settings-read-2.3.c and -2.4.c. */

#include "settings-parser.h"
#include "geotrip-settings.h"

/* The names, types, defaults and checks of the settings: common to all versions
   (geotrip-settings-defines.c), and in the form that this version needs. */
extern const struct setting_define geotrip_setting_defines[];
extern const struct geotrip_settings geotrip_default_settings;
bool geotrip_settings_check(void *set, pool_t pool, const char **error_r);
extern const struct setting_parser_info geotrip_setting_parser_info;

/* Read and parse the settings in a service process. Must be called before
   privileges are dropped. Returns -1 with an error. */
int geotrip_settings_read_service(const char *service, pool_t pool,
				  struct geotrip_config *config_r,
				  const char **error_r);

/* The same for any process, using an event provided by Dovecot. Only in 2.4:
   earlier versions have no such event. */
int geotrip_settings_read_event(struct event *event, pool_t pool,
				struct geotrip_config *config_r,
				const char **error_r);

#endif
