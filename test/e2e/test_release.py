"""How a suspension ends, and what counts after it."""

import time

from support.case import Case
from support.waiting import wait_until


class ByOperator(Case):
    def test_release(self):
        """After a release the account sends again, and the same history does
        not trip again: that takes three countries again."""
        self.trip(self.user)
        self.dovecot.geotrip("unsuspend", self.user, json=False).expect(0)
        self.assertAllowed(self.login(self.user, "BR"))
        self.assertAllowed(self.login(self.user, "DE"))
        self.assertAllowed(self.login(self.user, "BR"))
        self.assertSuspended(self.login(self.user, "RU"))

    def test_other_users(self):
        """A release leaves the history of other accounts as it is."""
        other = f"other.{self.user}"
        for country in ("JP", "US"):
            self.assertAllowed(self.login(other, country))
        self.trip(self.user)
        self.dovecot.geotrip("unsuspend", self.user, json=False).expect(0)
        self.assertSuspended(self.login(other, "BR"))

    def test_record_stays(self):
        """A release leaves the suspension in place, with who, when and why,
        and withdraws the notice."""
        self.trip(self.user)
        before = time.time()
        self.dovecot.geotrip("unsuspend", "-r", "called the owner",
                             self.user, json=False).expect(0)
        (row,) = self.dovecot.query(
            "SELECT s.*, n.state FROM suspension s"
            " JOIN user u ON u.id = s.user_id"
            " JOIN notice n ON n.suspension_id = s.id WHERE u.name = ?",
            self.user)
        self.assertEqual((row.released_by, row.release_reason, row.state),
                         ("operator", "called the owner", "withdrawn"))
        self.assertTrue(before - 1 <= row.released_at / 1e6 <= time.time())
        # The login rows stay as well.
        self.assertEqual(len(self.dovecot.logins(self.user)), 3)

    def test_log_line(self):
        """A release is one line in the log."""
        self.trip(self.user)
        result = self.dovecot.geotrip("unsuspend", "-r", "called the owner",
                                      self.user, json=False).expect(0)
        # doveadm logs to where it was started.
        lines = [line for line in (result.error_text
                                   + self.log_excerpt()).splitlines()
                 if self.user in line and "ended by operator" in line]
        self.assertEqual(len(lines), 1, result.error_text)
        self.assertIn("called the owner", lines[0])

    def test_suspended_again(self):
        """A second suspension after a release is a second row, with a notice
        of its own."""
        self.trip(self.user)
        self.dovecot.geotrip("unsuspend", self.user, json=False).expect(0)
        self.trip(self.user)
        rows = self.dovecot.query(
            "SELECT n.state FROM suspension s JOIN user u"
            " ON u.id = s.user_id JOIN notice n ON n.suspension_id = s.id"
            " WHERE u.name = ? ORDER BY s.id", self.user)
        self.assertEqual([row.state for row in rows],
                         ["withdrawn", "queued"])


class ByTime(Case):
    settings = {"suspend_time": "2s"}

    def test_expiry(self):
        """When geotrip_suspend_time is over the account sends again, and what
        came before never counts."""
        self.trip(self.user)
        self.assertSuspended(self.login(self.user, "JP"))
        wait_until(lambda: self.login(self.user, "BR").ok,
                   "the suspension ends")
        self.assertAllowed(self.login(self.user, "DE"))
        self.assertSuspended(self.login(self.user, "RU"))
        first, second = self.dovecot.query(
            "SELECT s.* FROM suspension s JOIN user u ON u.id = s.user_id"
            " WHERE u.name = ? ORDER BY s.id", self.user)
        self.assertEqual(first.until - first.since, 2 * 10**6)
        self.assertEqual(first.released_by, "time")
        self.assertIsNone(second.released_at)

    def test_list_forgets_it(self):
        """When the time is over, list shows it no longer and list -a does."""
        self.trip(self.user)
        wait_until(lambda: self.user not in self.listed(), "it ends")
        self.assertIn(self.user, self.listed("-a"))

    def listed(self, *options):
        return [row["user"] for row in
                self.dovecot.geotrip("list", *options).rows]


class Never(Case):
    settings = {"suspend_time": "0"}

    def test_no_end(self):
        """With geotrip_suspend_time = 0 only an operator ends it."""
        self.trip(self.user)
        (row,) = self.dovecot.query("SELECT until FROM suspension")
        self.assertIsNone(row.until)
        (row,) = self.dovecot.geotrip("list").rows
        self.assertEqual(row["user"], self.user)
        self.dovecot.geotrip("unsuspend", self.user, json=False).expect(0)
        self.assertAllowed(self.login(self.user, "JP"))
