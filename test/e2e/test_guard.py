"""The guard is killed, stopped, replaced or lied to while users log in: every
login is answered once, in bounded time, by what is known, and none is lost."""

import contextlib
import os
import pwd
import re
import signal
import stat
import subprocess
import time

from support import dovecot_conf, sanitize
from support.addresses import address
from support.auth_socket import plain, request_line
from support.case import PASSWORD, Case
from support.guard_socket import (
    HELLO, VERDICT, GuardSocket, hello, login, message)
from support.long import LONG
from support.paths import tool
from support.travellers import log_in, problems, travelling
from support.waiting import wait_until

# What Dovecot logs of a crash. A stop is "Killed with signal 15".
CRASH = "Panic|Fatal|killed with signal"
PATIENT = {"timeout": "5s"}


class Guard(Case):
    def send(self, auth, user, country="JP", **fields):
        """Ask for a login without waiting for the reply; answers its id."""
        number, request = auth.request(
            "PLAIN", plain(user, PASSWORD), service="smtp",
            rip=address(country), **fields)
        auth.write(request)
        return number

    def assertPutOff(self, reply):
        """A temporary failure, not a wrong password."""
        self.assertEqual(reply.kind, "FAIL", reply)
        self.assertTrue("temp" in reply.fields
                        or reply.fields.get("code") == "temp_fail", reply)

    def assertNoCrash(self, server):
        self.assertNotRegex(server.log(), CRASH)


class Killed(Guard):
    KILLS = 30 if LONG else 5
    CONNECTIONS = 32

    def test_killed(self):
        """kill -9 while logins are in flight on 32 connections: each is
        answered exactly once, as if nothing had happened, and has its row."""
        if sanitize.MARK in os.environ:
            self.skipTest("the kills would be reported, and are wanted")
        server = self.server_of_its_own(PATIENT)
        server.use_fast_disk()
        server.start()
        auth = server.auth_pid()
        with travelling(server, self.user, self.CONNECTIONS, 1) as (
                travellers, go_on):
            for _ in range(self.KILLS):
                go_on(users=1)
                os.kill(wait_until(server.guard_pid, "the guard runs"),
                        signal.SIGKILL)
            go_on(users=1)
        self.assertEqual(server.auth_pid(), auth)
        server.stop()
        self.assertEqual(problems(server, travellers), [])
        self.assertNotIn("did not answer", server.log())


    def test_auth_killed(self):
        """kill -9 of the auth process: the guard stays, with all it knows."""
        if sanitize.MARK in os.environ:
            self.skipTest("the kill would be reported, and is wanted")
        server = self.server_of_its_own().start()
        self.trip(self.user, server=server)
        guard, auth = server.guard_pid(), server.auth_pid()
        os.kill(auth, signal.SIGKILL)
        # Another one begins with the next client.
        wait_until(lambda: not os.path.exists(f"/proc/{auth}/exe"),
                   "the auth process ends")
        self.assertSuspended(self.login(self.user, "JP", server=server))
        self.assertEqual(server.guard_pid(), guard)


