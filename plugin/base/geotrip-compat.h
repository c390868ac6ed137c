/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_COMPAT_H
#define GEOTRIP_COMPAT_H

/* Differences between Dovecot versions that are too small for a file of their
   own. Those that concern only the auth process are in
   geotrip-compat-auth.h. */

#if defined(GEOTRIP_DOVECOT_23)

#include "settings-parser.h"
#include "master-service.h"
#include "master-service-settings.h"

#define geotrip_parse_time settings_get_time

/* in 2.3 strings have no %variables unless they are declared that way */
#define SETTING_DEFINE_STRUCT_STR_NOVARS SETTING_DEFINE_STRUCT_STR

/* The symbol that the config process looks for in the settings module. */
#define geotrip_settings_exports geotrip_settings_set_roots

/* Read the settings that every service process needs. */
static inline int geotrip_master_settings_read(const char **error_r)
{
	return master_service_settings_read_simple(master_service, NULL,
						   error_r);
}

/* Dovecot's setting base_dir, in a process of our own. */
static inline const char *geotrip_base_dir(void)
{
	return master_service_settings_get(master_service)->base_dir;
}

/* The parent of all events of a process, if it has one. */
static inline struct event *geotrip_service_event(void)
{
	return NULL;
}

#define geotrip_user_info_protocol service

#elif defined(GEOTRIP_DOVECOT_24)

#include "settings-parser.h"
#include "str-parse.h"
#include "master-service.h"
#include "master-service-settings.h"

#define geotrip_parse_time str_parse_get_interval

#define geotrip_settings_exports geotrip_settings_set_infos

static inline int geotrip_master_settings_read(const char **error_r)
{
	return master_service_settings_read_simple(master_service, error_r);
}

static inline const char *geotrip_base_dir(void)
{
	return master_service_get_service_settings(master_service)->base_dir;
}

static inline struct event *geotrip_service_event(void)
{
	return master_service_get_event(master_service);
}

#define geotrip_user_info_protocol protocol

#else
#  error "geotrip does not know this version of Dovecot"
#endif

#endif
