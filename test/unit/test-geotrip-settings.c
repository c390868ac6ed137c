/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Settings: from words to what they mean, and what is refused. */

#include "lib.h"
#include "array.h"
#include "test-common.h"
#include "geotrip-settings.h"

static const struct geotrip_settings good = {
	.geotrip_db = "/var/lib/dovecot-geotrip/geotrip.db",
	.geotrip_mmdb = "/var/lib/GeoIP/country.mmdb",
	.geotrip_mode = "enforce",
	.geotrip_rules = "3 countries in 1h",
	.geotrip_max_suspensions = "100 in 1h",
	.geotrip_services = "smtp submission",
	.geotrip_suspend_services = "smtp submission",
	.geotrip_suspend_time = 86400,
	.geotrip_exempt_users = "probe@* *@bots.example.org",
	.geotrip_exempt_networks = GEOTRIP_NETWORKS_LOCAL,
	.geotrip_message = "Suspended.",
	.geotrip_on_error = "allow",
	.geotrip_timeout = 1000,
	.geotrip_retention = 30 * 86400,
	.geotrip_notify_address = "%{user}",
	.geotrip_notify_domain = "",
	.geotrip_notify_language = "en",
	.geotrip_notify_from = "",
	.geotrip_notify_admin = "",
	.geotrip_notify_release = TRUE,
	.geotrip_notify_templates = "",
};

static void test_config_good(void)
{
	pool_t pool = pool_alloconly_create("test", 4096);
	struct geotrip_config config;
	const char *error = "";

	test_begin("settings: good ones");
	test_assert(geotrip_config_parse(&good, pool, &config, &error) == 0);
	test_assert(config.enforce && !config.deny_on_error);
	test_assert(array_count(&config.rules) == 1);
	test_assert(config.window == GEOTRIP_USECS(3600));
	test_assert(config.suspend_time == GEOTRIP_USECS(86400));
	test_assert(geotrip_services_have(config.services, "smtp"));
	test_assert(geotrip_services_have(config.services, "SUBMISSION"));
	test_assert(!geotrip_services_have(config.services, "imap"));
	test_assert(geotrip_config_user_exempt(&config, "probe@example.org"));
	test_assert(geotrip_config_user_exempt(&config,
					       "a@BOTS.example.org"));
	test_assert(!geotrip_config_user_exempt(&config, "a@example.org"));
	test_assert(config.notify.from == NULL && config.notify.release);
	test_assert(array_count(&config.notify.admin) == 0);
	test_end();
	pool_unref(&pool);
}

static void test_config_star(void)
{
	pool_t pool = pool_alloconly_create("test", 4096);
	struct geotrip_settings set = good;
	struct geotrip_config config;
	const char *error;

	test_begin("settings: * is all services");
	set.geotrip_services = "*";
	set.geotrip_suspend_services = "";
	test_assert(geotrip_config_parse(&set, pool, &config, &error) == 0);
	test_assert(geotrip_services_have(config.services, "anything"));
	test_assert(!geotrip_services_have(config.suspend_services, "smtp"));
	test_end();
	pool_unref(&pool);
}

static void test_config_message(void)
{
	static const struct {
		const char *services, *message;
		bool reading;
	} tests[] = {
		{ "smtp submission", "", TRUE },
		{ "smtp imap", "", FALSE },
		{ "POP3", "", FALSE },
		{ "*", "", FALSE },
		{ "", "", TRUE },
		{ "*", "Reading mail is fun.", TRUE },
	};
	unsigned int i;

	test_begin("settings: the default message does not promise reading "
		   "that is suspended");
	for (i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		pool_t pool = pool_alloconly_create("test", 4096);
		struct geotrip_settings set = good;
		struct geotrip_config config;
		const char *error;

		set.geotrip_suspend_services = tests[i].services;
		set.geotrip_message = tests[i].message;
		test_assert_idx(geotrip_config_parse(&set, pool, &config,
						     &error) == 0, i);
		test_assert_idx((strstr(config.message, "Reading mail") !=
				 NULL) == tests[i].reading, i);
		test_assert_idx(strstr(config.message, *set.geotrip_message ==
				       '\0' ? "suspended" :
				       set.geotrip_message) != NULL, i);
		test_assert_idx(strlen(config.message) <= 400, i);
		pool_unref(&pool);
	} T_END;
	test_end();
}

