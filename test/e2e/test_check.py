"""doveadm geotrip check: is it configured, readable, writable, fresh."""

import contextlib
import os
import pwd
import sqlite3
import time

from support import dovecot_conf, paths
from support.addresses import UNKNOWN
from support.case import MESSAGE_ALL, Case
from support.ports import free_port
from support.smtp_server import DROP, STALL

ROWS = ["settings", "auth module", "rules", "counted services",
        "suspended services", "user names", "directory", "database", "brake",
        "notices", "unknown countries", "mmdb", "mmdb age", "mmdb access",
        "mail server", "templates"]


def install_mmdb_built(server, days_ago):
    """Give the server a database that was built this many days ago."""
    mmdb = bytearray((paths.DATA / "maxmind.mmdb").read_bytes())
    built = mmdb.rindex(b"build_epoch") + len(b"build_epoch")
    # A uint64 (type 9: one byte more) of four bytes.
    assert mmdb[built:built + 2] == b"\x04\x02"
    then = int(time.time()) - days_ago * 86400
    mmdb[built + 2:built + 6] = then.to_bytes(4, "big")
    server.mmdb.write_bytes(mmdb)


class CheckCase(Case):
    def configured(self, settings=(), **options):
        """A server that nobody has started, with a fresh mmdb."""
        server = self.server_of_its_own(settings, **options)
        if "mmdb" not in options:
            install_mmdb_built(server, 1)
        server.write_conf()
        return server

    def used(self, settings=(), **options):
        """A server that had a login."""
        server = self.configured(settings, **options).start()
        self.login(self.user, "JP", server=server)
        server.wait_for_logins(self.user, 1)
        return server

    def rows(self, server, code, **options):
        """The rows by name: each name comes once."""
        rows = server.geotrip("check", **options).expect(code).rows
        found = {row["check"]: row for row in rows}
        self.assertEqual(len(found), len(rows), rows)
        return found

    def check_row(self, server, name, result, *words, code=None, **options):
        """One row, and the exit code that goes with its result if all else
        is well."""
        if code is None:
            code = 1 if result in ("failed", "unknown") else 0
        row = self.rows(server, code, **options)[name]
        self.assertEqual(row["result"], result, row)
        for word in words:
            self.assertIn(word, row["detail"])
        return row["detail"]


class Check(CheckCase):
    def test_all_is_well(self):
        """Exit code 0, and a row for each thing, in this order."""
        rows = self.rows(self.used(), 0)
        self.assertEqual(list(rows), ROWS)
        self.assertEqual({row["result"] for row in rows.values()}, {"ok"},
                         rows)

    def test_table(self):
        """For people it is a table."""
        result = self.used().geotrip("check", json=False).expect(0)
        lines = result.text.splitlines()
        self.assertRegex(lines[0], "^check +result detail")
        self.assertEqual(len(lines), 1 + len(ROWS), result.text)
        self.assertEqual(result.error_text, "")

    def test_off(self):
        """geotrip without geotrip_db is off, and check says so."""
        self.check_row(self.configured({"db": ""}), "settings", "failed",
                       "geotrip_db")

    def test_before_the_first_login(self):
        """Nothing has been started yet: nothing is wrong, and there is a
        warning that says what creates the database."""
        server = self.configured()
        self.check_row(server, "database", "warning", "does not exist yet",
                       "first login", str(server.database))
        rows = self.rows(server, 0)
        self.assertEqual({row["result"] for name, row in rows.items()
                          if name != "database"}, {"ok"}, rows)
        for command in (["list"], ["show", "somebody"]):
            result = server.geotrip(*command, json=False).expect(75)
            self.assertIn("first login", result.error_text)
        # It creates nothing.
        self.assertEqual(list(server.database.parent.iterdir()), [])

    def test_service(self):
        """A service of the settings that nobody has."""
        self.check_row(self.configured({"services": "smtp sumbission"}),
                       "counted services", "failed", "sumbission")
        self.check_row(self.configured({"suspend_services": "SMTP *"}),
                       "suspended services", "ok")


