/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* From messages to bytes and back. */

#include "lib.h"
#include "buffer.h"
#include "geotrip-wire.h"

/* The length does not count itself. */
#define LENGTH_BYTES sizeof(uint16_t)
/* Where the fields of a login are that change later: behind the type, the two
   numbers and the time. */
#define LOGIN_DEADLINE_OFFSET (LENGTH_BYTES + 1 + 3 * sizeof(uint64_t))
#define LOGIN_TOLD_OFFSET (LOGIN_DEADLINE_OFFSET + sizeof(uint64_t))
/* At most so much of a message is not strings. */
#define OTHER_FIELDS_BYTES 128

/*
 * Writing
 */

static void put_u8(buffer_t *dest, uint8_t value)
{
	buffer_append_c(dest, value);
}

static void put_u32(buffer_t *dest, uint32_t value)
{
	buffer_append(dest, &value, sizeof(value));
}

static void put_u64(buffer_t *dest, uint64_t value)
{
	buffer_append(dest, &value, sizeof(value));
}

static void put_string(buffer_t *dest, const char *str, size_t len)
{
	uint16_t len16 = len;

	buffer_append(dest, &len16, sizeof(len16));
	buffer_append(dest, str, len + 1);
}

static void put_blob(buffer_t *dest, const unsigned char *blob, size_t size)
{
	uint16_t size16 = size;

	i_assert(size <= GEOTRIP_WIRE_BLOB_MAX_BYTES);
	buffer_append(dest, &size16, sizeof(size16));
	buffer_append(dest, blob, size);
}

static void put_ip(buffer_t *dest, const struct ip_addr *ip)
{
	if (IPADDR_IS_V4(ip)) {
		put_u8(dest, 4);
		buffer_append(dest, &ip->u.ip4, sizeof(ip->u.ip4));
	} else if (IPADDR_IS_V6(ip)) {
		put_u8(dest, 6);
		buffer_append(dest, &ip->u.ip6, sizeof(ip->u.ip6));
	} else {
		put_u8(dest, 0);
	}
}

/* Returns where the message begins. */
static size_t message_begin(buffer_t *dest, enum geotrip_wire_type type)
{
	size_t begin = dest->used;

	buffer_append_zero(dest, LENGTH_BYTES);
	put_u8(dest, type);
	return begin;
}

static void message_end(buffer_t *dest, size_t begin)
{
	size_t size = dest->used - begin - LENGTH_BYTES;
	uint16_t size16 = size;

	i_assert(size <= GEOTRIP_WIRE_MAX_BYTES);
	buffer_write(dest, begin, &size16, sizeof(size16));
}

void geotrip_wire_write_hello(buffer_t *dest,
			      const struct geotrip_wire_hello *hello)
{
	size_t begin = message_begin(dest, GEOTRIP_WIRE_HELLO);

	put_u32(dest, hello->version);
	put_u64(dest, hello->instance);
	put_u64(dest, hello->committed);
	put_u8(dest, hello->forgot ? 1 : 0);
	message_end(dest, begin);
}

void geotrip_wire_write_kept(buffer_t *dest,
			     const struct geotrip_wire_kept *kept)
{
	size_t begin = message_begin(dest, GEOTRIP_WIRE_KEPT);

	put_u64(dest, kept->seq);
	put_blob(dest, kept->blob, kept->blob_size);
	message_end(dest, begin);
}

void geotrip_wire_write_verdict(buffer_t *dest,
				const struct geotrip_wire_verdict *verdict)
{
	size_t begin = message_begin(dest, GEOTRIP_WIRE_VERDICT);

	put_u64(dest, verdict->seq);
	put_u8(dest, verdict->verdict);
	put_u8(dest, verdict->sure ? 1 : 0);
	put_u64(dest, verdict->until);
	put_blob(dest, verdict->blob, verdict->blob_size);
	message_end(dest, begin);
}

void geotrip_wire_write_committed(buffer_t *dest, uint64_t seq)
{
	size_t begin = message_begin(dest, GEOTRIP_WIRE_COMMITTED);

	put_u64(dest, seq);
	message_end(dest, begin);
}

