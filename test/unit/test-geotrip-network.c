/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Networks: what is in a list of them, which addresses are no country, and
   which carry another one. */

#include "lib.h"
#include "array.h"
#include "test-common.h"
#include "geotrip-network.h"

#define SPECIAL GEOTRIP_NETWORKS_LOCAL" "GEOTRIP_NETWORKS_GLOBAL
/* Nothing but a fixed sequence, so that a failure can be had again. */
#define SEED 20261124
#define TRIALS 300

static uint64_t random_state = SEED;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 16) % limit;
}

/* In the data stack. */
static struct geotrip_networks parse(const char *str)
{
	struct geotrip_networks networks;
	const char *error;

	geotrip_networks_init(&networks, pool_datastack_create());
	if (geotrip_networks_parse(str, &networks, &error) < 0)
		i_fatal("%s", error);
	return networks;
}

static struct ip_addr address(const char *str)
{
	struct ip_addr ip;

	if (net_addr2ip(str, &ip) < 0)
		i_fatal("bad address %s", str);
	return ip;
}

static bool in_networks(const char *networks_str, const char *ip_str)
{
	struct geotrip_networks networks = parse(networks_str);
	struct ip_addr ip = address(ip_str);

	return geotrip_networks_have(&networks, &ip);
}

static void test_networks_list(void)
{
	static const char *const bad[] = {
		"10.0.0.0/33", "2001:db8::/129", "10.0.0/8", "192.168/16",
		"host.example",
		"10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0-10.0.0.9",
	};
	struct geotrip_networks networks;
	struct ip_addr none;
	const char *error;
	unsigned int i;

	test_begin("networks: separators, whole addresses, odd prefixes");
	test_assert(in_networks("192.0.2.1, 198.51.100.0/25", "192.0.2.1"));
	test_assert(!in_networks("192.0.2.1, 198.51.100.0/25", "192.0.2.2"));
	test_assert(in_networks("192.0.2.1 198.51.100.0/25",
				"198.51.100.127"));
	test_assert(!in_networks("192.0.2.1 198.51.100.0/25",
				 "198.51.100.128"));
	test_assert(in_networks("0.0.0.0/0", "203.0.113.9"));
	test_assert(!in_networks("", "203.0.113.9"));
	test_assert(in_networks("2001:db8::/65", "2001:db8::7fff:0:0:1"));
	test_assert(!in_networks("2001:db8::/65", "2001:db8::8000:0:0:1"));
	test_assert(in_networks("2001:db8::1", "2001:db8::1"));
	test_assert(!in_networks("2001:db8::1", "2001:db8::2"));
	/* the bits behind the prefix do not matter */
	test_assert(in_networks("192.0.2.77/24", "192.0.2.1"));
	test_assert(in_networks("2001:db8::77/64", "2001:db8::1"));
	test_end();

	test_begin("networks: IPv4 and IPv6 are no part of each other");
	test_assert(!in_networks("::/0", "192.0.2.1"));
	test_assert(!in_networks("::/0", "0.0.0.0"));
	test_assert(in_networks("::/0", "2001:db8::1"));
	test_assert(!in_networks("0.0.0.0/0", "::1"));
	test_assert(in_networks("::ffff:192.0.2.0/120", "192.0.2.9"));
	test_assert(!in_networks("::ffff:192.0.2.0/120", "192.0.3.9"));
	i_zero(&none);
	networks = parse("0.0.0.0/0 ::/0");
	test_assert(!geotrip_networks_have(&networks, &none));
	test_end();

	test_begin("networks: errors name the word");
	for (i = 0; i < N_ELEMENTS(bad); i++) {
		geotrip_networks_init(&networks, pool_datastack_create());
		test_assert_idx(geotrip_networks_parse(
			t_strdup_printf("10.0.0.0/8 %s", bad[i]), &networks,
			&error) < 0, i);
		test_assert_idx(strstr(error, bad[i]) != NULL, i);
	}
	test_end();
}

/* Few of them, close together: networks overlap, and addresses hit. */
static struct ip_addr random_ip(void)
{
	struct ip_addr ip;

