"""Which addresses are which country, and which are none."""

from support import mail_clients
from support.addresses import (NO_COUNTRY, UNKNOWN, UNKNOWN_IPV6, address,
                               packed)
from support.case import PASSWORD, Case


class Addresses(Case):
    """Which addresses are no country."""

    def test_private_networks(self):
        """Loopback, private and local addresses are neither counted nor
        recorded."""
        for where in ("127.0.0.1", "10.1.2.3", "172.16.5.6", "192.168.7.8",
                      "100.64.9.10", "169.254.1.1", "::1", "fe80::1",
                      "fd00::1", "::ffff:10.1.2.3"):
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
        for where in ("11.0.2.17", "2d00:db8:1::5", "::ffff:11.0.2.20"):
            self.assertAllowed(self.login(self.user, where))
        self.assertNoLogin(self.user)
        self.assertAllowed(self.login(self.user, "10.1.2.3"))
        (row,) = self.dovecot.wait_for_logins(self.user, 1)
        self.assertEqual((row.ip, row.country), (packed("10.1.2.3"), None))
