/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Databases that somebody made to do harm, or that a broken disk did: each is
   refused or looked up in, within a bounded time, without a crash, and without
   anything that adds up. Run it under valgrind or with -fsanitize=address to
   see more. */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "geotrip-geo.h"
#include "mmdb-builder.h"

#include <dirent.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Of processor time. Logins wait for a lookup, and once for a new database. */
#define LOOKUP_MAX_USECS 20000
#define OPEN_MAX_USECS 1000000
/* Nothing but a fixed sequence, so that a failure can be had again. */
#define SEED 20261124
#define MUTATIONS 3000
#define REPLACEMENTS 1000

/* What a lookup of one of the two addresses gives. */
#define REFUSED "!"
#define UNKNOWN "?"
#define LOW "0.0.0.0"
#define HIGH "192.0.2.1"
/* in the databases of the tests */
#define JAPAN "11.0.2.1"

static const char *path, *new_path;
static buffer_t *file, *data;
static uint32_t record;
static struct mmdb_header header;
static uint64_t random_state = SEED;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 16) % limit;
}

static long long cpu_usecs(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) < 0)
		i_fatal("clock_gettime() failed: %m");
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* Sanitizers and valgrind take their time. */
static long long slow(void)
{
	const char *factor = getenv("GEOTRIP_TEST_SLOW");

	return factor == NULL ? 1 : atoll(factor);
}

static void
write_to(const char *where, const void *content, size_t size)
{
	int fd = open(where, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd == -1 || write(fd, content, size) != (ssize_t)size)
		i_fatal("Cannot write %s: %m", where);
	i_close_fd(&fd);
}

/* Some file systems write what is renamed over a file to the disk. */
static void write_file(const void *content, size_t size)
{
	i_unlink_if_exists(path);
	write_to(path, content, size);
}

static void replace_file(const void *content, size_t size)
{
	write_to(new_path, content, size);
	if (rename(new_path, path) < 0)
		i_fatal("rename(%s) failed: %m", path);
}

static const char *lookup(struct geotrip_geo *geo, const char *ip_str)
{
	long long begin = cpu_usecs();
	enum geotrip_geo_result result;
	struct geotrip_country country;
	struct ip_addr ip;

	if (net_addr2ip(ip_str, &ip) < 0)
		i_fatal("bad address %s", ip_str);
	result = geotrip_geo_lookup(geo, &ip, &country);
	test_assert(cpu_usecs() - begin < LOOKUP_MAX_USECS * slow());
	switch (result) {
	case GEOTRIP_GEO_NO_DATABASE:
		return REFUSED;
	case GEOTRIP_GEO_UNKNOWN:
		test_assert(country.code[0] == '\0');
		return UNKNOWN;
	case GEOTRIP_GEO_FOUND:
		test_assert(country.code[0] >= 'A' && country.code[0] <= 'Z' &&
			    country.code[1] >= 'A' && country.code[1] <= 'Z' &&
			    country.code[2] == '\0');
		return t_strdup(country.code);
	}
	i_unreached();
}

static int refresh(struct geotrip_geo *geo)
{
	long long begin = cpu_usecs();
	const char *error = NULL;
	int ret = geotrip_geo_refresh(geo, &error);

	test_assert(cpu_usecs() - begin < OPEN_MAX_USECS * slow());
	if (ret < 0) {
		test_assert(strstr(error, path) != NULL);
		test_assert(strlen(error) < 1000);
	}
	return ret;
}

/* See what the file gives for the low address; the high one must give JP,
   unless the file is refused. */
static void expect(const char *name, const char *low)
{
	struct geotrip_geo *geo = geotrip_geo_init(path);
	const char *high = strcmp(low, REFUSED) == 0 ? REFUSED : "JP", *got;

	test_begin(t_strdup_printf("geo hostile: %s", name));
	write_file(file->data, file->used);
	(void)refresh(geo);
	got = lookup(geo, LOW);
	test_assert_strcmp(got, low);
	got = lookup(geo, HIGH);
	test_assert_strcmp(got, high);
	geotrip_geo_deinit(&geo);
	test_end();
}

