/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The doveadm module: the table of commands. */

#include "lib.h"
#include "doveadm-geotrip.h"
#include "doveadm-geotrip-plugin.h"

const char *doveadm_geotrip_plugin_version = DOVECOT_ABI_VERSION;

static const struct doveadm_cmd_ver2 *const geotrip_commands[] = {
	&doveadm_cmd_geotrip_list,
	&doveadm_cmd_geotrip_show,
	&doveadm_cmd_geotrip_evidence,
	&doveadm_cmd_geotrip_history,
	&doveadm_cmd_geotrip_suspend,
	&doveadm_cmd_geotrip_unsuspend,
	&doveadm_cmd_geotrip_resume,
	&doveadm_cmd_geotrip_countries,
	&doveadm_cmd_geotrip_notify,
	&doveadm_cmd_geotrip_purge,
	&doveadm_cmd_geotrip_check,
};

void doveadm_geotrip_plugin_init(struct module *module ATTR_UNUSED)
{
	unsigned int i;

	geotrip_cmd_register_settings();
	for (i = 0; i < N_ELEMENTS(geotrip_commands); i++) {
		struct doveadm_cmd_ver2 cmd = *geotrip_commands[i];

		doveadm_cmd_register_ver2(&cmd);
	}
}

void doveadm_geotrip_plugin_deinit(void)
{
}
