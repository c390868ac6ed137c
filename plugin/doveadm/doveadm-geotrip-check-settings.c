/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* doveadm geotrip check: the settings, including Dovecot's own, and whether the
   auth module is installed. */

#include "lib.h"
#include "array.h"
#include "ipwd.h"
#include "doveadm-geotrip-check.h"
#include "doveadm-geotrip-doveconf.h"
#include "doveadm-geotrip-username.h"

#include <unistd.h>

static void check_module(struct geotrip_check *check)
{
	const char *path = GEOTRIP_AUTH_MODULEDIR"/lib20_auth_geotrip.so";

	if (access(path, R_OK) == 0) {
		geotrip_check_row(check, "auth module", GEOTRIP_CHECK_OK,
				  "%s", path);
	} else {
		geotrip_check_row(check, "auth module", GEOTRIP_CHECK_FAILED,
				  "%s: %m. Run make install", path);
	}
}

static void check_rules(struct geotrip_check *check)
{
	const struct geotrip_rule *rule;
	const char *rules = "";

	array_foreach(&check->config.rules, rule) {
		rules = t_strconcat(rules, *rules == '\0' ? "" : ", ",
				    rule->text, NULL);
	}
	geotrip_check_row(check, "rules", GEOTRIP_CHECK_OK, "%s", rules);
}

/* A misspelled one leaves a hole. */
static void
check_services(struct geotrip_check *check, const char *what,
	       const char *const *services)
{
	const char *const *service;

	for (service = services; *service != NULL; service++) {
		if (strcmp(*service, "*") == 0 ||
		    geotrip_cmd_service_is_known(t_str_lcase(*service)))
			continue;
		geotrip_check_row(check, what, GEOTRIP_CHECK_FAILED,
			"%s: is there a service of this name? Postfix and "
			"Exim are smtp", geotrip_escape(*service));
		return;
	}
	geotrip_check_row(check, what, GEOTRIP_CHECK_OK, "%s",
			  t_strarray_join(services, " "));
}

/* Names of accounts are case-sensitive here. */
static void check_user_names(struct geotrip_check *check, const char *format)
{
	const char *error;
	int ret = geotrip_username_keeps_case(format, &error);

	if (ret < 0) {
		geotrip_check_row(check, "user names", GEOTRIP_CHECK_WARNING,
			"auth_username_format = %s: cannot be tested here: "
			"%s. Make sure that it lowercases names, as %s does",
			geotrip_escape(format), error,
			geotrip_username_lower_case);
	} else if (ret > 0) {
		geotrip_check_row(check, "user names", GEOTRIP_CHECK_WARNING,
			"auth_username_format = %s: keeps upper and lower "
			"case, so that different spellings are different "
			"accounts for geotrip. Lowercase names, as %s does, "
			"unless the passdb always returns the same spelling",
			geotrip_escape(format), geotrip_username_lower_case);
	} else {
		geotrip_check_row(check, "user names", GEOTRIP_CHECK_OK,
				  "auth_username_format = %s",
				  geotrip_escape(format));
	}
}

/* Settings that doveadm itself does not read. */
static void check_dovecot(struct geotrip_check *check)
{
	static const char *const names[] = {
		"auth_username_format", "default_internal_user",
		"service/auth/user", NULL
	};
	struct geotrip_doveconf conf;
	struct passwd pw;
	const char *format, *error;

	if (geotrip_doveconf_read(check->cctx, names, check->pool, &conf,
				  &error) < 0) {
		geotrip_check_row(check, "user names", GEOTRIP_CHECK_UNKNOWN,
				  "auth_username_format: %s", error);
		return;
	}
	format = geotrip_doveconf_get(&conf, "auth_username_format");
	check_user_names(check, format == NULL ? "" : format);

	check->auth_user = geotrip_doveconf_get(&conf, "user");
	/* the other one is the default */
	if (check->auth_user != NULL && *check->auth_user == '$') {
		check->auth_user = geotrip_doveconf_get(
			&conf, "default_internal_user");
	}
	if (check->auth_user != NULL &&
	    i_getpwnam(check->auth_user, &pw) > 0) {
		check->owner_uid = pw.pw_uid;
		check->owner_gid = pw.pw_gid;
		check->have_owner = TRUE;
	}
}

bool geotrip_check_settings(struct geotrip_check *check)
{
	const char *error;

	if (geotrip_cmd_read_settings(check->cctx, check->pool,
				      &check->config, &error) < 0) {
		geotrip_check_row(check, "settings", GEOTRIP_CHECK_FAILED,
				  "%s", error);
		return FALSE;
	}
	if (*check->config.db_path == '\0') {
		geotrip_check_row(check, "settings", GEOTRIP_CHECK_FAILED,
				  "geotrip is switched off: the setting "
				  "geotrip_db is empty");
		return FALSE;
	}
	geotrip_check_row(check, "settings", GEOTRIP_CHECK_OK, "%s",
			  check->config.enforce ? "geotrip_mode = enforce" :
			  "geotrip_mode = observe: nobody is refused");
	check_module(check);
	check_rules(check);
	check_services(check, "counted services", check->config.services);
	check_services(check, "suspended services",
		       check->config.suspend_services);
	check_dovecot(check);
	return TRUE;
}