class Mmdb(CheckCase):
    def test_missing(self):
        """The mmdb is not there: its path is named, and no mode is to be
        changed."""
        server = self.configured(mmdb=None)
        detail = self.check_row(server, "mmdb", "failed", str(server.mmdb))
        self.assertNotIn("mode", detail)
        self.assertNotIn("mmdb access", self.rows(server, 1))

    def test_broken(self):
        """The mmdb is no such database."""
        server = self.configured(mmdb=None)
        server.mmdb.write_bytes(b"not a database" * 100)
        self.check_row(server, "mmdb", "failed", str(server.mmdb))

    def test_unreadable(self):
        """Root can read the mmdb, but Dovecot's auth user cannot, neither
        because of its mode nor with the help of root's group."""
        server = self.configured()
        for mode in (0o600, 0o640):
            server.mmdb.chmod(mode)
            self.check_row(server, "mmdb access", "failed", str(server.mmdb),
                           "0644", as_user="root")

    def test_unreadable_for_itself(self):
        """The auth process' user itself is told the same, and not to put
        another file there."""
        server = self.configured()
        server.mmdb.chmod(0o600)
        detail = self.check_row(server, "mmdb", "failed", "Permission denied",
                                "0644", as_user="dovecot")
        self.assertNotIn("Put a", detail)

    def test_unreadable_directory(self):
        """The directory above it is closed."""
        server = self.configured()
        server.mmdb.parent.chmod(0o700)
        self.check_row(server, "mmdb access", "failed", str(server.mmdb))

    def test_without_countries(self):
        """A database of something else, like ASNs, has no country."""
        self.check_row(self.configured(mmdb="asn.mmdb"), "mmdb", "failed",
                       "no countries")

    def test_old(self):
        """A database that nobody updates is not fresh."""
        server = self.configured()
        install_mmdb_built(server, 400)
        self.check_row(server, "mmdb age", "failed", "400 days")

    def test_ipv4_only(self):
        """A database without IPv6 leaves a hole, and check says so."""
        self.check_row(self.configured(mmdb="ipv4-only.mmdb"), "mmdb",
                       "failed", "IPv4 only")


class Files(CheckCase):
    def test_directory_missing(self):
        """The directory of the database is not there."""
        server = self.configured({"db": "/nonexistent/geotrip.sqlite"})
        self.check_row(server, "directory", "failed", "/nonexistent",
                       "dovecot")
        self.assertNotIn("database", self.rows(server, 1))

    def test_directory_of_root(self):
        """Somebody has forgotten to give the directory to Dovecot."""
        server = self.configured()
        os.chown(server.database.parent, 0, 0)
        self.check_row(server, "directory", "failed", "belongs to root",
                       "dovecot")
        # It is not root who reads the mmdb.
        server.mmdb.chmod(0o600)
        self.check_row(server, "mmdb access", "failed", code=1)

    def test_directory_of_another(self):
        """Or has given it to a user that the auth process does not run
        as."""
        server = self.configured()
        os.chown(server.database.parent, pwd.getpwnam("mail").pw_uid, 0)
        self.check_row(server, "directory", "failed", "belongs to mail",
                       "dovecot")

    def test_auth_as_another(self):
        """The auth process runs as whom service auth says."""
        server = self.configured(conf="service auth {\n  user = mail\n}\n")
        self.check_row(server, "directory", "failed", "belongs to dovecot",
                       "mail")
        os.chown(server.database.parent, pwd.getpwnam("mail").pw_uid, 0)
        self.check_row(server, "directory", "ok")

    def test_auth_as_root(self):
        """Nobody needs that any more."""
        server = self.configured(conf="service auth {\n  user = root\n}\n")
        self.check_row(server, "directory", "failed", "user = root",
                       "auth-worker")

    def test_directory_not_writable(self):
        """Its owner cannot write in it."""
        server = self.configured()
        server.database.parent.chmod(0o550)
        self.check_row(server, "directory", "failed", "0750")

    def test_directory_out_of_reach(self):
        """Its owner cannot get there."""
        server = self.configured()
        server.database.parent.parent.chmod(0o700)
        self.check_row(server, "directory", "failed", "dovecot cannot")

    def test_directory_open(self):
        """Others can write in it."""
        server = self.configured()
        server.database.parent.chmod(0o777)
        self.check_row(server, "directory", "failed", "0750")

    def test_not_writable_by_dovecot(self):
        """Root can write the database, but Dovecot cannot."""
        server = self.used()
        os.chown(server.database, 0, 0)
        self.check_row(server, "database", "failed", str(server.database),
                       "belongs to root")


