/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef DOVEADM_GEOTRIP_PLUGIN_H
#define DOVEADM_GEOTRIP_PLUGIN_H

/* The symbols that doveadm looks for in the module
   lib20_doveadm_geotrip_plugin.so. */

struct module;

extern const char *doveadm_geotrip_plugin_version;

void doveadm_geotrip_plugin_init(struct module *module);
void doveadm_geotrip_plugin_deinit(void);

#endif
