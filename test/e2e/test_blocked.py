"""A suspended account, and what its further attempts change: nothing."""

import time

from support.case import MESSAGE, Case


class Blocked(Case):
    def test_blocked_attempts_change_nothing(self):
        """Attempts of a suspended account are recorded as blocked, from new
        countries too; they neither lengthen nor repeat anything."""
        self.trip(self.user)
        (before,) = self.suspensions()
        for country in ("JP", "DE", "RU", "VN", "NG"):
            self.assertSuspended(self.login(self.user, country))
        self.assertEqual(self.verdicts(self.user, 8),
                         ["allow", "allow", "trip"] + ["blocked"] * 5)
        self.assertEqual(self.suspensions(), [before])
        (notices,) = self.dovecot.query(
            "SELECT count(*) FROM notice WHERE suspension_id = ?", before.id)
        self.assertEqual(notices[0], 1)

    def suspensions(self):
        return self.dovecot.query(
            "SELECT s.* FROM suspension s JOIN user u ON u.id = s.user_id"
            " WHERE u.name = ?", self.user)

    def test_no_penalty(self):
        """Refusals cost neither the account nor its address any time: a good
        login from there is answered at once."""
        self.trip(self.user)
        begin = time.monotonic()
        for _ in range(5):
            answer = self.mail_login("submission", self.user, "BR")
            self.assertIn(MESSAGE, answer.text)
        good = self.mail_login("submission", f"good.{self.user}", "BR")
        self.assertTrue(good.ok, good.text)
        # One refusal with a penalty would take 2 s, five of them 30 s.
        self.assertLess(time.monotonic() - begin, 5)

    def test_wrong_password_stays_a_wrong_password(self):
        """Whoever does not know the password is not told of the
        suspension."""
        self.trip(self.user)
        answer = self.mail_login("submission", self.user, "BR",
                                 password="guess")
        self.assertFalse(answer.ok)
        self.assertNotIn("suspended", answer.text)
        self.assertEqual(len(self.dovecot.logins(self.user)), 3)