static void put_country(const char *code)
{
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 1);
	mmdb_put_string(data, "country");
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 1);
	mmdb_put_string(data, "iso_code");
	mmdb_put_string(data, code);
}

/* Begin anew: the high record is Japan, the low one comes behind it. */
static void begin(void)
{
	i_zero(&header);
	header.nodes = 1;
	header.record_size = 32;
	header.ip_version = 4;
	header.type = "geotrip-hostile";
	buffer_set_used_size(data, 0);
	put_country("JP");
	record = data->used;
}

static void end(const char *name, const char *low)
{
	buffer_set_used_size(file, 0);
	mmdb_put_file(file, &header, data, record, 0);
	expect(name, low);
}

/* The same record, with country as the last of its keys. */
static void end_map(const char *name, const char *low)
{
	mmdb_put_string(data, "country_code");
	mmdb_put_string(data, "US");
	end(name, low);
}

static void test_hostile_codes(void)
{
	static const struct {
		const char *code, *result;
	} tests[] = {
		{ "US", "US" }, { "us", "US" }, { "", UNKNOWN },
		{ "J", UNKNOWN }, { "JPN", UNKNOWN }, { "J1", UNKNOWN },
		{ "\xff\xfe", UNKNOWN }, { "\r\n", UNKNOWN },
		{ "ZZ", UNKNOWN }, { "zz", UNKNOWN }, { "%s", UNKNOWN },
		{ "\xc3\x84", UNKNOWN },
	};
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		begin();
		put_country(tests[i].code);
		end(t_strdup_printf("country code %u", i), tests[i].result);
	} T_END;
	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 1);
	mmdb_put_string(data, "country_code");
	mmdb_put(data, MMDB_DATA_TYPE_UTF8_STRING, 2);
	buffer_append(data, "U\0", 2);
	end("country code with NUL", UNKNOWN);
}

static void test_hostile_types(void)
{
	static const unsigned int types[] = {
		MMDB_DATA_TYPE_DOUBLE, MMDB_DATA_TYPE_BYTES,
		MMDB_DATA_TYPE_UINT16, MMDB_DATA_TYPE_UINT32,
		MMDB_DATA_TYPE_INT32, MMDB_DATA_TYPE_UINT64,
		MMDB_DATA_TYPE_UINT128, MMDB_DATA_TYPE_CONTAINER,
		MMDB_DATA_TYPE_END_MARKER, MMDB_DATA_TYPE_FLOAT, 16, 100, 262,
	};
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(types); i++) T_BEGIN {
		begin();
		mmdb_put(data, MMDB_DATA_TYPE_MAP, 1);
		mmdb_put_string(data, "country");
		mmdb_put(data, types[i], 2);
		buffer_append(data, "US", 2);
		end(t_strdup_printf("country of type %u", types[i]), UNKNOWN);

		/* before the key that is looked for */
		begin();
		mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
		mmdb_put_string(data, "other");
		mmdb_put(data, types[i], 4);
		buffer_append(data, "\1\2\3\4", 4);
		end_map(t_strdup_printf("value of type %u", types[i]), "US");

		begin();
		mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
		mmdb_put(data, types[i], 2);
		buffer_append(data, "US", 2);
		mmdb_put_string(data, "US");
		end_map(t_strdup_printf("key of type %u", types[i]), UNKNOWN);
	} T_END;

	begin();
	mmdb_put_string(data, "US");
	end("record that is no map", UNKNOWN);

	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 0);
	mmdb_put_string(data, "US");
	end_map("key that is a map", UNKNOWN);

	begin();
	buffer_append(data, "\x02\x00", 2);
	end("extended type 0", UNKNOWN);
}

