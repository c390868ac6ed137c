"""Clients of the auth process that hang up, come in thousands, or do not speak
the protocol as they should."""

import base64
import contextlib
import hmac
import os
import pathlib
import resource
import socket

from support import invariants
from support.addresses import address
from support.auth_socket import AuthSocket, plain, request_line
from support.case import PASSWORD, Case
from support.long import LONG
from support.waiting import wait_until

SCRAM = "SCRAM-SHA-256"
HELLO = b"VERSION\t1\t2\nCPID\t4242\n"


def login_line(number, user, country="JP", password=PASSWORD):
    """A request with any id."""
    return request_line(number, "PLAIN", plain(user, password),
                        service="smtp", rip=address(country))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def clients(pid):
    """How many sockets a process has open, its own and of clients."""
    count = 0
    for name in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            count += os.readlink(name).startswith("socket:")
    return count


class Clients(Case):
    def check_process(self, pid):
        """The auth process is the one it was, and has not complained of
        itself."""
        self.assertAllowed(self.login(f"later.{self.user}", "JP"))
        self.dovecot.wait_for_logins(f"later.{self.user}", 1)
        self.assertEqual(self.dovecot.auth_pid(), pid)
        self.assertEqual(self.complaints(), [])
        self.assertEqual(invariants.problems(self.dovecot.database), [])

    def begin(self, auth, mechanism, response=None, number=1):
        """Send the first request of an exchange, and read the challenge."""
        auth.write(request_line(number, mechanism, response, service="smtp",
                                rip=address("JP")))
        reply = auth.reply()
        self.assertEqual((reply.kind, reply.id), ("CONT", number), reply)
        return reply.data


