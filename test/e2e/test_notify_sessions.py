"""Sessions that were open before a suspension."""

import contextlib
import shutil
import socket
import subprocess
import unittest

from support import dovecot_conf, paths, seccomp
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
        """A user who was released keeps a session."""
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


# A service whose program has the name of submission's, as root; it says that
# it is alive, as long as Dovecot is.
IMPOSTOR = """\
#!/bin/sh
while sleep 0.1 && kill -0 "$PPID"; do
	echo $$ >>{top}/impostor.pids
done
"""


@unittest.skipIf(dovecot_conf.SERIES != "2.3",
                 "Dovecot 2.4 ends sessions itself")
class Lies(SessionCase):
    """A login process that was taken over tells anvil that other processes
    serve a suspended user."""

    conf = """\
service impostor {
  executable = {top}/submission
  user = root
  unix_listener impostor {
  }
}
"""

    @classmethod
    def prepare(cls, server):
        program = server.top / "submission"
        program.write_text(IMPOSTOR.format(top=server.top))
        program.chmod(0o755)

    def lie(self, *pids):
        anvil = socket.socket(socket.AF_UNIX)
        self.addCleanup(anvil.close)
        anvil.connect(str(self.dovecot.run / "anvil"))
        anvil.sendall(b"VERSION\tanvil\t1\t0\n" + b"".join(
            b"CONNECT\t%d\tsubmission/8.8.8.8/%s\n" % (
                pid, self.user.encode()) for pid in pids))
        # It answers in turn.
        anvil.sendall(b"LOOKUP\tnobody\n")
        self.assertEqual(anvil.recv(10), b"0\n")

    def check(self, *pids, reason):
        """The session of the user ends, and nothing else does."""
        session = self.session("submission", self.user)
        self.suspend(self.user)
        self.lie(*pids)
        result = self.run_notify()
        self.assertIn("sessions=1", result.text)
        wait_until(lambda: not session.is_open(), "the session ends")
        for pid in pids:
            self.assertRegex(result.error_text,
                             f"Warning: .* process {pid} .*{reason}")

    def bystander(self, program, **user):
        """A process that answers as long as it lives."""
        process = subprocess.Popen([program], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, **user)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.assertAlive(process)
        return process

    def assertAlive(self, process):
        process.stdin.write(b"alive\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"alive\n")

    def test_root(self):
        """Processes of root's are left alone, and named."""
        process = self.bystander(paths.tool("cat"))
        self.check(process.pid, reason="not a child of Dovecot's master")
        self.assertAlive(process)

    def test_stranger(self):
        """So are those of another user that are none of Dovecot's, whatever
        they are called."""
        program = self.dovecot.top / "bin" / "submission"
        program.parent.mkdir()
        shutil.copy(paths.tool("cat"), program)
        process = self.bystander(program, user="dovecot", group="dovecot",
                                 extra_groups=[])
        self.check(process.pid, reason="not a child of Dovecot's master")
        self.assertAlive(process)

    def test_another_service(self):
        """Of Dovecot's, those of other services."""
        auth = self.dovecot.auth_pid()
        self.check(auth, reason="does not run submission")
        self.assertAllowed(self.login(f"later.{self.user}", "JP"))
        self.assertEqual(self.dovecot.auth_pid(), auth)

    def test_root_in_dovecot(self):
        """Of those, the ones that are root."""
        pids = self.dovecot.top / "impostor.pids"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.dovecot.run / "impostor"))
            wait_until(lambda: pids.exists() and pids.read_text(),
                       "the service is there")
            pid = int(pids.read_text().split()[0])
            self.check(pid, reason="runs as root")
            seen = len(pids.read_text().split())
            wait_until(lambda: len(pids.read_text().split()) > seen + 2,
                       "it goes on")
        self.assertEqual(set(map(int, pids.read_text().split())), {pid})

    def test_special(self):
        """The first process, the master process, and what is no process."""
        self.check(1, self.dovecot.process.pid, reason="cannot be a session")
        self.assertAllowed(self.login(f"later.{self.user}", "JP"))
        self.lie(0, 2**22 + 1)
        self.assertEqual(self.notify()["sessions"], 0)
        self.assertIsNone(self.dovecot.process.poll())

    def test_many(self):
        """Lies do not fill the log."""
        self.suspend(self.user)
        processes = [self.bystander(paths.tool("cat")) for _ in range(15)]
        self.lie(*(process.pid for process in processes))
        result = self.run_notify()
        lines = [line for line in result.error_text.splitlines()
                 if "Warning" in line]
        self.assertEqual(len(lines), 11, lines)
        self.assertIn("5 more", lines[-1])
        for process in processes:
            self.assertAlive(process)

    def test_old_kernel(self):
        """Where the kernel cannot take hold of a process, none is ended, and
        that is said; notices go out all the same."""
        session = self.session("submission", self.user)
        self.suspend(self.user)
        done = subprocess.run(
            [paths.tool("doveadm"), "-c", self.dovecot.conf_path, "geotrip",
             "notify"], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False,
            preexec_fn=seccomp.without(seccomp.PIDFD_OPEN))
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn("Linux 5.3", done.stderr)
        self.assertTrue(session.is_open())
        self.one_message()
        self.assertEqual(self.notify()["sessions"], 1)
        wait_until(lambda: not session.is_open(), "the session ends")
