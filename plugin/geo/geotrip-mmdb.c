/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* The only file that knows the record layouts of country databases. No
   state. */

#include "lib.h"
#include "geotrip-mmdb.h"
#include "geotrip-mmdb-data.h"

#include <ctype.h>

/* The depth of the search tree is the number of bits of an address. */
#define MAX_DEPTH 128
/* Enough to get past the records without a country (reserved networks,
   satellite providers) at the beginning of a database. */
#define MAX_NODES 100000
#define MAX_RECORDS 1000

static bool
value_get_code(const struct geotrip_mmdb_data *data,
	       const struct geotrip_mmdb_value *value,
	       struct geotrip_country *country_r)
{
	const unsigned char *code = data->bytes + value->content;

	if (value->type != MMDB_DATA_TYPE_UTF8_STRING || value->size != 2 ||
	    !i_isalpha(code[0]) || !i_isalpha(code[1]))
		return FALSE;

	country_r->code[0] = i_toupper(code[0]);
	country_r->code[1] = i_toupper(code[1]);
	country_r->code[2] = '\0';
	/* ISO 3166-1 does not assign ZZ: databases use it for "unknown" */
	return strcmp(country_r->code, "ZZ") != 0;
}

bool geotrip_mmdb_get_country(const MMDB_entry_s *entry,
			      struct geotrip_country *country_r)
{
	const struct geotrip_mmdb_data data = {
		.bytes = entry->mmdb->data_section,
		.size = entry->mmdb->data_section_size,
	};
	struct geotrip_mmdb_value record, country, code;
	bool has_country;

	if (!geotrip_mmdb_data_read(&data, entry->offset, &record)) {
		i_zero(country_r);
		return FALSE;
	}
	has_country = geotrip_mmdb_data_find(&data, &record, "country",
					     &country);
	if ((has_country &&
	     geotrip_mmdb_data_find(&data, &country, "iso_code", &code) &&
	     value_get_code(&data, &code, country_r)) ||
	    (geotrip_mmdb_data_find(&data, &record, "country_code", &code) &&
	     value_get_code(&data, &code, country_r)) ||
	    (has_country && value_get_code(&data, &country, country_r)))
		return TRUE;
	i_zero(country_r);
	return FALSE;
}

struct tree_walk {
	const MMDB_s *mmdb;
	unsigned int nodes, records;
};

static bool walk_node(struct tree_walk *walk, uint32_t number, unsigned depth);

static bool
walk_record(struct tree_walk *walk, uint64_t record, uint8_t type,
	    MMDB_entry_s *entry, unsigned int depth)
{
	struct geotrip_country country;

	switch (type) {
	case MMDB_RECORD_TYPE_SEARCH_NODE:
		return walk_node(walk, record, depth + 1);
	case MMDB_RECORD_TYPE_DATA:
		walk->records++;
		return geotrip_mmdb_get_country(entry, &country);
	default:
		return FALSE;
	}
}

static bool walk_node(struct tree_walk *walk, uint32_t number, unsigned depth)
{
	MMDB_search_node_s node;

	if (depth >= MAX_DEPTH || walk->nodes++ >= MAX_NODES ||
	    walk->records >= MAX_RECORDS ||
	    MMDB_read_node(walk->mmdb, number, &node) != MMDB_SUCCESS)
		return FALSE;
	return walk_record(walk, node.left_record, node.left_record_type,
			   &node.left_record_entry, depth) ||
		walk_record(walk, node.right_record, node.right_record_type,
			    &node.right_record_entry, depth);
}

bool geotrip_mmdb_has_countries(const MMDB_s *mmdb)
{
	struct tree_walk walk = { .mmdb = mmdb };

	return walk_node(&walk, 0, 0);
}
