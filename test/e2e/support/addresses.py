"""Client addresses by country, from the networks of the test databases."""

import ipaddress

from . import paths

# In no database.
UNKNOWN = "11.0.2.241"
UNKNOWN_IPV6 = "2d00:db8:999::1"
# In the databases, without a country.
NO_COUNTRY = "11.51.100.193"


def _networks():
    for line in (paths.DATA / "networks.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            network, country, _ = line.split(None, 2)
            yield ipaddress.ip_network(network), country


NETWORKS = [(network, country) for network, country in _networks()
            if not network.is_private]
# Addresses for documentation, for which the databases have a country.
DOCUMENTATION = [str(network[1]) for network, _ in _networks()
                 if network.is_private]
# Those with IPv4, and all of them.
COUNTRIES = sorted({country for network, country in NETWORKS
                    if network.version == 4} - {"--"})
ALL_COUNTRIES = sorted({country for _, country in NETWORKS} - {"--"})


def address(country, number=1, version=4):
    """The n-th address of the country's first network."""
    for network, owner in NETWORKS:
        if owner == country and network.version == version:
            return str(network[number])
    raise KeyError(country)


def any_address(country):
    """An address of the country, of whatever version."""
    return next(str(network[1]) for network, owner in NETWORKS
                if owner == country)


def packed(text):
    """An address as the database has it."""
    return ipaddress.ip_address(text).packed
