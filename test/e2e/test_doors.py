"""What a client is told, through every door."""

from support.case import MESSAGE, MESSAGE_ALL, Case


class Doors(Case):
    """What the client is told, letter by letter."""

    with_postfix = True

    def two_countries(self):
        for country in ("JP", "US"):
            self.assertAllowed(self.login(self.user, country))

    def check(self, door, text):
        self.two_countries()
        answer = self.mail_login(door, self.user, "BR")
        self.assertEqual(answer, (False, text))
        self.assertEqual(self.verdicts(self.user, 3),
                         ["allow", "allow", "trip"])
        # Blocked after that, at home as well, in the same words.
        answer = self.mail_login(door, self.user, "JP")
        self.assertEqual(answer, (False, text))

    def test_submission(self):
        """Dovecot's submission service says 535 5.7.8 and the message."""
        self.check("submission", f"535 5.7.8 {MESSAGE}")

    def test_postfix(self):
        """Postfix says 535 5.7.8 and the message."""
        self.check("postfix",
                   f"535 5.7.8 Error: authentication failed: {MESSAGE}")

    def test_reading_goes_on(self):
        """A suspended account still reads its mail by IMAP and POP3."""
        self.trip(self.user)
        for door in ("imap", "pop3"):
            for country in ("JP", "BR"):
                answer = self.mail_login(door, self.user, country)
                self.assertTrue(answer.ok, answer.text)
        for door in ("submission", "postfix"):
            self.assertFalse(self.mail_login(door, self.user, "JP").ok)

    def test_other_mechanisms(self):
        """One account, three countries, three mechanisms, three clients: the
        third is refused, whatever it is."""
        self.assertTrue(self.mail_login("postfix", self.user, "JP").ok)
        self.assertTrue(self.mail_login("submission", self.user, "US",
                                        "CRAM-MD5").ok)
        answer = self.program_login("gsasl", "postfix", self.user, "BR",
                                    "SCRAM-SHA-256")
        self.assertFalse(answer.ok)
        self.assertIn(MESSAGE, answer.text)
        answer = self.program_login("gsasl", "submission", self.user, "JP",
                                    "DIGEST-MD5")
        self.assertFalse(answer.ok)
        self.assertIn(MESSAGE, answer.text)
        answer = self.mail_login("postfix", self.user, "JP", "XOAUTH2")
        self.assertFalse(answer.ok)
        self.assertIn(MESSAGE, answer.text)


class AllServices(Case):
    """Every service counts, and none is left to a suspended account."""

    settings = {"services": "*", "suspend_services": "*"}

    def check(self, door, text):
        for country in ("JP", "US"):
            answer = self.mail_login(door, self.user, country)
            self.assertTrue(answer.ok, answer.text)
        for country in ("BR", "JP"):
            answer = self.mail_login(door, self.user, country)
            self.assertEqual(answer, (False, text))
        rows = self.dovecot.wait_for_logins(self.user, 4)
        self.assertEqual(
            [(row.country, row.verdict) for row in rows],
            [("JP", "allow"), ("US", "allow"), ("BR", "trip"),
             ("JP", "blocked")])

    def test_imap(self):
        """IMAP says NO [ALERT] and the message."""
        self.check("imap", f"[ALERT] {MESSAGE_ALL}")

    def test_pop3(self):
        """POP3 says -ERR [AUTH] and the message."""
        self.check("pop3", f"-ERR [AUTH] {MESSAGE_ALL}")


class CountedButNotBlocked(Case):
    settings = {"services": "smtp imap"}

    def test_trip_by_imap(self):
        """A counted service that a suspended account may still use trips the
        rule, and lets the account in: only sending stops."""
        for country in ("JP", "US", "BR"):
            answer = self.mail_login("imap", self.user, country)
            self.assertTrue(answer.ok, answer.text)
        self.assertEqual(self.verdicts(self.user, 3),
                         ["allow", "allow", "trip"])
        self.assertSuspended(self.login(self.user, "JP"))
        self.assertTrue(self.mail_login("imap", self.user, "DE").ok)
