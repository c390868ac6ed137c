/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Messages between auth process and guard: what is written is read, and
   whatever is damaged is refused. The data ends where memory ends, so that a
   read beyond it crashes. */

#include "lib.h"
#include "buffer.h"
#include "test-common.h"
#include "geotrip-wire.h"

#include <sys/mman.h>
#include <unistd.h>

/* What strings may have together: the writer leaves this for the rest. */
#define LONGEST_STRINGS (GEOTRIP_WIRE_MAX_BYTES - 128)

/* Where fields are in a message that has an IPv4 address. */
enum {
	AT_TYPE = 2,
	AT_HELLO_FORGOT = 23,
	AT_LOGIN_TOLD = 35,
	AT_LOGIN_WANTS_VERDICT = 36,
	AT_LOGIN_FAMILY = 37,
	AT_LOGIN_USER_LEN = 42,
	AT_LOGIN_USER = 44,
	AT_KNOWN_USER_LEN = 11,
	AT_KEPT_BLOB_SIZE = 11,
	AT_VERDICT_VERDICT = 11,
	AT_VERDICT_SURE = 12,
	AT_VERDICT_BLOB_SIZE = 21,
};

static unsigned char long_blob[GEOTRIP_WIRE_BLOB_MAX_BYTES];

/* Data, and what was read from it. */
struct input {
	unsigned char *map, *data;
	size_t map_size;
	struct geotrip_wire_message message;
	size_t size;
	const char *error;
	int ret;
};

static void input_read(struct input *input_r, const void *data, size_t size)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	size_t readable = (size / page_size + 1) * page_size;

	i_zero(input_r);
	/* nobody may touch the page behind the data */
	input_r->map_size = readable + page_size;
	input_r->map = mmap(NULL, input_r->map_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (input_r->map == MAP_FAILED ||
	    mprotect(input_r->map + readable, page_size, PROT_NONE) < 0)
		i_fatal("Cannot get memory: %m");
	input_r->data = input_r->map + readable - size;
	memcpy(input_r->data, data, size);
	input_r->ret = geotrip_wire_read(input_r->data, size,
		&input_r->message, &input_r->size, &input_r->error);
}

static void input_free(struct input *input)
{
	if (munmap(input->map, input->map_size) < 0)
		i_fatal("munmap() failed: %m");
}

static const char *repeat(char c, size_t count)
{
	char *str = t_malloc_no0(count + 1);

	memset(str, c, count);
	str[count] = '\0';
	return str;
}

static void
write_message(buffer_t *dest, const struct geotrip_wire_message *message)
{
	switch (message->type) {
	case GEOTRIP_WIRE_HELLO:
		geotrip_wire_write_hello(dest, &message->hello);
		return;
	case GEOTRIP_WIRE_LOGIN:
		test_assert(geotrip_wire_write_login(dest, &message->login));
		return;
	case GEOTRIP_WIRE_KEPT:
		geotrip_wire_write_kept(dest, &message->kept);
		return;
	case GEOTRIP_WIRE_KNOWN:
		test_assert(geotrip_wire_write_known(dest, &message->known));
		return;
	case GEOTRIP_WIRE_VERDICT:
		geotrip_wire_write_verdict(dest, &message->verdict);
		return;
	case GEOTRIP_WIRE_COMMITTED:
		geotrip_wire_write_committed(dest, message->committed.seq);
		return;
	}
	i_unreached();
}

/*
 * Comparing
 */

static bool
same_blob(const unsigned char *a, size_t a_size,
	  const unsigned char *b, size_t b_size)
{
	return a_size == b_size &&
		(a_size == 0 || memcmp(a, b, a_size) == 0);
}

static bool same_login(const struct geotrip_wire_login *a,
		       const struct geotrip_wire_login *b)
{
	return a->seq == b->seq && a->instead_of == b->instead_of &&
		a->time == b->time && a->deadline == b->deadline &&
		a->told == b->told && a->wants_verdict == b->wants_verdict &&
		a->ip.family == b->ip.family &&
		(a->ip.family == 0 || net_ip_compare(&a->ip, &b->ip)) &&
		strcmp(a->user, b->user) == 0 &&
		strcmp(a->service, b->service) == 0 &&
		strcmp(a->mechanism, b->mechanism) == 0 &&
		strcmp(a->session, b->session) == 0;
}

