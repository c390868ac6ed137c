/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_MMDB_DATA_H
#define GEOTRIP_MMDB_DATA_H

/* The values in a mmdb, read with bounds of our own.

   The file comes from outside. libmaxminddb before 1.13 follows nested values
   as deep as the stack is, and no version of it limits how many values it
   goes through for one lookup. Here, a value that is nested deeper than any
   real one, and a record that is larger, cannot be read. Nothing is allocated,
   and no function calls itself without a limit. */

#include <maxminddb.h>

/* Offsets count from the beginning of bytes. */
struct geotrip_mmdb_data {
	const unsigned char *bytes;
	size_t size;
};

struct geotrip_mmdb_value {
	/* MMDB_DATA_TYPE_* */
	unsigned int type;
	/* in bytes; of a map in pairs, of an array in elements */
	uint32_t size;
	/* where its content is: bytes, or the values in it */
	size_t content;
	/* where the value behind it is, unless it is a map or an array that
	   no pointer led to */
	size_t next;
};

/* Read the value at the offset, following a pointer. Returns FALSE if there is
   none. Strings and numbers are within the data; what is in a map or in an
   array has not been looked at. */
bool geotrip_mmdb_data_read(const struct geotrip_mmdb_data *data,
			    size_t offset, struct geotrip_mmdb_value *value_r);

/* Find the value of a key of a map. Returns FALSE if there is none, if the map
   is no map, or if it is damaged before the key. */
bool geotrip_mmdb_data_find(const struct geotrip_mmdb_data *data,
			    const struct geotrip_mmdb_value *map,
			    const char *key,
			    struct geotrip_mmdb_value *value_r);

/* Is everything in the value within the data, and within what is allowed?
   Does not look behind pointers. */
bool geotrip_mmdb_data_is_sound(const struct geotrip_mmdb_data *data,
				size_t offset);

/* Are all keys, elements and values in the map or array strings? */
bool geotrip_mmdb_data_has_strings(const struct geotrip_mmdb_data *data,
				   const struct geotrip_mmdb_value *value);

/* The number in a value of an unsigned type of at most 64 bits. */
uint64_t geotrip_mmdb_data_number(const struct geotrip_mmdb_data *data,
				  const struct geotrip_mmdb_value *value);

#endif