	i_zero(&ip);
	if (random_below(2) == 0) {
		ip.family = AF_INET;
		ip.u.ip4.s_addr = htonl(random_below(2) * 0xffffff00 +
					random_below(256));
	} else {
		ip.family = AF_INET6;
		memset(&ip.u.ip6, random_below(2) * 0xff, 15);
		ip.u.ip6.s6_addr[random_below(16)] ^= 1 << random_below(8);
		ip.u.ip6.s6_addr[15] = random_below(256);
	}
	return ip;
}

static bool is_mapped(const struct ip_addr *ip)
{
	struct ip_addr ip4;

	return net_ipv6_mapped_ipv4_convert(ip, &ip4) == 0;
}

static void test_networks_model(void)
{
	struct ip_addr ips[40], ip;
	unsigned int bits[40], trial, count, i, found = 0;

	test_begin("networks: many of them, as if each was looked at");
	for (trial = 0; trial < TRIALS; trial++) T_BEGIN {
		struct geotrip_networks networks;
		const char *str = "";

		count = random_below(N_ELEMENTS(ips));
		for (i = 0; i < count; i++) {
			ips[i] = random_ip();
			bits[i] = random_below(IPADDR_BITS(&ips[i]) + 1);
			str = t_strdup_printf("%s %s/%u", str,
					      net_ip2addr(&ips[i]), bits[i]);
		}
		networks = parse(str);
		for (i = 0; i < 200; i++) {
			bool expected = FALSE;
			unsigned int j;

			ip = random_ip();
			if (is_mapped(&ip))
				continue;
			for (j = 0; j < count; j++) {
				if (net_is_in_network(&ip, &ips[j], bits[j]))
					expected = TRUE;
			}
			if (expected)
				found++;
			test_assert_idx(geotrip_networks_have(
				&networks, &ip) == expected, trial);
		}
	} T_END;
	/* otherwise nothing was shown */
	test_assert(found > TRIALS * 20 && found < TRIALS * 180);
	test_end();
}

static void test_networks_special(void)
{
	/* IANA's registries of IPv4 and IPv6 addresses with a special purpose,
	   and multicast */
	static const char *const special[] = {
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
		"100.64.0.0", "100.127.255.255", "127.0.0.0",
		"127.255.255.255", "169.254.0.0", "169.254.255.255",
		"172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.9",
		"192.0.0.10", "192.0.0.170", "192.0.0.255", "192.0.2.0",
		"192.0.2.255", "192.31.196.0", "192.31.196.255",
		"192.52.193.0", "192.52.193.255", "192.88.99.0",
		"192.88.99.255", "192.168.0.0", "192.168.255.255",
		"192.175.48.0", "192.175.48.255", "198.18.0.0",
		"198.19.255.255", "198.51.100.0", "198.51.100.255",
		"203.0.113.0", "203.0.113.255", "224.0.0.0",
		"239.255.255.255", "240.0.0.0", "255.255.255.255",
		"::", "::1", "64:ff9b::", "64:ff9b::ffff:ffff", "64:ff9b:1::",
		"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "100::",
		"100::ffff:ffff:ffff:ffff", "100:0:0:1::",
		"100:0:0:1:ffff:ffff:ffff:ffff", "2001::",
		"2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2001:1::1",
		"2001:1::2", "2001:1::3", "2001:2::", "2001:2:0:ffff::",
		"2001:3::", "2001:4:112::", "2001:10::", "2001:20::",
		"2001:2f:ffff::", "2001:30::", "2001:1ff:ffff::",
		"2001:db8::", "2001:db8:ffff::", "2002::", "2002:ffff::",
		"2620:4f:8000::", "2620:4f:8000:ffff::", "3fff::",
		"3fff:fff:ffff::", "5f00::", "5f00:ffff::", "fc00::",
		"fdff:ffff::", "fe80::", "febf:ffff::", "ff00::",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	};
	/* their neighbours */
	static const char *const others[] = {
		"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255",
		"172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
		"192.31.195.255", "192.31.197.0", "192.52.192.255",
		"192.52.194.0", "192.88.98.255", "192.88.100.0",
		"192.167.255.255", "192.169.0.0", "192.175.47.255",
		"192.175.49.0", "198.17.255.255", "198.20.0.0",
		"198.51.99.255", "198.51.101.0", "203.0.112.255",
		"203.0.114.0", "223.255.255.255",
		"::2", "64:ff9b::1:0:0", "64:ff9b:2::", "100:0:0:2::",
		"2000:ffff::", "2001:200::", "2001:db7:ffff::", "2001:db9::",
		"2003::", "2620:4f:7fff::", "2620:4f:8001::", "3ffe:ffff::",
		"3fff:1000::", "5eff:ffff::", "5f01::", "fbff:ffff::",
		"fe00::", "fec0::",
	};
	/* Who can be there in spite of it must not be exempt. */
	static const char *const reachable[] = {
		"192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1",
		"64:ff9b::a00:1", "64:ff9b:1::1", "2001:0:1::1", "2001:1::1",
		"2001:20::1", "2002:a00:1::1", "2620:4f:8000::1",
	};
	unsigned int i;

	test_begin("networks: those with a special purpose");
	for (i = 0; i < N_ELEMENTS(special); i++)
		test_assert_idx(in_networks(SPECIAL, special[i]), i);
	for (i = 0; i < N_ELEMENTS(others); i++)
		test_assert_idx(!in_networks(SPECIAL, others[i]), i);
	for (i = 0; i < N_ELEMENTS(reachable); i++) {
		test_assert_idx(!in_networks(GEOTRIP_NETWORKS_LOCAL,
					     reachable[i]), i);
	}
	test_end();
}

