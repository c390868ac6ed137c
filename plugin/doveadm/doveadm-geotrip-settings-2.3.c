/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The settings in doveadm of Dovecot 2.3. */

#include "lib.h"
#include "iostream-ssl.h"
#include "settings-parser.h"
#include "var-expand.h"
#include "doveadm-geotrip.h"
#include "geotrip-settings-read.h"

void geotrip_cmd_register_settings(void)
{
	doveadm_setting_roots_add(&geotrip_setting_parser_info);
	doveadm_setting_roots_add(&smtp_submit_setting_parser_info);
}

int geotrip_cmd_read_settings(struct doveadm_cmd_context *cctx ATTR_UNUSED,
			      pool_t pool, struct geotrip_config *config_r,
			      const char **error_r)
{
	const struct geotrip_settings *set =
		doveadm_setting_roots_get_settings(
			&geotrip_setting_parser_info);

	return geotrip_config_parse(set, pool, config_r, error_r);
}

int geotrip_cmd_read_mailer(struct doveadm_cmd_context *cctx ATTR_UNUSED,
			    pool_t pool, struct geotrip_mailer_settings *set_r,
			    const char **error_r)
{
	static const struct var_expand_table no_variables[] = {
		{ '\0', NULL, NULL }
	};
	struct ssl_iostream_settings *ssl =
		p_new(pool, struct ssl_iostream_settings, 1);
	struct smtp_submit_settings *submit =
		settings_dup(&smtp_submit_setting_parser_info,
			     doveadm_setting_roots_get_settings(
				&smtp_submit_setting_parser_info), pool);

	i_zero(set_r);
	/* otherwise the values still have the prefix that tells whether they
	   were expanded */
	if (settings_var_expand(&smtp_submit_setting_parser_info, submit, pool,
				no_variables, error_r) < 0)
		return -1;
	doveadm_get_ssl_settings(ssl, pool);
	set_r->submit = submit;
	set_r->ssl = ssl;
	set_r->input.ssl = ssl;
	return 0;
}