class Others(CheckCase):
    """Users other than root."""

    def test_owner(self):
        """The owner of the database sees it all."""
        rows = self.rows(self.used(), 0, as_user="dovecot")
        self.assertEqual(list(rows), ROWS)
        self.assertEqual({row["result"] for row in rows.values()}, {"ok"},
                         rows)

    def test_stranger(self):
        """Another user sees the settings, the mmdb and the mail server; what
        is hidden is called so, not wrong, and all is not well."""
        server = self.used()
        rows = self.rows(server, 1, as_user="nobody")
        self.assertEqual({name: row["result"] for name, row in rows.items()
                          if row["result"] != "ok"}, {"database": "unknown"})
        for word in ("Permission denied", "root", "dovecot",
                     str(server.database)):
            self.assertIn(word, rows["database"]["detail"])
        self.assertNotIn("belong to", rows["database"]["detail"])
        for name in ("user names", "directory", "mmdb", "mail server",
                     "templates"):
            self.assertIn(name, rows)

    def test_stranger_open_directory(self):
        """The same if the directory is open by mistake: the database is
        not."""
        server = self.used()
        server.database.parent.chmod(0o755)
        self.check_row(server, "database", "unknown", "Permission denied",
                       as_user="nobody")

    def test_stranger_closed_mmdb(self):
        """An mmdb that only Dovecot can read is as it may be."""
        server = self.used()
        server.mmdb.chmod(0o600)
        os.chown(server.mmdb, pwd.getpwnam("dovecot").pw_uid, 0)
        self.check_row(server, "mmdb", "unknown", "Permission denied",
                       as_user="nobody")
        self.check_row(server, "mmdb", "ok", as_user="dovecot")

    def test_commands(self):
        """Commands say that permission is missing, for what, and who has
        it."""
        server = self.used()
        for mode in (0o750, 0o755):
            server.database.parent.chmod(mode)
            for command in (["list"], ["show", self.user], ["countries"],
                            ["suspend", self.user], ["notify"], ["purge"]):
                with self.subTest(command=command, mode=oct(mode)):
                    result = server.geotrip(*command, json=False,
                                            as_user="nobody").expect(75)
                    (line,) = [line for line in result.error_text.splitlines()
                               if "geotrip_db" in line]
                    self.assertIn(str(server.database), line)
                    self.assertIn("Run this as root, or as", line)
                    self.assertNotIn("must exist and belong", line)


class UnknownCountries(CheckCase):
    def logins(self, server, *wheres, service="smtp"):
        for number, where in enumerate(wheres):
            self.login(f"{number}.{self.user}", where, service, server)
        if service == "smtp":
            server.wait_for_logins(f"{len(wheres) - 1}.{self.user}", 1)

    def test_share(self):
        """More than 5 % of the last day's logins had no country."""
        server = self.configured().start()
        self.logins(server, *["JP"] * 19, UNKNOWN)
        self.check_row(server, "unknown countries", "ok",
                       "1 of 20 logins", "5.0 %")
        self.logins(server, UNKNOWN)
        server.wait_for_logins(f"0.{self.user}", 2)
        self.check_row(server, "unknown countries", "warning",
                       "2 of 21 logins", "9.5 %")

    def test_not_counted(self):
        """What is exempt, or comes by another service, is left out; what
        was longer ago, too."""
        server = self.configured(
            {"suspend_services": "smtp imap"}).start()
        self.login(self.user, "10.0.0.1", server=server)
        self.login(self.user, UNKNOWN, "pop3", server)
        self.assertAllowed(self.login(self.user, "JP", server=server))
        server.wait_for_logins(self.user, 1)
        server.geotrip("suspend", self.user, json=False).expect(0)
        # refused and recorded, but not counted
        self.assertSuspended(self.login(self.user, UNKNOWN, "imap", server),
                             MESSAGE_ALL)
        server.wait_for_logins(self.user, 2)
        self.check_row(server, "unknown countries", "ok", "0 of 1 login ")
        with contextlib.closing(sqlite3.connect(server.database)) as db, db:
            db.execute("UPDATE country_day SET day = day - 2")
        self.check_row(server, "unknown countries", "ok", "no login")


class UserNames(CheckCase):
    KEEP, LOWER = {
        "2.3": (("%u", "%n@%Ld", "%Ln@%d", ""),
                ("%Lu", "%Ln@%Ld", "%Ln", "%Uu")),
        "2.4": (("%{user}", "%{user | username}@%{user | domain | lower}", ""),
                ("%{user | lower}", "%{user|lower|username}",
                 "%{user | upper}")),
    }[dovecot_conf.SERIES]

    def test_lower(self):
        """Formats that make one name of several spellings."""
        for value in self.LOWER:
            with self.subTest(value):
                self.check_format(value, "ok", value)

    def test_keep(self):
        """Formats that do not: the default of this version is advised."""
        for value in self.KEEP:
            with self.subTest(value):
                self.check_format(value, "warning", value, self.LOWER[0])

    def check_format(self, value, result, *words):
        server = self.configured(conf=f"auth_username_format = {value}\n")
        self.check_row(server, "user names", result, *words)

    def test_true(self):
        """It is as the row says: names differ, or not, in what geotrip
        records."""
        for value, count in ((self.LOWER[0], 1), (self.KEEP[0], 2)):
            server = self.configured(
                conf=f"auth_username_format = {value}\n").start()
            for user in ("some@example.com", "Some@Example.com"):
                self.assertAllowed(self.login(user, "JP", server=server))
            server.wait_for_logins("some@example.com", 3 - count)
            (row,) = server.query("SELECT count(*) FROM user")
            self.assertEqual(row[0], count, value)

    def test_not_to_be_tried(self):
        """A format of which it cannot be told is no failure."""
        value = ("%{cert}" if dovecot_conf.SERIES == "2.3"
                 else "%{user | nosuchfilter}")
        self.check_format(value, "warning", "cannot be tested")


