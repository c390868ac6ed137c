/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Parses and checks the values in dovecot.conf. */

#include "lib.h"
#include "array.h"
#include "message-address.h"
#include "unichar.h"
#include "wildcard-match.h"
#include "geotrip-settings.h"

#include <ctype.h>

/* What clients are told if geotrip_message is empty. */
#define MESSAGE_SENDING \
	"Sending mail is suspended for this account: it was used from " \
	"several countries within a short time. Reading mail still works. " \
	"Please change your password and contact your mail provider."
#define MESSAGE_READING_TOO \
	"This account is suspended: it was used from several countries " \
	"within a short time. Please change your password and contact your " \
	"mail provider."
/* An SMTP reply line has at most 512 bytes (RFC 5321, 4.5.3.1.5), and the
   server adds text of its own. */
#define MAX_MESSAGE_BYTES 400
/* A longer language tag is a mistake (RFC 5646, 4.4.1). */
#define MAX_LANGUAGE_BYTES 35
#define TIMEOUT_MIN 10000
#define TIMEOUT_MAX GEOTRIP_USECS(5)

static const char *const *
split_words(pool_t pool, const char *str)
{
	return (const char *const *)p_strsplit_spaces(pool, str, ", \t");
}

static int
check_path(const char *name, const char *path, const char **error_r)
{
	if (*path != '\0' && *path != '/') {
		*error_r = t_strdup_printf(
			"%s: \"%s\" must be an absolute path", name, path);
		return -1;
	}
	return 0;
}

static int check_message(const char *message, const char **error_r)
{
	const char *p;

	if (strlen(message) > MAX_MESSAGE_BYTES) {
		*error_r = t_strdup_printf(
			"geotrip_message: has %zu bytes, but at most %u fit "
			"into an SMTP reply", strlen(message),
			MAX_MESSAGE_BYTES);
		return -1;
	}
	if (!uni_utf8_str_is_valid(message)) {
		*error_r = "geotrip_message: must be valid UTF-8";
		return -1;
	}
	for (p = message; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			*error_r = "geotrip_message: must be one line "
				"without control characters";
			return -1;
		}
	}
	return 0;
}

static int
check_timeout(const struct geotrip_config *config, const char **error_r)
{
	if (config->timeout >= TIMEOUT_MIN && config->timeout <= TIMEOUT_MAX)
		return 0;
	*error_r = "geotrip_timeout: must be from 10 ms to 5 secs: Postfix "
		"gives up a login after 10 seconds";
	return -1;
}

static int
check_retention(const struct geotrip_config *config, const char **error_r)
{
	const struct geotrip_rule *rule;

	array_foreach(&config->rules, rule) {
		if (rule->window > config->retention) {
			*error_r = t_strdup_printf(
				"geotrip_retention: is shorter than the "
				"window of the rule \"%s\"", rule->text);
			return -1;
		}
	}
	if (config->max_suspensions.window > config->retention) {
		*error_r = t_strdup_printf(
			"geotrip_max_suspensions: \"%s\" looks back further "
			"than geotrip_retention",
			config->max_suspensions.text);
		return -1;
	}
	return 0;
}

bool geotrip_language_is_valid(const char *language)
{
	const char *p;

	for (p = language; *p != '\0'; p++) {
		if (!i_isalnum(*p) && *p != '-' && *p != '_')
			return FALSE;
	}
	return *language != '\0' && p - language <= MAX_LANGUAGE_BYTES;
}

/* "Mail support <support@example.org>", or only the address. */
static int
parse_from(const char *from, pool_t pool, struct geotrip_notify_config *config,
	   const char **error_r)
{
	const struct message_address *addr;
	ARRAY_TYPE(smtp_address_const) parsed;

	if (*from == '\0')
		return 0;
	addr = message_address_parse(pool_datastack_create(),
				     (const unsigned char *)from, strlen(from),
				     2, 0);
	t_array_init(&parsed, 1);
	if (addr == NULL || addr->next != NULL || addr->invalid_syntax ||
	    *addr->domain == '\0' || !uni_utf8_str_is_valid(from)) {
		*error_r = t_strdup_printf(
			"\"%s\" must be one address, such as "
			"support@example.org or "
			"Mail support <support@example.org>",
			geotrip_escape(from));
		return -1;
	}
	if (geotrip_addresses_parse(pool, t_strdup_printf(
			"%s@%s", addr->mailbox, addr->domain), NULL, "",
			&parsed, error_r) < 0)
		return -1;
	config->from = array_idx_elem(&parsed, 0);
	config->from_name = p_strdup_empty(pool, addr->name);
	return 0;
}

static int
parse_notify(const struct geotrip_settings *set, pool_t pool,
	     struct geotrip_notify_config *config, const char **error_r)
{
	ARRAY_TYPE(smtp_address_const) trial;
	const char *error;

	config->address = p_strdup(pool, set->geotrip_notify_address);
	config->domain = p_strdup(pool, set->geotrip_notify_domain);
	config->language = p_strdup(pool, set->geotrip_notify_language);
	config->release = set->geotrip_notify_release;
	config->templates = p_strdup(pool, set->geotrip_notify_templates);
	p_array_init(&config->admin, pool, 2);
	t_array_init(&trial, 2);

