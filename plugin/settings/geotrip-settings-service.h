/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_SETTINGS_SERVICE_H
#define GEOTRIP_SETTINGS_SERVICE_H

/* The guard as a service of Dovecot's, without a block in dovecot.conf. The
   config process looks for these symbols in the module libgeotrip_settings.so.
   One implementation for each version of Dovecot:
   geotrip-settings-service-2.3.c and -2.4.c. */

#include "settings-parser.h"
#include "service-settings.h"

/* Postfix has a connection for each smtpd process that is at work, an auth
   process has one. */
#define GEOTRIP_CLIENT_LIMIT 1000
/* Two copies of the largest mmdb file, the old one and its successor, the users
   in memory, and SQLite. */
#define GEOTRIP_VSZ_LIMIT (1024ULL * 1024 * 1024)

extern struct service_settings geotrip_settings_service_settings;
#ifdef GEOTRIP_DOVECOT_24
extern const struct setting_keyvalue
	geotrip_settings_service_settings_defaults[];
#endif

#endif
