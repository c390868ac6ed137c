"""Mail servers that stall, hang up, or are not there."""

import time

from support.notify import HOUR, MINUTE, NotifyCase
from support.smtp_server import DROP, STALL, SmtpServer

STAGES = ("connect", "ehlo", "mail", "rcpt", "data", "message")
TIMEOUT = 1


class FaultCase(NotifyCase):
    conf = f"submission_timeout = {TIMEOUT} s\n"

    def fails(self, tries=3):
        """Run notify; it does not wait longer than it has to."""
        begin = time.monotonic()
        result = self.run_notify(75)
        self.assertLess(time.monotonic() - begin, tries * TIMEOUT + 10)
        self.assertRegex(result.error_text, "Warning|Error")
        self.assertNotRegex(result.error_text, "Panic|Fatal")
        return result

    def recovers(self, *users, sent_already=0):
        """When the server is well again, everything arrives, once."""
        self.smtp.troubles.clear()
        self.later(2 * MINUTE)
        self.notify()
        for user in users:
            self.assertEqual(len(self.smtp.to(user)), 1 + sent_already, user)
            self.assertEqual(self.notice(user).state, "sent")
        self.later(HOUR)
        self.assertEqual(self.notify()["sent"], 0)

    def check(self, stage, what):
        self.suspend(self.user)
        self.smtp.trouble(stage, what)
        self.fails()
        row = self.assertQueued(lease_until=None)
        self.assertLessEqual(row.attempts, 1)
        self.assertEqual(self.smtp.messages, [])
        self.recovers(self.user)


class Faults(FaultCase):
    def test_drops(self):
        """The server hangs up at each stage."""
        for stage in STAGES:
            with self.subTest(stage):
                self.empty()
                self.check(stage, DROP)

    def test_accepted_and_dropped(self):
        """It takes the message and hangs up before it says so: nobody can
        know, and it is sent again; the owner sees one message, since the
        Message-ID is the same."""
        self.suspend(self.user)
        self.smtp.trouble("accepted", DROP)
        self.fails()
        self.assertQueued()
        count = len(self.smtp.messages)
        self.assertEqual(count, 1)
        self.recovers(self.user, sent_already=1)
        self.assertEqual(len({self.parsed(message)["Message-ID"]
                              for message in self.smtp.messages}), 1)

    def test_dropped_in_the_middle(self):
        """It hangs up after each tenth message of 50: the others get a new
        connection, and each arrives once."""
        users = [f"{number}.{self.user}" for number in range(50)]
        self.queue(users)
        for after in (10, 20, 30, 40):
            self.smtp.trouble("mail", DROP, times=1, after=after)
        self.notify()
        self.later(2 * MINUTE)
        self.notify()
        for user in users:
            self.assertEqual(len(self.smtp.to(user)), 1, user)

    def test_goodbye(self):
        """It says 421 and hangs up when it has had enough of a connection."""
        users = [f"{number}.{self.user}" for number in range(20)]
        self.queue(users)
        self.smtp.trouble("mail", "421 4.7.0 too many messages", times=1,
                          after=10)
        self.dovecot.geotrip("notify", json=False)
        self.later(2 * MINUTE)
        self.notify()
        for user in users:
            self.assertEqual(len(self.smtp.to(user)), 1, user)

    def test_greeting(self):
        """4xx and 5xx in place of a greeting or of EHLO: no notice has failed
        for that."""
        for stage in ("connect", "ehlo"):
            for what in ("421 4.3.2 not now", "554 5.3.2 never"):
                with self.subTest(stage=stage, what=what):
                    self.empty()
                    self.check(stage, what)

    def test_sender(self):
        """A server that does not want mail from us: no notice has failed for
        that, either."""
        for what in ("450 4.7.1 not now", "550 5.7.1 never"):
            with self.subTest(what):
                self.empty()
                self.check("mail", what)

    def test_gives_up(self):
        """After three failures in a row the others are left for the next
        run."""
        users = [f"{number}.{self.user}" for number in range(10)]
        self.queue(users)
        self.smtp.trouble("connect", DROP)
        self.fails()
        attempts = [row.attempts for row in self.notices()
                    if row.state == "queued"]
        self.assertEqual(len(attempts), 10)
        self.assertLessEqual(sum(attempts), 3)
        self.recovers(*users)

    def test_down(self):
        """Nobody listens."""
        self.suspend(self.user)
        port = self.smtp.port
        self.smtp.close()
        try:
            result = self.fails()
            self.assertIn(str(port), result.error_text)
            self.assertQueued()
        finally:
            self.smtp = self.dovecot.sink = SmtpServer(port)
        self.recovers(self.user)

    def test_no_such_host(self):
        """The name of the server does not exist."""
        server = self.server_of_its_own(
            conf="submission_host = nowhere.invalid:25\n").start()
        self.suspend(self.user, server=server)
        result = self.run_notify(75, server)
        self.assertIn("nowhere.invalid", result.error_text)
        self.assertQueued(server=server)


class Stalls(FaultCase):
    """The same server is silent: this takes its time."""

    def test_stalls(self):
        """The server stalls at each stage."""
        for stage in STAGES:
            with self.subTest(stage):
                self.empty()
                self.check(stage, STALL)

    def test_stalls_in_the_middle(self):
        """It stalls after some messages: those are not sent again."""
        users = [f"{number}.{self.user}" for number in range(10)]
        self.queue(users)
        self.smtp.trouble("message", STALL, after=4)
        self.fails()
        self.assertEqual(len(self.smtp.messages), 4)
        self.recovers(*users)


class Protocol(NotifyCase):
    """Servers with other extensions."""

    def check(self, *features):
        self.smtp.features[:] = ["X", *features]
        self.addCleanup(self.smtp.features.__setitem__, slice(None),
                        ["PIPELINING", "8BITMIME"])
        users = [f"{number}.{self.user}" for number in range(5)]
        self.queue(users)
        self.smtp.trouble("rcpt", "450 4.2.1 busy", address=users[2], times=1)
        self.notify()
        self.later(2 * MINUTE)
        self.notify()
        for user in users:
            self.parsed(*self.smtp.to(user))

    def test_chunking(self):
        """BDAT in place of DATA."""
        self.check("PIPELINING", "8BITMIME", "CHUNKING")
        self.assertTrue(any(b"BDAT" in line.upper() for lines in
                            self.smtp.commands.values() for line in lines))

    def test_plain(self):
        """No extension at all: one command at a time."""
        self.check()

    def test_limits(self):
        """SIZE, DSN and SMTPUTF8."""
        self.check("SIZE 100000", "DSN", "SMTPUTF8", "VRFY")

    def test_hello(self):
        """The name of this host is said, and the connection closed."""
        self.suspend(self.user)
        self.notify()
        (lines,) = self.smtp.commands.values()
        self.assertEqual(lines[0].upper().split()[0], b"EHLO")
        self.assertIn(b"mail.example.com", lines[0])
        self.assertEqual(lines[-1].upper().strip(), b"QUIT")