static void test_hostile_nesting(void)
{
	static const unsigned int depths[] = { 100, 10000, 10000000 };
	unsigned int i, j;

	for (i = 0; i < N_ELEMENTS(depths); i++) T_BEGIN {
		begin();
		mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
		mmdb_put_string(data, "other");
		for (j = 0; j < depths[i]; j++)
			mmdb_put(data, MMDB_DATA_TYPE_ARRAY, 1);
		mmdb_put(data, MMDB_DATA_TYPE_BOOLEAN, 1);
		end_map(t_strdup_printf("%u nested arrays", depths[i]),
			UNKNOWN);

		begin();
		mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
		mmdb_put_string(data, "other");
		for (j = 0; j < depths[i]; j++) {
			mmdb_put(data, MMDB_DATA_TYPE_MAP, 1);
			mmdb_put_string(data, "");
		}
		mmdb_put(data, MMDB_DATA_TYPE_BOOLEAN, 1);
		end_map(t_strdup_printf("%u nested maps", depths[i]),
			UNKNOWN);
	} T_END;

	/* as a real one may be */
	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
	mmdb_put_string(data, "other");
	for (j = 0; j < 10; j++) {
		mmdb_put(data, MMDB_DATA_TYPE_MAP, 1);
		mmdb_put_string(data, "");
		mmdb_put(data, MMDB_DATA_TYPE_ARRAY, 2);
		mmdb_put_string(data, "one");
	}
	mmdb_put(data, MMDB_DATA_TYPE_BOOLEAN, 1);
	end_map("some nesting", "US");
}

static void test_hostile_sizes(void)
{
	unsigned int i;

	begin();
	mmdb_put_long(data, MMDB_DATA_TYPE_MAP, 1 << 24);
	end("map that is longer than the file", UNKNOWN);

	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
	mmdb_put_string(data, "other");
	mmdb_put_long(data, MMDB_DATA_TYPE_ARRAY, 1 << 24);
	end_map("array that is longer than the file", UNKNOWN);

	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 1);
	mmdb_put_string(data, "country");
	mmdb_put_long(data, MMDB_DATA_TYPE_UTF8_STRING, 1 << 24);
	end("string that is longer than the file", UNKNOWN);

	begin();
	mmdb_put_long(data, MMDB_DATA_TYPE_MAP, 10000000);
	for (i = 1; i < 10000000; i++) {
		mmdb_put_string(data, "");
		mmdb_put(data, MMDB_DATA_TYPE_MAP, 0);
	}
	end_map("10 million keys", UNKNOWN);

	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
	mmdb_put_string(data, "other");
	mmdb_put_long(data, MMDB_DATA_TYPE_ARRAY, 10000000);
	for (i = 0; i < 10000000; i++)
		mmdb_put(data, MMDB_DATA_TYPE_MAP, 0);
	end_map("10 million elements", UNKNOWN);

	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 2001);
	for (i = 0; i < 2000; i++) {
		mmdb_put_string(data, t_strdup_printf("%u", i));
		mmdb_put_string(data, "value");
	}
	end_map("2000 keys", "US");
}

static void test_hostile_pointers(void)
{
	begin();
	mmdb_put_pointer(data, record);
	end("pointer to itself", UNKNOWN);

	begin();
	mmdb_put_pointer(data, 0);
	end("pointer to another record", "JP");

	begin();
	mmdb_put_pointer(data, record + 5);
	mmdb_put_pointer(data, 0);
	end("pointer to a pointer", UNKNOWN);

	begin();
	mmdb_put_pointer(data, UINT32_MAX);
	end("pointer out of the file", UNKNOWN);

	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 1);
	mmdb_put_string(data, "country");
	mmdb_put_pointer(data, record);
	end("country that is the record", UNKNOWN);

	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
	mmdb_put_pointer(data, record);
	mmdb_put_string(data, "value");
	end_map("key that is the record", UNKNOWN);

	begin();
	mmdb_put(data, MMDB_DATA_TYPE_MAP, 2);
	mmdb_put_pointer(data, record + 1);
	mmdb_put_string(data, "value");
	end_map("key that is a pointer to itself", UNKNOWN);
}

