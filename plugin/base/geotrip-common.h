/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_COMMON_H
#define GEOTRIP_COMMON_H

/* The vocabulary that every part of geotrip shares.

   Times are microseconds since 1970 UTC in an int64_t, unless a name says
   otherwise. A country is an ISO 3166-1 code, two capital letters; the empty
   string means that the country is not known. */

#include "net.h"
#include "geotrip-names.h"

#define GEOTRIP_USECS(secs) ((int64_t)(secs) * 1000000)
#define GEOTRIP_NEVER INT64_MAX

/* If the clock goes back by less than this, it was only adjusted, as happens
   all the time. */
#define GEOTRIP_CLOCK_SLACK_USECS GEOTRIP_USECS(1)

/* The clock was set back to this time, by this much; 0: it is not known by how
   much. */
struct geotrip_set_back {
	int64_t to, by;
};

struct geotrip_country {
	char code[3];
};

/* The last time a user was seen in a country. */
struct geotrip_sighting {
	int64_t time;
	/* the login's id in the store; 0 if it has not been written yet */
	int64_t login_id;
	struct geotrip_country country;
};
ARRAY_DEFINE_TYPE(geotrip_sighting, struct geotrip_sighting);

/* The current time. */
int64_t geotrip_now(void);
/* A time for output and logs: RFC 3339, to the second, in the time zone of this
   machine ("2026-11-24T20:01:45+09:00"). In the data stack. */
const char *geotrip_format_time(int64_t time);

/* The domain of an account: the part after the last @ of its name, in lower
   case; the empty string if there is none. In the data stack. */
const char *geotrip_user_domain(const char *user);

/* "JP US BR", in the data stack. */
const char *
geotrip_join_countries(const ARRAY_TYPE(geotrip_sighting) *sightings);

/* Make text from outside safe for a terminal or a log line: bytes that are not
   valid UTF-8, control characters and bidirectional formatting characters
   become \xHH. A backslash that looks like the beginning of such an escape
   becomes \x5c, so that geotrip_unescape() can restore any text. Both return
   the text itself or a copy in the data stack. */
const char *geotrip_escape(const char *text);
const char *geotrip_unescape(const char *text);

/* "1 country", "3 countries" and the like, in the data stack. */
const char *geotrip_count(uint64_t count, const char *one, const char *many);

#endif
