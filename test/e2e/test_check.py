"""doveadm geotrip check: is it configured, readable, writable, fresh."""

import os
import time

from support import paths
from support.case import Case


class Check(Case):
    def server(self, settings=(), **options):
        server = self.server_of_its_own(settings, **options)
        server.start()
        self.login(self.user, "JP", server=server)
        return server

    def check(self, server, code):
        result = server.geotrip("check", json=False).expect(code)
        return result.text + result.error_text

    def install_mmdb_built(self, server, days_ago):
        """Give the server a database that was built so many days ago."""
        mmdb = bytearray((paths.DATA / "maxmind.mmdb").read_bytes())
        built = mmdb.rindex(b"build_epoch") + len(b"build_epoch")
        # A uint64 (type 9: one byte more) of four bytes.
        self.assertEqual(mmdb[built:built + 2], b"\x04\x02")
        then = int(time.time()) - days_ago * 86400
        mmdb[built + 2:built + 6] = then.to_bytes(4, "big")
        server.mmdb.write_bytes(mmdb)

    def test_all_is_well(self):
        """Exit code 0, and a line for each thing."""
        server = self.server_of_its_own()
        self.install_mmdb_built(server, 1)
        server.start()
        self.login(self.user, "JP", server=server)
        text = self.check(server, 0)
        self.assertGreaterEqual(len(text.splitlines()), 3, text)

    def test_off(self):
        """geotrip without geotrip_db is off, and check says so."""
        server = self.server({"db": ""})
        self.assertIn("geotrip_db", self.check(server, 1))

    def test_mmdb_missing(self):
        """The mmdb is not there: its path is named."""
        server = self.server(mmdb=None)
        self.assertIn(str(server.mmdb), self.check(server, 1))

    def test_mmdb_broken(self):
        """The mmdb is no such database."""
        server = self.server_of_its_own(mmdb=None)
        server.mmdb.write_bytes(b"not a database" * 100)
        server.start()
        self.assertIn(str(server.mmdb), self.check(server, 1))

    def test_mmdb_unreadable(self):
        """Root can read the mmdb, but Dovecot's auth user cannot."""
        server = self.server_of_its_own()
        server.mmdb.chmod(0o600)
        server.start()
        self.assertIn(str(server.mmdb), self.check(server, 1))

    def test_mmdb_without_countries(self):
        """A database of something else, like ASNs, has no country."""
        server = self.server(mmdb="asn.mmdb")
        self.assertIn("countr", self.check(server, 1))

    def test_mmdb_old(self):
        """A database that nobody updates is not fresh."""
        server = self.server_of_its_own()
        self.install_mmdb_built(server, 400)
        server.start()
        self.assertIn("400 days", self.check(server, 1))

    def test_mmdb_ipv4_only(self):
        """A database without IPv6 leaves a hole, and check says so."""
        server = self.server(mmdb="ipv4-only.mmdb")
        self.assertIn("IPv4 only", self.check(server, 1))

    def test_database_directory_missing(self):
        """The directory of the database is not there."""
        server = self.server({"db": "/nonexistent/geotrip.sqlite"})
        self.assertIn("/nonexistent", self.check(server, 1))

    def test_database_directory_of_root(self):
        """Somebody has forgotten to give the directory to Dovecot."""
        server = self.server_of_its_own()
        os.chown(server.database.parent, 0, 0)
        server.start()
        self.assertIn("belongs to root", self.check(server, 1))

    def test_database_not_writable_by_dovecot(self):
        """Root can write the database, but Dovecot cannot."""
        server = self.server()
        server.wait_for_logins(self.user, 1)
        os.chown(server.database, 0, 0)
        self.assertIn(str(server.database), self.check(server, 1))
