/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MMDB_H
#define GEOTRIP_MMDB_H

/* The record layouts of the known country databases. */

#include <maxminddb.h>
#include "geotrip-common.h"

/* Find the country in a record, in any of the layouts country.iso_code MaxMind,
   DB-IP country_code ip-location-db country (string) IPinfo Returns FALSE if
   the record has none. Time and memory are bounded, whatever the file
   contains. */
bool geotrip_mmdb_get_country(const MMDB_entry_s *entry,
			      struct geotrip_country *country_r);

/* Does the database have countries at all? Checks the first records of its
   search tree; bounded, whatever the file contains. */
bool geotrip_mmdb_has_countries(const MMDB_s *mmdb);

#endif
