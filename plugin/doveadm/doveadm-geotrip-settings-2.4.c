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

int geotrip_cmd_read_mailer(struct doveadm_cmd_context *cctx, pool_t pool,
			    struct geotrip_mailer_settings *set_r,
			    const char **error_r)
{
	const struct smtp_submit_settings *submit;

	i_zero(set_r);
	if (settings_get(cctx->set_event, &smtp_submit_setting_parser_info, 0,
			 &submit, error_r) < 0)
		return -1;
	pool_add_external_ref(pool, submit->pool);
	set_r->submit = submit;
	set_r->input.event_parent = cctx->set_event;
	/* the pool holds a reference */
	settings_free(submit);
	return 0;
}