static void test_config_notify(void)
{
	pool_t pool = pool_alloconly_create("test", 4096);
	struct geotrip_settings set = good;
	struct geotrip_config config;
	const char *error = "";

	test_begin("settings: whom to tell");
	set.geotrip_notify_from =
		"\xe3\x82\xb5\xe3\x83\x9d <support@example.org>";
	set.geotrip_notify_admin = "ops, boss@example.com";
	set.geotrip_notify_domain = "example.org";
	set.geotrip_notify_language = "pt-BR";
	test_assert(geotrip_config_parse(&set, pool, &config, &error) == 0);
	test_assert_strcmp(smtp_address_encode(config.notify.from),
			   "support@example.org");
	test_assert_strcmp(config.notify.from_name,
			   "\xe3\x82\xb5\xe3\x83\x9d");
	test_assert_strcmp(geotrip_addresses_join(&config.notify.admin, " "),
			   "ops@example.org boss@example.com");
	test_end();
	pool_unref(&pool);
}

static void test_config_errors(void)
{
	static const char *const too_long =
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567";
	struct geotrip_settings sets[18];
	static const char *const names[N_ELEMENTS(sets)] = {
		"geotrip_rules: ", "geotrip_exempt_networks: ",
		"geotrip_db: ", "geotrip_mmdb: ", "geotrip_mmdb: ",
		"geotrip_message: ", "geotrip_message: ", "geotrip_message: ",
		"geotrip_retention: ",
		"geotrip_notify_address: ", "geotrip_notify_domain: ",
		"geotrip_notify_language: ", "geotrip_notify_from: ",
		"geotrip_notify_from: ", "geotrip_notify_admin: ",
		"geotrip_notify_templates: ",
		"geotrip_timeout: ", "geotrip_timeout: ",
	};
	struct geotrip_config config;
	const char *error;
	unsigned int i;

	test_begin("settings: errors name the setting");
	for (i = 0; i < N_ELEMENTS(sets); i++)
		sets[i] = good;
	sets[0].geotrip_rules = "3 contries in 1h";
	sets[1].geotrip_exempt_networks = "10.0.0.0/8 192.0.2.0/33";
	sets[2].geotrip_db = "geotrip.db";
	sets[3].geotrip_mmdb = "country.mmdb";
	sets[4].geotrip_mmdb = "";
	sets[5].geotrip_message = "two\nlines";
	sets[6].geotrip_message = "not UTF-8 \xff";
	sets[7].geotrip_message = too_long;
	sets[8].geotrip_retention = 3599;
	sets[9].geotrip_notify_address = "%{usr}@example.org";
	sets[10].geotrip_notify_domain = "@example.org";
	sets[11].geotrip_notify_language = "../../etc/passwd";
	sets[12].geotrip_notify_from = "a@example.org, b@example.org";
	sets[13].geotrip_notify_from = "Support <support>";
	sets[14].geotrip_notify_admin = "a@example.org b@@example.org";
	sets[15].geotrip_notify_templates = "notices";
	sets[16].geotrip_timeout = 9;
	sets[17].geotrip_timeout = 5001;

	for (i = 0; i < N_ELEMENTS(sets); i++) T_BEGIN {
		pool_t pool = pool_alloconly_create("test", 4096);

		error = "";
		test_assert_idx(geotrip_config_parse(&sets[i], pool, &config,
						     &error) < 0, i);
		test_assert_idx(strncmp(error, names[i],
					strlen(names[i])) == 0, i);
		pool_unref(&pool);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_config_good,
		test_config_star,
		test_config_message,
		test_config_notify,
		test_config_errors,
		NULL
	};
	return test_run(tests);
}
