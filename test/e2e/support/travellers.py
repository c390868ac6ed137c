"""Users who travel all the time, and know what each of their logins must be
answered by."""

import contextlib
import itertools
import random
import threading

from .addresses import address
from .auth_socket import plain
from .case import MESSAGE, PASSWORD
from .waiting import wait_until

JOURNEY = ("JP", "US", "BR")
# A connection is replaced after this many users.
USERS_OF_A_CONNECTION = 10


def log_in(auth, user, country, session=None):
    """One login over an open connection, answered by its reply."""
    number, request = auth.request("PLAIN", plain(user, PASSWORD),
                                   service="smtp", rip=address(country),
                                   session=session)
    auth.write(request)
    reply = auth.reply()
    if reply.id != number:
        raise AssertionError(f"{reply} is not for request {number}")
    return reply


class Traveller(threading.Thread):
    """Has some connections, of different ages, and uses them at random. One
    user after the other travels; its third country is refused, and then so is
    every login, as it is for some user from before. sessions are those of the
    logins that were answered; travelled is the number of users that are
    suspended; failure says what went wrong."""

    def __init__(self, server, name, stop, connections=3):
        super().__init__()
        self._server, self._name, self._stop_event = server, name, stop
        self._random = random.Random(name)
        self._connections = [server.auth() for _ in range(connections)]
        self._numbers = itertools.count(1)
        self.sessions = []
        self.travelled = 0
        self.failure = None

    def user(self, number):
        return f"{number}.{self._name}"

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
        if self.travelled % USERS_OF_A_CONNECTION == 0:
            self._connections.pop(0).close()
            self._connections.append(wait_until(self._connect, "a connection"))

    def _connect(self):
        """During a reload the socket is not there for a moment."""
        try:
            return self._server.auth()
        except OSError:
            return None

    def _log_in(self, number, country, refused):
        session = f"{next(self._numbers)}.{self._name}"
        reply = log_in(self._random.choice(self._connections),
                       self.user(number), country, session)
        self.sessions.append(session)
        if (reply.kind, reply.reason) != (
                ("FAIL", MESSAGE) if refused else ("OK", None)):
            raise AssertionError(f"user {number} from {country}: {reply}")


@contextlib.contextmanager
def travelling(server, name, count, connections=3):
    """Travellers on the way; gives them, and a function that waits until each
    has gone on, or could not."""
    stop = threading.Event()
    travellers = [Traveller(server, f"{number}.{name}", stop, connections)
                  for number in range(count)]

    def go_on(users):
        before = [some.travelled for some in travellers]
        wait_until(lambda: all(
            some.failure or some.travelled >= least + users
            for some, least in zip(travellers, before)),
            "all travellers go on")

    for some in travellers:
        some.start()
    try:
        yield travellers, go_on
    finally:
        stop.set()
        for some in travellers:
            some.join()


def problems(server, travellers):
    """What the travellers met that must not be, and which of their logins and
    suspensions the database does not have."""
    found = [some.failure for some in travellers if some.failure]
    rows = {row.session for row in server.query("SELECT session FROM login")}
    suspended = {row.user for row in server.query(
        "SELECT user FROM active_suspension")}
    for some in travellers:
        found += [f"no row of session {session}" for session in some.sessions
                  if session not in rows]
        found += [f"{some.user(number)} is not suspended"
                  for number in range(some.travelled)
                  if some.user(number) not in suspended]
    return found