class HangUp(Clients):
    """In each state some clients hang up: nothing is left of them, and nobody
    else notices."""

    TIMES = 200 if LONG else 30

    def check(self, hang_up):
        """hang_up gets a user name and a socket without a greeting."""
        pid = self.dovecot.auth_pid()
        self.assertAllowed(self.login(f"first.{self.user}", "JP"))
        before = descriptors(pid)
        for number in range(self.TIMES):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(20)
                client.connect(str(self.dovecot.run / "auth-client"))
                hang_up(f"{number}.{self.user}", client)
        wait_until(lambda: descriptors(pid) <= before,
                   "no descriptor is left over")
        self.check_process(pid)

    def check_after_handshake(self, hang_up):
        """The same after the greeting, with an AuthSocket."""
        pid = self.dovecot.auth_pid()
        self.assertAllowed(self.login(f"first.{self.user}", "JP"))
        before = descriptors(pid)
        for number in range(self.TIMES):
            with self.dovecot.auth() as auth:
                hang_up(f"{number}.{self.user}", auth)
        wait_until(lambda: descriptors(pid) <= before,
                   "no descriptor is left over")
        self.check_process(pid)

    def assertNothingCounted(self):
        """No row of any user of this test but those of the check itself."""
        rows = self.dovecot.query(
            "SELECT name FROM user JOIN login ON login.user_id = user.id"
            " WHERE name LIKE ?", f"%{self.user}")
        self.assertEqual({row.name.partition(".")[0] for row in rows},
                         {"first", "later"})

    def rows(self):
        return self.dovecot.query(
            "SELECT count(*) FROM user JOIN login ON login.user_id = user.id"
            " WHERE name GLOB ?", f"[0-9]*.{self.user}")[0][0]

    def test_at_once(self):
        """Before a word was said."""
        self.check(lambda user, client: None)
        self.assertNothingCounted()

    def test_in_the_handshake(self):
        """After the first line of the handshake, and in its middle."""
        self.check(lambda user, client: client.sendall(b"VERSION\t1\t2\n"))
        self.check(lambda user, client: client.sendall(b"VERSION\t1\t2\nCP"))
        self.assertNothingCounted()

    def test_after_the_handshake(self):
        """Without a request, and without reading the answer."""
        self.check(lambda user, client: client.sendall(HELLO))
        self.assertNothingCounted()

    def test_in_a_line(self):
        """In the middle of a request: it was not made."""
        def hang_up(user, auth):
            auth.write(login_line(1, user)[:-1])
        self.check_after_handshake(hang_up)
        self.assertNothingCounted()

    def test_before_the_answer(self):
        """After a request, without reading the answer: the password was right,
        so it is a login, at most once for each request."""
        def hang_up(user, auth):
            for number in range(1, 11):
                auth.write(login_line(number, user))
        self.check_after_handshake(hang_up)
        self.assertLessEqual(self.rows(), 10 * self.TIMES)

    def test_with_everything_in_one_write(self):
        """Greeting and request in one write, and then nothing."""
        def hang_up(user, client):
            client.sendall(HELLO + login_line(1, user))
        self.check(hang_up)
        self.assertLessEqual(self.rows(), self.TIMES)

    def test_in_an_exchange(self):
        """After the challenge of CRAM-MD5, without and with an answer that
        came only in part: nobody has logged in."""
        def hang_up(user, auth):
            self.begin(auth, "CRAM-MD5")
            auth.write(b"CONT\t1\tdXNlciA")
        self.check_after_handshake(hang_up)
        self.assertNothingCounted()

    def test_in_a_long_exchange(self):
        """Between the steps of SCRAM."""
        def hang_up(user, auth):
            challenge = self.begin(
                auth, SCRAM, f"n,,n={user},r=rOprNGfwEbeRWgbN".encode())
            self.assertIn(b",i=", challenge)
        self.check_after_handshake(hang_up)
        self.assertNothingCounted()

    def test_while_a_failure_is_held_back(self):
        """After a wrong password, before the answer, which Dovecot delays."""
        def hang_up(user, auth):
            auth.write(login_line(1, user, password="wrong"))
        self.check_after_handshake(hang_up)
        self.assertNothingCounted()

    def test_when_suspended(self):
        """The login that trips the rule, without reading the answer: the
        account is suspended all the same."""
        def hang_up(user, auth):
            for number, country in enumerate(("JP", "US", "BR"), 1):
                auth.write(login_line(number, user, country))
            # The first answer is waited for: then all of them were read.
            auth.reply()
        self.check_after_handshake(hang_up)
        rows = self.dovecot.query("SELECT user FROM active_suspension"
                                  " WHERE user GLOB ?",
                                  f"[0-9]*.{self.user}")
        tripped = {row.user for row in rows}
        for number in range(self.TIMES):
            user = f"{number}.{self.user}"
            if len(self.dovecot.logins(user)) == 3:
                self.assertIn(user, tripped)
                self.assertSuspended(self.login(user, "JP"))


class Thousands(Clients):
    COUNT = 10000 if LONG else 2000
    conf = (f"service auth {{\n  client_limit = {COUNT + 1000}\n}}\n"
            f"service anvil {{\n  client_limit = {COUNT + 1000}\n}}\n")

    @classmethod
    def setUpClass(cls):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        need = cls.COUNT + 2000
        # Also for the servers that this starts.
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (max(need, limits[0]), max(need, limits[1])))
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                            limits)
        super().setUpClass()

    def test_thousands_at_once(self):
        """This many connections at once, each with a login of its own; each is
        answered, each leaves a row, and when they hang up all at once nothing
        is left of them."""
        pid = self.dovecot.auth_pid()
        before = clients(pid)
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(self.dovecot.auth())
                           for _ in range(self.COUNT)]
            self.assertGreaterEqual(clients(pid), self.COUNT)
            for number, auth in enumerate(connections):
                auth.write(login_line(1, f"{number}.{self.user}"))
            for auth in connections:
                self.assertAllowed(auth.reply())
        wait_until(lambda: clients(pid) <= before, "all have hung up")

        def rows():
            return self.dovecot.query("SELECT count(*) FROM login")[0][0]
        wait_until(lambda: rows() >= self.COUNT, rows)
        self.assertEqual(rows(), self.COUNT)
        self.check_process(pid)


