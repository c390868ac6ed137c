/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_SETTINGS_READ_H
#define GEOTRIP_SETTINGS_READ_H

/* Dovecot's settings API. One implementation for each version of it:
   geotrip-settings-read-2.3.c and -2.4.c. */

#include "settings-parser.h"
#include "geotrip-settings.h"

/* What the settings are called, their types, defaults and check: the same for
   each version (geotrip-settings-defines.c), and as this version wants it. */
extern const struct setting_define geotrip_setting_defines[];
extern const struct geotrip_settings geotrip_default_settings;
bool geotrip_settings_check(void *set, pool_t pool, const char **error_r);
extern const struct setting_parser_info geotrip_setting_parser_info;

/* Read and parse the settings in a service process. To be called before
   privileges are dropped. Returns -1 with an error. */
int geotrip_settings_read_service(const char *service, pool_t pool,
				  struct geotrip_config *config_r,
				  const char **error_r);

/* The same for any process, by an event that Dovecot gives it. Only for 2.4:
   there is no such event before. */
int geotrip_settings_read_event(struct event *event, pool_t pool,
				struct geotrip_config *config_r,
				const char **error_r);

#endif
