/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Encodes values as the MaxMind DB file format specification 2.0 has them. */

#include "lib.h"
#include "mmdb-builder.h"

#include <maxminddb.h>

#define SEPARATOR_BYTES 16

static void put_big_endian(buffer_t *buf, uint64_t number, unsigned int bytes)
{
	while (bytes-- > 0)
		buffer_append_c(buf, number >> (8 * bytes));
}

static void
put_begin(buffer_t *buf, unsigned int type, unsigned int low_bits)
{
	if (type > MMDB_DATA_TYPE_MAP) {
		buffer_append_c(buf, low_bits);
		buffer_append_c(buf, type - MMDB_DATA_TYPE_MAP);
	} else {
		buffer_append_c(buf, type << 5 | low_bits);
	}
}

void mmdb_put(buffer_t *buf, unsigned int type, uint32_t size)
{
	if (size < 29)
		put_begin(buf, type, size);
	else if (size < 285) {
		put_begin(buf, type, 29);
		put_big_endian(buf, size - 29, 1);
	} else {
		put_begin(buf, type, 30);
		put_big_endian(buf, size - 285, 2);
	}
}

void mmdb_put_long(buffer_t *buf, unsigned int type, uint32_t size)
{
	put_begin(buf, type, 31);
	put_big_endian(buf, size - 65821, 3);
}

void mmdb_put_string(buffer_t *buf, const char *str)
{
	size_t len = strlen(str);

	if (len > 65820)
		mmdb_put_long(buf, MMDB_DATA_TYPE_UTF8_STRING, len);
	else
		mmdb_put(buf, MMDB_DATA_TYPE_UTF8_STRING, len);
	buffer_append(buf, str, len);
}

void mmdb_put_number(buffer_t *buf, unsigned int type, uint64_t number,
		     unsigned int bytes)
{
	mmdb_put(buf, type, bytes);
	put_big_endian(buf, number, bytes);
}

void mmdb_put_pointer(buffer_t *buf, uint32_t target)
{
	buffer_append_c(buf, MMDB_DATA_TYPE_POINTER << 5 | 3 << 3);
	put_big_endian(buf, target, 4);
}

void mmdb_put_record(buffer_t *buf, uint32_t record)
{
	put_big_endian(buf, record, 4);
}

void mmdb_put_marker(buffer_t *buf)
{
	buffer_append(buf, "\xab\xcd\xefMaxMind.com", 14);
}

void mmdb_put_metadata(buffer_t *buf, const struct mmdb_header *header)
{
	mmdb_put(buf, MMDB_DATA_TYPE_MAP, 9 + header->more_count);
	if (header->more != NULL)
		buffer_append_buf(buf, header->more, 0, SIZE_MAX);
	mmdb_put_string(buf, "node_count");
	mmdb_put_number(buf, MMDB_DATA_TYPE_UINT32, header->nodes, 4);
	mmdb_put_string(buf, "record_size");
	mmdb_put_number(buf, MMDB_DATA_TYPE_UINT16, header->record_size, 2);
	mmdb_put_string(buf, "ip_version");
	mmdb_put_number(buf, MMDB_DATA_TYPE_UINT16, header->ip_version, 2);
	mmdb_put_string(buf, "database_type");
	mmdb_put_string(buf, header->type);
	mmdb_put_string(buf, "languages");
	if (header->languages != NULL)
		buffer_append_buf(buf, header->languages, 0, SIZE_MAX);
	else {
		mmdb_put(buf, MMDB_DATA_TYPE_ARRAY, 1);
		mmdb_put_string(buf, "en");
	}
	mmdb_put_string(buf, "binary_format_major_version");
	mmdb_put_number(buf, MMDB_DATA_TYPE_UINT16, 2, 1);
	mmdb_put_string(buf, "binary_format_minor_version");
	mmdb_put_number(buf, MMDB_DATA_TYPE_UINT16, 0, 0);
	mmdb_put_string(buf, "build_epoch");
	mmdb_put_number(buf, MMDB_DATA_TYPE_UINT64, 1700000000, 8);
	mmdb_put_string(buf, "description");
	if (header->description != NULL)
		buffer_append_buf(buf, header->description, 0, SIZE_MAX);
	else
		mmdb_put(buf, MMDB_DATA_TYPE_MAP, 0);
}

void mmdb_put_file(buffer_t *buf, const struct mmdb_header *header,
		   const buffer_t *data, uint32_t low, uint32_t high)
{
	mmdb_put_record(buf, 1 + SEPARATOR_BYTES + low);
	mmdb_put_record(buf, 1 + SEPARATOR_BYTES + high);
	buffer_append_zero(buf, SEPARATOR_BYTES);
	buffer_append_buf(buf, data, 0, SIZE_MAX);
	mmdb_put_marker(buf);
	mmdb_put_metadata(buf, header);
}
