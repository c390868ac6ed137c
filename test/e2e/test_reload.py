"""doveadm reload: while an old auth process serves its last clients, a new one
is there already, and both use one database."""

import itertools
import os
import random
import signal
import threading

from support import invariants
from support.addresses import address
from support.auth_socket import plain
from support.case import MESSAGE, PASSWORD, Case
from support.long import LONG
from support.waiting import wait_until

KEEP_CLIENTS = "shutdown_clients = no\n"
JOURNEY = ("JP", "US", "BR")


def log_in(auth, user, country):
    """One login over an open connection, answered by its reply."""
    number, request = auth.request("PLAIN", plain(user, PASSWORD),
                                   service="smtp", rip=address(country))
    auth.write(request)
    reply = auth.reply()
    if reply.id != number:
        raise AssertionError(f"{reply} is not for request {number}")
    return reply


class Reload(Case):
    def server_that_keeps_clients(self):
        server = self.server_of_its_own(conf=KEEP_CLIENTS)
        server.use_fast_disk()
        return server.start()

    def assertSound(self, server, **options):
        self.assertEqual(
            invariants.problems(server.database, slack=0, **options), [])


class Overlap(Reload):
    USERS = 200

    def test_alternating_logins(self):
        """The logins of a user go to the old and to the new process by turns,
        each as soon as the one before is answered: the rule trips on the login
        that makes it true, whoever gets it, and both refuse the user then."""
        server = self.server_that_keeps_clients()
        with server.auth() as old, server.reload_beside(
                old.server_pid) as new:
            turns = list(itertools.product((old, new), repeat=3))
            for number in range(self.USERS):
                user = f"{number}.{self.user}"
                first, second, third = turns[number % len(turns)]
                self.assertAllowed(log_in(first, user, "JP"))
                self.assertAllowed(log_in(second, user, "US"))
                self.assertSuspended(log_in(third, user, "BR"))
                self.assertSuspended(log_in(old, user, "JP"))
                self.assertSuspended(log_in(new, user, "JP"))
        server.stop()
        (row,) = server.query("SELECT count(*) FROM login")
        self.assertEqual(row[0], 5 * self.USERS)
        self.assertSound(server)

    def test_queued_by_the_old(self):
        """What the old process answered just before the new one began counts
        for the new one."""
        server = self.server_that_keeps_clients()
        for number in range(5):
            user = f"{number}.{self.user}"
            with server.auth() as old:
                stop = threading.Event()
                # Up to the last moment.
                others = threading.Thread(target=self._log_in_until, args=(
                    server, stop, f"others.{user}"))
                others.start()
                try:
                    self.assertAllowed(log_in(old, user, "JP"))
                    new = server.reload_beside(old.server_pid)
                finally:
                    stop.set()
                    others.join()
                with new:
                    self.assertAllowed(log_in(old, user, "US"))
                    self.assertSuspended(log_in(new, user, "BR"))
        server.stop()
        self.assertSound(server)

    def _log_in_until(self, server, stop, user):
        with server.auth() as auth:
            while not stop.is_set():
                log_in(auth, user, "JP")

    def test_left_alone(self):
        """When the old process has ended, the new one writes many logins in a
        transaction again, as a process does that was always alone."""
        server = self.server_that_keeps_clients()
        old = server.auth()
        with server.reload_beside(old.server_pid) as new:
            self.assertGreater(self.pages_written(server, new, "a"), 300)
            old.close()
            rounds = itertools.count()
            wait_until(lambda: self.pages_written(
                server, new, f"b{next(rounds)}") < 150,
                "logins are written together")

    def pages_written(self, server, auth, name):
        """How many pages 100 logins of new users, sent at once, add to the
        write-ahead log. A transaction needs some."""
        users = [f"{name}.{number}.{self.user}" for number in range(100)]
        log = server.database.with_name(server.database.name + "-wal")
        before = log.stat().st_size
        auth.write(b"".join(
            auth.request("PLAIN", plain(user, PASSWORD), service="smtp",
                         rip=address("JP"))[1] for user in users))
        for _ in users:
            self.assertAllowed(auth.reply())
        server.wait_for_logins(users[-1], 1)
        return (log.stat().st_size - before) // 4096


