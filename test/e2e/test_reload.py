"""doveadm reload: while an old auth process serves its last clients, a new one
is there already, and both ask one guard, which is a new one as well."""

import itertools
import os
import signal
import threading

from support import invariants
from support.addresses import address
from support.auth_socket import plain
from support.case import PASSWORD, Case
from support.long import LONG
from support.travellers import log_in, problems, travelling
from support.waiting import wait_until

KEEP_CLIENTS = "shutdown_clients = no\n"


class Reload(Case):
    def server_that_keeps_clients(self):
        server = self.server_of_its_own({"timeout": "5s"}, conf=KEEP_CLIENTS)
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

    def test_just_before(self):
        """What the old process answered just before the new one began counts
        for the new one, which has another guard."""
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

    def test_one_guard(self):
        """The old guard ends at once, though the old auth process goes on:
        both ask the new one."""
        server = self.server_that_keeps_clients()
        with server.auth() as old:
            self.assertAllowed(log_in(old, self.user, "JP"))
            guard = server.guard_pid()
            with server.reload_beside(old.server_pid) as new:
                wait_until(lambda: not os.path.exists(f"/proc/{guard}/exe"),
                           "the old guard ends")
                self.assertAllowed(log_in(new, self.user, "US"))
                self.assertSuspended(log_in(old, self.user, "BR"))
        server.stop()
        self.assertEqual(self.complaints(), [])
        self.assertSound(server)

    def _log_in_until(self, server, stop, user):
        with server.auth() as auth:
            while not stop.is_set():
                log_in(auth, user, "JP")


class UnderLoad(Reload):
    TRAVELLERS = 6
    RELOADS = 50 if LONG else 20

    def test_reloads(self):
        """Reloads in the middle of load, with clients at old and new processes
        all the time: each login is answered once and by the right verdict, no
        row is lost, no suspension undone, and nobody is hung up on."""
        server = self.server_that_keeps_clients()
        pid = server.auth_pid()
        with travelling(server, self.user, self.TRAVELLERS) as (
                travellers, go_on):
            for _ in range(self.RELOADS):
                with server.reload_beside(pid) as auth:
                    pid = auth.server_pid
                go_on(users=2)
        server.stop()
        self.assertEqual(problems(server, travellers), [])
        self.assertEqual(self.complaints(), [])
        self.assertSound(server)


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
