/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Which addresses are exempt, and which can have no country. */

#include "lib.h"
#include "array.h"
#include "geotrip-network.h"

static int
network_parse(const char *word, struct geotrip_network *network_r)
{
	const char *p, *end = word + strcspn(word, "/");
	unsigned int dots = 0;

	/* inet_aton() reads 192.168 as 192.0.0.168: nobody means that */
	for (p = word; p < end; p++) {
		if (*p == '.')
			dots++;
	}
	if (strchr(word, ':') == NULL && dots != 3)
		return -1;
	return net_parse_range(word, &network_r->ip, &network_r->bits);
}

int geotrip_networks_parse(const char *str,
			   ARRAY_TYPE(geotrip_network) *networks,
			   const char **error_r)
{
	const char *const *words = t_strsplit_spaces(str, ", \t");
	struct geotrip_network network;

	for (; *words != NULL; words++) {
		if (network_parse(*words, &network) < 0) {
			*error_r = t_strdup_printf(
				"\"%s\" is not a network: write an address or "
				"address/bits, for example 192.0.2.0/24 or "
				"2001:db8::/32", *words);
			return -1;
		}
		array_push_back(networks, &network);
	}
	return 0;
}

bool geotrip_networks_have(const ARRAY_TYPE(geotrip_network) *networks,
			   const struct ip_addr *ip)
{
	const struct geotrip_network *network;

	array_foreach(networks, network) {
		if (net_is_in_network(ip, &network->ip, network->bits))
			return TRUE;
	}
	return FALSE;
}
