"""Refusals of the mail server: what is tried again, when, and how often."""

from support.case import RFC_3339
from support.notify import HOUR, MINUTE, NotifyCase, body, now

TEMPORARY, PERMANENT = "450 4.2.1 mailbox busy", "550 5.1.1 nobody here"
# What is about one message.
STAGES = ("rcpt", "data", "message")
# After each try; then hourly for three days.
WAITS = [1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE] + [HOUR] * 72


class Retry(NotifyCase):
    settings = {"notify_admin": "admin@example.com"}

    def assertDeferred(self, attempts, wait):
        row = self.assertQueued(attempts=attempts, lease_until=None)
        self.assertAlmostEqual(row.next_attempt, now() + wait,
                               delta=15 * 10**6)
        return row

    def test_temporary(self):
        """4xx: put off for a minute, and nothing is tried before."""
        for stage in STAGES:
            with self.subTest(stage):
                self.empty()
                self.smtp.trouble(stage, "451 4.3.0 not now")
                self.suspend(self.user)
                result = self.run_notify()
                self.assertIn(f"user=<{self.user}>", result.error_text)
                self.assertIn("451 4.3.0 not now", result.error_text)
                self.assertIn("Warning", result.error_text)
                self.assertNotIn("Error", result.error_text)
                self.assertRegex(result.error_text,
                                 f"deferred until {RFC_3339}: ")
                row = self.assertDeferred(1, MINUTE)
                self.assertIn("not now", row.error)
                self.assertRegex(
                    self.dovecot.geotrip("show", self.user,
                                         json=False).expect(0).text,
                    f"queued, 1 attempt, next {RFC_3339}: ")
                connections = set(self.smtp.commands)
                self.assertEqual(self.notify()["deferred"], 0)
                self.assertEqual(set(self.smtp.commands), connections)
                self.smtp.troubles.clear()
                self.later(MINUTE + 10**6)
                self.notify()
                self.one_message()
                row = self.notice()
                self.assertEqual((row.state, row.attempts), ("sent", 2))

    def test_permanent(self):
        """5xx: failed at once, never tried again, and the administrator is
        told."""
        for stage in STAGES:
            with self.subTest(stage):
                self.empty()
                what = {"address": self.user} if stage == "rcpt" else {}
                self.smtp.trouble(stage, "554 5.7.1 never", times=1, **what)
                self.suspend(self.user)
                result = self.run_notify()
                self.assertIn("554 5.7.1 never", result.error_text)
                self.assertIn("Error", result.error_text)
                row = self.notice()
                self.assertEqual((row.state, row.attempts), ("failed", 1))
                self.assertIn("never", row.error)
                self.later(4 * 24 * HOUR)
                self.notify()
                self.assertEqual(self.smtp.to(self.user), [])
                self.assertReported()

    def assertReported(self):
        """The administrator has one report about the user."""
        reports = [message for message in self.smtp.to("admin@example.com")
                   if b".undelivered." in message.data]
        self.assertEqual(len(reports), 1, self.smtp.messages)
        self.assertIn(self.user, body(self.parsed(reports[0])))

    def test_numbers(self):
        """The numbers of a mixed run."""
        users = [f"{name}.{self.user}" for name in ("good", "busy", "gone")]
        self.suspend(*users)
        self.smtp.trouble("rcpt", TEMPORARY, address=users[1])
        self.smtp.trouble("rcpt", PERMANENT, address=users[2])
        numbers = self.notify()
        self.assertEqual((numbers["deferred"], numbers["failed"]), (1, 1))
        self.assertEqual([len(self.smtp.to(user)) for user in users],
                         [1, 0, 0])

    def test_waits(self):
        """After 1, 5, 15 and 60 minutes, then each hour for three days; then
        it has failed, and the administrator is told."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", TEMPORARY, address=self.user)
        for attempts, wait in enumerate(WAITS, 1):
            if attempts == 7:
                # So it goes on.
                self.execute("UPDATE notice SET attempts = 74"
                             " WHERE kind = 'suspended'")
            if 7 <= attempts <= 74:
                continue
            self.assertEqual(self.notify()["deferred"], 1, attempts)
            self.assertDeferred(attempts, wait)
            self.later(wait + 10**6)
        numbers = self.notify()
        self.assertEqual((numbers["failed"], numbers["deferred"]), (1, 0))
        row = self.notice()
        self.assertEqual((row.state, row.attempts), ("failed", 77))
        self.notify()
        self.assertReported()

    def test_second_try_is_true(self):
        """What is sent late says what is so then: the end of a suspension
        that is over."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", TEMPORARY, times=1)
        self.notify()
        self.execute("UPDATE suspension SET until = ?"
                     " WHERE released_at IS NULL", now() - 1)
        self.later(MINUTE + 10**6)
        self.notify()
        self.assertRegex(body(self.one_message()), "(?m)^Ended: ")


