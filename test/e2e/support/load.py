"""Logins one after the other while something else happens, and what became of
each of them."""

import itertools
import threading
import time
import typing

from .addresses import address
from .auth_socket import Reply, plain
from .dovecot_conf import PASSWORD

CONNECTIONS = 2
# Of a connection; so the load has an end, too.
PER_SECOND = 100

_numbers = itertools.count(1)


class Login(typing.NamedTuple):
    user: str
    # Which no other login has.
    session: str
    sent: float
    answered: float
    reply: Reply

    @property
    def seconds(self):
        return self.answered - self.sent


class Load:
    """Logs the users in, from one country, within a with statement, which may
    be entered again. answers are the logins so far; times are of
    time.monotonic(). A connection that breaks is reopened, and counted as an
    interruption."""

    def __init__(self, server, users):
        self.answers = []
        self.interruptions = 0
        self._server = server
        self._users = itertools.cycle(users)
        self._stop = threading.Event()
        self._threads = []

    def __enter__(self):
        self._stop.clear()
        self._threads = [threading.Thread(target=self._run)
                         for _ in range(CONNECTIONS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        while not self._stop.is_set():
            try:
                with self._server.auth() as auth:
                    self._log_in(auth)
            except OSError:
                self.interruptions += 1
                self._stop.wait(1 / PER_SECOND)

    def _log_in(self, auth):
        while not self._stop.wait(1 / PER_SECOND):
            user, session = next(self._users), f"load{next(_numbers)}"
            _, request = auth.request(
                "PLAIN", plain(user, PASSWORD), service="smtp",
                rip=address("JP"), session=session)
            sent = time.monotonic()
            auth.write(request)
            reply = auth.reply()
            self.answers.append(
                Login(user, session, sent, time.monotonic(), reply))
