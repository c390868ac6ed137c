/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MMDB_H
#define GEOTRIP_MMDB_H

/* What a country database of each of the known makers looks like inside. */

#include <maxminddb.h>
#include "geotrip-common.h"

/* Find the country in a record, in any of the shapes
     country.iso_code   MaxMind, DB-IP
     country_code       ip-location-db
     country (string)   IPinfo
   Returns FALSE if the record has none. Bounded, whatever the file contains. */
bool geotrip_mmdb_get_country(const MMDB_entry_s *entry,
			      struct geotrip_country *country_r);

/* Does the database have countries at all? Looks at the first records of its
   search tree; bounded, whatever the file contains. */
bool geotrip_mmdb_has_countries(const MMDB_s *mmdb);

#endif
