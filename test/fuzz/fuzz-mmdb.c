/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Country databases: the whole input is the file. The addresses are some fixed
   ones, and one at its end. */

#include "lib.h"
#include "geotrip-geo.h"
#include "fuzz.h"

static const char *const addresses[] = {
	"0.0.0.0", "10.0.0.1", "11.0.2.1", "11.0.2.33", "11.51.100.200",
	"255.255.255.255", "::", "::1", "::ffff:11.0.2.1", "2d00:db8:55::7",
	"2002::1", "ffff:ffff::ffff"
};

static void look_up(struct geotrip_geo *geo, const struct ip_addr *ip)
{
	struct geotrip_country country;

	switch (geotrip_geo_lookup(geo, ip, &country)) {
	case GEOTRIP_GEO_NO_DATABASE:
		i_unreached();
	case GEOTRIP_GEO_UNKNOWN:
		i_assert(country.code[0] == '\0');
		break;
	case GEOTRIP_GEO_FOUND:
		i_assert(country.code[0] >= 'A' && country.code[0] <= 'Z' &&
			 country.code[1] >= 'A' && country.code[1] <= 'Z' &&
			 country.code[2] == '\0');
		break;
	}
}

static void look_around(struct geotrip_geo *geo, const uint8_t *end)
{
	struct geotrip_geo_info info;
	struct ip_addr ip;
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(addresses); i++) {
		if (net_addr2ip(addresses[i], &ip) < 0)
			i_unreached();
		look_up(geo, &ip);
	}
	/* what was opened has metadata: it is long enough */
	ip.family = AF_INET6;
	memcpy(&ip.u.ip6, end - 16, 16);
	look_up(geo, &ip);
	ip.family = AF_INET;
	memcpy(&ip.u.ip4, end - 4, 4);
	look_up(geo, &ip);
	if (!geotrip_geo_get_info(geo, &info))
		i_unreached();
	i_assert(strlen(info.type) <= 80);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input;
	struct geotrip_geo *geo;
	const char *error = NULL;

	fuzz_begin(&input, bytes, size);
	T_BEGIN {
		geo = geotrip_geo_init(fuzz_file(bytes, size));
		if (geotrip_geo_refresh(geo, &error) == 1)
			look_around(geo, bytes + size);
		else
			i_assert(strstr(error, "geotrip_mmdb=") != NULL);
		geotrip_geo_deinit(&geo);
	} T_END;
	return 0;
}
