"""The whole way: Postfix, LMTP, a mailbox, and its owner who reads by IMAP."""

import contextlib
import pathlib
import tempfile

from support import dovecot_conf, namespace, paths
from support.addresses import address
from support.case import PASSWORD
from support.mail_clients import ImapSession
from support.notify import NotifyCase, body
from support.postfix_delivery import DeliveringPostfix
from support.waiting import wait_until


class MailboxCase(NotifyCase):
    users = dovecot_conf.user_line("hanako@example.com", geotrip_language="ja")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postfix = DeliveringPostfix(cls.dovecot)
        cls.servers.append(cls.postfix)
        cls.addClassCleanup(cls.postfix.close)
        cls.postfix.start()
        # Not a reload: an auth process that Postfix is connected to may
        # stay for as long as that connection does.
        cls.dovecot.stop()
        cls.dovecot.conf += cls.transport()
        cls.dovecot.start()

    @classmethod
    def transport(cls):
        """The setting that makes notify use this Postfix."""
        return f"submission_host = 127.0.0.1:{cls.postfix.mail_port}\n"

    def read(self, user, count=1):
        """The messages that the user, who is suspended, finds."""
        port = self.dovecot.relays["imap"].port(address("JP"))
        with contextlib.closing(ImapSession(port, user, PASSWORD)) as imap:
            def arrived():
                _, (number,) = imap.select("INBOX", readonly=True)
                return int(number) >= count
            wait_until(arrived, lambda: "mail for " + user)
            _, found = imap.search(None, "ALL")
            messages = []
            for number in found[0].split():
                _, ((_, data), *_) = imap.fetch(number, "(BODY.PEEK[])")
                messages.append(data)
        self.assertEqual(len(messages), count)
        return messages

    def parsed(self, data):
        """Without the headers that the delivery has put on top."""
        start = data.index(b"From: ", 0)
        head = data[:start].split(b"\r\n")
        self.assertTrue(all(
            line.startswith((b"Return-Path:", b"Delivered-To:", b"Received:",
                             b"\t", b" ", b"X-")) or not line
            for line in head), head)
        return super().parsed(data[start:])


class BySmtp(MailboxCase):
    def test_english(self):
        """The owner finds the notice, though sending is suspended."""
        self.trip(self.user)
        self.assertEqual(self.notify()["sent"], 1)
        (data,) = self.read(self.user)
        message = self.parsed(data)
        self.assertIn(b"Return-Path: <postmaster@mail.example.com>", data)
        self.assertIn(self.user, message["Subject"])
        self.assertIn("Japan, United States, Brazil", body(message))
        self.assertFalse(self.mail_login("submission", self.user, "JP").ok)

    def test_japanese(self):
        """The same in Japanese; then the account is released, and she finds
        the second one."""
        user = "hanako@example.com"
        self.trip(user)
        self.notify()
        (data,) = self.read(user)
        message = self.parsed(data)
        self.assertIn("送信", message["Subject"])
        self.assertIn("日本、アメリカ合衆国、ブラジル", body(message))
        self.unsuspend(user)
        self.notify()
        self.assertEqual(len({self.parsed(data)["Message-ID"]
                              for data in self.read(user, 2)}), 2)

    def test_many(self):
        """A hundred by one connection, all of them queued by Postfix."""
        users = [f"{number}.{self.user}" for number in range(100)]
        self.queue(users)
        mark = self.postfix.log_size()
        self.assertEqual(self.notify()["sent"], 100)
        self.assertEqual(
            self.postfix.log(mark).count(": connect from localhost"), 1)
        for user in users[::25]:
            self.read(user)

    def test_refused_by_postfix(self):
        """An address that Postfix does not relay to."""
        self.suspend("somebody@elsewhere.invalid")
        self.dovecot.geotrip("notify", json=False)
        # permit_mynetworks: Postfix takes it, and bounces it by itself.
        self.assertIn(self.notice("somebody@elsewhere.invalid").state,
                      ("sent", "failed"))


class BySendmail(MailboxCase):
    """Postfix's own sendmail, started by doveadm."""

    @classmethod
    def transport(cls):
        return (f"submission_host =\nsendmail_path = {paths.tool('sendmail')}"
                f" -C {cls.postfix.etc}\n")

    def authorize(self):
        """Sendmail is not started as root, and obeys nobody else who names
        another configuration than those that /etc/postfix has."""
        with tempfile.TemporaryDirectory() as over:
            (pathlib.Path(over) / "main.cf").write_text(
                "compatibility_level = 3.6\n"
                f"alternate_config_directories = {self.postfix.etc}\n")
            self.enterContext(namespace.overlay("/etc/postfix", over))

    def test_sendmail(self):
        """The owner finds the notice."""
        self.authorize()
        self.trip(self.user)
        self.assertEqual(self.notify()["sent"], 1)
        message = self.parsed(*self.read(self.user))
        self.assertIn("Japan, United States, Brazil", body(message))
