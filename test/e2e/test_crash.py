"""What a crash and what a stop leave in the database."""

import contextlib
import os
import random
import signal
import threading

from support import sanitize
from support.addresses import address
from support.auth_socket import plain
from support.case import MESSAGE, PASSWORD, Case
from support.load import Load
from support.long import LONG
from support.soundness import flaws
from support.waiting import wait_until

KILLS = 20 if LONG else 5


class Thief:
    """Uses one account after the other from three countries. told are the
    users that were told of their suspension."""

    def __init__(self, case, server):
        self.told = []
        self._case, self._server = case, server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        number = 0
        while not self._stop.wait(0.01):
            number += 1
            user = f"thief{number}@example.com"
            # The auth process is gone for a moment now and then.
            with contextlib.suppress(OSError):
                for country in ("JP", "US", "BR"):
                    reply = self._case.login(user, country,
                                             server=self._server)
                if reply.reason == MESSAGE:
                    self.told.append(user)


class Crash(Case):
    def test_kill_after_a_suspension(self):
        """The auth process is killed as soon as the client was told of its
        suspension: the suspension is there, and enforced."""
        server = self.server_of_its_own().start()
        for attempt in range(5):
            user = f"{attempt}.{self.user}"
            with server.auth() as auth:
                pid = server.auth_pid()
                for where in map(address, ("JP", "US", "BR")):
                    _, request = auth.request(
                        "PLAIN", plain(user, PASSWORD), service="smtp",
                        rip=where)
                    auth.write(request)
                    reply = auth.reply()
                os.kill(pid, signal.SIGKILL)
            self.assertSuspended(reply)
            (row,) = server.query(
                "SELECT count(*) FROM active_suspension WHERE user = ?",
                user)
            self.assertEqual(row[0], 1)
            wait_until(lambda: self.answers(server), "auth is back")
            self.assertSuspended(self.login(user, "JP", server=server))

    def test_kill_at_random(self):
        """The auth process is killed at random moments: every login that was
        answered has its row, one."""
        server = self.server_of_its_own().start()
        with self.load(server) as load:
            for _ in range(KILLS):
                self.kill(server, load)
            self.wait_for_answers(load, 20)
        server.stop()
        rows = [row.session for row in server.query(
            "SELECT session FROM login")]
        self.assertEqual(len(rows), len(set(rows)))
        self.assertRecorded(server, load)
        self.assertEqual(flaws(server), [])

    def test_kill_while_suspending(self):
        """The same while accounts are suspended all the time: everybody who
        was told of it is suspended."""
        server = self.server_of_its_own().start()
        with self.load(server) as load, Thief(self, server) as thief:
            for _ in range(KILLS):
                self.kill(server, load)
        server.stop()

        suspended = {row.user for row in server.query(
            "SELECT user FROM active_suspension")}
        self.assertTrue(thief.told)
        self.assertEqual(set(thief.told) - suspended, set())
        self.assertEqual(flaws(server), [])

    def test_shared_memory_cut(self):
        """Another program cuts the file that SQLite shares memory by, as
        putting back a backup with cp may: that ends the guard, and nothing can
        be done about it. The next one finds everything, and no login is lost,
        nor answered by anything but its verdict."""
        if sanitize.MARK in os.environ:
            self.skipTest("the crash would be reported, and is wanted")
        server = self.server_of_its_own({"timeout": "5s"}).start()
        self.trip(self.user, server=server)
        guard = server.guard_pid()
        with self.load(server) as load:
            self.wait_for_answers(load, 20)
            os.truncate(f"{server.database}-shm", 0)
            wait_until(lambda: server.guard_pid() not in (0, guard),
                       "another guard")
            self.wait_for_answers(load, 20)
            self.assertSuspended(self.login(self.user, "JP", server=server))
        server.stop()
        self.assertEqual(load.interruptions, 0)
        self.assertRecorded(server, load)
        self.assertEqual(flaws(server), [])

    def assertRecorded(self, server, load):
        """All logins were let in, and have their rows."""
        rows = {row.session for row in server.query(
            "SELECT session FROM login")}
        for login in load.answers:
            self.assertAllowed(login.reply)
            self.assertIn(login.session, rows)

    def load(self, server):
        return Load(server, [f"{number}.{self.user}" for number in range(20)])

    def kill(self, server, load):
        """Kill the auth process after some more logins, and wait until that
        is noticed."""
        self.wait_for_answers(load, random.randrange(1, 100))
        pid = wait_until(server.auth_pid, "an auth process")
        interruptions = load.interruptions
        self.wait_for_answers(load, random.randrange(1, 20))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: load.interruptions > interruptions,
                   "the load notices")

    def wait_for_answers(self, load, count):
        until = len(load.answers) + count
        wait_until(lambda: len(load.answers) >= until, "logins are answered")

    def answers(self, server):
        try:
            server.auth().close()
        except OSError:
            return False
        return True

    def test_clean_stop(self):
        """A clean stop writes what is still queued: here what came while
        another process held the lock."""
        server = self.server_of_its_own().start()
        self.assertAllowed(self.login("first@example.com", "JP",
                                      server=server))
        server.wait_for_logins("first@example.com", 1)
        users = [f"{number}.{self.user}" for number in range(500)]
        with server.auth() as auth, server.locked():
            auth.write(b"".join(
                auth.request("PLAIN", plain(user, PASSWORD), service="smtp",
                             rip=address("JP"))[1] for user in users))
            for _ in users:
                self.assertAllowed(auth.reply())
        server.stop()
        (row,) = server.query("SELECT count(*) FROM login")
        self.assertEqual(row[0], len(users) + 1)

    def test_restart_remembers(self):
        """After a restart the window is what it was."""
        server = self.server_of_its_own().start()
        for country in ("JP", "US"):
            self.assertAllowed(self.login(self.user, country, server=server))
        server.stop()
        server.start()
        self.assertSuspended(self.login(self.user, "BR", server=server))
