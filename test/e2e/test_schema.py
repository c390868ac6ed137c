"""The database as other programs and later versions find it."""

import contextlib
import os
import pwd
import shutil
import sqlite3
import stat

from support.case import Case
from support.waiting import wait_until


class Schema(Case):
    def pragma(self, name):
        ((value,),) = self.dovecot.query(f"PRAGMA {name}")
        return value

    def test_identity(self):
        """application_id and user_version are set, the journal is a WAL, and
        nothing is corrupt."""
        self.trip(self.user)
        self.assertNotEqual(self.pragma("application_id"), 0)
        self.assertGreaterEqual(self.pragma("user_version"), 1)
        self.assertEqual(self.pragma("journal_mode"), "wal")
        self.assertEqual(self.pragma("integrity_check"), "ok")
        self.assertEqual(self.dovecot.query("PRAGMA foreign_key_check"), [])

    def test_tables(self):
        """The tables and columns that the manual names."""
        self.trip(self.user)
        expected = {
            "user": "id name cleared_at",
            "login": "id user_id time country ip service mechanism verdict"
                     " session",
            "suspension": "id user_id since until reason rule countries"
                          " source released_at released_by release_reason reason_from",
            "evidence": "suspension_id login_id",
            "place": "user_id country service last_time allowed_time"
                     " allowed_id",
            "user_login": "user_id login_id",
            "notice": "id suspension_id brake_id kind state attempts"
                      " next_attempt lease_until pending_to sent_at error",
            "brake": "id since max over_at ended_at ended_by domain",
            "mark": "id user_id time rule countries cause",
            "tripped": "user_id domain time",
            "tripped_domain": "id domain time",
            "country_day": "day service country logins trips",
            "active_suspension": "user since until reason",
        }
        for table, columns in expected.items():
            with self.subTest(table):
                rows = self.dovecot.query(f"PRAGMA table_info({table})")
                self.assertEqual(" ".join(row.name for row in rows), columns)

    def test_owner(self):
        """The files belong to Dovecot's auth user, and to nobody else."""
        self.trip(self.user)
        self.dovecot.geotrip("list")
        dovecot = pwd.getpwnam("dovecot").pw_uid
        for path in self.dovecot.database.parent.iterdir():
            with self.subTest(path.name):
                status = path.stat()
                self.assertEqual(status.st_uid, dovecot)
                self.assertEqual(stat.S_IMODE(status.st_mode) & 0o007, 0)

    def test_view(self):
        """active_suspension has whom an MTA must refuse, and nobody else."""
        ended = f"ended.{self.user}"
        self.trip(self.user)
        self.trip(ended)
        self.dovecot.geotrip("unsuspend", ended, json=False).expect(0)
        rows = self.dovecot.query(
            "SELECT user, since, until, reason FROM active_suspension"
            " WHERE user LIKE ?", f"%{self.user}")
        self.assertEqual([row.user for row in rows], [self.user])

    def test_totals(self):
        """country_day counts logins and trips per day, service, country."""
        user = f"totals.{self.user}"
        for country in ("KR", "TW"):
            self.assertAllowed(self.login(user, country))
        self.assertSuspended(self.login(user, "AU"))
        rows = self.dovecot.query(
            "SELECT country, service, sum(logins) AS logins,"
            " sum(trips) AS trips FROM country_day"
            " WHERE country IN ('KR', 'TW', 'AU') GROUP BY country, service"
            " ORDER BY country")
        self.assertEqual([tuple(row) for row in rows],
                         [("AU", "smtp", 1, 1), ("KR", "smtp", 1, 0),
                          ("TW", "smtp", 1, 0)])


class Version(Case):
    def test_newer_schema(self):
        """A database of a later version is refused with a clear message, by
        auth and doveadm alike, and left as it is."""
        server = self.server_of_its_own().start()
        self.trip(self.user, server=server)
        server.stop()
        with contextlib.closing(sqlite3.connect(server.database)) as db:
            db.execute("PRAGMA user_version = 1000")
        shutil.chown(server.database, "dovecot", "dovecot")
        server.start()
        self.assertAllowed(self.login(f"x.{self.user}", "JP", server=server))
        # it goes through Dovecot's log process
        wait_until(lambda: "1000" in server.log(), "the error is logged")
        self.assertIn(str(server.database), server.log())
        result = server.geotrip("list", json=False).expect(75)
        self.assertIn("1000", result.error_text)
        ((value,),) = server.query("PRAGMA user_version")
        self.assertEqual(value, 1000)


class Owner(Case):
    def test_doveadm_before_dovecot(self):
        """doveadm, run by root before Dovecot ever started, creates no
        database that Dovecot could not write."""
        server = self.server_of_its_own()
        server.write_conf()
        for command in (["list"], ["show", self.user], ["check"], ["notify"],
                        ["suspend", self.user], ["unsuspend", self.user],
                        ["history", self.user], ["countries"], ["purge"]):
            result = server.geotrip(*command, json=False)
            if command != ["check"]:
                self.assertNotEqual(result.code, 0)
            self.assertTrue(result.error_text or result.text, command)
        self.assertEqual(os.listdir(server.database.parent), [])
        server.start()
        self.trip(self.user, server=server)
        self.assertEqual(server.database.owner(), "dovecot")

    def test_doveadm_while_dovecot_is_down(self):
        """doveadm reads and changes the database of a stopped Dovecot, and
        what root touched is still Dovecot's when it comes back."""
        server = self.server_of_its_own().start()
        self.trip(self.user, server=server)
        server.stop()
        (row,) = server.geotrip("list").expect(0).rows
        self.assertEqual(row["user"], self.user)
        server.geotrip("unsuspend", self.user, json=False).expect(0)
        for path in server.database.parent.iterdir():
            self.assertEqual(path.owner(), "dovecot", path)
        server.start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        self.assertEqual(self.verdicts(self.user, 4, server)[-1], "allow")