static void test_hostile_tree(void)
{
	static const uint32_t records[] = {
		/* itself, empty, the separator, behind the file */
		0, 1, 2, 16, 10000, 0x7fffffff, 0x80000000, UINT32_MAX
	};
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(records); i++) T_BEGIN {
		begin();
		record = records[i] - 17;
		end(t_strdup_printf("record %u", records[i]), UNKNOWN);
	} T_END;

	/* both records of a node are the node itself, below the first node */
	begin();
	header.nodes = 2;
	buffer_set_used_size(file, 0);
	mmdb_put_record(file, 1);
	mmdb_put_record(file, 2 + 16);
	mmdb_put_record(file, 1);
	mmdb_put_record(file, 1);
	buffer_append_zero(file, 16);
	buffer_append_buf(file, data, 0, SIZE_MAX);
	mmdb_put_marker(file);
	mmdb_put_metadata(file, &header);
	expect("loop of the tree before a country", UNKNOWN);
	buffer_write(file, 0, "\0\0\0\x12\0\0\0\1", 8);
	test_begin("geo hostile: loop of the tree behind a country");
	write_file(file->data, file->used);
	T_BEGIN {
		struct geotrip_geo *geo = geotrip_geo_init(path);

		test_assert(refresh(geo) == 1);
		test_assert_strcmp(lookup(geo, LOW), "JP");
		test_assert_strcmp(lookup(geo, HIGH), UNKNOWN);
		geotrip_geo_deinit(&geo);
	} T_END;
	test_end();
}

/* libmaxminddb 1.7 reads gigabytes behind the file with some of these. */
static void test_hostile_node_count(void)
{
	static const uint32_t counts[] = {
		0, 1000000, 0x10000000, 0x1ffffffe, 0x1fffffff, 0x20000000,
		0x20000001, 0x20000002, 0x40000001, 0x7fffffff, 0x80000001,
		0xffffffff
	};
	static const unsigned int record_sizes[] = {
		0, 1, 8, 23, 25, 33, 64, 256, 65535
	};
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(counts); i++) T_BEGIN {
		begin();
		header.nodes = counts[i];
		/* the record is a node, and far away */
		record = 0x10000000 - 17;
		end(t_strdup_printf("%u nodes", counts[i]), REFUSED);
		begin();
		header.ip_version = 6;
		header.nodes = counts[i];
		record = 0x10000000 - 17;
		end(t_strdup_printf("%u nodes, IPv6", counts[i]), REFUSED);
	} T_END;
	for (i = 0; i < N_ELEMENTS(record_sizes); i++) T_BEGIN {
		begin();
		header.record_size = record_sizes[i];
		put_country("US");
		end(t_strdup_printf("records of %u bits", record_sizes[i]),
		    REFUSED);
	} T_END;
}

static void test_hostile_metadata(void)
{
	char *type;
	unsigned int i;

	begin();
	put_country("US");
	header.ip_version = 5;
	end("IP version 5", REFUSED);

	begin();
	put_country("US");
	type = i_malloc(100001);
	memset(type, 'x', 100000);
	header.type = type;
	end("long type", "US");
	/* and in an error */
	begin();
	buffer_set_used_size(data, 0);
	put_country("no country");
	record = 0;
	header.type = type;
	end("long type of something else", REFUSED);
	i_free(type);

	/* 2^30 strings from some hundred bytes */
	begin();
	put_country("US");
	T_BEGIN {
		buffer_t *keys = t_buffer_create(1024);
		buffer_t *languages = t_buffer_create(16);

		for (i = 0; i < 31; i++) {
			mmdb_put_string(keys, t_strdup_printf("fan%02u", i));
			if (i == 30) {
				mmdb_put_string(keys, "leaf");
				break;
			}
			mmdb_put(keys, MMDB_DATA_TYPE_ARRAY, 2);
			/* behind the pointers and the next key; map headers
			   with 40 pairs take two bytes */
			mmdb_put_pointer(keys, 2 + keys->used + 10 + 6);
			mmdb_put_pointer(keys, 2 + keys->used + 5 + 6);
		}
		header.more = keys;
		header.more_count = 31;
		mmdb_put_pointer(languages, 2 + 6);
		header.languages = languages;
		end("languages that fan out", REFUSED);
		header.languages = NULL;
		end("other metadata that fans out", "US");
	} T_END;

	for (i = 0; i < 2; i++) T_BEGIN {
		buffer_t *deep = t_buffer_create(1024);
		unsigned int j;

		if (i == 1)
			mmdb_put_string(deep, "deep");
		for (j = 0; j < 60000; j++)
			mmdb_put(deep, MMDB_DATA_TYPE_ARRAY, 1);
		mmdb_put_string(deep, "en");
		begin();
		put_country("US");
		if (i == 0)
			header.description = deep;
		else {
			header.more = deep;
			header.more_count = 1;
		}
		end(i == 0 ? "nested description" : "nested metadata",
		    REFUSED);
	} T_END;

	begin();
	put_country("US");
	buffer_set_used_size(file, 0);
	mmdb_put_file(file, &header, data, record, 0);
	mmdb_put_marker(file);
	expect("no metadata behind the last marker", REFUSED);

	/* and nothing to read behind the file, either */
	buffer_append_zero(file, 3 * 4096 - 14 - file->used);
	mmdb_put_marker(file);
	expect("no metadata before the end of a page", REFUSED);

	buffer_set_used_size(file, 0);
	mmdb_put_file(file, &header, data, record, 0);
	for (i = 0; i < 9000; i++)
		mmdb_put_marker(file);
	mmdb_put_metadata(file, &header);
	expect("many markers", "US");

	buffer_set_used_size(file, 0);
	mmdb_put_file(file, &header, data, record, 0);
	buffer_append_zero(file, 200000);
	expect("marker too early", REFUSED);

	for (i = 0; i < 200; i++) T_BEGIN {
		buffer_set_used_size(file, 0);
		mmdb_put_file(file, &header, data, record, 0);
		buffer_set_used_size(file, file->used - i - 1);
		expect(t_strdup_printf("%u bytes cut off", i + 1), REFUSED);
	} T_END;
}