	if (!geotrip_domain_is_valid(config->domain)) {
		*error_r = t_strdup_printf(
			"geotrip_notify_domain: \"%s\" is not a domain",
			geotrip_escape(config->domain));
	} else if (!geotrip_language_is_valid(config->language)) {
		*error_r = t_strdup_printf(
			"geotrip_notify_language: \"%s\" is not a language: "
			"use for example en or pt-BR",
			geotrip_escape(config->language));
	} else if (geotrip_addresses_parse(pool_datastack_create(),
					   config->address, "user", "",
					   &trial, &error) < 0) {
		*error_r = t_strconcat("geotrip_notify_address: ", error,
				       NULL);
	} else if (parse_from(set->geotrip_notify_from, pool, config,
			      &error) < 0) {
		*error_r = t_strconcat("geotrip_notify_from: ", error, NULL);
	} else if (*set->geotrip_notify_admin != '\0' &&
		   geotrip_addresses_parse(pool, set->geotrip_notify_admin,
					   NULL, config->domain,
					   &config->admin, &error) < 0) {
		*error_r = t_strconcat("geotrip_notify_admin: ", error, NULL);
	} else {
		return check_path("geotrip_notify_templates",
				  config->templates, error_r);
	}
	return -1;
}

int geotrip_config_parse(const struct geotrip_settings *set, pool_t pool,
			 struct geotrip_config *config_r,
			 const char **error_r)
{
	const char *error;

	i_zero(config_r);
	config_r->db_path = p_strdup(pool, set->geotrip_db);
	config_r->mmdb_path = p_strdup(pool, set->geotrip_mmdb);
	config_r->enforce = strcmp(set->geotrip_mode, "enforce") == 0;
	config_r->deny_on_error = strcmp(set->geotrip_on_error, "deny") == 0;
	config_r->timeout = (int64_t)set->geotrip_timeout * 1000;
	config_r->services = split_words(pool, set->geotrip_services);
	config_r->suspend_services =
		split_words(pool, set->geotrip_suspend_services);
	config_r->suspend_time = GEOTRIP_USECS(set->geotrip_suspend_time);
	config_r->exempt_users = split_words(pool, set->geotrip_exempt_users);
	config_r->message = *set->geotrip_message != '\0' ?
		p_strdup(pool, set->geotrip_message) :
		geotrip_config_reading_goes_on(config_r) ?
		MESSAGE_SENDING : MESSAGE_READING_TOO;
	config_r->retention = GEOTRIP_USECS(set->geotrip_retention);
	p_array_init(&config_r->rules, pool, 4);
	geotrip_networks_init(&config_r->exempt_networks, pool);
	geotrip_networks_init(&config_r->special_networks, pool);

	if (geotrip_networks_parse(GEOTRIP_NETWORKS_LOCAL" "
				   GEOTRIP_NETWORKS_GLOBAL,
				   &config_r->special_networks, &error) < 0)
		i_unreached();
	if (geotrip_networks_parse(set->geotrip_exempt_networks,
				   &config_r->exempt_networks, &error) < 0) {
		*error_r = t_strconcat("geotrip_exempt_networks: ",
				       error, NULL);
		return -1;
	}
	if (geotrip_rules_parse(pool, set->geotrip_rules, &config_r->rules,
				&error) < 0) {
		*error_r = t_strconcat("geotrip_rules: ", error, NULL);
		return -1;
	}
	config_r->window = geotrip_rules_window(&config_r->rules);
	if (geotrip_limit_parse(pool, set->geotrip_max_suspensions,
				&config_r->max_suspensions, &error) < 0) {
		*error_r = t_strconcat("geotrip_max_suspensions: ", error,
				       NULL);
		return -1;
	}

	if (check_path("geotrip_db", set->geotrip_db, error_r) < 0 ||
	    check_path("geotrip_mmdb", set->geotrip_mmdb, error_r) < 0 ||
	    check_message(set->geotrip_message, error_r) < 0 ||
	    parse_notify(set, pool, &config_r->notify, error_r) < 0 ||
	    check_timeout(config_r, error_r) < 0 ||
	    check_retention(config_r, error_r) < 0)
		return -1;
	if (*set->geotrip_db != '\0' && *set->geotrip_mmdb == '\0') {
		*error_r = "geotrip_mmdb: must name a country database "
			"when geotrip_db is set";
		return -1;
	}
	return 0;
}

bool geotrip_services_have(const char *const *services, const char *service)
{
	for (; *services != NULL; services++) {
		if (strcmp(*services, "*") == 0 ||
		    strcasecmp(*services, service) == 0)
			return TRUE;
	}
	return FALSE;
}

bool geotrip_config_reading_goes_on(const struct geotrip_config *config)
{
	return !geotrip_services_have(config->suspend_services, "imap") &&
		!geotrip_services_have(config->suspend_services, "pop3");
}

bool geotrip_config_user_exempt(const struct geotrip_config *config,
				const char *user)
{
	const char *const *masks;

	for (masks = config->exempt_users; *masks != NULL; masks++) {
		if (wildcard_match_icase(user, *masks))
			return TRUE;
	}
	return FALSE;
}

void geotrip_config_get_ip(const struct geotrip_config *config,
			   const struct ip_addr *ip, struct ip_addr *ip_r)
{
	if (!geotrip_ip_get_inner(ip, &config->special_networks, ip_r))
		*ip_r = *ip;
}

bool geotrip_config_ip_exempt(const struct geotrip_config *config,
			      const struct ip_addr *ip)
{
	struct ip_addr inner;

	return geotrip_networks_have(&config->exempt_networks, ip) ||
		(geotrip_ip_get_inner(ip, &config->special_networks, &inner) &&
		 geotrip_networks_have(&config->exempt_networks, &inner));
}
