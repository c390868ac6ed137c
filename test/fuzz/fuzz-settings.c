/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Settings: every word in dovecot.conf. What is accepted must be usable, and
   what is refused must say why in one line. */

#include "lib.h"
#include "array.h"
#include "unichar.h"
#include "geotrip-settings.h"
#include "fuzz.h"

static const char *one_of(const char *text, const char *a, const char *b)
{
	return strlen(text) % 2 == 0 ? a : b;
}

static void use(const struct geotrip_config *config, const char *user)
{
	const struct geotrip_sighting sightings[] = {
		{ .time = 1, .country = { "JP" } },
		{ .time = INT64_MAX, .country = { "US" } },
		{ .time = INT64_MIN / 2, .country = { "BR" } },
		{ .time = 2, .country = { "DE" } },
	};
	const struct geotrip_rule *rule;
	static const char *const addresses[] = { "11.0.2.1", "2002:b00:201::" };
	struct ip_addr ip;
	unsigned int i;

	array_foreach(&config->rules, rule) {
		i_assert(rule->countries >= 2 && rule->window > 0 &&
			 rule->window <= config->window &&
			 rule->window <= config->retention);
	}
	(void)geotrip_rules_match(&config->rules, sightings, 3, &sightings[3]);
	for (i = 0; i < N_ELEMENTS(addresses); i++) {
		if (net_addr2ip(addresses[i], &ip) < 0)
			i_unreached();
		(void)geotrip_config_ip_exempt(config, &ip);
	}
	(void)geotrip_services_have(config->services, user);
	(void)geotrip_config_user_exempt(config, user);
	i_assert(*config->message != '\0' &&
		 strpbrk(config->message, "\r\n") == NULL &&
		 uni_utf8_str_is_valid(config->message));
	i_assert(strpbrk(config->notify.language, "/.") == NULL);
	if (config->notify.from != NULL)
		i_assert(config->notify.from->domain != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct geotrip_settings set;
	struct geotrip_config config;
	struct fuzz_input input;
	const char *error = NULL;
	pool_t pool;

	fuzz_begin(&input, bytes, size);
	T_BEGIN {
		i_zero(&set);
		set.geotrip_rules = fuzz_text(&input);
		set.geotrip_retention = fuzz_number(&input);
		set.geotrip_suspend_time = fuzz_number(&input);
		set.geotrip_services = fuzz_text(&input);
		set.geotrip_suspend_services = fuzz_text(&input);
		set.geotrip_exempt_users = fuzz_text(&input);
		set.geotrip_exempt_networks = fuzz_text(&input);
		set.geotrip_message = fuzz_text(&input);
		set.geotrip_db = fuzz_text(&input);
		set.geotrip_mmdb = fuzz_text(&input);
		set.geotrip_notify_address = fuzz_text(&input);
		set.geotrip_notify_domain = fuzz_text(&input);
		set.geotrip_notify_language = fuzz_text(&input);
		set.geotrip_notify_from = fuzz_text(&input);
		set.geotrip_notify_admin = fuzz_text(&input);
		set.geotrip_notify_templates = fuzz_text(&input);
		set.geotrip_max_suspensions = fuzz_text(&input);
		if (*set.geotrip_max_suspensions == '\0')
			set.geotrip_max_suspensions = "100 in 1h";
		set.geotrip_mode = one_of(set.geotrip_rules, "enforce",
					  "observe");
		set.geotrip_on_error = one_of(set.geotrip_rules, "allow",
					      "deny");
		pool = pool_alloconly_create("fuzz", 4096);
		if (geotrip_config_parse(&set, pool, &config, &error) == 0)
			use(&config, fuzz_text(&input));
		else
			i_assert(strncmp(error, "geotrip_", 8) == 0);
		pool_unref(&pool);
	} T_END;
	return 0;
}
