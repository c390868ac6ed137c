"""The end of a suspension: withdrawn before the delivery, told after it."""

from support.notify import HOUR, NotifyCase, body, now
from support.waiting import wait_until


class ReleaseCase(NotifyCase):
    def kinds(self, server=None):
        """The kinds of the messages that the user got, in order."""
        messages = (server or self.dovecot).sink.to(self.user)
        return [self.parsed(message)["Message-ID"].rpartition("@")[0]
                .rpartition(".")[2] for message in messages]

    def let_it_end(self):
        """Suspensions end by time, in a moment."""
        self.execute("UPDATE suspension SET until = ?"
                     " WHERE released_at IS NULL", now() + 100000)


class Release(ReleaseCase):
    def test_before(self):
        """Released before the delivery: nothing is sent, ever."""
        self.trip(self.user)
        self.unsuspend(self.user)
        self.assertEqual(self.notice().state, "withdrawn")
        self.assertEqual(self.notify()["sent"], 0)
        self.assertEqual(self.smtp.messages, [])
        self.assertNotIn("released", self.notices(self.user))

    def test_while_put_off(self):
        """The same after a try."""
        self.trip(self.user)
        self.smtp.trouble("rcpt", "450 4.2.1 busy", times=1)
        self.notify()
        self.unsuspend(self.user)
        self.later(HOUR)
        self.assertEqual(self.notify()["sent"], 0)
        self.assertEqual(self.smtp.messages, [])

    def test_after(self):
        """Released after the delivery: one notice that sending works."""
        self.trip(self.user)
        self.notify()
        self.unsuspend(self.user)
        self.assertEqual(self.notify()["sent"], 1)
        self.assertEqual(self.notify()["sent"], 0)
        self.assertEqual(self.kinds(), ["suspended", "released"])
        message = self.parsed(self.smtp.to(self.user)[1])
        self.assertIn(self.user, body(message))
        self.assertNotRegex(body(message), "[{}]")
        self.assertNotEqual(message["Subject"], self.parsed(
            self.smtp.to(self.user)[0])["Subject"])

    def test_by_time(self):
        """The same when time ends it, though nobody logs in."""
        self.suspend(self.user)
        self.assertEqual(self.notify()["sent"], 1)
        self.let_it_end()
        wait_until(lambda: self.notify()["sent"], "the second notice")
        self.assertEqual(self.notify()["sent"], 0)
        self.assertEqual(self.kinds(), ["suspended", "released"])

    def test_over_before(self):
        """Over by itself before the first notice went out: one message says
        all."""
        self.suspend(self.user)
        self.let_it_end()
        over = now() + 110000
        wait_until(lambda: now() > over, "it is over")
        self.assertEqual(self.notify()["sent"], 1)
        self.assertRegex(body(self.one_message()), "(?m)^Ended: ")
        self.assertEqual(self.notify()["sent"], 0)
        self.assertEqual(self.kinds(), ["suspended"])

    def test_dovecot_is_stopped_meanwhile(self):
        """It ends while no auth process runs: notify itself sees it."""
        server = self.server_of_its_own().start()
        self.suspend(self.user, server=server)
        self.notify(server=server)
        server.stop()
        self.execute("UPDATE suspension SET until = ?", now() - 1,
                     server=server)
        # Whatever the answer is without an auth process.
        server.geotrip("notify", json=False)
        server.start()
        self.later(HOUR, server)
        self.notify(server=server)
        self.assertEqual(self.kinds(server), ["suspended", "released"])

    def test_suspended_anew(self):
        """Suspended again before the notice of the release went out: that is
        not true any more."""
        self.trip(self.user)
        self.notify()
        self.unsuspend(self.user)
        self.trip(self.user)
        self.notify()
        self.assertEqual(self.kinds(), ["suspended", "suspended"])

    def test_failed(self):
        """An owner who was not told of the beginning is not told of the end."""
        self.trip(self.user)
        self.smtp.trouble("rcpt", "550 5.1.1 nobody", times=1)
        self.notify()
        self.unsuspend(self.user)
        self.notify()
        self.assertEqual(self.smtp.messages, [])

    def test_retried(self):
        """A notice of a release is tried again like the first one."""
        self.trip(self.user)
        self.notify()
        self.unsuspend(self.user)
        self.smtp.trouble("rcpt", "450 4.2.1 busy", times=1)
        self.assertEqual(self.notify()["deferred"], 1)
        self.later(61 * 10**6)
        self.notify()
        self.assertEqual(self.kinds(), ["suspended", "released"])

    def test_numbers(self):
        """What notify itself withdraws is counted."""
        self.trip(self.user)
        self.notify()
        self.unsuspend(self.user)
        self.trip(self.user)
        numbers = self.notify()
        self.assertEqual((numbers["sent"], numbers["withdrawn"]), (1, 1))


class NotTold(ReleaseCase):
    """geotrip_notify_release = no."""

    settings = {"notify_release": "no"}

    def test_after(self):
        """Nothing is said at the end."""
        self.trip(self.user)
        self.notify()
        self.unsuspend(self.user)
        self.assertEqual(self.notify()["sent"], 0)
        self.assertEqual(self.kinds(), ["suspended"])

    def test_by_time(self):
        """Nor when time ends it."""
        self.suspend(self.user)
        self.notify()
        self.let_it_end()
        over = now() + 110000
        wait_until(lambda: now() > over, "it is over")
        self.assertEqual(self.notify()["sent"], 0)
        self.assertEqual(self.kinds(), ["suspended"])