class MailServer(CheckCase):
    def test_answers(self):
        """It says hello, and goodbye, and hears nothing else."""
        server = self.configured()
        port = server.sink.port
        self.check_row(server, "mail server", "ok", f"127.0.0.1:{port}")
        (heard,) = server.sink.commands.values()
        self.assertEqual([line.split()[0].upper() for line in heard],
                         [b"EHLO", b"QUIT"])

    def test_closed_port(self):
        """Nobody listens."""
        port = free_port()
        server = self.configured(conf=f"submission_host = 127.0.0.1:{port}\n")
        self.check_row(server, "mail server", "failed",
                       f"submission_host = 127.0.0.1:{port}",
                       "Connection refused", "listen")
        # All of it is in the table.
        self.assertEqual(server.geotrip("check").err, b"")

    def test_unknown_host(self):
        """A name that nobody has."""
        server = self.configured(conf="submission_host = nowhere.invalid\n")
        self.check_row(server, "mail server", "failed", "nowhere.invalid",
                       "DNS")

    def test_no_host(self):
        """A setting that makes no sense."""
        server = self.configured(conf="submission_host = 127.0.0.1:port\n")
        self.check_row(server, "mail server", "failed", "127.0.0.1:port")

    def test_refuses(self):
        """The server does not want us."""
        server = self.configured()
        server.sink.trouble("connect", "554 5.7.1 go away")
        self.check_row(server, "mail server", "failed", "554 5.7.1 go away",
                       "its log")

    def test_refuses_greeting(self):
        """The same a moment later."""
        server = self.configured()
        server.sink.trouble("ehlo", "550 5.7.1 not by that name")
        server.sink.features = []
        self.check_row(server, "mail server", "failed",
                       "550 5.7.1 not by that name")

    def test_silent(self):
        """It never says hello: check goes on after some seconds."""
        server = self.configured()
        server.sink.trouble("connect", STALL)
        self.check_row(server, "mail server", "failed",
                       "Timed out waiting for a reply", "firewall")

    def test_drips(self):
        """It goes on saying something, but never what was asked for."""
        server = self.configured()
        server.sink.trouble("ehlo", "250-x\r\n" * 100 + "250-x")
        self.check_row(server, "mail server", "failed",
                       "Timed out waiting for a reply")

    def test_hangs_up(self):
        """It hangs up."""
        server = self.configured()
        server.sink.trouble("connect", DROP)
        self.check_row(server, "mail server", "failed",
                       "Is it a mail server")

    def test_other_protocol(self):
        """Something else listens there."""
        server = self.configured()
        server.sink.trouble("connect", "HTTP/1.1 400 Bad Request")
        self.check_row(server, "mail server", "failed",
                       "Is it a mail server")

    def test_no_tls(self):
        """TLS is asked for, and the server speaks none."""
        server = self.configured(conf="submission_ssl = smtps\n")
        self.check_row(server, "mail server", "failed", "submission_ssl")

    def test_sendmail(self):
        """A program in place of a server: it must be there."""
        server = self.configured(
            conf="submission_host =\nsendmail_path = /bin/cat -u\n")
        self.check_row(server, "mail server", "ok", "/bin/cat -u")
        server = self.configured(
            conf="submission_host =\nsendmail_path = /nonexistent/x -u\n")
        self.check_row(server, "mail server", "failed", "/nonexistent/x")


class Templates(CheckCase):
    def test_no_directory(self):
        """A directory that is not there is a mistake, even if the texts that
        come with geotrip would do."""
        server = self.configured({"notify_templates": "/nonexistent/notices"})
        row = self.rows(server, 1)["templates"]
        self.assertEqual(row["result"], "failed")
        self.assertIn("geotrip_notify_templates = /nonexistent/notices",
                      row["detail"])

    def test_closed_directory(self):
        """One that others may not look into."""
        directory = paths.own_directory(
            paths.work_directory("templates") / "own", "dovecot", 0o700)
        (directory / "en.txt").write_text(
            (paths.NOTICES / "en.txt").read_text())
        server = self.used({"notify_templates": directory})
        self.check_row(server, "templates", "ok", str(directory))
        self.check_row(server, "templates", "unknown", str(directory),
                       as_user="nobody")