static buffer_t *read_database(const char *name)
{
	buffer_t *buf = buffer_create_dynamic(default_pool, 4096);
	char block[4096];
	ssize_t ret;
	int fd;

	fd = open(t_strdup_printf("%s/%s", getenv("GEOTRIP_TEST_DATA"), name),
		  O_RDONLY);
	if (fd == -1)
		i_fatal("Cannot open %s: %m", name);
	while ((ret = read(fd, block, sizeof(block))) > 0)
		buffer_append(buf, block, ret);
	i_close_fd(&fd);
	return buf;
}

/* Change some bytes to anything, or to what is often a limit. */
static void mutate(buffer_t *buf)
{
	static const unsigned char limits[] = {
		0, 1, 0x1f, 0x20, 0x3f, 0x7f, 0x80, 0xe0, 0xff
	};
	unsigned int i, count = 1 + random_below(8);
	unsigned char *bytes = buffer_get_modifiable_data(buf, NULL);

	for (i = 0; i < count; i++) {
		/* half of them where the metadata is */
		size_t area = random_below(2) == 0 ? buf->used :
			I_MIN(buf->used, 300);
		size_t pos = buf->used - 1 - random_below(area);

		bytes[pos] = random_below(2) == 0 ? random_below(256) :
			limits[random_below(N_ELEMENTS(limits))];
	}
	if (random_below(20) == 0)
		buffer_set_used_size(buf, random_below(buf->used));
}

static void look_around(struct geotrip_geo *geo)
{
	unsigned int i;

	for (i = 0; i < 256; i += 5) T_BEGIN {
		(void)lookup(geo, t_strdup_printf("11.0.2.%u", i));
		(void)lookup(geo, t_strdup_printf("2d00:db8:%u::1", i));
		(void)lookup(geo, t_strdup_printf("%u.1.2.3", i));
	} T_END;
}

static void test_hostile_mutations(void)
{
	static const char *const names[] = {
		"maxmind.mmdb", "ip-location-db.mmdb", "ipinfo.mmdb",
		"ipv4-only.mmdb",
	};
	buffer_t *buf = buffer_create_dynamic(default_pool, 4096);
	unsigned int i, n, opened = 0;

	test_begin("geo hostile: random changes of real databases");
	for (n = 0; n < N_ELEMENTS(names); n++) {
		buffer_t *whole = read_database(names[n]);

		for (i = 0; i < MUTATIONS / slow(); i++) T_BEGIN {
			struct geotrip_geo *geo = geotrip_geo_init(path);

			buffer_set_used_size(buf, 0);
			buffer_append_buf(buf, whole, 0, SIZE_MAX);
			mutate(buf);
			write_file(buf->data, buf->used);
			if (refresh(geo) == 1) {
				opened++;
				look_around(geo);
			}
			geotrip_geo_deinit(&geo);
		} T_END;
		buffer_free(&whole);
	}
	/* otherwise nothing was shown */
	test_assert(opened > MUTATIONS / slow() / 10);
	test_end();
	buffer_free(&buf);
}

