"""What the administrator gets: copies, a digest, and reports of failures."""

import re

from support.notify import HOUR, NotifyCase, body

ADMIN = "admin@example.com"


def without_date(message):
    """It may be a second later."""
    return re.sub(rb"(?m)^Date: .*$", b"", message.data)


class Admin(NotifyCase):
    settings = {"notify_admin": ADMIN}

    def several(self, count):
        return [f"{number}.{self.user}" for number in range(count)]

    def run_all(self):
        """Two runs, in case that the second finishes what the first began."""
        self.notify()
        self.notify()

    def test_copy(self):
        """A copy is what the owner got, letter by letter."""
        self.trip(self.user)
        self.run_all()
        (own,) = self.smtp.to(self.user)
        (copy,) = self.smtp.to(ADMIN)
        self.assertEqual(without_date(copy), without_date(own))
        self.assertEqual(own.recipients, [self.user])
        self.assertEqual(copy.recipients, [ADMIN])

    def test_ten(self):
        """Ten at once are ten copies."""
        users = self.several(10)
        self.suspend(*users)
        self.run_all()
        self.assertEqual(
            sorted(self.parsed(message)["To"] for message in
                   self.smtp.to(ADMIN)), sorted(users))

    def test_eleven(self):
        """Eleven are one digest, which names them all."""
        users = self.several(11)
        self.suspend(*users)
        self.run_all()
        (digest,) = self.smtp.to(ADMIN)
        digest = self.parsed(digest)
        self.assertEqual(str(digest["To"]), ADMIN)
        self.assertIn("11", digest["Subject"])
        for user in users:
            self.assertIn(user, body(digest))
        self.assertNotRegex(body(digest), "[{}]")
        for user in users:
            self.assertEqual(len(self.smtp.to(user)), 1)
            self.assertEqual(self.notice(user, "copy").state, "sent")
        self.assertEqual(self.notify()["sent"], 0)

    def test_digest_put_off(self):
        """A digest that the server does not take is tried again."""
        users = self.several(15)
        self.suspend(*users)
        self.smtp.trouble("rcpt", "450 4.2.1 busy", address=ADMIN, times=1)
        self.run_all()
        self.later(HOUR)
        self.run_all()
        (digest,) = self.smtp.to(ADMIN)
        for user in users:
            self.assertIn(user, body(self.parsed(digest)))

    def test_digest_of_the_exhausted(self):
        """Each notice of a digest has a patience of its own."""
        users = self.several(12)
        self.smtp.trouble("rcpt", "452 4.2.2 full", address=ADMIN)
        self.suspend(users[0])
        self.run_all()
        self.execute("UPDATE notice SET attempts = 76"
                     " WHERE kind = 'copy' AND state = 'queued'")
        self.later(HOUR)
        self.suspend(*users[1:])
        self.notify()
        states = {user: self.notice(user, "copy").state for user in users}
        self.assertEqual(states.pop(users[0]), "failed")
        self.assertEqual(set(states.values()), {"queued"})

    def test_big_digest(self):
        """A digest of a thousand is still one good message."""
        users = self.several(1000)
        self.queue(users)
        self.notify(timeout=60)
        self.notify()
        (digest,) = self.smtp.to(ADMIN)
        digest = self.parsed(digest)
        self.assertIn("1000", digest["Subject"].replace(",", ""))
        for user in users:
            self.assertIn(user, body(digest))

    def test_no_copy_of_release(self):
        """The end of a suspension is for the owner alone."""
        self.trip(self.user)
        self.run_all()
        self.unsuspend(self.user)
        self.run_all()
        self.assertEqual(len(self.smtp.to(ADMIN)), 1)
        self.assertEqual(len(self.smtp.to(self.user)), 2)

    def test_owner_is_put_off(self):
        """The copy goes out though the owner's own message is put off, and
        only once."""
        self.trip(self.user)
        self.smtp.trouble("rcpt", "450 4.2.1 busy", address=self.user,
                          times=2)
        for _ in range(3):
            self.run_all()
            self.later(HOUR)
        self.assertEqual(len(self.smtp.to(ADMIN)), 1)
        self.assertEqual(len(self.smtp.to(self.user)), 1)

    def test_failed(self):
        """One report says which owners were not told, and why."""
        users = self.several(3)
        self.suspend(*users)
        self.smtp.trouble("rcpt", "550 5.1.1 nobody here", address=users[0])
        self.smtp.trouble("rcpt", "550 5.7.1 go away", address=users[2])
        self.run_all()
        reports = [self.parsed(message) for message in self.smtp.to(ADMIN)
                   if b".undelivered." in message.data]
        text = "\n".join(map(body, reports))
        for words in (users[0], "nobody here", users[2], "go away"):
            self.assertIn(words, text)
        self.assertNotIn(users[1], text)
        self.assertEqual(len(reports), 1)
        self.assertEqual(str(reports[0]["To"]), ADMIN)

    def test_admin_does_not_exist(self):
        """An administrator whom the server does not know: the owners get
        theirs, and nobody reports reports."""
        self.trip(self.user)
        self.smtp.trouble("rcpt", "550 5.1.1 nobody", address=ADMIN)
        result = self.run_notify()
        self.run_notify()
        self.assertEqual(len(self.smtp.to(self.user)), 1)
        self.assertIn(ADMIN, result.error_text)
        self.assertEqual(self.notice(kind="copy").state, "failed")
        self.assertNotIn("undelivered", self.notices(self.user))

    def test_withdrawn(self):
        """A suspension that was ended before: nobody gets anything."""
        self.trip(self.user)
        self.unsuspend(self.user)
        self.run_all()
        self.assertEqual(self.smtp.messages, [])


