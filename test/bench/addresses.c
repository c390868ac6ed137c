/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* addresses COUNT MMDB: print COUNT addresses, IPv4 and IPv6, of each country
   that has so many in the database, by trying random ones. They are the same
   each time, and none of them is in a network with a special purpose. */

#include "lib.h"
#include "array.h"
#include "strnum.h"
#include "geotrip-geo.h"
#include "geotrip-network.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_COUNT 64
#define TRIES 4000000
/* Every fourth address of a country is an IPv6 address. */
#define IS_IPV6(n) ((n) % 4 == 3)

/* by the two letters of its code */
struct country {
	struct ip_addr ips[2][MAX_COUNT];
	unsigned int count[2];
};
static struct country countries[26][26];
static struct geotrip_networks special;

/* Where the registries allocate IPv6 networks from. */
static const uint16_t ipv6_begin[] = {
	0x2001, 0x2400, 0x2600, 0x2800, 0x2a00, 0x2c0f
};

/* A linear congruential generator: good enough, and the same everywhere. */
static uint32_t next_random(void)
{
	static uint64_t state = 20261124;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return state >> 32;
}

static void random_ipv4(struct ip_addr *ip_r)
{
	i_zero(ip_r);
	ip_r->family = AF_INET;
	ip_r->u.ip4.s_addr = next_random();
}

static void random_ipv6(struct ip_addr *ip_r)
{
	uint16_t begin = ipv6_begin[next_random() % N_ELEMENTS(ipv6_begin)];
	unsigned int i;

	i_zero(ip_r);
	ip_r->family = AF_INET6;
	if ((begin & 0xff) == 0)
		begin |= next_random() & 0xf;
	ip_r->u.ip6.s6_addr[0] = begin >> 8;
	ip_r->u.ip6.s6_addr[1] = begin & 0xff;
	for (i = 2; i < 16; i++)
		ip_r->u.ip6.s6_addr[i] = next_random();
}

static void
try_address(struct geotrip_geo *geo, const struct ip_addr *ip,
	    unsigned int max)
{
	struct geotrip_country code;
	struct country *country;
	unsigned int v6 = IPADDR_IS_V6(ip) ? 1 : 0;

	if (geotrip_networks_have(&special, ip) ||
	    geotrip_geo_lookup(geo, ip, &code) != GEOTRIP_GEO_FOUND)
		return;
	country = &countries[code.code[0] - 'A'][code.code[1] - 'A'];
	if (country->count[v6] < max)
		country->ips[v6][country->count[v6]++] = *ip;
}

static void print_country(const char *code, const struct country *country,
			  unsigned int count)
{
	unsigned int i, next[2] = { 0, 0 };

	if (country->count[0] < count || country->count[1] < (count + 3) / 4)
		return;
	for (i = 0; i < count; i++) {
		unsigned int v6 = IS_IPV6(i) ? 1 : 0;

		printf("%s %s\n", code,
		       net_ip2addr(&country->ips[v6][next[v6]++]));
	}
}

int main(int argc, char *argv[])
{
	struct geotrip_geo *geo;
	struct ip_addr ip;
	const char *error;
	unsigned int i, j, count;

	lib_init();
	if (argc != 3 || str_to_uint(argv[1], &count) < 0 || count == 0 ||
	    count > MAX_COUNT)
		i_fatal("Usage: addresses COUNT MMDB, COUNT up to %u",
			MAX_COUNT);
	geotrip_networks_init(&special, pool_datastack_create());
	if (geotrip_networks_parse(GEOTRIP_NETWORKS_LOCAL" "
				   GEOTRIP_NETWORKS_GLOBAL, &special,
				   &error) < 0)
		i_fatal("%s", error);
	geo = geotrip_geo_init(argv[2]);
	if (geotrip_geo_refresh(geo, &error) < 0)
		i_fatal("%s", error);
	for (i = 0; i < TRIES; i++) {
		if (IS_IPV6(i))
			random_ipv6(&ip);
		else
			random_ipv4(&ip);
		try_address(geo, &ip, count);
	}
	for (i = 0; i < 26; i++) for (j = 0; j < 26; j++) {
		char code[] = { 'A' + i, 'A' + j, '\0' };

		print_country(code, &countries[i][j], count);
	}
	geotrip_geo_deinit(&geo);
	lib_deinit();
	return 0;
}
