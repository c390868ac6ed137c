/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The settings in doveadm of Dovecot 2.4. */

#include "lib.h"
#include "settings.h"
#include "doveadm-geotrip.h"
#include "geotrip-settings-read.h"

void geotrip_cmd_register_settings(void)
{
}

int geotrip_cmd_read_settings(struct doveadm_cmd_context *cctx, pool_t pool,
			      struct geotrip_config *config_r,
			      const char **error_r)
{
	return geotrip_settings_read_event(cctx->set_event, pool, config_r,
					   error_r);
}
