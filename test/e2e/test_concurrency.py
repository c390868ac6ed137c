"""Everything at once: commands of several processes while users log in."""

import random
import threading
import time

from support import invariants
from support.addresses import address
from support.auth_socket import plain
from support.case import MESSAGE, PASSWORD, Case
from support.long import LONG
from support.waiting import wait_until

COUNTRIES = ("JP", "US", "BR", "DE")
# Some come all the time. Many come so seldom that purge forgets them, in the
# long form.
REGULARS, STRANGERS = 60, 3000
# Never logs in: a user who has is kept for two minutes at least.
ABSENT = "absent@example.com"
# Shorter than what purge keeps: then the rule can be replayed. Suspensions
# last longer, with their evidence.
RULE = "3 countries in 2s"
KEEP = 3
SUSPENDED = 6
NO_USER = 67


class Loop(threading.Thread):
    """Does something again and again until it is to stop. It must not
    fail."""

    def __init__(self, stop, name, step):
        super().__init__(name=name)
        self._stop_event, self._step = stop, step
        self.done = 0
        self.failure = None

    def run(self):
        try:
            while not self._stop_event.is_set():
                self._step()
                self.done += 1
        except Exception as reason:  # shown by the test
            self.failure = f"{self.name}: {reason}"


class Concurrency(Case):
    SECONDS = 240 if LONG else 20
    settings = {"rules": RULE, "suspend_time": f"{SUSPENDED}s",
                "notify_from": "postmaster@example.com"}

    @classmethod
    def prepare(cls, server):
        server.use_fast_disk()

    def test_everything_at_once(self):
        """suspend, unsuspend, purge, notify and history in loops while users
        log in, trip, are released and trip again: no command fails, no login
        gets another answer than yes or no, and the database is sound."""
        self.dovecot.geotrip("suspend", "-t", "1s", ABSENT).expect(0)
        stop = threading.Event()
        visitors = [Visitors(self) for _ in range(3)]
        loops = [Loop(stop, "login", some.step) for some in visitors]
        loops += [Loop(stop, words[0], self.command(*words)) for words in (
            ("suspend", "-t", "2s"), ("unsuspend",), ("history",))]
        loops += [Loop(stop, words[0], self.command_for_all(*words))
                  for words in (("purge", "-k", f"{KEEP}s"), ("notify",),
                                ("notify",))]
        begin = time.monotonic()
        for loop in loops:
            loop.start()
        try:
            wait_until(lambda: time.monotonic() > begin + self.SECONDS
                       or any(loop.failure for loop in loops),
                       "the time is over", self.SECONDS + 10)
        finally:
            end = time.time()
            stop.set()
            for loop in loops:
                loop.join()
        self.assertEqual([loop.failure for loop in loops if loop.failure], [])
        for loop in loops:
            self.assertGreater(loop.done, 3, loop.name)
        self.dovecot.stop()
        try:
            self.check_database(end, sum(some.answered for some in visitors))
        finally:
            self.dovecot.start()

    def check_database(self, end, answered):
        # On a machine that is too busy, a command holds the lock for longer
        # than a login waits: then the rule trips at the user's next login.
        locked = [line for line in self.complaints()
                  if "database is locked" in line]
        self.assertEqual(self.complaints(), locked)
        self.assertEqual(invariants.problems(
            self.dovecot.database, purged=True,
            replay_from=None if locked else int((end - KEEP) * 1e6)), [])
        (row,) = self.dovecot.query("SELECT sum(logins) FROM country_day")
        self.assertEqual(row[0], answered)
        for what in ("suspension WHERE source = 'rule'",
                     "suspension WHERE released_by = 'time'",
                     "notice WHERE state = 'sent'",
                     "login WHERE verdict = 'blocked'"):
            (row,) = self.dovecot.query(f"SELECT count(*) FROM {what}")
            self.assertGreater(row[0], 0, what)
        (row,) = self.dovecot.query("SELECT count(*), max(id) FROM login")
        self.assertLess(row[0], row[1], "purge left all logins")
        self.assertEqual(self.dovecot.query(
            f"SELECT id FROM user WHERE name = '{ABSENT}'"), [])

    def command(self, *words):
        """A step: the command for one of the users, known or not."""
        def step():
            result = self.dovecot.geotrip(*words, some_user(), json=False)
            if result.code != NO_USER:
                result.expect(0)
        return step

    def command_for_all(self, *words):
        return lambda: self.dovecot.geotrip(*words, json=False).expect(0)


def some_user():
    number = random.randrange(REGULARS)
    if random.randrange(10) == 0:
        number += random.randrange(STRANGERS)
    return f"user{number}@example.com"


class Visitors:
    """Some users at a time log in, from anywhere."""

    IN_FLIGHT = 10

    def __init__(self, case):
        self.answered = 0
        self._auth = case.dovecot.auth()
        case.addCleanup(self._auth.close)

    def step(self):
        for _ in range(self.IN_FLIGHT):
            self._auth.write(self._auth.request(
                "PLAIN", plain(some_user(), PASSWORD), service="smtp",
                rip=address(random.choice(COUNTRIES)))[1])
        for _ in range(self.IN_FLIGHT):
            reply = self._auth.reply()
            self.answered += 1
            if (reply.kind, reply.reason) not in (("OK", None),
                                                  ("FAIL", MESSAGE)):
                raise AssertionError(reply)
