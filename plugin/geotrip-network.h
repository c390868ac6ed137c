/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_NETWORK_H
#define GEOTRIP_NETWORK_H

/* Lists of networks in CIDR notation, IPv4 and IPv6. Pure. */

#include "net.h"

struct geotrip_network {
	struct ip_addr ip;
	unsigned int bits;
};
ARRAY_DEFINE_TYPE(geotrip_network, struct geotrip_network);

/* The networks that belong to no country: loopback, private, shared, link
   local and unique local addresses. The default of geotrip_exempt_networks. */
#define GEOTRIP_NETWORKS_LOCAL \
	"127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 " \
	"100.64.0.0/10 169.254.0.0/16 ::1 fe80::/10 fc00::/7"

/* Parse a list separated by spaces or commas and append its networks.
   Returns 0, or -1 with an error that names the word and what is allowed. */
int geotrip_networks_parse(const char *str,
			   ARRAY_TYPE(geotrip_network) *networks,
			   const char **error_r);

/* Is the address in one of the networks? An IPv4-mapped IPv6 address is an
   IPv4 address. */
bool geotrip_networks_have(const ARRAY_TYPE(geotrip_network) *networks,
			   const struct ip_addr *ip);

#endif
