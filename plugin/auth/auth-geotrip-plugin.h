/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef AUTH_GEOTRIP_PLUGIN_H
#define AUTH_GEOTRIP_PLUGIN_H

/* The symbols that Dovecot's auth process looks for in the module
   lib20_auth_geotrip.so. */

struct module;

extern const char *auth_geotrip_version;

void auth_geotrip_init(struct module *module);
void auth_geotrip_deinit(void);

#endif