static bool same_verdict(const struct geotrip_wire_verdict *a,
			 const struct geotrip_wire_verdict *b)
{
	return a->seq == b->seq && a->verdict == b->verdict &&
		a->sure == b->sure && a->until == b->until &&
		same_blob(a->blob, a->blob_size, b->blob, b->blob_size);
}

static bool same_message(const struct geotrip_wire_message *a,
			 const struct geotrip_wire_message *b)
{
	if (a->type != b->type)
		return FALSE;
	switch (a->type) {
	case GEOTRIP_WIRE_HELLO:
		return a->hello.version == b->hello.version &&
			a->hello.instance == b->hello.instance &&
			a->hello.committed == b->hello.committed &&
			a->hello.forgot == b->hello.forgot;
	case GEOTRIP_WIRE_LOGIN:
		return same_login(&a->login, &b->login);
	case GEOTRIP_WIRE_KEPT:
		return a->kept.seq == b->kept.seq &&
			same_blob(a->kept.blob, a->kept.blob_size,
				  b->kept.blob, b->kept.blob_size);
	case GEOTRIP_WIRE_KNOWN:
		return a->known.until == b->known.until &&
			strcmp(a->known.user, b->known.user) == 0;
	case GEOTRIP_WIRE_VERDICT:
		return same_verdict(&a->verdict, &b->verdict);
	case GEOTRIP_WIRE_COMMITTED:
		return a->committed.seq == b->committed.seq;
	}
	i_unreached();
}

/*
 * Samples: messages with different values in all fields
 */

static const struct geotrip_wire_message hello_sample = {
	.type = GEOTRIP_WIRE_HELLO,
	.hello = {
		.version = GEOTRIP_WIRE_VERSION,
		.instance = 0x0102030405060708,
		.committed = 0x1112131415161718,
		.forgot = TRUE,
	},
};

static const struct geotrip_wire_message kept_sample = {
	.type = GEOTRIP_WIRE_KEPT,
	.kept = {
		.seq = 0x0102030405060708,
		.blob = (const unsigned char *)"a\0b",
		.blob_size = 3,
	},
};

static const struct geotrip_wire_message known_sample = {
	.type = GEOTRIP_WIRE_KNOWN,
	.known = {
		.until = 0x0102030405060708,
		.user = "user@example.com",
	},
};

static const struct geotrip_wire_message verdict_sample = {
	.type = GEOTRIP_WIRE_VERDICT,
	.verdict = {
		.seq = 0x0102030405060708,
		.verdict = GEOTRIP_VERDICT_TRIP,
		.sure = TRUE,
		.until = 0x1112131415161718,
		.blob = (const unsigned char *)"a\0b",
		.blob_size = 3,
	},
};

static const struct geotrip_wire_message committed_sample = {
	.type = GEOTRIP_WIRE_COMMITTED,
	.committed = { .seq = 0x0102030405060708 },
};

static const struct geotrip_wire_message *login_sample(const char *ip)
{
	struct geotrip_wire_message *message =
		t_new(struct geotrip_wire_message, 1);
	struct geotrip_wire_login *login = &message->login;

	message->type = GEOTRIP_WIRE_LOGIN;
	login->seq = 0x0102030405060708;
	login->instead_of = 0x1112131415161718;
	login->time = 0x2122232425262728;
	login->deadline = 0x3132333435363738;
	login->told = GEOTRIP_WIRE_TOLD_BLOCKED;
	login->wants_verdict = TRUE;
	if (ip != NULL && net_addr2ip(ip, &login->ip) < 0)
		i_unreached();
	login->user = "user@example.com";
	login->service = "imap";
	login->mechanism = "PLAIN";
	login->session = "session";
	return message;
}

/* One of each type. NULL if there are no more. */
static const struct geotrip_wire_message *get_sample(unsigned int i)
{
	switch (i) {
	case 0: return &hello_sample;
	case 1: return login_sample("192.0.2.1");
	case 2: return login_sample("2001:db8::1");
	case 3: return login_sample(NULL);
	case 4: return &kept_sample;
	case 5: return &known_sample;
	case 6: return &verdict_sample;
	case 7: return &committed_sample;
	default: return NULL;
	}
}

