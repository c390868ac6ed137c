"""Mail servers that do not stop talking, and the end of a run while a mail
server talks or is silent."""

import os
import resource
import signal
import ssl
import subprocess
import unittest

from support import paths, sanitize
from support.certificates import Authority
from support.long import LONG
from support.notify import MINUTE, NotifyCase
from support.smtp_server import STALL, Flood
from support.waiting import SLOW, wait_until

# What each stage is answered with.
CODES = {"connect": b"220", "ehlo": b"250", "mail": b"250", "rcpt": b"250",
         "data": b"354", "message": b"250", "accepted": b"250"}
# A run that has no bound gets no further than that.
MAX_ADDRESSES = 1 << 30
# What a run may need more than one to which nothing happens, in KiB.
MORE_MEMORY = 32 * 1024


def floods(code):
    """Answers without end, by name."""
    return {
        "lines": Flood(b"", (code + b"-and then\r\n") * 1000),
        "empty lines": Flood(b"", (code + b"-\r\n") * 1000),
        "a line": Flood(code + b" ", b"blah " * 1000),
        "numbers": Flood(b"", b"2" * 1000),
        "answers": Flood(b"", (code + b" yes\r\n") * 1000),
    }


def bound_memory():
    # What watches a process reserves more addresses than there is memory.
    if sanitize.MARK not in os.environ:
        resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESSES, MAX_ADDRESSES))