class UnderLoad(Reload):
    CLIENTS = 6
    RELOADS = 50 if LONG else 5

    def test_reloads(self):
        """Reloads in the middle of load, with clients at old and new processes
        all the time: no login is uncounted, no trip missed, no suspension
        undone, and nobody is hung up on."""
        server = self.server_that_keeps_clients()
        stop = threading.Event()
        clients = [Client(server, f"{number}.{self.user}", stop)
                   for number in range(self.CLIENTS)]
        for client in clients:
            client.start()
        pid = server.auth_pid()
        try:
            for _ in range(self.RELOADS):
                travelled = [client.travelled for client in clients]
                with server.reload_beside(pid) as auth:
                    pid = auth.server_pid
                wait_until(lambda: all(
                    client.failure or client.travelled > before + 20
                    for client, before in zip(clients, travelled)),
                    "all clients go on")
        finally:
            stop.set()
            for client in clients:
                client.join()
        complaints = self.complaints()
        if any("database is locked" in line for line in complaints):
            self.skipTest("this machine is so busy that one process had to"
                          " wait too long for the other")
        self.assertEqual(complaints, [])
        self.assertEqual([client.failure for client in clients],
                         [None] * self.CLIENTS)
        server.stop()
        (row,) = server.query("SELECT count(*) FROM login")
        self.assertEqual(row[0], sum(client.answered for client in clients))
        (row,) = server.query("SELECT count(*) FROM active_suspension")
        self.assertEqual(row[0], sum(client.travelled for client in clients))
        self.assertSound(server)


class Client(threading.Thread):
    """Has three connections, of different ages, and uses them at random. One
    user after the other travels; its third country is refused, and then so is
    every login, as it is for some user from before."""

    def __init__(self, server, name, stop):
        super().__init__()
        self._server, self._name, self._stop_event = server, name, stop
        self._random = random.Random(name)
        self._connections = [server.auth() for _ in range(3)]
        self.answered = self.travelled = 0
        self.failure = None

    def run(self):
        try:
            while not self._stop_event.is_set():
                self._travel()
        except Exception as reason:  # shown by the test
            self.failure = repr(reason)
        for connection in self._connections:
            connection.close()

    def _travel(self):
        for country in JOURNEY:
            self._log_in(self.travelled, country, country == JOURNEY[-1])
        self.travelled += 1
        self._log_in(self._random.randrange(self.travelled), "JP", True)
        if self.travelled % 10 == 0:
            self._connections.pop(0).close()
            self._connections.append(wait_until(self._connect, "a connection"))

    def _connect(self):
        """During a reload the socket is not there for a moment."""
        try:
            return self._server.auth()
        except OSError:
            return None

    def _log_in(self, number, country, refused):
        reply = log_in(self._random.choice(self._connections),
                       f"{number}.{self._name}", country)
        self.answered += 1
        if (reply.kind, reply.reason) != (
                ("FAIL", MESSAGE) if refused else ("OK", None)):
            raise AssertionError(f"user {number} from {country}: {reply}")


class Stop(Reload):
    CLIENTS = 4

    def test_stop_under_load(self):
        """A stop in the middle of load: the rows of all logins that were
        answered are there."""
        for attempt in range(20 if LONG else 3):
            server = self.server_of_its_own().start()
            clients = [Endless(server, f"{attempt}.{number}.{self.user}")
                       for number in range(self.CLIENTS)]
            for client in clients:
                client.start()
            wait_until(lambda: all(client.answered > 200
                                   for client in clients), "there is load")
            self.stop_as_systemd(server)
            for client in clients:
                client.join()
                rows = len(server.logins(client.user))
                # What the server had no time to answer may be counted.
                self.assertGreaterEqual(rows, client.answered)
                self.assertLessEqual(rows, client.sent)
            self.assertSound(server)

    def stop_as_systemd(self, server):
        """Dovecot's own stop leaves the auth process alone for half a minute
        while it has clients; systemd ends what is left then."""
        pid = server.auth_pid()
        server.stop()
        os.kill(pid, signal.SIGTERM)
        # Also when init has not noticed yet.
        wait_until(lambda: not os.path.exists(f"/proc/{pid}/exe"),
                   "the auth process ends")


class Endless(threading.Thread):
    """Logs in until the server hangs up."""

    IN_FLIGHT = 32

    def __init__(self, server, user):
        super().__init__()
        self._auth = server.auth()
        self.user = user
        self.sent = self.answered = 0

    def run(self):
        with self._auth:
            try:
                self._send(self.IN_FLIGHT)
                while True:
                    if not self._auth.reply().ok:
                        return
                    self.answered += 1
                    self._send(1)
            except OSError:
                return

    def _send(self, count):
        for _ in range(count):
            self.sent += 1
            self._auth.write(self._auth.request(
                "PLAIN", plain(self.user, PASSWORD), service="smtp",
                rip=address("JP"))[1])
