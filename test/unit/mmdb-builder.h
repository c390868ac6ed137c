/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef MMDB_BUILDER_H
#define MMDB_BUILDER_H

/* Makes files in MaxMind's format byte by byte: those that no writer of such
   files would make. */

#include "buffer.h"

/* Append a value's beginning: type and size, which may be lies. Sizes are at
   most 65820. */
void mmdb_put(buffer_t *buf, unsigned int type, uint32_t size);
/* The same with the longest way to write a size, up to 2^24. */
void mmdb_put_long(buffer_t *buf, unsigned int type, uint32_t size);
void mmdb_put_string(buffer_t *buf, const char *str);
/* An unsigned number in this many bytes. */
void mmdb_put_number(buffer_t *buf, unsigned int type, uint64_t number,
		     unsigned int bytes);
void mmdb_put_pointer(buffer_t *buf, uint32_t target);

/* What a file says of itself. */
struct mmdb_header {
	uint32_t nodes;
	/* bits of each record */
	unsigned int record_size;
	unsigned int ip_version;
	const char *type;
	/* NULL: as usual */
	const buffer_t *languages, *description;
	/* this many pairs before all others, or NULL */
	const buffer_t *more;
	unsigned int more_count;
};

/* Append the map of the metadata, without the marker before it. */
void mmdb_put_metadata(buffer_t *buf, const struct mmdb_header *header);
/* Append a file for IPv4 with one node of 32 bit records: addresses below 128
   have the record at the offset low of the data, others that at high. */
void mmdb_put_file(buffer_t *buf, const struct mmdb_header *header,
		   const buffer_t *data, uint32_t low, uint32_t high);
/* Append the marker that metadata follows. */
void mmdb_put_marker(buffer_t *buf);
/* Append a 32 bit record of the search tree. */
void mmdb_put_record(buffer_t *buf, uint32_t record);

#endif
