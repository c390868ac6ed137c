/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* What exemptions leave of a suspension: by the logins that counted, and by
   those that the store finds. */

#include "lib.h"
#include "array.h"
#include "test-common.h"
#include "geotrip-exemption.h"
#include "geotrip-settings-read.h"
#include "test-store-fixture.h"

#include <stdlib.h>

#define MINUTE GEOTRIP_USECS(60)
#define HOUR (60 * MINUTE)
/* geotrip_exempt_networks has the first one */
#define VPN "192.0.2.129"
#define ELSEWHERE "192.0.2.1"

/* "JP US! BR": the exclamation mark is for an exempt network, "-" for no
   country. */
static bool has_rule(unsigned int countries, const char *logins_text)
{
	const char *const *text = t_strsplit_spaces(logins_text, " ");
	const struct geotrip_rule rule = { .countries = countries };
	ARRAY_TYPE(geotrip_exemption_login) logins;
	struct geotrip_exemption_login *login;

	t_array_init(&logins, 8);
	for (; *text != NULL; text++) {
		login = array_append_space(&logins);
		login->exempt = strchr(*text, '!') != NULL;
		if (**text != '-')
			memcpy(login->country.code, *text, 2);
	}
	return geotrip_exemption_has_rule(&rule, &logins);
}

static void test_exemption_logins(void)
{
	static const struct {
		unsigned int countries;
		const char *logins;
		bool exempt;
	} tests[] = {
		{ 3, "JP US BR", FALSE },
		{ 3, "JP US! BR", TRUE },
		{ 3, "JP! US BR", TRUE },
		{ 3, "JP US BR!", TRUE },
		{ 3, "JP! US! BR!", TRUE },
		/* enough are left */
		{ 3, "JP US! BR GB", FALSE },
		{ 4, "JP US! BR GB", TRUE },
		/* it was used in that country without the network, too */
		{ 3, "JP US! BR US", FALSE },
		{ 3, "US JP US! BR", FALSE },
		{ 3, "JP JP JP US! BR", TRUE },
		/* no country is none */
		{ 3, "JP US! BR -", TRUE },
		/* that there are too few is not because of an exemption: the
		   rest has been purged */
		{ 3, "JP US", FALSE },
		{ 3, "", FALSE },
	};
	unsigned int i;

	test_begin("exemption: the logins that made a rule true");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(has_rule(tests[i].countries,
					 tests[i].logins) ==
				tests[i].exempt, i);
	}
	test_end();
}

static struct geotrip_store_login
login_from(struct geotrip_store_user *user, const char *country,
	   const char *ip, int64_t time)
{
	struct geotrip_store_login login = make_login(user, country, time);

	if (net_addr2ip(ip, &login.ip) < 0)
		i_unreached();
	return login;
}

/* Returns the id of the login. */
static int64_t
log_in(struct geotrip_store *store, struct geotrip_store_user *user,
       const char *country, const char *ip, int64_t time,
       enum geotrip_verdict verdict)
{
	struct geotrip_store_login login =
		login_from(user, country, ip, time);

	if (verdict == GEOTRIP_VERDICT_OBSERVE)
		mark_login(&login);
	login.verdict = verdict;
	test_assert(commit_one(store, &login, NULL) ==
		    GEOTRIP_STORE_COMMITTED);
	return atoi(sql("SELECT max(id) FROM login"));
}

static void
add_evidence(struct geotrip_store_trip *trip, const char *country,
	     int64_t time, int64_t id)
{
	struct geotrip_sighting *seen = array_append_space(&trip->evidence);

	memcpy(seen->country.code, country, 2);
	seen->time = time;
	seen->login_id = id;
}

/* From JP and from BR, elsewhere, and in between from US, by the VPN; the last
   one trips. Others may have been before. */
static void
trip_with_vpn(struct geotrip_store *store, struct geotrip_store_user *user,
	      int64_t now)
{
	struct geotrip_store_trip trip = {
		.until = GEOTRIP_NEVER,
		.reason = "3 countries in 1h",
		.rule = "3 countries in 1h",
		.countries = "JP US BR",
	};
	struct geotrip_store_login last =
		login_from(user, "BR", ELSEWHERE, now);

	t_array_init(&trip.evidence, 3);
	add_evidence(&trip, "JP", now - 2 * MINUTE,
		     log_in(store, user, "JP", ELSEWHERE, now - 2 * MINUTE,
			    GEOTRIP_VERDICT_ALLOW));
	add_evidence(&trip, "US", now - MINUTE,
		     log_in(store, user, "US", VPN, now - MINUTE,
			    GEOTRIP_VERDICT_ALLOW));
	add_evidence(&trip, "BR", now, 0);
	last.verdict = GEOTRIP_VERDICT_TRIP;
	test_assert(commit_one(store, &last, &trip) ==
		    GEOTRIP_STORE_COMMITTED);
}

struct find_context {
	struct geotrip_store *store;
	const struct geotrip_config *config;
	enum geotrip_exemption exemption;
};

static void
find_callback(const struct geotrip_suspension *suspension, void *context)
{
	struct find_context *ctx = context;
	const char *error;

	test_assert(geotrip_exemption_find(ctx->store, ctx->config, suspension,
					   &ctx->exemption, &error) == 0);
}