class Stopped(Guard):
    """The guard is there, and does not answer."""

    TIMEOUT = 2
    FOLLOWING = 20

    def server(self, on_error):
        server = self.server_of_its_own({
            "timeout": f"{self.TIMEOUT} secs", "on_error": on_error})
        server.start()
        self.trip(f"suspended.{self.user}", server=server)
        return server

    def check(self, server, answered):
        """The first logins wait, together; those after them do not. answered
        is called with the replies."""
        with server.auth() as auth:
            begin = time.monotonic()
            for number in range(self.FOLLOWING):
                self.send(auth, f"first{number}.{self.user}")
            for _ in range(self.FOLLOWING):
                answered(auth.reply())
            first = time.monotonic() - begin
            # One after the other: each would wait for the timeout.
            for number in range(self.FOLLOWING):
                answered(log_in(auth, f"next{number}.{self.user}", "JP"))
            following = time.monotonic() - begin - first
        self.assertGreaterEqual(first, self.TIMEOUT)
        self.assertLess(first, self.FOLLOWING * self.TIMEOUT / 2)
        self.assertLess(following, self.FOLLOWING * self.TIMEOUT / 2)
        self.assertSuspended(self.login(f"suspended.{self.user}", "JP",
                                        server=server))
        wait_until(lambda: "did not answer within geotrip_timeout"
                   in server.log(), "the log says so")

    def test_allow(self):
        """geotrip_on_error = allow: after geotrip_timeout, once, everybody is
        let in but who is known to be suspended. When the guard goes on, it is
        told of all of them, and suspends who was in a third country."""
        server = self.server("allow")
        with server.guard_stopped():
            self.check(server, self.assertAllowed)
            for country in ("JP", "US", "BR"):
                self.assertAllowed(self.login(self.user, country,
                                              server=server))
        for number in range(self.FOLLOWING):
            server.wait_for_logins(f"first{number}.{self.user}", 1)
            server.wait_for_logins(f"next{number}.{self.user}", 1)
        server.wait_for_logins(self.user, 3)
        wait_until(lambda: server.query(
            "SELECT user FROM active_suspension WHERE user = ?", self.user),
            "the account is suspended")
        self.assertSuspended(self.login(self.user, "JP", server=server))
        self.assert_asked_again(server)

    def test_released_meanwhile(self):
        """What the guard is told late does not count for a user who was
        released since, nor does it pass for a clock that was set back."""
        server = self.server("allow")
        self.assertAllowed(self.login(self.user, "JP", server=server))
        server.geotrip("suspend", self.user, json=False).expect(0)
        with server.guard_stopped():
            for country in ("JP", "US"):
                self.assertAllowed(self.login(self.user, country,
                                              server=server))
            server.geotrip("unsuspend", self.user, json=False).expect(0)
        server.wait_for_logins(self.user, 3)
        self.assert_asked_again(server)
        for country in ("BR", "DE"):
            self.assertAllowed(self.login(self.user, country, server=server))
        self.assertSuspended(self.login(self.user, "JP", server=server))

    def test_deny(self):
        """geotrip_on_error = deny: they are put off, and do not count."""
        server = self.server("deny")
        with server.guard_stopped():
            self.check(server, self.assertPutOff)
        self.assert_asked_again(server)
        server.stop()
        self.assertEqual(server.query(
            "SELECT u.name FROM login l JOIN user u ON u.id = l.user_id"
            " WHERE u.name LIKE 'next%'"), [])

    def assert_asked_again(self, server):
        """Soon the guard decides again, about everybody."""
        wait_until(lambda: self.login(f"again.{self.user}", "JP",
                                      server=server).ok, "logins work")
        self.trip(f"later.{self.user}", server=server)


class ClientGone(Guard):
    """A client does not wait for its reply, while that is held."""

    def setUp(self):
        super().setUp()
        self.server = self.server_of_its_own(PATIENT).start()
        self.assertAllowed(self.login(self.user, "JP", server=self.server))
        self.auth_pid = self.server.auth_pid()

    def assertUnimpressed(self):
        self.assertAllowed(self.login(self.user, "JP", server=self.server))
        self.assertEqual(self.server.auth_pid(), self.auth_pid)
        self.assertNoCrash(self.server)

    def test_cancelled(self):
        """CANCEL: the login gets no reply, whether the guard answers or not,
        and the next ones on the connection do."""
        with self.server.auth() as auth:
            with self.server.guard_stopped():
                auth.write(b"CANCEL\t%d\n" % self.send(auth, self.user))
                late = self.send(auth, f"late.{self.user}")
            self.assertEqual(auth.reply().id, late)
            with self.server.guard_stopped():
                auth.write(b"CANCEL\t%d\n" % self.send(auth, self.user))
                late = self.send(auth, f"later.{self.user}")
                # after the timeout
                self.assertEqual(auth.reply().id, late)
            self.assertAllowed(log_in(auth, self.user, "JP"))
        self.assertUnimpressed()

    def test_same_number(self):
        """A client uses the number of a cancelled login for another one: it
        is that one which is answered."""
        self.trip(f"thief.{self.user}", server=self.server)

        def request(user):
            return request_line(100, "PLAIN", plain(user, PASSWORD),
                                service="smtp", rip=address("JP"))
        with self.server.auth() as auth:
            with self.server.guard_stopped():
                auth.write(request(self.user) + b"CANCEL\t100\n"
                           + request(f"thief.{self.user}"))
            self.assertSuspended(auth.reply())
            self.assertAllowed(log_in(auth, self.user, "JP"))
        self.assertUnimpressed()

    def test_gone(self):
        """Clients hang up: nobody is answered, nothing is left behind."""
        with self.server.guard_stopped():
            for number in range(50):
                with self.server.auth() as auth:
                    for _ in range(10):
                        self.send(auth, f"{number}.{self.user}")
        self.assertUnimpressed()
        # At the timeout, too.
        with self.server.guard_stopped():
            with self.server.auth() as auth:
                self.send(auth, f"gone.{self.user}")
            self.assertAllowed(self.login(f"late.{self.user}", "JP",
                                          server=self.server))
        self.assertUnimpressed()


