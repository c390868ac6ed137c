"""Errors: logins go on or are put off, as geotrip_on_error says. What happens
to a database in use is in test_store_faults."""

import shutil

from support import mail_clients, paths
from support.addresses import address
from support.case import MESSAGE, PASSWORD, Case
from support.waiting import wait_until

DENY = {"on_error": "deny"}


class Errors(Case):
    def errors(self, server):
        """What was logged as an error, once there is any: it comes through
        another process, and may come after the answer to the client."""
        def lines():
            return [line for line in server.log().splitlines()
                    if "Error:" in line or "Warning:" in line]
        wait_until(lines, "an error is logged")
        return lines()

    def assertPutOff(self, reply):
        """A temporary failure, not a wrong password."""
        self.assertEqual(reply.kind, "FAIL", reply)
        self.assertTrue("temp" in reply.fields
                        or reply.fields.get("code") == "temp_fail", reply)


class Database(Errors):
    def without_directory(self, settings=()):
        server = self.server_of_its_own(settings)
        shutil.rmtree(server.database.parent)
        return server.start()

    def make_directory(self, server):
        server.database.parent.mkdir(mode=0o750)
        shutil.chown(server.database.parent, "dovecot", "dovecot")

    def test_missing_allow(self):
        """No directory for the database: logins go on, the log says so once,
        with the path, and the rows are written when it is there."""
        server = self.without_directory()
        for _ in range(20):
            self.assertAllowed(self.login(self.user, "JP", server=server))
        self.assertEqual(len(self.errors(server)), 1, self.errors(server))
        self.assertIn(str(server.database), self.errors(server)[0])
        self.make_directory(server)
        rows = server.wait_for_logins(self.user, 20)
        self.assertEqual({row.country for row in rows}, {"JP"})

    def test_missing_deny(self):
        """The same with deny: a login of a counted service is put off with a
        temporary failure, others are let in; it mends by itself."""
        server = self.without_directory(DENY)
        self.assertPutOff(self.login(self.user, "JP", server=server))
        self.assertAllowed(self.login(self.user, "JP", "imap", server))
        self.make_directory(server)
        wait_until(lambda: self.login(self.user, "JP", server=server).ok,
                   "logins work again")

    def test_what_the_client_sees(self):
        """Dovecot's submission service says 454."""
        server = self.without_directory(DENY)
        answer = mail_clients.smtp(
            server.relays["submission"].port(address("JP")), "PLAIN",
            self.user, PASSWORD)
        self.assertFalse(answer.ok)
        self.assertRegex(answer.text, "^454 4.7.0 ")

    def test_no_database(self):
        """A file that is no database is left alone, and named."""
        server = self.server_of_its_own()
        server.database.write_bytes(b"my diary\n" * 1000)
        shutil.chown(server.database, "dovecot", "dovecot")
        server.start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        self.assertIn(str(server.database), "".join(self.errors(server)))
        self.assertTrue(server.database.read_bytes().startswith(b"my diary"))

    def test_unwritable(self):
        """A database that belongs to somebody else: logins go on, and the
        log names it."""
        server = self.server_of_its_own()
        server.database.touch(mode=0o600)
        server.start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        self.assertIn(str(server.database), "".join(self.errors(server)))

    def test_doveadm(self):
        """doveadm answers EX_TEMPFAIL, 75, when the store fails, and says
        which."""
        server = self.server_of_its_own()
        server.database.write_bytes(b"my diary\n" * 1000)
        server.start()
        for command in (["list"], ["show", self.user], ["history", self.user],
                        ["suspend", self.user], ["unsuspend", self.user],
                        ["countries"], ["notify"], ["purge"]):
            with self.subTest(command):
                result = server.geotrip(*command, json=False).expect(75)
                self.assertIn(str(server.database), result.error_text)


class CountryDatabase(Errors):
    def broken(self, settings=(), content=None):
        server = self.server_of_its_own(settings, mmdb=None)
        if content is not None:
            server.mmdb.write_bytes(content)
        return server.start()

    def test_missing_allow(self):
        """No mmdb: logins go on without a country, the log says so once."""
        server = self.broken()
        for country in ("JP", "US", "BR", "DE"):
            self.assertAllowed(self.login(self.user, country, server=server))
        rows = server.wait_for_logins(self.user, 4)
        self.assertEqual({row.country for row in rows}, {None})
        self.assertEqual(len(self.errors(server)), 1, self.errors(server))
        self.assertIn(str(server.mmdb), self.errors(server)[0])

    def test_missing_deny(self):
        """The same with deny: put off, until the mmdb is there."""
        server = self.broken(DENY)
        self.assertPutOff(self.login(self.user, "JP", server=server))
        server.install_mmdb("maxmind.mmdb")
        wait_until(lambda: self.login(self.user, "JP", server=server).ok,
                   "logins work again")

    def test_broken(self):
        """A file that is no mmdb, an empty one, a cut one: logins go on."""
        whole = (paths.DATA / "maxmind.mmdb").read_bytes()
        for content in (b"", b"not a database" * 1000, whole[:1000]):
            with self.subTest(content[:10]):
                server = self.broken(content=content)
                self.assertAllowed(self.login(self.user, "JP",
                                              server=server))
                self.assertIn(str(server.mmdb),
                              "".join(self.errors(server)))

    def test_suspension_needs_no_mmdb(self):
        """A suspended account stays suspended without the mmdb."""
        server = self.server_of_its_own().start()
        self.trip(self.user, server=server)
        server.mmdb.unlink()
        server.stop()
        server.start()
        self.assertSuspended(self.login(self.user, "JP", server=server),
                             MESSAGE)