static enum geotrip_exemption
find(struct geotrip_store *store, const char *user, const char *exempt_users,
     const char *exempt_networks)
{
	struct geotrip_settings set = geotrip_default_settings;
	struct find_context ctx = {
		.store = store,
		.exemption = (enum geotrip_exemption)-1,
	};
	struct geotrip_config config;
	const char *error;

	set.geotrip_exempt_users = exempt_users;
	set.geotrip_exempt_networks = exempt_networks;
	if (geotrip_config_parse(&set, pool_datastack_create(), &config,
				 &error) < 0)
		i_fatal("%s", error);
	ctx.config = &config;
	test_assert(geotrip_store_suspensions(
		store, GEOTRIP_STORE_SUSPENSIONS_LAST, user, find_callback,
		&ctx, &error) == 0);
	return ctx.exemption;
}

static enum geotrip_exemption
find_vpn(struct geotrip_store *store, const char *user)
{
	return find(store, user, "", VPN"/32");
}

static void test_exemption_find(void)
{
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user user = { .name = "u@example.org" };
	const char *error;

	test_begin("exemption: of the user, of a network, of neither");
	trip_with_vpn(store, &user, geotrip_now());
	test_assert(find(store, user.name, "", "10.0.0.0/8") ==
		    GEOTRIP_EXEMPTION_NONE);
	test_assert(find_vpn(store, user.name) == GEOTRIP_EXEMPTION_NETWORK);
	test_assert(find(store, user.name, "x *@Example.org", "10.0.0.0/8") ==
		    GEOTRIP_EXEMPTION_USER);
	/* that says more */
	test_assert(find(store, user.name, "u@*", VPN) ==
		    GEOTRIP_EXEMPTION_USER);
	/* an operator had a reason that no network takes away */
	test_assert(geotrip_store_suspend(store, "o", GEOTRIP_NEVER, NULL,
					  &error) == 0);
	test_assert(find(store, "o", "", "0.0.0.0/0") ==
		    GEOTRIP_EXEMPTION_NONE);
	/* one of another version */
	(void)sql("UPDATE suspension SET rule = '3 planets in 1h'");
	test_assert(find_vpn(store, user.name) == GEOTRIP_EXEMPTION_NONE);
	test_end();
	geotrip_store_deinit(&store);
	remove_db();
}

/* The evidence has the login by the VPN, which is the last one from US. */
static void test_exemption_earlier(void)
{
	int64_t now = geotrip_now();
	struct geotrip_store *store = open_store(TRUE);
	struct geotrip_store_user used = { .name = "used" };
	struct geotrip_store_user old = { .name = "old" };
	struct geotrip_store_user marked = { .name = "marked" };
	struct geotrip_store_user released = { .name = "released" };
	struct geotrip_store_user blocked = { .name = "blocked" };
	const char *error;
	unsigned int i;

	log_in(store, &used, "US", ELSEWHERE, now - HOUR + MINUTE,
	       GEOTRIP_VERDICT_ALLOW);
	log_in(store, &old, "US", ELSEWHERE, now - HOUR,
	       GEOTRIP_VERDICT_ALLOW);
	log_in(store, &marked, "US", ELSEWHERE, now - 9 * MINUTE,
	       GEOTRIP_VERDICT_ALLOW);
	log_in(store, &marked, "GB", ELSEWHERE, now - 8 * MINUTE,
	       GEOTRIP_VERDICT_OBSERVE);
	log_in(store, &released, "US", ELSEWHERE, now - 9 * MINUTE,
	       GEOTRIP_VERDICT_ALLOW);
	if (geotrip_store_suspend(store, "released", GEOTRIP_NEVER, NULL,
				  &error) < 0 ||
	    geotrip_store_release(store, "released", NULL, &error) <= 0)
		i_fatal("released was not suspended and released");
	(void)sql(t_strdup_printf(
		"UPDATE suspension SET since = %"PRId64", released_at = "
		"%"PRId64, now - 8 * MINUTE, now - 7 * MINUTE));
	log_in(store, &blocked, "US", ELSEWHERE, now - 9 * MINUTE,
	       GEOTRIP_VERDICT_BLOCKED);
	trip_with_vpn(store, &used, now);
	trip_with_vpn(store, &old, now);
	trip_with_vpn(store, &marked, now);
	trip_with_vpn(store, &released, now);
	trip_with_vpn(store, &blocked, now);
	/* what comes after the trip was not there then */
	log_in(store, &blocked, "US", ELSEWHERE, now + 1,
	       GEOTRIP_VERDICT_ALLOW);

	/* read one after the other, and found by the index */
	for (i = 0; i < 2; i++) {
		test_begin(t_strdup_printf("exemption: an earlier login from "
					   "the same country (%u)", i));
		test_assert(find_vpn(store, "used") == GEOTRIP_EXEMPTION_NONE);
		test_assert(find_vpn(store, "old") ==
			    GEOTRIP_EXEMPTION_NETWORK);
		test_assert(find_vpn(store, "marked") ==
			    GEOTRIP_EXEMPTION_NETWORK);
		test_assert(find_vpn(store, "released") ==
			    GEOTRIP_EXEMPTION_NETWORK);
		test_assert(find_vpn(store, "blocked") ==
			    GEOTRIP_EXEMPTION_NETWORK);
		test_end();
		test_assert(geotrip_store_index_logins(store, &error) == 0);
	}
	geotrip_store_deinit(&store);
	remove_db();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_exemption_logins,
		test_exemption_find,
		test_exemption_earlier,
		NULL
	};

	return test_store_run(tests);
}