class BabbleCase(NotifyCase):
    def begin(self, server=None):
        """A run that goes on by itself."""
        process = subprocess.Popen(
            [paths.tool("doveadm"), "-c", (server or self.dovecot).conf_path,
             "geotrip", "notify"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            preexec_fn=bound_memory)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.returncode is None:
            process.kill()
            process.wait()
        process.stderr.close()

    def measured(self, server=None):
        """The exit code of a run, what it complained of, and the peak of its
        memory in KiB."""
        process = self.begin(server)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, errors, usage.ru_maxrss

    def recovers(self, server=None, sent_already=0):
        """When the server is well again, the message arrives, once."""
        sink = (server or self.dovecot).sink
        sink.troubles.clear()
        self.later(2 * MINUTE, server)
        self.notify(server=server)
        self.assertEqual(len(sink.to(self.user)), 1 + sent_already)
        self.assertEqual(self.notice(server=server).state, "sent")


class Babble(BabbleCase):
    conf = "submission_timeout = 30 s\n"

    def check(self, stage, flood, usual, server=None):
        """The run ends by itself, in its usual memory, and nothing is lost."""
        sink = (server or self.dovecot).sink
        self.suspend(self.user, server=server)
        sink.trouble(stage, flood)
        code, errors, memory = self.measured(server)
        self.assertEqual(code, 75, errors)
        self.assertNotRegex(errors, "Panic|Fatal")
        self.assertLessEqual(len(errors), 10000)
        self.assertLessEqual(memory, usual + MORE_MEMORY)
        self.assertIn(stage, sink.met)
        self.assertQueued(server=server, lease_until=None)
        self.recovers(server, sent_already=len(sink.messages))

    def usual_memory(self, server=None):
        self.suspend(self.user, server=server)
        code, errors, memory = self.measured(server)
        self.assertEqual(code, 0, errors)
        return memory

    def check_all(self, name):
        usual = self.usual_memory()
        for stage, code in CODES.items():
            with self.subTest(stage):
                self.empty()
                self.check(stage, floods(code)[name], usual)

    def test_lines(self):
        """A line follows the other, at each stage."""
        self.check_all("lines")

    def test_empty_lines(self):
        """They have no text, of which Dovecot's client counts the bytes."""
        self.check_all("empty lines")

    def test_line(self):
        """A line goes on and on."""
        self.check_all("a line")

    def test_numbers(self):
        """Not even the code of the answer comes to an end."""
        self.check_all("numbers")

    def test_answers(self):
        """One answer would have done. The first one is one, but at the end of
        the message it may have been read before the others came."""
        usual = self.usual_memory()
        for stage, code in CODES.items():
            if stage in ("message", "accepted"):
                continue
            with self.subTest(stage):
                self.empty()
                self.check(stage, floods(code)["answers"], usual)

    def test_features(self):
        """A server that offers twenty thousand things without a name gets its
        mail, and no line in the log for each of them."""
        self.suspend(self.user)
        self.smtp.trouble("ehlo", "250-\r\n" * 20000 + "250 done")
        code, errors, _ = self.measured()
        self.assertEqual(code, 0, errors)
        self.assertLessEqual(len(errors), 10000)
        self.one_message()

    def test_wordy(self):
        """A server of many words for each message gets all of them, over
        another connection in time."""
        users = [f"{number}.{self.user}" for number in range(200)]
        self.queue(users)
        self.smtp.trouble("accepted", "250-" + "x" * 7000 + "\r\n250 done")
        self.assertEqual(self.notify()["sent"], 200)
        self.assertEqual(sorted(message.recipients for message in
                                self.smtp.messages),
                         sorted([user] for user in users))
        self.assertIn(len(self.smtp.connections), range(2, 10))

    def test_encrypted(self):
        """Over TLS."""
        server = self.server_of_its_own()
        authority = Authority(server.top / "tls")
        authority.issue("server", "127.0.0.1")
        server.conf = ("submission_ssl = starttls\n"
                       "ssl_client_ca_file = {top}/tls/ca.pem\n")
        server.sink.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.sink.tls.load_cert_chain(server.top / "tls" / "server.pem",
                                        server.top / "tls" / "server.key")
        server.sink.features.append("STARTTLS")
        server.start()
        usual = self.usual_memory(server)
        self.unsuspend(self.user, server=server)
        self.notify(server=server)
        server.sink.reset()
        self.check("mail", floods(b"250")["empty lines"], usual, server)


class Slow(BabbleCase):
    conf = "submission_timeout = 1 s\n"

    def test_bytes(self):
        """A byte now and then does not make the wait for an answer longer."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", Flood(b"250-", b"x", 0.2))
        self.run_notify(75)
        self.assertQueued(lease_until=None)
        self.recovers()


class Stop(BabbleCase):
    # Nothing else ends a run.
    conf = "submission_timeout = 10 mins\n"

    @unittest.skipUnless(LONG, "takes four minutes")
    def test_nobody_stops_it(self):
        """A message takes four minutes at most, however long each answer
        may."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", STALL)
        result = self.run_notify(75, timeout=300)
        self.assertIn("Timed out before", result.error_text)
        self.assertQueued(lease_until=None)
        self.recovers()

    def check(self, stage, what):
        self.suspend(self.user)
        self.smtp.trouble(stage, what)
        process = self.begin()
        wait_until(lambda: stage in self.smtp.met, "the server is there")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20 * SLOW), 75)
        errors = process.stderr.read()
        self.assertIn("told to stop", errors)
        self.assertNotRegex(errors, "Panic|Fatal")
        self.assertQueued(lease_until=None)
        self.recovers(sent_already=len(self.smtp.messages))

    def test_silent(self):
        """SIGTERM ends the run while the server says nothing, at each
        stage; the notice is given back."""
        for stage in CODES:
            with self.subTest(stage):
                self.empty()
                self.check(stage, STALL)

    def test_slow(self):
        """So it does while a byte comes now and then."""
        for stage, code in CODES.items():
            with self.subTest(stage):
                self.empty()
                self.check(stage, Flood(code + b"-", b"x", 0.05))

    def test_interrupted(self):
        """As does Ctrl-C."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", STALL)
        process = self.begin()
        wait_until(lambda: "rcpt" in self.smtp.met, "the server is there")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20 * SLOW), 75)
        self.recovers()
