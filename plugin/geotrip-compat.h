/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_COMPAT_H
#define GEOTRIP_COMPAT_H

/* What differs between Dovecot versions and is too small for a file of its
   own. What concerns the auth process only is in geotrip-compat-auth.h. */

#if defined(GEOTRIP_DOVECOT_23)

#include "settings-parser.h"

#define geotrip_parse_time settings_get_time

/* strings had no %variables then, unless they were declared so */
#define SETTING_DEFINE_STRUCT_STR_NOVARS SETTING_DEFINE_STRUCT_STR

/* What the config process looks for in the settings module. */
#define geotrip_settings_exports geotrip_settings_set_roots

#elif defined(GEOTRIP_DOVECOT_24)

#include "settings-parser.h"
#include "str-parse.h"

#define geotrip_parse_time str_parse_get_interval

#define geotrip_settings_exports geotrip_settings_set_infos

#else
#  error "geotrip does not know this version of Dovecot"
#endif

#endif
