/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_SETTINGS_H
#define GEOTRIP_SETTINGS_H

/* The geotrip_* settings, as configured and as parsed. How they are read
   differs between Dovecot versions and processes: see
   geotrip-settings-read.h. */

#include "geotrip-address.h"
#include "geotrip-limit.h"
#include "geotrip-network.h"
#include "geotrip-rule.h"

/* As configured. The members have the names of the settings. */
struct geotrip_settings {
	/* required by Dovecot 2.4 */
	pool_t pool;
	const char *geotrip_db;
	const char *geotrip_mmdb;
	const char *geotrip_mode;
	const char *geotrip_rules;
	const char *geotrip_services;
	const char *geotrip_suspend_services;
	unsigned int geotrip_suspend_time;
	const char *geotrip_max_suspensions;
	const char *geotrip_exempt_users;
	const char *geotrip_exempt_networks;
	const char *geotrip_message;
	const char *geotrip_on_error;
	unsigned int geotrip_timeout;
	unsigned int geotrip_retention;
	const char *geotrip_notify_address;
	const char *geotrip_notify_domain;
	const char *geotrip_notify_language;
	const char *geotrip_notify_from;
	const char *geotrip_notify_admin;
	bool geotrip_notify_release;
	const char *geotrip_notify_templates;
};

/* Who is notified, and how. */
struct geotrip_notify_config {
	/* where notices go, see geotrip_addresses_parse() */
	const char *address;
	/* appended to addresses without a domain; may be empty */
	const char *domain;
	const char *language;
	/* NULL: the postmaster of this host. The name may be NULL, too. */
	const struct smtp_address *from;
	const char *from_name;
	/* may be empty */
	ARRAY_TYPE(smtp_address_const) admin;
	/* notify the owner when sending works again? */
	bool release;
	/* the directory of the operator's own templates; may be empty */
	const char *templates;
};

/* As parsed. */
struct geotrip_config {
	const char *db_path;
	const char *mmdb_path;
	bool enforce;
	bool deny_on_error;
	/* how long a login waits for a verdict, in microseconds */
	int64_t timeout;
	ARRAY_TYPE(geotrip_rule) rules;
	/* the longest window of the rules */
	int64_t window;
	/* NULL-terminated; "*" matches every service */
	const char *const *services;
	const char *const *suspend_services;
	/* 0: until released */
	int64_t suspend_time;
	/* if more accounts than this trip, no more are suspended */
	struct geotrip_limit max_suspensions;
	const char *const *exempt_users;
	struct geotrip_networks exempt_networks;
	/* addresses that have no country, exempt or not */
	struct geotrip_networks special_networks;
	/* what clients are told: never empty */
	const char *message;
	int64_t retention;
	struct geotrip_notify_config notify;
};

/* Parse and check the settings; everything is allocated from pool. Returns -1
   with an error that names the setting, the word, and what is allowed. The
   other settings are checked even if geotrip_db is empty, which means that
   geotrip is switched off. */
int geotrip_config_parse(const struct geotrip_settings *set, pool_t pool,
			 struct geotrip_config *config_r,
			 const char **error_r);

/* Does the list have the service? */
bool geotrip_services_have(const char *const *services, const char *service);
/* Can this be the name of a language, and of a file? */
bool geotrip_language_is_valid(const char *language);
/* Can suspended users go on reading their mail, by IMAP and by POP3? */
bool geotrip_config_reading_goes_on(const struct geotrip_config *config);
/* Is the user, as passed by Dovecot after its normalization, exempt? */
bool geotrip_config_user_exempt(const struct geotrip_config *config,
				const char *user);
/* The address that counts for a client: the IPv4 address that its IPv6 address
   contains, see geotrip_ip_get_inner(), or the address itself. */
void geotrip_config_get_ip(const struct geotrip_config *config,
			   const struct ip_addr *ip, struct ip_addr *ip_r);
/* Is the address exempt, or the one that counts for it? */
bool geotrip_config_ip_exempt(const struct geotrip_config *config,
			      const struct ip_addr *ip);

#endif
