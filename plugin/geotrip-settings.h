/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_SETTINGS_H
#define GEOTRIP_SETTINGS_H

/* The settings geotrip_*, as they stand in dovecot.conf and as the code
   wants them. How they are read differs between Dovecot versions and
   processes: see geotrip-settings-read.h. */

#include "geotrip-network.h"
#include "geotrip-rule.h"

/* As written. The members have the names of the settings. */
struct geotrip_settings {
	/* Dovecot 2.4 wants to know where the settings live */
	pool_t pool;
	const char *geotrip_db;
	const char *geotrip_mmdb;
	const char *geotrip_mode;
	const char *geotrip_rules;
	const char *geotrip_services;
	const char *geotrip_suspend_services;
	unsigned int geotrip_suspend_time;
	const char *geotrip_exempt_users;
	const char *geotrip_exempt_networks;
	const char *geotrip_message;
	const char *geotrip_on_error;
	unsigned int geotrip_retention;
};

/* As parsed. */
struct geotrip_config {
	const char *db_path;
	const char *mmdb_path;
	bool enforce;
	bool deny_on_error;
	ARRAY_TYPE(geotrip_rule) rules;
	/* how far back the rules look */
	int64_t window;
	/* NULL-terminated; "*" matches every service */
	const char *const *services;
	const char *const *suspend_services;
	/* 0: until released */
	int64_t suspend_time;
	const char *const *exempt_users;
	ARRAY_TYPE(geotrip_network) exempt_networks;
	/* addresses that can have no country, exempt or not */
	ARRAY_TYPE(geotrip_network) local_networks;
	const char *message;
	int64_t retention;
};

/* Parse and check the settings; everything is allocated from pool. Returns
   -1 with an error that names the setting, the word, and what is allowed.
   With geotrip_db empty, which is how geotrip is switched off, the other
   settings are checked all the same. */
int geotrip_config_parse(const struct geotrip_settings *set, pool_t pool,
			 struct geotrip_config *config_r,
			 const char **error_r);

/* Does the list have the service? */
bool geotrip_services_have(const char *const *services, const char *service);
/* Is the user, as passed by Dovecot after its normalization, exempt? */
bool geotrip_config_user_exempt(const struct geotrip_config *config,
				const char *user);

#endif
