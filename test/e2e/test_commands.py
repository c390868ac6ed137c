"""doveadm geotrip, command by command."""

import contextlib
import datetime
import re
import sqlite3
import time
import unittest

from support import dovecot_conf
from support.addresses import UNKNOWN, address
from support.case import RFC_3339, Case

USAGE, NO_USER = 64, 67
TOKYO = {"TZ": "Asia/Tokyo"}


class Commands(Case):
    settings = {"services": "smtp submission imap"}

    def geotrip(self, *arguments, code=0, **options):
        return self.dovecot.geotrip(*arguments, **options).expect(code)

    def run_plain(self, *arguments, code=0, **options):
        return self.geotrip(*arguments, code=code, json=False, **options)

    def listed(self, *arguments):
        return {row["user"]: row for row in
                self.geotrip("list", *arguments).rows}

    # list

    def test_list(self):
        """list shows the active suspensions, -a the ended ones as well."""
        ended = f"ended.{self.user}"
        self.trip(self.user)
        self.trip(ended)
        self.run_plain("unsuspend", ended)
        row = self.listed()[self.user]
        self.assertEqual(list(row), ["user", "since", "until", "reason",
                                     "countries", "notice", "state",
                                     "remark"])
        self.assertEqual((row["notice"], row["state"], row["remark"]),
                         ("queued", "suspended", "-"))
        for column in ("since", "until"):
            self.assertRegex(row[column], f"^{RFC_3339}$")
        self.assertEqual(set(row["countries"].replace(",", " ").split()),
                         {"JP", "US", "BR"})
        self.assertNotIn(ended, self.listed())
        self.assertEqual(self.listed("-a")[ended]["state"], "ended")

    def test_list_mask(self):
        """list takes a mask."""
        self.trip(self.user)
        self.assertEqual(list(self.listed("test_*nobody*")), [])
        self.assertIn(self.user, self.listed("list_m?sk@*"))
        self.assertEqual(list(self.listed(self.user)), [self.user])

    def test_list_marks(self):
        """list -w is empty where everybody is suspended who trips."""
        self.trip(self.user)
        self.assertEqual(self.geotrip("list", "-w").rows, [])

    # show

    def test_show(self):
        """show says whether and why, with the evidence and the notice."""
        self.trip(self.user)
        shown = self.geotrip("show", self.user).rows
        text = str(shown)
        for word in (self.user, "suspended", "3 countries in 1h", "JP", "US",
                     "BR", "rule", "queued", address("JP"), address("US"),
                     address("BR")):
            self.assertIn(word, text)
        self.assertNotIn("not suspended", text)

    def test_show_not_suspended(self):
        """show of an account that is not suspended shows its window."""
        self.assertAllowed(self.login(self.user, "JP"))
        self.dovecot.wait_for_logins(self.user, 1)
        rows = self.geotrip("show", self.user).rows
        fields = {row["field"]: row["value"] for row in rows}
        self.assertEqual(fields["user"], self.user)
        self.assertEqual(fields["state"], "not suspended")
        self.assertIn("JP", fields["window"])

    # history

    def test_history(self):
        """history shows the logins, newest first; -n and -s limit it."""
        self.trip(self.user)
        self.login(self.user, address("DE", version=6), service="submission")
        self.dovecot.wait_for_logins(self.user, 4)
        rows = self.geotrip("history", self.user).rows
        self.assertEqual(list(rows[0]), ["time", "user", "service",
                                         "country", "ip", "verdict"])
        self.assertEqual(
            [(row["service"], row["country"], row["ip"], row["verdict"])
             for row in rows],
            [("submission", "DE", address("DE", version=6), "blocked"),
             ("smtp", "BR", address("BR"), "trip"),
             ("smtp", "US", address("US"), "allow"),
             ("smtp", "JP", address("JP"), "allow")])
        limited = self.geotrip("history", "-n", "2", self.user).rows
        self.assertEqual(limited, rows[:2])
        for since in ("1h", "2 hours", str(int(time.time()) - 60),
                      "2020-01-01", "2020-01-01T00:00:00Z",
                      rows[-1]["time"]):
            self.assertEqual(
                self.geotrip("history", "-s", since, self.user).rows, rows)
        future = int(time.time()) + 3600
        for since in (str(future), time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.gmtime(future))):
            self.assertEqual(
                self.geotrip("history", "-s", since, self.user).rows, [])

    def test_history_without_country(self):
        """A login without country or address is shown as such."""
        self.assertAllowed(self.login(self.user, UNKNOWN))
        self.assertAllowed(self.login(self.user, None))
        self.dovecot.wait_for_logins(self.user, 2)
        rows = self.geotrip("history", self.user).rows
        self.assertEqual([(row["country"] or "-", row["ip"] or "-")
                          for row in rows],
                         [("-", "-"), ("-", UNKNOWN)])

    # evidence

    def test_evidence(self):
        """evidence shows the logins that led to the suspension in columns,
        also when it has ended, and only those of the last one."""
        self.trip(self.user)
        self.run_plain("unsuspend", self.user)
        self.trip(self.user)
        self.login(self.user, "GB")
        for ended in (False, True):
            rows = self.geotrip("evidence", self.user).rows
            self.assertEqual(list(rows[0]), ["suspended", "time", "country",
                                             "ip", "service", "mechanism",
                                             "exempt"])
            self.assertEqual(
                [(row["country"], row["ip"], row["service"],
                  row["mechanism"]) for row in rows],
                [("JP", address("JP"), "smtp", "PLAIN"),
                 ("US", address("US"), "smtp", "PLAIN"),
                 ("BR", address("BR"), "smtp", "PLAIN")])
            (since,) = {row["suspended"] for row in rows}
            self.assertEqual(since, rows[-1]["time"])
            self.assertEqual(since, self.listed("-a", self.user)[
                self.user]["since"])
            if not ended:
                self.run_plain("unsuspend", self.user)

    def test_evidence_of_nothing(self):
        """evidence of a user who was never suspended, or by an operator, is
        empty, and the command says why."""
        self.assertAllowed(self.login(self.user, "JP"))
        self.dovecot.wait_for_logins(self.user, 1)
        result = self.geotrip("evidence", self.user)
        self.assertEqual(result.rows, [])
        self.assertIn(f"{self.user} has never been suspended",
                      result.error_text)
        self.run_plain("suspend", self.user)
        result = self.geotrip("evidence", self.user)
        self.assertEqual(result.rows, [])
        self.assertIn("an operator suspended", result.error_text)

    # Times

    def test_times(self):
        """Each command prints times with their offset from UTC, in each
        formatter, and they are those in the database."""
        self.trip(self.user)
        (row,) = self.dovecot.query(
            "SELECT since, until FROM active_suspension WHERE user = ?",
            self.user)
        since, until = (
            datetime.datetime.fromtimestamp(
                value // 10**6, datetime.timezone(
                    datetime.timedelta(hours=9))).isoformat()
            for value in (row.since, row.until))
        for command, times in (("list", [since, until]),
                               ("show", [since, until]),
                               ("history", [since]),
                               ("evidence", [since])):
            for formatter in ("table", "tab", "flow", "pager", "json"):
                with self.subTest(command, formatter=formatter):
                    text = self.run_plain(command, self.user,
                                          formatter=formatter, **TOKYO).text
                    for value in times:
                        self.assertIn(value, text)
                    # No other form: each date is the beginning of a time.
                    self.assertEqual(
                        len(re.findall(RFC_3339, text)),
                        len(re.findall(r"\d{4}-\d\d-\d\d", text)), text)
        self.assertRegex(
            self.run_plain("suspend", self.user, **TOKYO).error_text,
            rf"suspended until (?=\S*\+09:00 ){RFC_3339} by operator")

    def test_mask_for_a_user(self):
        """A mask where one user is wanted: no such user, and where masks are
        taken."""
        for command in ("history", "show"):
            for mask in ("*", "hanako@*", "?"):
                with self.subTest(f"{command} {mask}"):
                    result = self.run_plain(command, mask, code=NO_USER)
                    for word in (f"user named {mask},", "one user",
                                 "list -w MASK", "list -a MASK"):
                        self.assertIn(word, result.error_text)
        # It may be somebody's name.
        self.run_plain("suspend", f"?{self.user}")
        self.assertEqual(self.geotrip("history", f"?{self.user}").rows, [])

    # suspend and unsuspend

    def test_suspend(self):
        """suspend stops an account, with a time and a reason."""
        self.run_plain("suspend", "-t", "2h", "-r", "spam complaint",
                       self.user)
        self.assertSuspended(self.login(self.user, "JP"))
        (row,) = self.dovecot.query(
            "SELECT s.* FROM suspension s JOIN user u ON u.id = s.user_id"
            " WHERE u.name = ?", self.user)
        self.assertEqual((row.source, row.reason, row.rule),
                         ("operator", "spam complaint", None))
        self.assertAlmostEqual((row.until - row.since) / 1e6, 7200, delta=1)
        self.assertEqual(self.listed()[self.user]["reason"],
                         "spam complaint")

    def test_suspend_several(self):
        """suspend takes several accounts; -t 0 means until released."""
        users = [f"{number}.{self.user}" for number in range(3)]
        self.run_plain("suspend", "-t", "0", *users)
        for user in users:
            self.assertSuspended(self.login(user, "JP"))
        self.assertLessEqual(set(users), set(self.listed()))

    def test_suspend_twice(self):
        """Suspending again leaves one active suspension."""
        self.trip(self.user)
        self.dovecot.geotrip("suspend", self.user, json=False)
        (row,) = self.dovecot.query(
            "SELECT count(*) FROM active_suspension WHERE user = ?",
            self.user)
        self.assertEqual(row[0], 1)

    def test_unsuspend_mask(self):
        """unsuspend takes masks, and leaves the others alone."""
        for number in range(3):
            self.trip(f"{number}.{self.user}")
        self.trip(f"x.{self.user}")
        self.run_plain("unsuspend", f"?.uns*{self.user[4:]}")
        listed = self.listed(f"*.{self.user}")
        self.assertEqual(list(listed), [])
        self.trip(f"long.{self.user}")
        self.trip(f"x.{self.user}")
        self.run_plain("unsuspend", f"?.{self.user}")
        self.assertEqual(list(self.listed(f"*.{self.user}")),
                         [f"long.{self.user}"])

    # countries

    def test_countries(self):
        """countries counts logins, users and trips; -S picks a service, -s a
        time."""
        for user in (self.user, f"other.{self.user}"):
            self.assertAllowed(self.login(user, "ZA", "imap"))
            self.assertAllowed(self.login(user, "ZA", "imap"))
        self.assertAllowed(self.login(self.user, "MX", "imap"))
        self.dovecot.wait_for_logins(self.user, 3)
        self.dovecot.wait_for_logins(f"other.{self.user}", 2)
        self.login(self.user, "ID", "submission")

        def of(country, *options):
            return [row for row in self.geotrip("countries", *options).rows
                    if row["country"] == country]
        (row,) = of("ZA")
        self.assertEqual(list(row), ["country", "logins", "users", "trips"])
        self.assertEqual((int(row["logins"]), int(row["users"]),
                          int(row["trips"])), (4, 2, 0))
        (row,) = of("ID", "-S", "submission")
        self.assertEqual((int(row["logins"]), int(row["trips"])), (1, 1))
        self.assertEqual(of("ID", "-S", "imap"), [])
        self.assertEqual(of("ZA", "-S", "submission"), [])
        self.assertEqual(len(of("ZA", "-s", "1h")), 1)
        self.assertEqual(of("ZA", "-s", str(int(time.time()) + 3600)), [])

    def test_countries_of_no_service(self):
        """A service that is a mistake is EX_USAGE, with a hint; one that
        Dovecot has, or that was used once, may have nothing to show."""
        for service in ("nosuch", "SMTP", "postfix"):
            with self.subTest(service):
                result = self.run_plain("countries", "-S", service,
                                        code=USAGE)
                self.assertIn(f'"{service}"', result.error_text)
                self.assertIn("Postfix and Exim are smtp", result.error_text)
        for options in ([], ["-s", "1h"]):
            self.assertEqual(
                self.geotrip("countries", "-S", "sieve", *options).rows, [])
        with contextlib.closing(sqlite3.connect(
                self.dovecot.database, 20)) as db, db:
            db.execute("INSERT INTO country_day VALUES (1, 'old', 'JP', 1, 0)")
        self.assertEqual(
            self.geotrip("countries", "-S", "old", "-s", "1h").rows, [])

    # Exit codes

    def test_no_such_user(self):
        """A user without a record is EX_NOUSER, 67."""
        for command in ("show", "evidence", "history", "unsuspend"):
            self.geotrip(command, f"nobody.{self.user}", code=NO_USER)

    def test_bad_arguments(self):
        """Bad arguments are EX_USAGE, 64, and change nothing."""
        for arguments in (["show"], ["evidence"], ["history"], ["suspend"],
                          ["unsuspend"],
                          ["history", "-n", "many", self.user],
                          ["history", "-n", "-1", self.user],
                          ["history", "-s", "yesterday-ish", self.user],
                          ["history", "-s", "2026-02-30T00:00:00Z", self.user],
                          ["history", "-s", "2026-02-20T00:00:00", self.user],
                          ["countries", "-s", "5 parsecs"],
                          ["suspend", "-t", "soon", self.user],
                          ["purge", "-k", "nothing"],
                          ["unsuspend", "-a", self.user],
                          ["list", "-a", "-w"],
                          ["show", self.user, "another"],
                          ["list", "--no-such-option"], ["no-such-command"]):
            result = self.dovecot.geotrip(*arguments, json=False)
            with self.subTest(arguments):
                self.assertEqual(result.code, USAGE, result.error_text)
        self.assertNotIn(self.user, self.listed("-a"))

    # Formatters

    def test_formatters(self):
        """Dovecot's formatters all work."""
        self.trip(self.user)
        for formatter in ("table", "tab", "flow", "pager"):
            with self.subTest(formatter):
                text = self.dovecot.geotrip(
                    "list", self.user, json=False,
                    formatter=formatter).expect(0).text
                self.assertIn(self.user, text)
        # A table where nothing was asked for.
        text = self.run_plain("list", self.user).text
        self.assertRegex(text.splitlines()[0], r"^user +since +until")

    def command_names(self):
        """As doveadm help has them."""
        help_ = self.dovecot.doveadm("help")
        (line,) = [line for line in (help_.text + help_.error_text).split("\n")
                   if line.split()[:1] == ["geotrip"]]
        return set(line.split()[1].split("|"))

    def test_help(self):
        """doveadm help lists the commands."""
        self.assertEqual(
            self.command_names(),
            {"list", "show", "evidence", "history", "suspend", "unsuspend",
             "resume", "countries", "notify", "purge", "check"})

    def test_usage(self):
        """Without a command, or with one that there is not, there is a line
        for each, with its options and what it is for."""
        for arguments in ([], ["no-such-command"], ["help"]):
            result = self.dovecot.doveadm("geotrip", *arguments)
            usage = {line.split()[0]: line
                     for line in (result.text + result.error_text).split("\n")
                     if line.startswith("  ")}
            self.assertEqual(set(usage), self.command_names())
            for line in usage.values():
                self.assertRegex(line, "# [a-z].{9}")
            self.assertRegex(usage["list"], r"\[-a\|-w\].*# who is suspended")

    @unittest.skipIf(dovecot_conf.SERIES == "2.3",
                     "doveadm of Dovecot 2.3 has no --help")
    def test_help_of_a_command(self):
        """--help shows the options of a command."""
        for command, option in (("list", "-a"), ("list", "-w"),
                                ("history", "-n <max>"),
                                ("suspend", "-t <time>"),
                                ("unsuspend", "-r <reason>"),
                                ("countries", "-S <service>"),
                                ("purge", "-k <keep>")):
            with self.subTest(command):
                text = self.run_plain(command, "--help").text
                self.assertIn(f"geotrip {command} ", text)
                self.assertIn(option, text)