static unsigned int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	if (dir == NULL)
		i_fatal("opendir() failed: %m");
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* Size and resident size of this process in bytes. */
static void memory(size_t *size_r, size_t *resident_r)
{
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm == NULL || fscanf(statm, "%zu %zu", size_r, resident_r) != 2)
		i_fatal("Cannot read /proc/self/statm");
	fclose(statm);
	*size_r *= getpagesize();
	*resident_r *= getpagesize();
}

static void test_replaced_often(void)
{
	buffer_t *maxmind = read_database("maxmind.mmdb");
	buffer_t *moved = read_database("moved.mmdb");
	buffer_t *asn = read_database("asn.mmdb");
	buffer_t *bad = buffer_create_dynamic(default_pool, 4096);
	struct geotrip_geo *geo = geotrip_geo_init(path);
	size_t size_begin = 0, resident_begin = 0, size, resident;
	unsigned int i, fds_begin = 0;

	test_begin("geo: replaced 1000 times, by good ones and bad ones");
	for (i = 0; i < REPLACEMENTS; i++) T_BEGIN {
		bool even = i % 2 == 0;
		const buffer_t *good = even ? maxmind : moved;
		const char *expected = even ? "JP" : "SE";

		replace_file(good->data, good->used);
		test_assert_idx(refresh(geo) == 1, i);
		test_assert_strcmp_idx(lookup(geo, JAPAN), expected, i);

		buffer_set_used_size(bad, 0);
		if (i % 3 == 0)
			buffer_append_buf(bad, asn, 0, SIZE_MAX);
		else if (i % 3 == 1)
			buffer_append_buf(bad, good, 0, i % good->used);
		else {
			buffer_append_buf(bad, good, 0, SIZE_MAX);
			/* the metadata */
			buffer_write(bad, bad->used - 100, "\xff\xff\xff", 3);
		}
		replace_file(bad->data, bad->used);
		test_assert_idx(refresh(geo) < 0, i);
		test_assert_strcmp_idx(lookup(geo, JAPAN), expected, i);

		if (i == REPLACEMENTS / 10) {
			fds_begin = descriptors();
			memory(&size_begin, &resident_begin);
		}
	} T_END;
	test_assert(descriptors() == fds_begin);
	memory(&size, &resident);
	/* less than one page for each; what watches us grows by itself */
	if (slow() == 1) {
		test_assert(size < size_begin + 1024 * 1024);
		test_assert(resident < resident_begin + 1024 * 1024);
	}
	test_end();

	geotrip_geo_deinit(&geo);
	buffer_free(&maxmind);
	buffer_free(&moved);
	buffer_free(&asn);
	buffer_free(&bad);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_hostile_codes,
		test_hostile_types,
		test_hostile_nesting,
		test_hostile_sizes,
		test_hostile_pointers,
		test_hostile_tree,
		test_hostile_node_count,
		test_hostile_metadata,
		test_hostile_mutations,
		test_replaced_often,
		NULL
	};
	char template[] = "/tmp/test-geotrip-geo-hostile.XXXXXX";
	char path_buf[64], new_path_buf[64];
	int ret;

	if (mkdtemp(template) == NULL)
		i_fatal("mkdtemp() failed: %m");
	i_snprintf(path_buf, sizeof(path_buf), "%s/geo.mmdb", template);
	i_snprintf(new_path_buf, sizeof(new_path_buf), "%s/geo.new", template);
	path = path_buf;
	new_path = new_path_buf;
	file = buffer_create_dynamic(default_pool, 1024);
	data = buffer_create_dynamic(default_pool, 1024);

	ret = test_run(tests);

	buffer_free(&file);
	buffer_free(&data);
	i_unlink_if_exists(path);
	if (rmdir(template) < 0)
		i_fatal("rmdir(%s) failed: %m", template);
	return ret;
}
