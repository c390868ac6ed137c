"""When the rule becomes true: on which login, and on which not."""

import time

from support.addresses import address
from support.auth_socket import plain
from support.case import PASSWORD, Case
from support.waiting import wait_until


class Rule(Case):
    def test_trip_is_committed_before_the_answer(self):
        """When the client knows, the login, the suspension with its evidence
        and the notice are in the database."""
        before = time.time()
        self.trip(self.user)
        (suspension,) = self.dovecot.query(
            "SELECT s.* FROM suspension s JOIN user u ON u.id = s.user_id"
            " WHERE u.name = ?", self.user)
        self.assertEqual((suspension.rule, suspension.source,
                          suspension.released_at),
                         ("3 countries in 1h", "rule", None))
        self.assertEqual(sorted(suspension.countries.split()),
                         ["BR", "JP", "US"])
        self.assertTrue(before <= suspension.since / 1e6 <= time.time())
        self.assertEqual(suspension.until - suspension.since, 86400 * 10**6)
        evidence = self.dovecot.query(
            "SELECT l.country FROM evidence e"
            " JOIN login l ON l.id = e.login_id"
            " WHERE e.suspension_id = ? ORDER BY l.id", suspension.id)
        self.assertEqual([row.country for row in evidence],
                         ["JP", "US", "BR"])
        notices = self.dovecot.query(
            "SELECT * FROM notice WHERE suspension_id = ?", suspension.id)
        self.assertEqual([(row.state, row.attempts) for row in notices],
                         [("queued", 0)])

    def test_log_line(self):
        """A suspension is one line in the log, with the name."""
        self.trip(self.user)
        self.login(self.user, "JP")
        lines = wait_until(
            lambda: [line for line in self.log_excerpt().splitlines()
                     if self.user in line and "suspended" in line],
            "a log line")
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("Info:", lines[0])

    def test_two_countries_are_fine(self):
        """Two countries, however often, never trip."""
        for _ in range(10):
            for country in ("JP", "US"):
                self.assertAllowed(self.login(self.user, country))
        self.assertEqual(set(self.verdicts(self.user, 20)), {"allow"})

    def test_other_users_do_not_count(self):
        """Three countries of three accounts are no trip."""
        for number, country in enumerate(("JP", "US", "BR")):
            self.assertAllowed(
                self.login(f"{number}.{self.user}", country))

    def test_two_logins_in_one_write(self):
        """Two logins that arrive in one packet both count: the second one
        is the third country, and is refused."""
        self.assertAllowed(self.login(self.user, "JP"))
        self.assertEqual(self.packet("US", "BR"), ["OK", "FAIL"])

    def test_three_logins_in_one_write(self):
        """Three logins of a fresh account in one packet: the third one is
        refused."""
        self.assertEqual(self.packet("JP", "US", "BR"), ["OK", "OK", "FAIL"])
        self.assertEqual(self.verdicts(self.user, 3),
                         ["allow", "allow", "trip"])

    def packet(self, *countries):
        """How logins fare that are written at once, in their order."""
        with self.dovecot.auth() as auth:
            requests = [auth.request("PLAIN", plain(self.user, PASSWORD),
                                     service="smtp", rip=address(country))
                        for country in countries]
            auth.write(b"".join(request for _, request in requests))
            replies = [auth.reply() for _ in requests]
        replies.sort(key=lambda reply: reply.id)
        return [reply.kind for reply in replies]

    def test_many_at_once(self):
        """A thousand logins in one packet leave a thousand rows, and every
        account that came from three countries is suspended once."""
        users = [f"{number}.{self.user}" for number in range(250)]
        with self.dovecot.auth() as auth:
            requests = [auth.request("PLAIN", plain(user, PASSWORD),
                                     service="smtp", rip=address(country))
                        for country in ("JP", "US", "DE", "JP")
                        for user in users]
            auth.write(b"".join(request for _, request in requests))
            replies = [auth.reply() for _ in requests]
        self.assertEqual(
            [kind for kind in ("OK", "FAIL")
             for reply in replies if reply.kind == kind],
            ["OK"] * 500 + ["FAIL"] * 500)
        count = """SELECT l.verdict, count(*) AS n FROM login l
            JOIN user u ON u.id = l.user_id WHERE u.name LIKE ?
            GROUP BY l.verdict"""
        wait_until(
            lambda: {row.verdict: row.n for row in
                     self.dovecot.query(count, f"%.{self.user}")}
            == {"allow": 500, "trip": 250, "blocked": 250},
            lambda: self.dovecot.query(count, f"%.{self.user}"))
        (suspensions,) = self.dovecot.query(
            "SELECT count(*), count(DISTINCT user_id) FROM suspension s"
            " JOIN user u ON u.id = s.user_id WHERE u.name LIKE ?",
            f"%.{self.user}")
        self.assertEqual(tuple(suspensions), (250, 250))


