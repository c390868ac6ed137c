/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_GEO_H
#define GEOTRIP_GEO_H

/* Looks up the country of an address in a database in MaxMind's format (mmdb).

   The database may be replaced at any time, by rename or in place: geotrip
   works on a private copy, so that truncating the file cannot crash the
   process. If a replacement is unusable, the old one stays in use. */

#include "geotrip-common.h"

struct geotrip_geo;

enum geotrip_geo_result {
	/* there is no usable database */
	GEOTRIP_GEO_NO_DATABASE = -1,
	/* the database does not know a country for the address */
	GEOTRIP_GEO_UNKNOWN = 0,
	GEOTRIP_GEO_FOUND = 1,
};

struct geotrip_geo_info {
	/* the database type in its metadata, in the data stack */
	const char *type;
	/* when it was built, seconds since 1970 */
	uint64_t build_epoch;
	/* it has IPv4 addresses only */
	bool ipv4_only;
};

/* Remember the path. The file is first opened by geotrip_geo_refresh(). */
struct geotrip_geo *geotrip_geo_init(const char *path);
void geotrip_geo_deinit(struct geotrip_geo **geo);

/* Open the database if the file is new or was replaced since the last call;
   otherwise this costs one stat(). Returns 1 if a database was opened, 0 if
   nothing changed, and -1 with an error that names the path and the remedy if
   the file cannot be used. After an error the previous database stays open. */
int geotrip_geo_refresh(struct geotrip_geo *geo, const char **error_r);

/* Look the address up, as it is: see geotrip_config_get_ip(). country_r is
   empty unless the result is GEOTRIP_GEO_FOUND. */
enum geotrip_geo_result
geotrip_geo_lookup(struct geotrip_geo *geo, const struct ip_addr *ip,
		   struct geotrip_country *country_r);

/* Get the metadata of the open database. Returns FALSE if none is open. */
bool geotrip_geo_get_info(struct geotrip_geo *geo,
			  struct geotrip_geo_info *info_r);

#endif