class Stop(Guard):
    COUNT = 10

    def test_held(self):
        """The auth process is told to stop while replies are held: all of
        these clients get a temporary failure, and nothing crashes."""
        server = self.server_of_its_own(PATIENT).start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        with server.auth() as auth:
            with server.guard_stopped():
                for number in range(self.COUNT):
                    self.send(auth, f"{number}.{self.user}")
                # Answered without the guard, when all of them have been read.
                self.assertAllowed(self.ask_imap(auth))
                os.kill(auth.server_pid, signal.SIGTERM)
                for _ in range(self.COUNT):
                    self.assertPutOff(auth.reply())
        wait_until(lambda: server.auth_pid() != auth.server_pid,
                   "the process ends")
        server.stop()
        self.assertNoCrash(server)

    def ask_imap(self, auth):
        """A login of a service that is not counted."""
        _, request = auth.request("PLAIN", plain(self.user, PASSWORD),
                                  service="imap", rip=address("JP"))
        auth.write(request)
        return auth.reply()


class Hostile(Guard):
    """Somebody with the rights of the user dovecot speaks with the guard."""

    def setUp(self):
        super().setUp()
        self.assertAllowed(self.login(self.user, "JP"))
        self.pid = self.dovecot.guard_pid()
        self.mark = self.dovecot.log_size()

    def guard(self):
        guard = GuardSocket(self.dovecot.guard_socket)
        self.addCleanup(guard.close)
        return guard

    def assertDisconnected(self, data, reason):
        """With one line in the log. Nobody else notices."""
        mark = self.dovecot.log_size()
        with self.dovecot.auth() as auth:
            self.assertAllowed(log_in(auth, self.user, "JP"))
            guard = self.guard()
            with contextlib.suppress(ConnectionError):
                guard.write(data)
            self.assertEqual(guard.kinds_until_the_end(), [HELLO])
            self.assertAllowed(log_in(auth, self.user, "JP"))
        self.assertUnimpressed()
        lines = re.findall(r"geotrip: Error: .*\n", self.dovecot.log(mark))
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("geotrip: Disconnecting an auth process: ", lines[0])
        self.assertIn(reason, lines[0])

    def assertUnimpressed(self):
        self.assertEqual(self.dovecot.guard_pid(), self.pid)
        user = f"{time.monotonic()}.{self.user}"
        self.trip(user)
        # the log has all that came before
        wait_until(lambda: f"<{user}>: suspended" in self.dovecot.log(),
                   "the guard logs the suspension")
        self.assertNotRegex(self.dovecot.log(self.mark), CRASH)

    def test_socket(self):
        """Nobody else can: the socket is the user's alone."""
        status = self.dovecot.guard_socket.stat()
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o600)
        self.assertEqual(status.st_uid, pwd.getpwnam("dovecot").pw_uid)

    def test_garbage(self):
        """Noise, and what other protocols begin with."""
        self.assertDisconnected(b"\xff" * 100000, "")
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2000,
                     b"VERSION\tauth\t1\t2\n" * 2000, bytes(100000)):
            guard = self.guard()
            with contextlib.suppress(ConnectionError):
                guard.write(data)
            self.assertEqual(guard.kinds_until_the_end(), [HELLO])
        for _ in range(100):
            with self.guard() as guard:
                with contextlib.suppress(ConnectionError):
                    guard.write(os.urandom(10000))
        self.assertUnimpressed()

    def test_second_hello(self):
        """One that says hello twice."""
        self.assertDisconnected(
            hello() * 2, "it sent what an auth process does not send")

    def test_wrong_direction(self):
        """One that says what only the guard says."""
        guard = self.guard()
        guard.write(hello() + message(VERDICT, bytes(8)))
        self.assertEqual(guard.kinds_until_the_end(), [HELLO])
        self.assertUnimpressed()

    def test_no_hello(self):
        """One that begins with a login."""
        self.assertDisconnected(login(1, self.user, address("US")),
                                "it did not say hello first")

    def test_version(self):
        """One of another version."""
        self.assertDisconnected(hello(version=99), "it speaks version 99")

    def test_order(self):
        """One whose logins are not in order."""
        self.assertDisconnected(
            hello() + login(2, self.user, address("JP"))
            + login(2, self.user, address("JP")),
            "its logins are not in order")

    def test_half(self):
        """Messages that break off are not acted on."""
        whole = login(1, f"half.{self.user}", address("JP"))
        for length in range(1, len(whole), 5):
            with self.guard() as guard:
                guard.write(hello() + whole[:length])
        self.assertNoLogin(f"half.{self.user}")
        self.assertUnimpressed()

    def test_half_that_stays(self):
        """A message that is never completed holds up nobody."""
        guard = self.guard()
        guard.write(hello() + login(1, self.user, address("JP"))[:20])
        self.assertUnimpressed()

    def test_deaf(self):
        """One that does not read its answers is disconnected."""
        guard = self.guard()
        guard.write(hello())
        with self.assertRaises(ConnectionError):
            for number in range(1, 1000000):
                guard.write(login(number, f"deaf.{self.user}",
                                  address("JP")))
        wait_until(lambda: "it does not read its answers"
                   in self.dovecot.log(self.mark), "the log says so")
        self.assertUnimpressed()

    def test_silent(self):
        """A connection that says nothing disturbs nobody, not even a reload
        or a stop."""
        server = self.server_of_its_own().start()
        with GuardSocket(server.guard_socket) as silent:
            self.assertEqual(silent.kind(), HELLO)
            self.trip(self.user, server=server)
            old = server.guard_pid()
            server.reload()
            self.assertEqual(silent.kinds_until_the_end(), [])
            self.assertSuspended(self.login(self.user, "JP", server=server))
            self.assertNotEqual(server.guard_pid(), old)