class TwoRecipients(NotifyCase):
    settings = {"notify_address": "%{user} desk@example.org"}

    def test_one_is_put_off(self):
        """One of two is busy: the other gets it, and only once."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", TEMPORARY, address="desk@example.org")
        self.notify()
        self.assertEqual(len(self.smtp.to(self.user)), 1)
        row = self.assertQueued(attempts=1)
        self.assertEqual(row.pending_to, "desk@example.org")
        for _ in range(2):
            self.later(HOUR)
            self.notify()
        self.smtp.troubles.clear()
        self.later(HOUR)
        self.assertEqual(self.notify()["sent"], 1)
        first, second = self.smtp.messages
        self.assertEqual(first.recipients, [self.user])
        self.assertEqual(second.recipients, ["desk@example.org"])
        # The same message, to both.
        for message in (first, second):
            self.assertEqual(len(self.parsed(message)["To"].addresses), 2)
        self.assertEqual(self.parsed(first)["Message-ID"],
                         self.parsed(second)["Message-ID"])
        self.assertEqual(self.notice().state, "sent")

    def test_one_is_refused(self):
        """One of two does not exist: the other has it, and that is all."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", PERMANENT, address="desk@example.org")
        self.notify()
        self.assertEqual(len(self.smtp.to(self.user)), 1)
        self.assertEqual(self.notice().state, "sent")
        self.later(HOUR)
        self.assertEqual(self.notify()["sent"], 0)

    def test_both_refused(self):
        """Neither exists: failed."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", PERMANENT)
        self.assertEqual(self.notify()["failed"], 1)
        self.assertEqual(self.notice().state, "failed")

    def test_one_of_each(self):
        """One is busy, the other does not exist: tried again for the busy
        one."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", PERMANENT, address=self.user)
        self.smtp.trouble("rcpt", TEMPORARY, address="desk@example.org",
                          times=1)
        self.notify()
        self.assertQueued(attempts=1)
        self.later(HOUR)
        self.notify()
        (message,) = self.smtp.messages
        self.assertEqual(message.recipients, ["desk@example.org"])

    def test_both_busy_then_not(self):
        """Both are busy, then one of them."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", TEMPORARY, times=2)
        self.notify()
        self.later(HOUR)
        self.smtp.trouble("rcpt", TEMPORARY, address=self.user, times=1)
        self.notify()
        self.later(2 * HOUR)
        self.notify()
        self.assertEqual(
            [message.recipients for message in self.smtp.messages],
            [["desk@example.org"], [self.user]])


class Several(NotifyCase):
    settings = {"notify_address": "%{user}, b@example.net"}

    def test_quoted(self):
        """An address that has a blank in it does not take it yet."""
        user = "john smith@example.com"
        self.smtp.trouble("rcpt", "450 4.7.0 busy", times=2,
                          address='"john smith"@example.com')
        self.queue([user])
        for _ in range(4):
            self.notify()
            self.later(2 * HOUR)
        self.assertEqual(len(self.smtp.to("b@example.net")), 1)
        self.assertEqual(len(self.smtp.to('"john smith"@example.com')), 1)
