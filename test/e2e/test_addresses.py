"""Which addresses are which country, and which are none."""

import ipaddress

from support import mail_clients
from support.addresses import (DOCUMENTATION, NO_COUNTRY, UNKNOWN,
                               UNKNOWN_IPV6, address, packed)
from support.case import PASSWORD, Case


# IPv6 addresses that stand for an IPv4 address.

def nat64(ip):
    return f"64:ff9b::{ip}"


def sixtofour(ip):
    return f"2002:{packed(ip)[:2].hex()}:{packed(ip)[2:].hex()}::1"


def teredo(ip):
    """From a server at 65.54.227.120, as in RFC 4380."""
    inverted = bytes(byte ^ 0xff for byte in packed(ip))
    return str(ipaddress.IPv6Address(
        bytes.fromhex("200100004136e378800063bf") + inverted))


CARRIERS = (nat64, sixtofour, teredo)


class Addresses(Case):
    """Which addresses are no country."""

    def test_private_networks(self):
        """Loopback, private and local addresses are neither counted nor
        recorded."""
        for where in ("127.0.0.1", "10.1.2.3", "172.16.5.6", "192.168.7.8",
                      "100.64.9.10", "169.254.1.1", "::1", "fe80::1",
                      "fd00::1", "::ffff:10.1.2.3", "198.18.1.2",
                      "240.1.2.3", "3fff::1", *DOCUMENTATION):
            self.assertAllowed(self.login(self.user, where))
        self.assertNoLogin(self.user)

    def test_private_network_is_never_blocked(self):
        """From an exempt address a suspended account logs in, and that
        leaves no row."""
        self.trip(self.user)
        self.assertAllowed(self.login(self.user, "192.168.7.8"))
        self.assertSuspended(self.login(self.user, "JP"))
        self.assertEqual(self.verdicts(self.user, 4),
                         ["allow", "allow", "trip", "blocked"])

    def test_unknown_address(self):
        """An address that the database does not know, or knows without a
        country, is recorded with no country and never counts as one."""
        self.assertAllowed(self.login(self.user, "JP"))
        self.assertAllowed(self.login(self.user, "US"))
        self.assertAllowed(self.login(self.user, UNKNOWN))
        self.assertAllowed(self.login(self.user, NO_COUNTRY))
        self.assertAllowed(self.login(self.user, UNKNOWN_IPV6))
        rows = self.dovecot.wait_for_logins(self.user, 5)
        self.assertEqual([row.country for row in rows],
                         ["JP", "US", None, None, None])

    def test_no_address(self):
        """A login without an address is recorded and is no country."""
        for country in ("JP", "US", None):
            self.assertAllowed(self.login(self.user, country))
        row = self.dovecot.wait_for_logins(self.user, 3)[-1]
        self.assertEqual((row.ip, row.country), (None, None))

    def test_mapped_address(self):
        """An IPv4-mapped IPv6 address is the IPv4 address."""
        self.assertAllowed(self.login(self.user, "JP"))
        self.assertAllowed(self.login(self.user, "::ffff:" + address("JP")))
        rows = self.dovecot.wait_for_logins(self.user, 2)
        self.assertEqual([(row.ip, row.country) for row in rows],
                         [(packed(address("JP")), "JP")] * 2)

    def test_inner_address(self):
        """A client of NAT64, 6to4 or Teredo is at its IPv4 address: where it
        counts, and what is recorded."""
        for carrier in CARRIERS:
            self.assertAllowed(self.login(self.user, carrier(address("JP"))))
        self.assertAllowed(self.login(self.user, teredo(address("US"))))
        self.assertSuspended(self.login(self.user, nat64(address("BR"))))
        self.assertSuspended(self.login(self.user, sixtofour(address("US"))))
        rows = self.dovecot.wait_for_logins(self.user, 6)
        countries = ["JP", "JP", "JP", "US", "BR", "US"]
        self.assertEqual(
            [(row.ip, row.country) for row in rows],
            [(packed(address(country)), country) for country in countries])

    def test_local_inner_address(self):
        """Nobody becomes local, and exempt, by an IPv4 address that no client
        of NAT64, 6to4 or Teredo can have."""
        self.trip(self.user)
        claimed = [carrier(ip) for carrier in CARRIERS
                   for ip in ("127.0.0.1", "10.1.2.3")]
        for where in claimed:
            self.assertSuspended(self.login(self.user, where))
        rows = self.dovecot.wait_for_logins(self.user, 3 + len(claimed))[3:]
        self.assertEqual([(row.ip, row.country) for row in rows],
                         [(packed(where), None) for where in claimed])

    def test_ipv6(self):
        """IPv6 addresses have countries, and the third one is refused."""
        for country in ("JP", "US"):
            answer = self.submission(address(country, version=6))
            self.assertTrue(answer.ok, answer.text)
        self.assertFalse(self.submission(address("BR", version=6)).ok)
        rows = self.dovecot.wait_for_logins(self.user, 3)
        self.assertEqual([row.country for row in rows], ["JP", "US", "BR"])
        self.assertEqual(len(rows[0].ip), 16)

    def submission(self, where):
        return mail_clients.smtp(self.door("submission", where), "PLAIN",
                                 self.user, PASSWORD)

    def test_same_session_twice(self):
        """A session that authenticates twice, as through a proxy, counts
        once."""
        for _ in range(2):
            self.assertAllowed(self.login(self.user, "JP", session="s1"))
        self.assertAllowed(self.login(self.user, "JP", session="s2"))
        rows = self.dovecot.wait_for_logins(self.user, 2)
        self.assertEqual([row.session for row in rows], ["s1", "s2"])

    def test_other_services(self):
        """Services that are not in geotrip_services leave no row."""
        for service in ("imap", "pop3", "sieve", "doveadm"):
            for country in ("JP", "US", "BR", "DE"):
                self.assertAllowed(self.login(self.user, country, service))
        self.assertNoLogin(self.user)


class OwnNetworks(Case):
    settings = {"exempt_networks": "11.0.2.16/28, 2d00:db8:1::/48"}

    def test_own_networks(self):
        """geotrip_exempt_networks names the networks that do not count, and
        replaces the default."""
        for where in ("11.0.2.17", "2d00:db8:1::5", "::ffff:11.0.2.20",
                      *(carrier("11.0.2.21") for carrier in CARRIERS)):
            self.assertAllowed(self.login(self.user, where))
        self.assertNoLogin(self.user)

    def test_special_networks(self):
        """An address with a special purpose has no country, exempt or not,
        whatever the database says of it."""
        special = ["10.1.2.3", "192.88.99.1", "2001:20::1", *DOCUMENTATION]
        for where in special:
            self.assertAllowed(self.login(self.user, where))
        rows = self.dovecot.wait_for_logins(self.user, len(special))
        self.assertEqual([(row.ip, row.country) for row in rows],
                         [(packed(where), None) for where in special])

    def test_translator(self):
        """The network of a translator can be exempt itself."""
        server = self.server_of_its_own(
            {"exempt_networks": "64:ff9b::/96"}).start()
        for country in ("JP", "US", "BR"):
            self.assertAllowed(self.login(self.user, nat64(address(country)),
                                          server=server))
        self.assertNoLogin(self.user, server=server)
