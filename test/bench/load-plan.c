/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Owns the addresses, and deals them out to the users: each user has a country
   at home, and one to which some of the logins come from. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "load-plan.h"

/* Primes, so that users and countries are mixed without being repeated. */
#define USER_STEP 48271
#define HOME_STEP 7919
/* One login in this many comes from the second country. */
#define ABROAD_SHARE 8

struct load_plan {
	struct load_plan_settings set;
	pool_t pool;
	ARRAY(const char *) ips;
	unsigned int countries, ips_per_country;
};

static void read_addresses(struct load_plan *plan)
{
	struct istream *input;
	const char *line, *ip;
	char last[3] = "";

	input = i_stream_create_file(plan->set.addresses_path, SIZE_MAX);
	while ((line = i_stream_read_next_line(input)) != NULL) {
		if (strlen(line) < 4 || line[2] != ' ')
			i_fatal("%s: bad line: %s", plan->set.addresses_path,
				line);
		if (memcmp(line, last, 2) != 0) {
			memcpy(last, line, 2);
			plan->countries++;
		}
		ip = p_strdup(plan->pool, line + 3);
		array_push_back(&plan->ips, &ip);
	}
	if (input->stream_errno != 0)
		i_fatal("%s", i_stream_get_error(input));
	i_stream_unref(&input);

	if (plan->countries < 4 ||
	    array_count(&plan->ips) % plan->countries != 0)
		i_fatal("%s: needs at least four countries, and as many "
			"addresses of each", plan->set.addresses_path);
	plan->ips_per_country = array_count(&plan->ips) / plan->countries;
}

struct load_plan *load_plan_init(const struct load_plan_settings *set)
{
	struct load_plan *plan = i_new(struct load_plan, 1);

	if (set->users == 0 || set->users % USER_STEP == 0)
		i_fatal("there cannot be %u users", set->users);
	plan->set = *set;
	plan->pool = pool_alloconly_create("load plan", 65536);
	i_array_init(&plan->ips, 4096);
	read_addresses(plan);
	return plan;
}

void load_plan_deinit(struct load_plan **_plan)
{
	struct load_plan *plan = *_plan;

	*_plan = NULL;
	array_free(&plan->ips);
	pool_unref(&plan->pool);
	i_free(plan);
}

/* Any two numbers, mixed well: the finalizer of MurmurHash3. */
static uint32_t mix(uint32_t a, uint32_t b)
{
	uint32_t h = a ^ (b * 0x9e3779b9);

	h = (h ^ (h >> 16)) * 0x85ebca6b;
	h = (h ^ (h >> 13)) * 0xc2b2ae35;
	return h ^ (h >> 16);
}

void load_plan_get(const struct load_plan *plan, unsigned int n,
		   struct load_login *login_r)
{
	unsigned int users = plan->set.users, round = n / users;
	unsigned int user = ((uint64_t)n * USER_STEP) % users;
	uint32_t chance = mix(n, plan->set.seed);
	unsigned int country = ((uint64_t)user * HOME_STEP) % plan->countries;

	login_r->user = user;
	login_r->refused = FALSE;
	if (plan->set.trips && user % LOAD_TRIP_SHARE == 0) {
		country += round;
		login_r->refused = round >= 2;
	} else if (chance % ABROAD_SHARE == 0) {
		country += 1 + user % (plan->countries - 1);
	}
	country %= plan->countries;
	login_r->ip = *array_idx(&plan->ips, country * plan->ips_per_country +
				 (chance >> 8) % plan->ips_per_country);
}