bool geotrip_wire_write_login(buffer_t *dest,
			      const struct geotrip_wire_login *login)
{
	size_t user_len = strlen(login->user);
	size_t service_len = strlen(login->service);
	size_t mechanism_len = strlen(login->mechanism);
	size_t session_len = strlen(login->session);
	size_t begin;

	if (user_len + service_len + mechanism_len + session_len +
	    OTHER_FIELDS_BYTES > GEOTRIP_WIRE_MAX_BYTES)
		return FALSE;
	begin = message_begin(dest, GEOTRIP_WIRE_LOGIN);
	put_u64(dest, login->seq);
	put_u64(dest, login->instead_of);
	put_u64(dest, login->time);
	put_u64(dest, login->deadline);
	put_u8(dest, login->told);
	put_u8(dest, login->wants_verdict ? 1 : 0);
	put_ip(dest, &login->ip);
	put_string(dest, login->user, user_len);
	put_string(dest, login->service, service_len);
	put_string(dest, login->mechanism, mechanism_len);
	put_string(dest, login->session, session_len);
	message_end(dest, begin);
	return TRUE;
}

void geotrip_wire_login_told(unsigned char *message,
			     enum geotrip_wire_told told)
{
	i_assert(message[LENGTH_BYTES] == GEOTRIP_WIRE_LOGIN);
	memset(message + LOGIN_DEADLINE_OFFSET, 0, sizeof(uint64_t));
	message[LOGIN_TOLD_OFFSET] = told;
	message[LOGIN_TOLD_OFFSET + 1] = 0;
}

bool geotrip_wire_write_known(buffer_t *dest,
			      const struct geotrip_wire_known *known)
{
	size_t user_len = strlen(known->user), begin;

	if (user_len + OTHER_FIELDS_BYTES > GEOTRIP_WIRE_MAX_BYTES)
		return FALSE;
	begin = message_begin(dest, GEOTRIP_WIRE_KNOWN);
	put_u64(dest, known->until);
	put_string(dest, known->user, user_len);
	message_end(dest, begin);
	return TRUE;
}

/*
 * Reading
 */

struct reader {
	const unsigned char *pos, *end;
	/* NULL: all is well so far. Then every get fails. */
	const char *error;
};

static bool get_bytes(struct reader *reader, void *dest, size_t size)
{
	if (reader->error == NULL &&
	    (size_t)(reader->end - reader->pos) < size)
		reader->error = "it is shorter than its fields";
	if (reader->error != NULL) {
		memset(dest, 0, size);
		return FALSE;
	}
	memcpy(dest, reader->pos, size);
	reader->pos += size;
	return TRUE;
}

static uint8_t get_u8(struct reader *reader)
{
	uint8_t value;

	(void)get_bytes(reader, &value, sizeof(value));
	return value;
}

static uint32_t get_u32(struct reader *reader)
{
	uint32_t value;

	(void)get_bytes(reader, &value, sizeof(value));
	return value;
}

static uint64_t get_u64(struct reader *reader)
{
	uint64_t value;

	(void)get_bytes(reader, &value, sizeof(value));
	return value;
}

static const char *get_string(struct reader *reader)
{
	const unsigned char *str;
	uint16_t len;

	if (!get_bytes(reader, &len, sizeof(len)))
		return "";
	str = reader->pos;
	if ((size_t)(reader->end - str) <= len ||
	    memchr(str, '\0', len + 1) != str + len) {
		reader->error = "a string does not end where it should";
		return "";
	}
	reader->pos += len + 1;
	return (const char *)str;
}

static const unsigned char *get_blob(struct reader *reader, size_t *size_r)
{
	const unsigned char *blob;
	uint16_t size;

	*size_r = 0;
	if (!get_bytes(reader, &size, sizeof(size)))
		return NULL;
	blob = reader->pos;
	if (size > GEOTRIP_WIRE_BLOB_MAX_BYTES ||
	    (size_t)(reader->end - blob) < size) {
		reader->error = "a blob is too long";
		return NULL;
	}
	reader->pos += size;
	*size_r = size;
	return blob;
}

static void get_ip(struct reader *reader, struct ip_addr *ip_r)
{
	i_zero(ip_r);
	switch (get_u8(reader)) {
	case 0:
		break;
	case 4:
		ip_r->family = AF_INET;
		(void)get_bytes(reader, &ip_r->u.ip4, sizeof(ip_r->u.ip4));
		break;
	case 6:
		ip_r->family = AF_INET6;
		(void)get_bytes(reader, &ip_r->u.ip6, sizeof(ip_r->u.ip6));
		break;
	default:
		reader->error = "it has an address of an unknown family";
		break;
	}
}

