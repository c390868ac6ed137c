"""From an address to a country, with databases of every shape."""

from support import addresses
from support.case import Case
from support.waiting import wait_until


class Shapes(Case):
    """Every network of networks.txt has its country."""

    def check(self, mmdb, versions=(4, 6)):
        server = self.server_of_its_own({"rules": "99 countries in 1h"},
                                        mmdb=mmdb).start()
        networks = [(network, country)
                    for network, country in addresses.NETWORKS
                    if network.version in versions]
        for network, _ in networks:
            self.assertAllowed(self.login(self.user, str(network[3]),
                                          server=server))
        rows = server.wait_for_logins(self.user, len(networks))
        self.assertEqual([row.country or "--" for row in rows],
                         [country for _, country in networks])

    def test_maxmind(self):
        """country.iso_code, as MaxMind and DB-IP have it."""
        self.check("maxmind.mmdb")

    def test_ip_location_db(self):
        """country_code, as ip-location-db has it."""
        self.check("ip-location-db.mmdb")

    def test_ipinfo(self):
        """The code in country, as IPinfo has it."""
        self.check("ipinfo.mmdb")

    def test_ipinfo_lite(self):
        """The name in country and the code in country_code."""
        self.check("ipinfo-lite.mmdb")

    def test_ipv4_only(self):
        """A database of IPv4 only; an IPv6 address has no country in it."""
        self.check("ipv4-only.mmdb", versions=(4,))
        server = self.server_of_its_own(mmdb="ipv4-only.mmdb").start()
        self.assertAllowed(self.login(
            self.user, addresses.address("JP", version=6), server=server))
        (row,) = server.wait_for_logins(self.user, 1)
        self.assertIsNone(row.country)

    def test_no_country(self):
        """A database without countries gives none."""
        server = self.server_of_its_own(mmdb="asn.mmdb").start()
        for country in ("JP", "US", "BR"):
            self.assertAllowed(self.login(self.user, country, server=server))
        rows = server.wait_for_logins(self.user, 3)
        self.assertEqual({row.country for row in rows}, {None})


class Update(Case):
    def country(self, server):
        """What a new login from Japan is taken for."""
        count = len(server.logins(self.user))
        self.assertAllowed(self.login(self.user, "JP", server=server))
        return server.wait_for_logins(self.user, count + 1)[-1].country

    def test_new_database(self):
        """A database that is renamed into place is used within 10 s, without
        a restart."""
        server = self.server_of_its_own().start()
        processes = server.processes()
        self.assertEqual(self.country(server), "JP")
        server.install_mmdb("moved.mmdb")
        wait_until(lambda: self.country(server) == "SE",
                   "the new database is used", seconds=10)
        self.assertEqual(server.processes(), processes)

    def test_bad_database(self):
        """A bad database is complained about, and the old one is kept until
        a good one comes."""
        server = self.server_of_its_own().start()
        self.assertEqual(self.country(server), "JP")
        bad = server.top / "bad"
        bad.write_bytes(b"half a download" * 100)
        server.install_mmdb(bad)
        wait_until(lambda: self.country(server) == "JP"
                   and str(server.mmdb) in server.log(),
                   "the log complains", seconds=10)
        self.assertEqual(self.country(server), "JP")
        server.install_mmdb("moved.mmdb")
        wait_until(lambda: self.country(server) == "SE",
                   "the good database is used", seconds=10)

    def test_removed_database(self):
        """When the file goes away the open one serves on."""
        server = self.server_of_its_own().start()
        self.assertEqual(self.country(server), "JP")
        server.mmdb.unlink()
        wait_until(lambda: self.country(server) == "JP"
                   and str(server.mmdb) in server.log(),
                   "the log complains", seconds=10)
        self.assertEqual(self.country(server), "JP")
