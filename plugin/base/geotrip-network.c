/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Parses lists of networks into ranges of numbers, which each login is looked
   up in, and knows which IPv6 addresses contain IPv4 addresses. */

#include "lib.h"
#include "array.h"
#include "byteorder.h"
#include "sort.h"
#include "geotrip-network.h"

static struct geotrip_ip_number ip_to_number(const struct ip_addr *ip)
{
	struct geotrip_ip_number number = { 0, 0 };

	if (IPADDR_IS_V4(ip))
		number.low = ntohl(ip->u.ip4.s_addr);
	else {
		number.high = be64_to_cpu_unaligned(&ip->u.ip6.s6_addr[0]);
		number.low = be64_to_cpu_unaligned(&ip->u.ip6.s6_addr[8]);
	}
	return number;
}

static int number_cmp(const struct geotrip_ip_number *n1,
		      const struct geotrip_ip_number *n2)
{
	if (n1->high != n2->high)
		return n1->high < n2->high ? -1 : 1;
	if (n1->low != n2->low)
		return n1->low < n2->low ? -1 : 1;
	return 0;
}

/* All ones in the last bits. */
static uint64_t ones(unsigned int bits)
{
	return bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

static struct geotrip_ip_range
network_to_range(const struct ip_addr *ip, unsigned int bits)
{
	unsigned int rest = IPADDR_BITS(ip) - bits;
	uint64_t high = ones(rest < 64 ? 0 : rest - 64), low = ones(rest);
	struct geotrip_ip_range range;

	range.first = range.last = ip_to_number(ip);
	range.first.high &= ~high;
	range.first.low &= ~low;
	range.last.high |= high;
	range.last.low |= low;
	return range;
}

static int
network_parse(const char *word, struct ip_addr *ip_r, unsigned int *bits_r)
{
	const char *p, *end = word + strcspn(word, "/");
	unsigned int dots = 0;
	struct ip_addr ip4;

	/* inet_aton() parses 192.168 as 192.0.0.168, which nobody means */
	for (p = word; p < end; p++) {
		if (*p == '.')
			dots++;
	}
	if (strchr(word, ':') == NULL && dots != 3)
		return -1;
	if (net_parse_range(word, ip_r, bits_r) < 0)
		return -1;
	if (*bits_r >= 96 && net_ipv6_mapped_ipv4_convert(ip_r, &ip4) == 0) {
		*ip_r = ip4;
		*bits_r -= 96;
	}
	return 0;
}

static int range_cmp(const struct geotrip_ip_range *r1,
		     const struct geotrip_ip_range *r2)
{
	return number_cmp(&r1->first, &r2->first);
}

/* Networks overlap only if one contains the other: drop the inner one. */
static void sort_ranges(ARRAY_TYPE(geotrip_ip_range) *ranges)
{
	struct geotrip_ip_range *range;
	unsigned int i, count, kept = 0;

	if (array_is_empty(ranges))
		return;
	array_sort(ranges, range_cmp);
	range = array_get_modifiable(ranges, &count);
	for (i = 0; i < count; i++) {
		if (kept == 0 ||
		    number_cmp(&range[i].first, &range[kept - 1].last) > 0)
			range[kept++] = range[i];
		else if (number_cmp(&range[i].last, &range[kept - 1].last) > 0)
			range[kept - 1] = range[i];
	}
	array_delete(ranges, kept, count - kept);
}

void geotrip_networks_init(struct geotrip_networks *networks_r, pool_t pool)
{
	p_array_init(&networks_r->ipv4, pool, 16);
	p_array_init(&networks_r->ipv6, pool, 16);
}

int geotrip_networks_parse(const char *str, struct geotrip_networks *networks,
			   const char **error_r)
{
	const char *const *words = t_strsplit_spaces(str, ", \t");
	struct geotrip_ip_range range;
	struct ip_addr ip;
	unsigned int bits;

	for (; *words != NULL; words++) {
		if (network_parse(*words, &ip, &bits) < 0) {
			*error_r = t_strdup_printf(
				"\"%s\" is not a network: use an address or "
				"address/bits, for example 192.0.2.0/24 or "
				"2001:db8::/32", *words);
			return -1;
		}
		range = network_to_range(&ip, bits);
		array_push_back(IPADDR_IS_V4(&ip) ? &networks->ipv4 :
				&networks->ipv6, &range);
	}
	sort_ranges(&networks->ipv4);
	sort_ranges(&networks->ipv6);
	return 0;
}

static int number_range_cmp(const struct geotrip_ip_number *number,
			    const struct geotrip_ip_range *range)
{
	if (number_cmp(number, &range->first) < 0)
		return -1;
	return number_cmp(number, &range->last) > 0 ? 1 : 0;
}

bool geotrip_networks_have(const struct geotrip_networks *networks,
			   const struct ip_addr *ip)
{
	const struct geotrip_ip_range *ranges;
	struct geotrip_ip_number number;
	unsigned int count;

	if (ip->family == 0)
		return FALSE;
	ranges = array_get(IPADDR_IS_V4(ip) ? &networks->ipv4 :
			   &networks->ipv6, &count);
	number = ip_to_number(ip);
	return i_bsearch(&number, ranges, count, sizeof(*ranges),
			 number_range_cmp) != NULL;
}

/* Where an IPv4 address is in an IPv6 address. */
struct carrier {
	unsigned char prefix[12];
	unsigned int prefix_size, offset;
	/* its bits are inverted */
	bool inverted;
};

static const struct carrier carriers[] = {
	/* NAT64, 64:ff9b::/96 (RFC 6052) */
	{ { 0x00, 0x64, 0xff, 0x9b }, 12, 12, FALSE },
	/* 6to4, 2002::/16 (RFC 3056) */
	{ { 0x20, 0x02 }, 2, 2, FALSE },
	/* Teredo, 2001::/32: that of the client (RFC 4380) */
	{ { 0x20, 0x01 }, 4, 12, TRUE },
};

bool geotrip_ip_get_inner(const struct ip_addr *ip,
			  const struct geotrip_networks *special,
			  struct ip_addr *inner_r)
{
	const unsigned char *bytes = ip->u.ip6.s6_addr;
	unsigned int i;

	i_zero(inner_r);
	if (!IPADDR_IS_V6(ip))
		return FALSE;
	if (net_ipv6_mapped_ipv4_convert(ip, inner_r) == 0)
		return TRUE;
	for (i = 0; i < N_ELEMENTS(carriers); i++) {
		const struct carrier *carrier = &carriers[i];

		if (memcmp(bytes, carrier->prefix, carrier->prefix_size) != 0)
			continue;
		inner_r->family = AF_INET;
		memcpy(&inner_r->u.ip4, bytes + carrier->offset, 4);
		if (carrier->inverted)
			inner_r->u.ip4.s_addr = ~inner_r->u.ip4.s_addr;
		return !geotrip_networks_have(special, inner_r);
	}
	return FALSE;
}
