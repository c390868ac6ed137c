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

    def test_all_is_well(self):
        """Exit code 0, and a line for each thing."""
        text = self.check(self.server(), 0)
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
        old = bytearray((paths.DATA / "maxmind.mmdb").read_bytes())
        built = old.rindex(b"build_epoch") + len(b"build_epoch")
        # A uint64 (type 9: one byte more) of four bytes.
        self.assertEqual(old[built:built + 2], b"\x04\x02")
        year_ago = int(time.time()) - 400 * 86400
        old[built + 2:built + 6] = year_ago.to_bytes(4, "big")
        server.mmdb.write_bytes(old)
        os.utime(server.mmdb, (year_ago, year_ago))
        server.start()
        self.assertIn(str(server.mmdb), self.check(server, 1))

    def test_database_directory_missing(self):
        """The directory of the database is not there."""
        server = self.server({"db": "/nonexistent/geotrip.sqlite"})
        self.assertIn("/nonexistent", self.check(server, 1))

    def test_database_not_writable_by_dovecot(self):
        """Root can write the database, but Dovecot cannot."""
        server = self.server()
        server.wait_for_logins(self.user, 1)
        os.chown(server.database, 0, 0)
        self.assertIn(str(server.database), self.check(server, 1))
