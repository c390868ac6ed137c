/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Decodes values as specified by the MaxMind DB file format 2.0. */

#include "lib.h"
#include "geotrip-mmdb-data.h"

/* In real databases values are nested about four levels deep, and a record has
   some hundreds of them. */
#define MAX_DEPTH 32
#define MAX_VALUES 10000

/* The state while skipping values. */
struct skipping {
	const struct geotrip_mmdb_data *data;
	/* so far */
	unsigned int values;
};

static uint64_t get_number(const unsigned char *bytes, size_t size)
{
	uint64_t number = 0;

	while (size-- > 0)
		number = (number << 8) | *bytes++;
	return number;
}

/* The lowest sizes that are encoded in one, two and three additional bytes. */
static const uint32_t long_sizes[] = { 29, 285, 65821 };
/* The lowest targets of pointers that take one to four bytes. */
static const uint32_t pointer_targets[] = { 0, 2048, 526336, 0 };

static bool
read_pointer(const unsigned char *p, const unsigned char *end,
	     unsigned int ctrl, struct geotrip_mmdb_value *value_r,
	     const unsigned char **next_r)
{
	unsigned int idx = (ctrl >> 3) & 3;
	uint64_t target;

	if ((size_t)(end - p) < idx + 1)
		return FALSE;
	target = get_number(p, idx + 1);
	if (idx < 3)
		target |= (uint64_t)(ctrl & 7) << (8 * (idx + 1));
	value_r->content = target + pointer_targets[idx];
	*next_r = p + idx + 1;
	return TRUE;
}

/* The same as geotrip_mmdb_data_read(), but a pointer is a value: its content
   is what it points to. */
static bool
read_here(const struct geotrip_mmdb_data *data, size_t offset,
	  struct geotrip_mmdb_value *value_r)
{
	const unsigned char *p, *next, *end = data->bytes + data->size;
	unsigned int ctrl, len;

	i_zero(value_r);
	if (offset >= data->size)
		return FALSE;
	p = data->bytes + offset;
	ctrl = *p++;
	value_r->type = ctrl >> 5;
	if (value_r->type == MMDB_DATA_TYPE_POINTER) {
		if (!read_pointer(p, end, ctrl, value_r, &next))
			return FALSE;
		value_r->next = next - data->bytes;
		return TRUE;
	}
	if (value_r->type == MMDB_DATA_TYPE_EXTENDED) {
		/* 0 would be a map in extended encoding */
		if (p == end || *p == 0)
			return FALSE;
		value_r->type = MMDB_DATA_TYPE_MAP + *p++;
	}
	value_r->size = ctrl & 31;
	if (value_r->size >= 29) {
		len = value_r->size - 28;
		if ((size_t)(end - p) < len)
			return FALSE;
		value_r->size = long_sizes[len - 1] + get_number(p, len);
		p += len;
	}
	value_r->content = value_r->next = p - data->bytes;
	switch (value_r->type) {
	case MMDB_DATA_TYPE_MAP:
	case MMDB_DATA_TYPE_ARRAY:
	case MMDB_DATA_TYPE_BOOLEAN:
		return TRUE;
	}
	if ((size_t)(end - p) < value_r->size)
		return FALSE;
	value_r->next += value_r->size;
	return TRUE;
}

bool geotrip_mmdb_data_read(const struct geotrip_mmdb_data *data,
			    size_t offset, struct geotrip_mmdb_value *value_r)
{
	size_t next;

	if (!read_here(data, offset, value_r))
		return FALSE;
	if (value_r->type != MMDB_DATA_TYPE_POINTER)
		return TRUE;
	next = value_r->next;
	/* the specification allows no pointer to a pointer */
	if (!read_here(data, value_r->content, value_r) ||
	    value_r->type == MMDB_DATA_TYPE_POINTER)
		return FALSE;
	value_r->next = next;
	return TRUE;
}

static bool skip(struct skipping *skipping, size_t *offset, unsigned int depth);

static bool skip_key(struct skipping *skipping, size_t *offset)
{
	struct geotrip_mmdb_value key;

	if (!read_here(skipping->data, *offset, &key) ||
	    (key.type != MMDB_DATA_TYPE_UTF8_STRING &&
	     key.type != MMDB_DATA_TYPE_POINTER))
		return FALSE;
	*offset = key.next;
	return TRUE;
}

/* Move the offset past a value and everything in it. */
static bool skip(struct skipping *skipping, size_t *offset, unsigned int depth)
{
	struct geotrip_mmdb_value value;
	uint32_t i, count = 0;

	if (depth > MAX_DEPTH || ++skipping->values > MAX_VALUES ||
	    !read_here(skipping->data, *offset, &value))
		return FALSE;
	*offset = value.next;
	if (value.type == MMDB_DATA_TYPE_MAP ||
	    value.type == MMDB_DATA_TYPE_ARRAY)
		count = value.size;
	for (i = 0; i < count; i++) {
		if (value.type == MMDB_DATA_TYPE_MAP &&
		    !skip_key(skipping, offset))
			return FALSE;
		if (!skip(skipping, offset, depth + 1))
			return FALSE;
	}
	return TRUE;
}

bool geotrip_mmdb_data_find(const struct geotrip_mmdb_data *data,
			    const struct geotrip_mmdb_value *map,
			    const char *key,
			    struct geotrip_mmdb_value *value_r)
{
	struct skipping skipping = { .data = data };
	struct geotrip_mmdb_value found;
	size_t offset = map->content, len = strlen(key);
	uint32_t i;

	if (map->type != MMDB_DATA_TYPE_MAP)
		return FALSE;
	for (i = 0; i < map->size; i++) {
		if (!geotrip_mmdb_data_read(data, offset, &found) ||
		    found.type != MMDB_DATA_TYPE_UTF8_STRING)
			return FALSE;
		offset = found.next;
		if (found.size == len &&
		    memcmp(data->bytes + found.content, key, len) == 0)
			return geotrip_mmdb_data_read(data, offset, value_r);
		if (!skip(&skipping, &offset, 1))
			return FALSE;
	}
	return FALSE;
}

bool geotrip_mmdb_data_is_sound(const struct geotrip_mmdb_data *data,
				size_t offset)
{
	struct skipping skipping = { .data = data };

	return skip(&skipping, &offset, 1);
}

bool geotrip_mmdb_data_has_strings(const struct geotrip_mmdb_data *data,
				   const struct geotrip_mmdb_value *value)
{
	uint64_t i, count = value->size;
	struct geotrip_mmdb_value found;
	size_t offset = value->content;

	if (value->type == MMDB_DATA_TYPE_MAP)
		count *= 2;
	else if (value->type != MMDB_DATA_TYPE_ARRAY)
		return FALSE;
	if (count > MAX_VALUES)
		return FALSE;
	for (i = 0; i < count; i++) {
		if (!geotrip_mmdb_data_read(data, offset, &found) ||
		    found.type != MMDB_DATA_TYPE_UTF8_STRING)
			return FALSE;
		offset = found.next;
	}
	return TRUE;
}

uint64_t geotrip_mmdb_data_number(const struct geotrip_mmdb_data *data,
				  const struct geotrip_mmdb_value *value)
{
	i_assert(value->size <= sizeof(uint64_t));
	return get_number(data->bytes + value->content, value->size);
}