/* A number from min to max. */
static unsigned int
get_number(struct reader *reader, unsigned int min, unsigned int max,
	   const char *error)
{
	unsigned int value = get_u8(reader);

	if (reader->error == NULL && (value < min || value > max))
		reader->error = error;
	return reader->error == NULL ? value : min;
}

static bool get_bool(struct reader *reader)
{
	return get_number(reader, 0, 1, "a flag is neither 0 nor 1") == 1;
}

static void
get_hello(struct reader *reader, struct geotrip_wire_hello *hello_r)
{
	hello_r->version = get_u32(reader);
	/* another version may have other fields */
	if (hello_r->version != GEOTRIP_WIRE_VERSION) {
		reader->pos = reader->end;
		return;
	}
	hello_r->instance = get_u64(reader);
	hello_r->committed = get_u64(reader);
	hello_r->forgot = get_bool(reader);
}

static void
get_login(struct reader *reader, struct geotrip_wire_login *login_r)
{
	login_r->seq = get_u64(reader);
	login_r->instead_of = get_u64(reader);
	login_r->time = get_u64(reader);
	login_r->deadline = get_u64(reader);
	login_r->told = get_number(reader, 0, GEOTRIP_WIRE_TOLD_LAST,
				   "what the client was told is unknown");
	login_r->wants_verdict = get_bool(reader);
	get_ip(reader, &login_r->ip);
	login_r->user = get_string(reader);
	login_r->service = get_string(reader);
	login_r->mechanism = get_string(reader);
	login_r->session = get_string(reader);
}

static void
get_kept(struct reader *reader, struct geotrip_wire_kept *kept_r)
{
	kept_r->seq = get_u64(reader);
	kept_r->blob = get_blob(reader, &kept_r->blob_size);
}

static void
get_known(struct reader *reader, struct geotrip_wire_known *known_r)
{
	known_r->until = get_u64(reader);
	known_r->user = get_string(reader);
}

static void
get_verdict(struct reader *reader, struct geotrip_wire_verdict *verdict_r)
{
	verdict_r->seq = get_u64(reader);
	verdict_r->verdict = get_number(reader, GEOTRIP_VERDICT_ALLOW,
					GEOTRIP_VERDICT_TEMPFAIL,
					"the verdict is unknown");
	verdict_r->sure = get_bool(reader);
	verdict_r->until = get_u64(reader);
	verdict_r->blob = get_blob(reader, &verdict_r->blob_size);
}

static void
get_message(struct reader *reader, struct geotrip_wire_message *message_r)
{
	message_r->type = get_u8(reader);
	switch (message_r->type) {
	case GEOTRIP_WIRE_HELLO:
		get_hello(reader, &message_r->hello);
		break;
	case GEOTRIP_WIRE_LOGIN:
		get_login(reader, &message_r->login);
		break;
	case GEOTRIP_WIRE_KEPT:
		get_kept(reader, &message_r->kept);
		break;
	case GEOTRIP_WIRE_KNOWN:
		get_known(reader, &message_r->known);
		break;
	case GEOTRIP_WIRE_VERDICT:
		get_verdict(reader, &message_r->verdict);
		break;
	case GEOTRIP_WIRE_COMMITTED:
		message_r->committed.seq = get_u64(reader);
		break;
	default:
		reader->error = "the type is unknown";
		break;
	}
	if (reader->error == NULL && reader->pos != reader->end)
		reader->error = "it is longer than its fields";
}

int geotrip_wire_read(const unsigned char *data, size_t size,
		      struct geotrip_wire_message *message_r, size_t *size_r,
		      const char **error_r)
{
	struct reader reader;
	uint16_t length;

	if (size < LENGTH_BYTES)
		return 0;
	memcpy(&length, data, sizeof(length));
	if (length == 0 || length > GEOTRIP_WIRE_MAX_BYTES) {
		*error_r = t_strdup_printf(
			"a message cannot have %u bytes", length);
		return -1;
	}
	if (size < LENGTH_BYTES + length)
		return 0;

	i_zero(&reader);
	reader.pos = data + LENGTH_BYTES;
	reader.end = reader.pos + length;
	get_message(&reader, message_r);
	if (reader.error != NULL) {
		*error_r = t_strdup_printf("message of type %u: %s",
					   data[LENGTH_BYTES], reader.error);
		return -1;
	}
	*size_r = LENGTH_BYTES + length;
	return 1;
}
