/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_NETWORK_H
#define GEOTRIP_NETWORK_H

/* Lists of networks in CIDR notation, IPv4 and IPv6, and IPv6 addresses that
   contain an IPv4 address. Pure. */

#include "net.h"

/* The first 64 bits of an IPv6 address, and the last ones; an IPv4 address is
   in the last ones. In host order. */
struct geotrip_ip_number {
	uint64_t high, low;
};

struct geotrip_ip_range {
	struct geotrip_ip_number first, last;
};
ARRAY_DEFINE_TYPE(geotrip_ip_range, struct geotrip_ip_range);

/* Each array is sorted, and its ranges do not overlap, so that lookups are fast
   with any number of networks. */
struct geotrip_networks {
	ARRAY_TYPE(geotrip_ip_range) ipv4, ipv6;
};

/* Special-purpose networks from IANA's registries, and multicast. None of their
   addresses belongs to a country, whatever a database says.

   Those that are not globally reachable: this host, private, shared, link-local
   and unique local addresses, documentation, benchmarks. The default of
   geotrip_exempt_networks. */
#define GEOTRIP_NETWORKS_LOCAL \
	"127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 " \
	"100.64.0.0/10 169.254.0.0/16 0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 " \
	"198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 " \
	"240.0.0.0/4 ::1 :: fe80::/10 fc00::/7 100::/64 100:0:0:1::/64 " \
	"2001:2::/48 2001:db8::/32 3fff::/20 5f00::/16 ff00::/8"
/* Those that clients may come from: anycast services, identifiers, and the
   networks of NAT64, 6to4 and Teredo. Not exempt by default. */
#define GEOTRIP_NETWORKS_GLOBAL \
	"192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.175.48.0/24 " \
	"64:ff9b::/96 64:ff9b:1::/48 2001::/23 2002::/16 2620:4f:8000::/48"

void geotrip_networks_init(struct geotrip_networks *networks_r, pool_t pool);

/* Parse a list separated by spaces or commas and add its networks. Returns 0,
   or -1 with an error that names the word and what is allowed; the list must
   not be used then. */
int geotrip_networks_parse(const char *str, struct geotrip_networks *networks,
			   const char **error_r);

/* Is the address in one of the networks? An IPv4 address is in no IPv6
   network. */
bool geotrip_networks_have(const struct geotrip_networks *networks,
			   const struct ip_addr *ip);

/* Get the IPv4 address that an IPv6 address contains, if it is IPv4-mapped or
   from NAT64's 64:ff9b::/96, 6to4 or Teredo. With the latter three the client
   reaches us through a translator or a relay, which may be its own: a
   special-purpose address in there must not be trusted. Returns FALSE if there
   is none. */
bool geotrip_ip_get_inner(const struct ip_addr *ip,
			  const struct geotrip_networks *special,
			  struct ip_addr *inner_r);

#endif