class TwoAdmins(NotifyCase):
    settings = {"notify_admin": "admin@example.com, Zwei@example.org"}

    def test_both(self):
        """Both get it."""
        self.trip(self.user)
        self.notify()
        self.notify()
        for admin in ("admin@example.com", "Zwei@example.org"):
            self.assertEqual(len(self.smtp.to(admin)), 1)


class Language(NotifyCase):
    """The operators' language is that of the setting."""

    settings = {"notify_admin": ADMIN, "notify_language": "ja"}

    def test_digest(self):
        """A digest in Japanese."""
        users = [f"{number}.{self.user}" for number in range(12)]
        self.suspend(*users)
        self.notify()
        self.notify()
        (digest,) = self.smtp.to(ADMIN)
        digest = self.parsed(digest)
        self.assertEqual(digest["Content-Language"], "ja")
        self.assertIn("12 件", digest["Subject"])
        for user in users:
            self.assertIn(user, body(digest))


class Nobody(NotifyCase):
    def test_nobody(self):
        """Without geotrip_notify_admin nobody else gets anything."""
        self.suspend(self.user, f"2.{self.user}")
        self.smtp.trouble("rcpt", "550 5.1.1 nobody here",
                          address=f"2.{self.user}")
        self.notify()
        self.notify()
        (message,) = self.smtp.messages
        self.assertEqual(message.recipients, [self.user])
        self.assertEqual({row.kind for row in self.notices()}, {"suspended"})


class Several(NotifyCase):
    settings = {"notify_admin": "a@example.org, b@example.org"}

    def test_report(self):
        """An address that accepted a report does not get it again for another's
        sake."""
        self.smtp.trouble("rcpt", "550 5.1.1 nobody", address=self.user)
        self.smtp.trouble("rcpt", "452 4.2.2 full", address="b@example.org",
                          times=2)
        self.suspend(self.user)
        for _ in range(5):
            self.notify()
            self.later(2 * HOUR)
        self.assertEqual(len(self.smtp.to("a@example.org")), 1)
        self.assertEqual(len(self.smtp.to("b@example.org")), 1)
        self.assertEqual(self.notice(self.user, "undelivered").state, "sent")
