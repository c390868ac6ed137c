/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Real databases of each shape; and what happens when they are replaced, by
   good ones and by bad ones. */

#include "lib.h"
#include "test-common.h"
#include "geotrip-geo.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *dir;

static const char *data_path(const char *name)
{
	return t_strdup_printf("%s/%s", getenv("GEOTRIP_TEST_DATA"), name);
}

static const char *work_path(const char *name)
{
	return t_strdup_printf("%s/%s", dir, name);
}

/* Write the first size bytes of a test database to a path. */
static void copy(const char *from, const char *to, size_t size)
{
	char buf[65536];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t len;

	if (in == NULL || out == NULL)
		i_fatal("Cannot copy %s to %s: %m", from, to);
	len = fread(buf, 1, sizeof(buf), in);
	i_assert(len < sizeof(buf));
	if (fwrite(buf, 1, I_MIN(size, len), out) != I_MIN(size, len))
		i_fatal("fwrite(%s) failed: %m", to);
	fclose(in);
	fclose(out);
}

/* The country, "?" if it is not known, "!" if there is no database. */
static const char *lookup(struct geotrip_geo *geo, const char *ip_str)
{
	struct geotrip_country country;
	struct ip_addr ip;

	if (net_addr2ip(ip_str, &ip) < 0)
		i_fatal("bad address %s", ip_str);
	switch (geotrip_geo_lookup(geo, &ip, &country)) {
	case GEOTRIP_GEO_NO_DATABASE:
		return "!";
	case GEOTRIP_GEO_UNKNOWN:
		test_assert(country.code[0] == '\0');
		return "?";
	case GEOTRIP_GEO_FOUND:
		return t_strdup(country.code);
	}
	i_unreached();
}

static void test_geo_shapes(void)
{
	static const char *const names[] = {
		"maxmind.mmdb", "ip-location-db.mmdb", "ipinfo.mmdb",
	};
	const char *error;
	unsigned int i;

	test_begin("geo: each shape of a database");
	for (i = 0; i < N_ELEMENTS(names); i++) {
		struct geotrip_geo *geo = geotrip_geo_init(
			data_path(names[i]));
		struct geotrip_geo_info info;

		test_assert_strcmp_idx(lookup(geo, "11.0.2.1"), "!", i);
		test_assert_idx(!geotrip_geo_get_info(geo, &info), i);
		test_assert_idx(geotrip_geo_refresh(geo, &error) == 1, i);
		test_assert_idx(geotrip_geo_refresh(geo, &error) == 0, i);
		test_assert_idx(geotrip_geo_get_info(geo, &info), i);
		test_assert_idx(info.build_epoch > 1700000000, i);

		test_assert_strcmp_idx(lookup(geo, "11.0.2.1"), "JP", i);
		test_assert_strcmp_idx(lookup(geo, "11.0.2.15"), "JP", i);
		test_assert_strcmp_idx(lookup(geo, "11.0.2.16"), "US", i);
		test_assert_strcmp_idx(lookup(geo, "2d00:db8:55::7"), "BR", i);
		/* known to the database, but not its country */
		test_assert_strcmp_idx(lookup(geo, "11.51.100.200"), "?", i);
		/* not in the database */
		test_assert_strcmp_idx(lookup(geo, "11.0.2.241"), "?", i);
		test_assert_strcmp_idx(lookup(geo, "2d00:db8:999::1"), "?", i);
		test_assert_strcmp_idx(lookup(geo, "127.0.0.1"), "?", i);
		geotrip_geo_deinit(&geo);
	}
	test_end();
}

static void test_geo_ipv4_only(void)
{
	struct geotrip_geo *geo = geotrip_geo_init(
		data_path("ipv4-only.mmdb"));
	const char *error;

	test_begin("geo: an IPv6 address in a database that has only IPv4");
	test_assert(geotrip_geo_refresh(geo, &error) == 1);
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	test_assert_strcmp(lookup(geo, "2d00:db8:55::7"), "?");
	test_end();
	geotrip_geo_deinit(&geo);
}

static void test_geo_bad(struct geotrip_geo *geo, const char *word)
{
	const char *error = "";

	test_assert(geotrip_geo_refresh(geo, &error) < 0);
	test_assert(strstr(error, word) != NULL);
	test_assert(strstr(error, "geotrip_mmdb=") != NULL);
	/* it is still bad, and says so as long as it is */
	test_assert(geotrip_geo_refresh(geo, &error) < 0);
	test_assert(strstr(error, word) != NULL);
}

static void test_geo_replace(void)
{
	const char *path = work_path("country.mmdb");
	const char *new_path = work_path("new.mmdb");
	const char *error;
	struct geotrip_geo *geo = geotrip_geo_init(path);

	test_begin("geo: missing at first, and coming later");
	test_geo_bad(geo, "No such file");
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "!");
	copy(data_path("maxmind.mmdb"), path, SIZE_MAX);
	test_assert(geotrip_geo_refresh(geo, &error) == 1);
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	test_end();

	test_begin("geo: replaced by rename");
	copy(data_path("moved.mmdb"), new_path, SIZE_MAX);
	test_assert(rename(new_path, path) == 0);
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	test_assert(geotrip_geo_refresh(geo, &error) == 1);
	test_assert(strcmp(lookup(geo, "11.0.2.1"), "JP") != 0);
	copy(data_path("maxmind.mmdb"), new_path, SIZE_MAX);
	test_assert(rename(new_path, path) == 0);
	test_assert(geotrip_geo_refresh(geo, &error) == 1);
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	test_end();

	test_begin("geo: a bad replacement leaves the old one in use");
	copy(data_path("asn.mmdb"), new_path, SIZE_MAX);
	test_assert(rename(new_path, path) == 0);
	test_geo_bad(geo, "has no countries");
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	copy(data_path("maxmind.mmdb"), new_path, 200);
	test_assert(rename(new_path, path) == 0);
	test_geo_bad(geo, "stays in use");
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	copy(data_path("maxmind.mmdb"), new_path, 0);
	test_assert(rename(new_path, path) == 0);
	test_geo_bad(geo, "stays in use");
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	test_assert(unlink(path) == 0);
	test_geo_bad(geo, "No such file");
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	test_assert(mkdir(path, 0700) == 0);
	test_geo_bad(geo, "not a regular file");
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	test_assert(rmdir(path) == 0);
	test_end();

	test_begin("geo: truncated in place, which kills who has it mapped");
	copy(data_path("maxmind.mmdb"), path, SIZE_MAX);
	test_assert(geotrip_geo_refresh(geo, &error) == 1);
	test_assert(truncate(path, 0) == 0);
	test_assert_strcmp(lookup(geo, "11.0.2.1"), "JP");
	test_assert_strcmp(lookup(geo, "2d00:db8:55::7"), "BR");
	test_end();

	geotrip_geo_deinit(&geo);
	i_unlink(path);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_geo_shapes,
		test_geo_ipv4_only,
		test_geo_replace,
		NULL
	};
	char template[] = "/tmp/test-geotrip-geo.XXXXXX";
	int ret;

	dir = mkdtemp(template);
	if (dir == NULL)
		i_fatal("mkdtemp() failed: %m");
	ret = test_run(tests);
	if (rmdir(dir) < 0)
		i_fatal("rmdir(%s) failed: %m", dir);
	return ret;
}
