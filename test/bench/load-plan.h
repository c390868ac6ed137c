/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef LOAD_PLAN_H
#define LOAD_PLAN_H

/* Which user logs in from where, and what the server must answer. A plan is the
   same each time that it is made. */

/* Of the users of a plan with trips, one in this many trips. */
#define LOAD_TRIP_SHARE 100

struct load_plan_settings {
	unsigned int users;
	/* the name of user 0 is <prefix>0@example.com */
	const char *prefix;
	/* lines of a country and an address, as "addresses" prints them: as
	   many of each country, one country after the other */
	const char *addresses_path;
	/* give each run that meets the same users another number */
	unsigned int seed;
	/* some users log in from more than two countries: each time from
	   another one, so that the third login is refused, and the following */
	bool trips;
};

struct load_login {
	unsigned int user;
	const char *ip;
	bool refused;
};

struct load_plan *load_plan_init(const struct load_plan_settings *set);
void load_plan_deinit(struct load_plan **plan);

/* The n-th login of a plan. After as many logins as there are users, each has
   logged in once. */
void load_plan_get(const struct load_plan *plan, unsigned int n,
		   struct load_login *login_r);

#endif