class Window(Case):
    settings = {"rules": "2 countries in 2s"}

    def test_window_slides(self):
        """A login older than the rule's time no longer counts."""
        self.assertAllowed(self.login(self.user, "JP"))
        (row,) = self.dovecot.wait_for_logins(self.user, 1)
        wait_until(lambda: time.time() > row.time / 1e6 + 2, "2 s pass")
        self.assertAllowed(self.login(self.user, "US"))
        self.assertSuspended(self.login(self.user, "JP"))


class SeveralRules(Case):
    settings = {"rules": "5 countries in 7 days, 2 countries in 30 mins",
                "message": 'Ask 100%u at "the desk" <help@example.com>'}

    def test_any_rule_trips(self):
        """Of several rules any one trips, and the suspension names it; the
        client is told geotrip_message as it is written."""
        self.assertAllowed(self.login(self.user, "JP"))
        self.assertSuspended(self.login(self.user, "US"),
                             'Ask 100%u at "the desk" <help@example.com>')
        (row,) = self.dovecot.query(
            "SELECT rule, countries FROM suspension")
        self.assertEqual(row.rule, "2 countries in 30 mins")


class Observe(Case):
    settings = {"mode": "observe"}

    def test_observe(self):
        """With geotrip_mode = observe everything is recorded and marked, and
        nobody is suspended or written to."""
        for country in ("JP", "US", "BR", "DE"):
            self.assertAllowed(self.login(self.user, country))
        verdicts = self.verdicts(self.user, 4)
        self.assertEqual(verdicts[:3], ["allow", "allow", "observe"])
        self.assertIn(verdicts[3], ("allow", "observe"))
        self.assertEqual(self.dovecot.query("SELECT * FROM suspension"), [])
        self.assertEqual(self.dovecot.query("SELECT * FROM notice"), [])
        self.assertEqual(self.dovecot.geotrip("list").rows, [])

    def test_marks(self):
        """Who would have been suspended is listed, with the rule and the
        countries, logged in one line, and shown with the account."""
        first, second, third = (f"{n}.{self.user}" for n in range(3))
        for user in (first, second, first):
            for country in ("JP", "US", "BR"):
                self.assertAllowed(self.login(user, country))
        self.assertAllowed(self.login(third, "JP"))
        for user, count in ((first, 6), (second, 3), (third, 1)):
            self.dovecot.wait_for_logins(user, count)
        rows = self.dovecot.geotrip("list", "-w", f"?.{self.user}").rows
        self.assertEqual(list(rows[0]),
                         ["user", "time", "rule", "countries", "cause"])
        self.assertEqual(
            [(row["user"], row["rule"], row["countries"], row["cause"])
             for row in rows],
            [(user, "3 countries in 1h", "JP US BR", "observe")
             for user in (first, second, first)])
        trips = [row["time"] for row in self.dovecot.geotrip(
            "history", first).rows if row["verdict"] == "observe"]
        self.assertEqual(sorted(trips), [rows[0]["time"], rows[2]["time"]])
        wait_until(lambda: len(self.marks_logged(first)) == 2,
                   self.log_excerpt)
        for line in self.marks_logged(first):
            self.assertIn("Info: ", line)
            self.assertIn("would be suspended: 3 countries in 1h (JP US BR),"
                          " but geotrip_mode is observe", line)
        shown = self.dovecot.geotrip("show", first).rows
        self.assertEqual(
            [row["value"] for row in shown if row["field"] == "marked"],
            [f"{row['time']}, 3 countries in 1h, JP US BR, observe"
             for row in rows if row["user"] == first])

    def marks_logged(self, user):
        return [line for line in self.log_excerpt().splitlines()
                if f"user=<{user}>: would be suspended" in line]

    def test_last_marks(self):
        """show has the last ten marks of an account, oldest first."""
        for _ in range(12):
            for country in ("JP", "US", "BR"):
                self.assertAllowed(self.login(self.user, country))
        self.dovecot.wait_for_logins(self.user, 36)
        shown = self.dovecot.geotrip("show", self.user).rows
        marked = [row["value"].split(",")[0] for row in shown
                  if row["field"] == "marked"]
        listed = [row["time"] for row in self.dovecot.geotrip(
            "list", "-w", self.user).rows]
        self.assertEqual(len(listed), 12)
        self.assertEqual(marked, listed[2:])