static buffer_t *written(const struct geotrip_wire_message *message)
{
	buffer_t *buf = t_buffer_create(256);

	write_message(buf, message);
	return buf;
}

/* Whether a message is read as it was written. */
static bool there_and_back(const struct geotrip_wire_message *message)
{
	struct input input;
	bool same;

	T_BEGIN {
		buffer_t *buf = written(message);

		input_read(&input, buf->data, buf->used);
		same = input.ret == 1 && input.size == buf->used &&
			same_message(message, &input.message);
	} T_END;
	input_free(&input);
	return same;
}

static void test_wire_samples(void)
{
	const struct geotrip_wire_message *message;
	unsigned int i;

	test_begin("wire: each message is read as it was written");
	for (i = 0; (message = get_sample(i)) != NULL; i++)
		test_assert_idx(there_and_back(message), i);
	test_assert(i == 8);
	test_end();
}

/*
 * Values at their limits
 */

static void test_wire_hello(void)
{
	struct geotrip_wire_message message = hello_sample;

	test_begin("wire: limits of a hello");
	message.hello.instance = message.hello.committed = 0;
	message.hello.forgot = FALSE;
	test_assert(there_and_back(&message));
	message.hello.instance = message.hello.committed = UINT64_MAX;
	test_assert(there_and_back(&message));
	test_end();
}

static void test_wire_login_numbers(void)
{
	struct geotrip_wire_message message = *login_sample("0.0.0.0");
	struct geotrip_wire_login *login = &message.login;

	test_begin("wire: limits of the numbers of a login");
	for (login->told = GEOTRIP_WIRE_TOLD_NOTHING;
	     login->told <= GEOTRIP_WIRE_TOLD_LAST; login->told++)
		test_assert_idx(there_and_back(&message), login->told);
	login->told = GEOTRIP_WIRE_TOLD_NOTHING;
	login->seq = login->instead_of = login->deadline = 0;
	login->time = INT64_MIN;
	login->wants_verdict = FALSE;
	test_assert(there_and_back(&message));
	login->seq = login->instead_of = login->deadline = UINT64_MAX;
	login->time = INT64_MAX;
	test_assert(there_and_back(&message));
	if (net_addr2ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			&login->ip) < 0)
		i_unreached();
	test_assert(there_and_back(&message));
	test_end();
}