class Protocol(Clients):
    def begin_cram_md5(self, auth, user, number=1):
        """The line that completes the exchange."""
        challenge = self.begin(auth, "CRAM-MD5", number=number)
        digest = hmac.new(PASSWORD.encode(), challenge, "md5").hexdigest()
        answer = base64.b64encode(f"{user} {digest}".encode())
        return b"CONT\t%d\t%s\n" % (number, answer)

    def test_cancel(self):
        """A request that was cancelled is no login, and its id can be used
        for another one."""
        pid = self.dovecot.auth_pid()
        with self.dovecot.auth() as auth:
            too_late = self.begin_cram_md5(auth, self.user)
            auth.write(b"CANCEL\t1\n" + too_late)
            self.assertEqual(auth.reply().kind, "FAIL")
            self.assertNoLogin(self.user)
            auth.write(self.begin_cram_md5(auth, self.user))
            self.assertAllowed(auth.reply())
        self.assertEqual(self.verdicts(self.user, 1), ["allow"])
        self.check_process(pid)

    def test_cancel_what_is_answered(self):
        """CANCEL right behind the request, in the same write: it is answered
        or not, and what was answered with OK is a login."""
        pid = self.dovecot.auth_pid()
        with self.dovecot.auth() as auth:
            for number in range(1, 51):
                auth.write(login_line(number, self.user)
                           + b"CANCEL\t%d\n" % number)
            auth.write(login_line(51, f"last.{self.user}"))
            answered = 0
            while (reply := auth.reply()).id != 51:
                self.assertAllowed(reply)
                answered += 1
        self.dovecot.wait_for_logins(f"last.{self.user}", 1)
        self.assertGreaterEqual(len(self.dovecot.logins(self.user)), answered)
        self.check_process(pid)

    def test_cancel_held_back(self):
        """CANCEL of a wrong password whose answer is delayed, and of a request
        that never was."""
        pid = self.dovecot.auth_pid()
        with self.dovecot.auth() as auth:
            for number in range(1, 21):
                auth.write(login_line(number, self.user, password="wrong")
                           + b"CANCEL\t%d\n" % number)
            auth.write(b"CANCEL\t4711\n" + login_line(21, self.user))
            while (reply := auth.reply()).id != 21:
                self.assertEqual(reply.kind, "FAIL")
            self.assertAllowed(reply)
        self.assertEqual(self.verdicts(self.user, 1), ["allow"])
        self.check_process(pid)

    def test_same_id_in_progress(self):
        """The id of an exchange that is going on: Dovecot hangs up, and the
        exchange is no login."""
        pid = self.dovecot.auth_pid()
        with self.dovecot.auth() as auth:
            self.begin_cram_md5(auth, self.user)
            auth.write(login_line(1, self.user))
            with self.assertRaises(ConnectionError):
                auth.reply()
        self.assertNoLogin(self.user)
        self.check_process(pid)

    def test_same_id_afterwards(self):
        """The id of a request that is done, again and again: each is a login,
        and the third country trips."""
        pid = self.dovecot.auth_pid()
        with self.dovecot.auth() as auth:
            for country in ("JP", "US", "BR"):
                auth.write(login_line(1, self.user, country))
                reply = auth.reply()
                self.assertEqual(reply.id, 1)
        self.assertSuspended(reply)
        self.assertEqual(self.verdicts(self.user, 3),
                         ["allow", "allow", "trip"])
        self.check_process(pid)

    def test_slow_reader(self):
        """A client that keeps sending and never reads a reply delays
        nobody."""
        pid = self.dovecot.auth_pid()
        lazy = f"lazy.{self.user}"
        with AuthSocket(self.dovecot.run / "auth-client", timeout=1) as auth:
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < 100000:
                    sent += 1
                    auth.write(login_line(sent, lazy))
            for _ in range(10):
                self.assertAllowed(self.login(self.user, "JP"))
        self.dovecot.wait_for_logins(self.user, 10)
        self.assertLessEqual(len(self.dovecot.logins(lazy)), sent)
        self.check_process(pid)
