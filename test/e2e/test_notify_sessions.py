"""Sessions that were open before a suspension."""

import contextlib

from support import dovecot_conf
from support import dovecot_conf
from support.addresses import address
from support.case import PASSWORD
from support.mail_clients import ImapSession, SmtpSession
from support.notify import NotifyCase
from support.waiting import wait_until


class SessionCase(NotifyCase):
    def session(self, door, user, server=None, country="JP"):
        server = server or self.dovecot
        client = ImapSession if door == "imap" else SmtpSession
        port = server.relays[door].port(address(country))
        session = client(port, user, PASSWORD)
        self.addCleanup(self.hang_up, session)
        self.assertTrue(session.is_open())
        return session

    def hang_up(self, session):
        with contextlib.suppress(OSError):
            session.close()


class Sessions(SessionCase):
    def test_ended(self):
        """A submission session of a suspended user is ended by the next run;
        IMAP of the same user, and submission of others, go on."""
        sending = self.session("submission", self.user)
        reading = self.session("imap", self.user)
        other = self.session("submission", f"other.{self.user}")
        self.suspend(self.user)
        self.assertEqual(self.notify()["sessions"], 1)
        wait_until(lambda: not sending.is_open(), "the session ends")
        self.assertTrue(reading.is_open())
        self.assertTrue(other.is_open())
        self.assertEqual(self.notify()["sessions"], 0)
        self.assertTrue(other.is_open())

    def test_several(self):
        """All of a user's, and of several users."""
        users = [self.user, f"2.{self.user}"]
        sessions = [self.session("submission", user, country=country)
                    for user in users for country in ("JP", "US")]
        self.suspend(*users)
        self.assertEqual(self.notify()["sessions"], 4)
        for session in sessions:
            wait_until(lambda: not session.is_open(), "the session ends")

    def test_later(self):
        """The session is found also when the notice went out before."""
        self.suspend(self.user)
        self.notify()
        self.unsuspend(self.user)
        self.notify()
        session = self.session("submission", self.user)
        self.notify()
        self.assertTrue(session.is_open())
        self.suspend(self.user)
        self.assertEqual(self.notify()["sessions"], 1)
        wait_until(lambda: not session.is_open(), "the session ends")

    def test_released(self):
        """Who was released keeps a session."""
        session = self.session("submission", self.user)
        self.suspend(self.user)
        self.unsuspend(self.user)
        self.assertEqual(self.notify()["sessions"], 0)
        self.assertTrue(session.is_open())

    def test_mail_server_is_down(self):
        """Sessions are ended whether or not mail can be delivered."""
        session = self.session("submission", self.user)
        self.suspend(self.user)
        self.smtp.trouble("connect", "drop")
        self.run_notify(75)
        wait_until(lambda: not session.is_open(), "the session ends")

    def test_similar_names(self):
        """Names are compared as they are: no wildcards, no prefixes."""
        names = [f"*{self.user}", f"?.{self.user}", self.user + ".org",
                 "x" + self.user]
        others = [self.session("submission", name)
                  for name in (f"a.{self.user}", self.user + ".org",
                               "x" + self.user)]
        sending = self.session("submission", self.user)
        self.suspend(self.user, *names[:2])
        self.assertEqual(self.notify()["sessions"], 1)
        wait_until(lambda: not sending.is_open(), "the session ends")
        for session in others:
            self.assertTrue(session.is_open())


class Shared(SessionCase):
    """Processes with several clients each."""

    conf = (dovecot_conf.shared_processes("submission", 10)
            + dovecot_conf.shared_processes("imap", 10))

    def test_shared(self):
        """Nobody else's session ends, even in the same process. Only Dovecot
        2.4 can end one session of such a process."""
        session = self.session("submission", self.user)
        others = [self.session("submission", f"{number}.{self.user}")
                  for number in range(4)]
        reading = self.session("imap", self.user)
        self.suspend(self.user)
        self.notify()
        if dovecot_conf.SERIES != "2.3":
            wait_until(lambda: not session.is_open(), "the session ends")
        self.notify()
        for other in [*others, reading]:
            self.assertTrue(other.is_open())


class NotEnded(SessionCase):
    def check(self, **settings):
        server = self.server_of_its_own(settings).start()
        session = self.session("submission", self.user, server)
        self.suspend(self.user, server=server)
        self.assertEqual(self.notify(server=server)["sessions"], 0)
        self.assertTrue(session.is_open())

    def test_observe(self):
        """Nothing is ended in observe mode."""
        self.check(mode="observe")

    def test_not_suspended_service(self):
        """Nor if submission is not among the services that are suspended."""
        self.check(suspend_services="smtp imap")

    def test_imap_is_suspended(self):
        """With * as well, only submission is ended."""
        server = self.server_of_its_own({"suspend_services": "*"}).start()
        sending = self.session("submission", self.user, server)
        reading = self.session("imap", self.user, server)
        self.suspend(self.user, server=server)
        self.assertEqual(self.notify(server=server)["sessions"], 1)
        wait_until(lambda: not sending.is_open(), "the session ends")
        self.assertTrue(reading.is_open())

    def test_dovecot_without_submission(self):
        """A Dovecot without a submission service."""
        server = self.server_of_its_own(
            conf="protocols = imap\n").start()
        self.suspend(self.user, server=server)
        self.assertEqual(self.notify(server=server)["sessions"], 0)