static void test_wire_login_strings(void)
{
	struct geotrip_wire_message message =
		*login_sample("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
	struct geotrip_wire_login *login = &message.login;
	const char **const strings[] = {
		&login->user, &login->service, &login->mechanism,
		&login->session,
	};
	unsigned int i;
	buffer_t *buf;

	test_begin("wire: limits of the strings of a login");
	for (i = 0; i < N_ELEMENTS(strings); i++)
		*strings[i] = "";
	test_assert(there_and_back(&message));
	for (i = 0; i < N_ELEMENTS(strings); i++) T_BEGIN {
		*strings[i] = repeat('x', LONGEST_STRINGS);
		test_assert_idx(there_and_back(&message), i);
		*strings[i] = "";
	} T_END;
	for (i = 0; i < N_ELEMENTS(strings); i++)
		*strings[i] = repeat('a' + i, LONGEST_STRINGS / 4);
	test_assert(there_and_back(&message));

	/* one byte more in any of them is too much */
	buf = buffer_create_dynamic(default_pool, 256);
	buffer_append(buf, "before", 6);
	for (i = 0; i < N_ELEMENTS(strings); i++) T_BEGIN {
		const char *old = *strings[i];

		*strings[i] = repeat('y', LONGEST_STRINGS / 4 + 1);
		test_assert_idx(!geotrip_wire_write_login(buf, login), i);
		*strings[i] = old;
	} T_END;
	/* a length that 16 bits do not hold */
	login->user = repeat('y', 0x10000 + 3);
	test_assert(!geotrip_wire_write_login(buf, login));
	test_assert(buf->used == 6);
	test_assert(memcmp(buf->data, "before", 6) == 0);
	buffer_free(&buf);
	test_end();
}

static void test_wire_known(void)
{
	struct geotrip_wire_message message = known_sample;
	buffer_t *buf = t_buffer_create(256);

	test_begin("wire: limits of a known suspension");
	message.known.until = GEOTRIP_NEVER;
	message.known.user = "";
	test_assert(there_and_back(&message));
	message.known.until = INT64_MIN;
	message.known.user = repeat('u', LONGEST_STRINGS);
	test_assert(there_and_back(&message));

	message.known.user = repeat('u', LONGEST_STRINGS + 1);
	test_assert(!geotrip_wire_write_known(buf, &message.known));
	message.known.user = repeat('u', 0x10000 + 3);
	test_assert(!geotrip_wire_write_known(buf, &message.known));
	test_assert(buf->used == 0);
	test_end();
}

static void test_wire_kept(void)
{
	struct geotrip_wire_message message = kept_sample;

	test_begin("wire: limits of what is kept");
	message.kept.seq = 0;
	message.kept.blob = NULL;
	message.kept.blob_size = 0;
	test_assert(there_and_back(&message));
	message.kept.seq = UINT64_MAX;
	message.kept.blob = long_blob;
	message.kept.blob_size = sizeof(long_blob);
	test_assert(there_and_back(&message));
	test_end();
}

static void test_wire_verdict(void)
{
	struct geotrip_wire_message message = verdict_sample;
	struct geotrip_wire_verdict *verdict = &message.verdict;

	test_begin("wire: limits of a verdict");
	for (verdict->verdict = GEOTRIP_VERDICT_ALLOW;
	     verdict->verdict <= GEOTRIP_VERDICT_TEMPFAIL; verdict->verdict++)
		test_assert_idx(there_and_back(&message), verdict->verdict);
	verdict->verdict = GEOTRIP_VERDICT_ALLOW;
	verdict->seq = 0;
	verdict->sure = FALSE;
	verdict->until = 0;
	verdict->blob = NULL;
	verdict->blob_size = 0;
	test_assert(there_and_back(&message));
	verdict->seq = UINT64_MAX;
	verdict->until = GEOTRIP_NEVER;
	verdict->blob = long_blob;
	verdict->blob_size = sizeof(long_blob);
	test_assert(there_and_back(&message));
	test_end();
}

static void test_wire_committed(void)
{
	struct geotrip_wire_message message = committed_sample;

	test_begin("wire: limits of what is committed");
	message.committed.seq = 0;
	test_assert(there_and_back(&message));
	message.committed.seq = UINT64_MAX;
	test_assert(there_and_back(&message));
	test_end();
}

/*
 * Parts of messages, and more than one
 */

static void test_wire_prefixes(void)
{
	const struct geotrip_wire_message *message;
	unsigned int i;
	size_t size;

	test_begin("wire: what has not come yet is waited for");
	for (i = 0; (message = get_sample(i)) != NULL; i++) T_BEGIN {
		buffer_t *buf = written(message);

		for (size = 0; size < buf->used; size++) {
			struct input input;

			input_read(&input, buf->data, size);
			test_assert_idx(input.ret == 0, i * 1000 + size);
			input_free(&input);
		}
	} T_END;
	test_end();
}

static void test_wire_two_messages(void)
{
	const struct geotrip_wire_message *message = login_sample("192.0.2.1");
	buffer_t *buf = t_buffer_create(256);
	struct input input;
	size_t first;

	test_begin("wire: one message behind the other");
	write_message(buf, message);
	first = buf->used;
	write_message(buf, &verdict_sample);
	input_read(&input, buf->data, buf->used);
	test_assert(input.ret == 1 && input.size == first);
	test_assert(same_message(&input.message, message));
	input_free(&input);
	input_read(&input, CONST_PTR_OFFSET(buf->data, first),
		   buf->used - first);
	test_assert(input.ret == 1 && input.size == buf->used - first);
	test_assert(same_message(&input.message, &verdict_sample));
	input_free(&input);
	test_end();
}

static void set_length(buffer_t *buf)
{
	uint16_t length = buf->used - sizeof(length);

	buffer_write(buf, 0, &length, sizeof(length));
}

static void put_type(buffer_t *buf, unsigned char type)
{
	buffer_append_zero(buf, sizeof(uint16_t));
	buffer_append_c(buf, type);
}

/* Read the message, after its length was set to what it has. */
static void
input_read_as_long(struct input *input_r, buffer_t *buf)
{
	set_length(buf);
	input_read(input_r, buf->data, buf->used);
}

static void test_wire_other_version(void)
{
	buffer_t *buf = t_buffer_create(256);
	uint32_t version = GEOTRIP_WIRE_VERSION + 1;
	struct input input;

	test_begin("wire: a hello of another version tells the version");
	put_type(buf, GEOTRIP_WIRE_HELLO);
	buffer_append(buf, &version, sizeof(version));
	input_read_as_long(&input, buf);
	test_assert(input.ret == 1 && input.size == buf->used);
	test_assert(input.message.type == GEOTRIP_WIRE_HELLO);
	test_assert(input.message.hello.version == version);
	input_free(&input);
	/* whatever follows */
	buffer_append(buf, repeat('\xff', 100), 100);
	input_read_as_long(&input, buf);
	test_assert(input.ret == 1 && input.size == buf->used);
	test_assert(input.message.hello.version == version);
	input_free(&input);
	/* but a version there must be */
	buffer_set_used_size(buf, 6);
	input_read_as_long(&input, buf);
	test_assert(input.ret == -1);
	input_free(&input);
	test_end();
}

/*
 * Damage
 */

static void
test_refused(const void *data, size_t size, const char *error, unsigned int i)
{
	struct input input;

	T_BEGIN {
		input_read(&input, data, size);
		test_assert_idx(input.ret == -1, i);
		test_assert_idx(input.error != NULL &&
				strstr(input.error, error) != NULL, i);
	} T_END;
	input_free(&input);
}

static void test_wire_length(void)
{
	const uint16_t none = 0, longest = GEOTRIP_WIRE_MAX_BYTES,
		too_long = GEOTRIP_WIRE_MAX_BYTES + 1;
	buffer_t *buf = t_buffer_create(GEOTRIP_WIRE_MAX_BYTES + 2);
	uint16_t len = GEOTRIP_WIRE_MAX_BYTES - 12;
	struct input input;

	test_begin("wire: a length that no message has");
	test_refused(&none, sizeof(none), "cannot have 0 bytes", 0);
	/* nothing is waited for */
	test_refused(&too_long, sizeof(too_long), "cannot have 32769 bytes",
		     1);
	input_read(&input, &longest, sizeof(longest));
	test_assert(input.ret == 0);
	input_free(&input);
	put_type(buf, GEOTRIP_WIRE_KNOWN);
	buffer_append_zero(buf, sizeof(int64_t));
	buffer_append(buf, &len, sizeof(len));
	buffer_append(buf, repeat('u', len), len + 1);
	input_read_as_long(&input, buf);
	test_assert(input.ret == 1);
	test_assert(input.size == GEOTRIP_WIRE_MAX_BYTES + sizeof(uint16_t));
	test_assert(input.ret == 1 &&
		    strlen(input.message.known.user) == len);
	input_free(&input);
	test_end();
}

static void test_wire_damaged_fields(void)
{
	static const char unknown_family[] = "an address of an unknown family";
	static const char bad_flag[] = "a flag is neither 0 nor 1";
	static const char bad_string[] =
		"a string does not end where it should";
	static const char bad_verdict[] = "the verdict is unknown";
	static const struct {
		unsigned int sample;
		size_t at;
		uint16_t value;
		size_t value_size;
		const char *error;
	} tests[] = {
		{ 0, AT_TYPE, 0, 1, "the type is unknown" },
		{ 0, AT_TYPE, GEOTRIP_WIRE_COMMITTED + 1, 1,
		  "the type is unknown" },
		{ 0, AT_TYPE, 255, 1, "the type is unknown" },
		{ 0, AT_HELLO_FORGOT, 2, 1, bad_flag },
		{ 1, AT_LOGIN_TOLD, GEOTRIP_WIRE_TOLD_LAST + 1, 1,
		  "what the client was told is unknown" },
		{ 1, AT_LOGIN_WANTS_VERDICT, 2, 1, bad_flag },
		{ 1, AT_LOGIN_FAMILY, 5, 1, unknown_family },
		{ 3, AT_LOGIN_FAMILY, 255, 1, unknown_family },
		/* a NUL in the string, with and without the one behind it */
		{ 1, AT_LOGIN_USER, 0, 1, bad_string },
		{ 1, AT_LOGIN_USER_LEN, 17, 2, bad_string },
		/* no NUL behind the string */
		{ 1, AT_LOGIN_USER_LEN, 15, 2, bad_string },
		{ 1, AT_LOGIN_USER + 16, 'x', 1, bad_string },
		/* the string would end beyond the message */
		{ 1, AT_LOGIN_USER_LEN, 0xffff, 2, bad_string },
		{ 5, AT_KNOWN_USER_LEN, 17, 2, bad_string },
		{ 5, AT_KNOWN_USER_LEN, 0xffff, 2, bad_string },
		{ 5, AT_KNOWN_USER_LEN, 15, 2, bad_string },
		{ 6, AT_VERDICT_VERDICT, GEOTRIP_VERDICT_UNKNOWN, 1,
		  bad_verdict },
		{ 6, AT_VERDICT_VERDICT, GEOTRIP_VERDICT_TEMPFAIL + 1, 1,
		  bad_verdict },
		{ 6, AT_VERDICT_SURE, 255, 1, bad_flag },
		/* the blob would end beyond the message, or before its end */
		{ 4, AT_KEPT_BLOB_SIZE, 4, 2, "a blob is too long" },
		{ 4, AT_KEPT_BLOB_SIZE, 2, 2, "longer than its fields" },
		{ 6, AT_VERDICT_BLOB_SIZE, 0xffff, 2, "a blob is too long" },
		{ 6, AT_VERDICT_BLOB_SIZE, 0, 2, "longer than its fields" },
	};
	unsigned int i;
	uint8_t value;

	test_begin("wire: a field that is damaged");
	for (i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		buffer_t *buf = written(get_sample(tests[i].sample));

		value = tests[i].value;
		buffer_write(buf, tests[i].at, tests[i].value_size == 1 ?
			     (const void *)&value :
			     (const void *)&tests[i].value,
			     tests[i].value_size);
		test_refused(buf->data, buf->used, tests[i].error, i);
	} T_END;
	test_end();
}

static void test_wire_long_blob(void)
{
	const uint16_t size = GEOTRIP_WIRE_BLOB_MAX_BYTES + 1;
	buffer_t *buf = t_buffer_create(2048);

	test_begin("wire: a blob that is too long, though it is there");
	put_type(buf, GEOTRIP_WIRE_KEPT);
	buffer_append_zero(buf, sizeof(uint64_t));
	buffer_append(buf, &size, sizeof(size));
	buffer_append_zero(buf, size);
	set_length(buf);
	test_refused(buf->data, buf->used, "a blob is too long", 0);
	test_end();
}

static void test_wire_damaged_ends(void)
{
	const struct geotrip_wire_message *message;
	unsigned int i;

	test_begin("wire: a message that ends too early or too late");
	for (i = 0; (message = get_sample(i)) != NULL; i++) T_BEGIN {
		buffer_t *buf = written(message);

		buffer_append_c(buf, '\0');
		set_length(buf);
		test_refused(buf->data, buf->used, "longer than its fields",
			     i * 1000);
		buffer_set_used_size(buf, buf->used - 1);
		/* something of it must be there: the type */
		while (buf->used > AT_TYPE + 1) {
			buffer_set_used_size(buf, buf->used - 1);
			set_length(buf);
			test_refused(buf->data, buf->used,
				     t_strdup_printf("message of type %u: ",
						     message->type),
				     i * 1000 + buf->used);
		}
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_wire_samples,
		test_wire_hello,
		test_wire_login_numbers,
		test_wire_login_strings,
		test_wire_known,
		test_wire_kept,
		test_wire_verdict,
		test_wire_committed,
		test_wire_prefixes,
		test_wire_two_messages,
		test_wire_other_version,
		test_wire_length,
		test_wire_damaged_fields,
		test_wire_long_blob,
		test_wire_damaged_ends,
		NULL
	};
	unsigned int i;

	for (i = 0; i < sizeof(long_blob); i++)
		long_blob[i] = i;
	return test_run(tests);
}
