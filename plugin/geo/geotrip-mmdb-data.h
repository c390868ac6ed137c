/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MMDB_DATA_H
#define GEOTRIP_MMDB_DATA_H

/* Reads the values in an mmdb, bounded.

   The file comes from outside. libmaxminddb before 1.13 recurses into nested
   values without a limit, and no version limits the number of values that it
   visits for a lookup. Here, values nested deeper and records larger than any
   real ones are rejected. Nothing is allocated, and recursion is bounded. */

#include <maxminddb.h>

/* Offsets are relative to bytes. */
struct geotrip_mmdb_data {
	const unsigned char *bytes;
	size_t size;
};

struct geotrip_mmdb_value {
	/* MMDB_DATA_TYPE_* */
	unsigned int type;
	/* in bytes; for a map in pairs, for an array in elements */
	uint32_t size;
	/* the offset of its content: bytes, or the values in it */
	size_t content;
	/* the offset of the next value, unless this is a map or an array that
	   was not reached through a pointer */
	size_t next;
};

/* Read the value at the offset, following a pointer. Returns FALSE if there is
   none. Strings and numbers are guaranteed to be within the data; the contents
   of a map or an array have not been checked. */
bool geotrip_mmdb_data_read(const struct geotrip_mmdb_data *data,
			    size_t offset, struct geotrip_mmdb_value *value_r);

/* Find the value of a key of a map. Returns FALSE if there is none, if the map
   is no map, or if it is damaged before the key. */
bool geotrip_mmdb_data_find(const struct geotrip_mmdb_data *data,
			    const struct geotrip_mmdb_value *map,
			    const char *key,
			    struct geotrip_mmdb_value *value_r);

/* Is everything in the value within the data and within the limits? Pointers
   are not followed. */
bool geotrip_mmdb_data_is_sound(const struct geotrip_mmdb_data *data,
				size_t offset);

/* Are all keys, elements and values in the map or array strings? */
bool geotrip_mmdb_data_has_strings(const struct geotrip_mmdb_data *data,
				   const struct geotrip_mmdb_value *value);

/* The number in a value of an unsigned type of at most 64 bits. */
uint64_t geotrip_mmdb_data_number(const struct geotrip_mmdb_data *data,
				  const struct geotrip_mmdb_value *value);

#endif