/* The address inside, or "-" if there is none. */
static const char *inner(const char *ip_str)
{
	struct geotrip_networks special = parse(SPECIAL);
	struct ip_addr ip = address(ip_str), ip4;

	return geotrip_ip_get_inner(&ip, &special, &ip4) ?
		net_ip2addr(&ip4) : "-";
}

static void test_networks_inner(void)
{
	static const char *const none[] = {
		"11.0.2.1", "10.0.0.1", "::1", "::b00:201", "2d00:db8::1",
		/* almost */
		"64:ff9b:0:0:0:1:b00:201", "64:ff9b:1::b00:201",
		"64:ff9c::b00:201", "2003:b00:201::1",
		"2001:1:4136:e378:8000:63bf:f4ff:fdfe",
		/* what the client cannot have: loopback, private,
		   documentation, multicast */
		"64:ff9b::127.0.0.1", "64:ff9b::10.1.2.3", "2002:a01:203::1",
		"2002:7f00:1::1", "2002:c000:201::1",
		"2001:0:4136:e378:8000:63bf:f5fe:fdfc",
		"2001:0:4136:e378:8000:63bf:1fff:fffe",
	};
	struct geotrip_networks special = parse(SPECIAL);
	struct ip_addr ip, ip4;
	unsigned int i;

	test_begin("networks: an IPv4 address inside of an IPv6 address");
	test_assert_strcmp(inner("::ffff:11.0.2.1"), "11.0.2.1");
	test_assert_strcmp(inner("64:ff9b::11.0.2.1"), "11.0.2.1");
	test_assert_strcmp(inner("2002:b00:201::1"), "11.0.2.1");
	test_assert_strcmp(inner("2002:b00:201:1234:5678:9abc:def0:1"),
			   "11.0.2.1");
	/* RFC 4380: server, flags and port come before it */
	test_assert_strcmp(inner("2001:0:4136:e378:8000:63bf:f4ff:fdfe"),
			   "11.0.2.1");
	/* only one way to write an IPv4 address: nobody's claim */
	test_assert_strcmp(inner("::ffff:10.1.2.3"), "10.1.2.3");
	for (i = 0; i < N_ELEMENTS(none); i++)
		test_assert_strcmp_idx(inner(none[i]), "-", i);
	i_zero(&ip);
	test_assert(!geotrip_ip_get_inner(&ip, &special, &ip4));
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_networks_list,
		test_networks_model,
		test_networks_special,
		test_networks_inner,
		NULL
	};
	return test_run(tests);
}
