/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Reads the metadata in the same way as MMDB_open(). */

#include "lib.h"
#include "geotrip-mmdb-check.h"
#include "geotrip-mmdb-data.h"

/* The metadata follows the last one of these within the last 128 kB. */
#define MARKER "\xab\xcd\xefMaxMind.com"
#define MARKER_BYTES (sizeof(MARKER) - 1)
#define METADATA_MAX_BYTES (128 * 1024)
/* between the search tree and the data */
#define SEPARATOR_BYTES 16

static bool
find_metadata(const unsigned char *file, size_t size,
	      struct geotrip_mmdb_data *metadata_r)
{
	size_t area = I_MIN(size, METADATA_MAX_BYTES), pos;

	for (pos = MARKER_BYTES; pos <= area; pos++) {
		const unsigned char *p = file + size - pos;

		if (memcmp(p, MARKER, MARKER_BYTES) == 0) {
			metadata_r->bytes = p + MARKER_BYTES;
			metadata_r->size = pos - MARKER_BYTES;
			return TRUE;
		}
	}
	return FALSE;
}

/* The metadata is a map. */
static bool
read_metadata(const struct geotrip_mmdb_data *metadata,
	      struct geotrip_mmdb_value *map_r)
{
	/* The values are valid and contain no pointers that libmaxminddb would
	   resolve differently or recursively. */
	return geotrip_mmdb_data_is_sound(metadata, 0) &&
		metadata->bytes[0] >> 5 == MMDB_DATA_TYPE_MAP &&
		geotrip_mmdb_data_read(metadata, 0, map_r);
}

static bool
find_number(const struct geotrip_mmdb_data *metadata,
	    const struct geotrip_mmdb_value *map, const char *key,
	    unsigned int type, size_t max_size, uint64_t *number_r)
{
	struct geotrip_mmdb_value value;

	if (!geotrip_mmdb_data_find(metadata, map, key, &value) ||
	    value.type != type || value.size > max_size)
		return FALSE;
	*number_r = geotrip_mmdb_data_number(metadata, &value);
	return TRUE;
}

/* MMDB_open() builds lists of these with everything in them. */
static bool
has_list(const struct geotrip_mmdb_data *metadata,
	 const struct geotrip_mmdb_value *map, const char *key,
	 unsigned int type)
{
	struct geotrip_mmdb_value value;

	return geotrip_mmdb_data_find(metadata, map, key, &value) &&
		value.type == type &&
		geotrip_mmdb_data_has_strings(metadata, &value);
}

int geotrip_mmdb_check(const unsigned char *file, size_t size,
		       const char **error_r)
{
	struct geotrip_mmdb_data metadata;
	struct geotrip_mmdb_value map;
	uint64_t nodes, record_bits;

	if (!find_metadata(file, size, &metadata)) {
		*error_r = "it is not a database in MaxMind's format, or is "
			"truncated";
		return -1;
	}
	if (!read_metadata(&metadata, &map) ||
	    !find_number(&metadata, &map, "node_count",
			 MMDB_DATA_TYPE_UINT32, sizeof(uint32_t), &nodes) ||
	    !find_number(&metadata, &map, "record_size",
			 MMDB_DATA_TYPE_UINT16, sizeof(uint16_t),
			 &record_bits) ||
	    !has_list(&metadata, &map, "languages", MMDB_DATA_TYPE_ARRAY) ||
	    !has_list(&metadata, &map, "description", MMDB_DATA_TYPE_MAP)) {
		*error_r = "its metadata is damaged";
		return -1;
	}
	/* two records per node */
	if (nodes * (record_bits * 2 / 8) + SEPARATOR_BYTES > size) {
		*error_r = "its search tree is longer than the file";
		return -1;
	}
	return 0;
}