class Linked(Guard):
    """What the process that lets everybody in has in it."""

    LIBRARIES = "sqlite|maxminddb"

    def module(self):
        (path,) = {path for top in dovecot_conf.directories()
                   for path in [f"{top}/auth/lib20_auth_geotrip.so"]
                   if os.path.exists(path)}
        return path

    def test_ldd(self):
        """The auth module is linked with neither SQLite nor libmaxminddb."""
        done = subprocess.run([tool("ldd"), self.module()],
                              capture_output=True, text=True, check=True)
        self.assertIn("libc.so", done.stdout)
        self.assertNotRegex(done.stdout, self.LIBRARIES)

    def test_open(self):
        """Neither the database nor the country file is open or mapped there,
        nor are their libraries, which the guard has."""
        self.trip(self.user)
        auth = self.opened(self.dovecot.auth_pid())
        guard = self.opened(self.dovecot.guard_pid())
        top = self.dovecot.top
        self.assertIn(str(self.dovecot.database), guard)
        self.assertRegex(guard, "sqlite3.*\n(.*\n)*.*maxminddb|"
                         "maxminddb.*\n(.*\n)*.*sqlite3")
        self.assertIn("lib20_auth_geotrip.so", auth)
        self.assertNotRegex(auth, self.LIBRARIES)
        self.assertNotIn(str(self.dovecot.database), auth)
        self.assertNotIn(f"{top}/geo", auth)

    def opened(self, pid):
        """The files that a process has mapped or open, one a line."""
        found = []
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            found += [line.split(maxsplit=5)[5].strip() for line in maps
                      if "/" in line]
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.append(os.readlink(f"/proc/{pid}/fd/{number}"))
        return "\n".join(found)
