"""The database fails under a running server, and works again.

Two servers meet each fault at the same time, under a load of logins: one has
geotrip_on_error = allow, the other one deny.
"""

import collections
import concurrent.futures
import contextlib
import os
import re
import shutil
import sqlite3
import time

from support import namespace
from support.case import Case
from support.load import Load
from support.long import LONG
from support.soundness import flaws
from support.waiting import wait_until

ALLOW, DENY = "allow", "deny"
SUSPENDED = "suspended@example.com"
USERS = [f"user{number}@example.com" for number in range(20)]
# The causes that are logged, without what differs from one time to the next.
ERROR = re.compile(r"(?:Error|Warning): (geotrip: .*?)"
                   r"(?: \(and \d+ times since the last .*\))?$", re.M)


class Victim:
    """A server, and the load on it: an account that it has suspended is a part
    of that."""

    def __init__(self, case, on_error, prepare=None):
        self.on_error = on_error
        self.server = case.server_of_its_own({"on_error": on_error})
        if prepare is not None:
            prepare(self.server)
        self.server.start()
        case.trip(SUSPENDED, server=self.server)
        self.load = Load(self.server, USERS + [SUSPENDED])
        self.processes = self.server.processes()

    def __str__(self):
        return f"on_error={self.on_error}"

    @property
    def answers(self):
        return list(self.load.answers)

    def restart(self, meanwhile):
        """Stop, and start with another database, whose suspensions are not
        known before it can be read."""
        self.server.stop()
        meanwhile(self.server)
        self.load = Load(self.server, USERS)
        self.server.start()
        self.processes = self.server.processes()

    def errors(self):
        """The causes in the log, and how often they are there."""
        return collections.Counter(ERROR.findall(self.server.log()))

    def put_off(self):
        return [login for login in self.answers if is_put_off(login.reply)]

    def recorded(self, since=0):
        """The sessions of the rows."""
        known = {login.session for login in self.answers
                 if login.sent >= since}
        rows = self.server.query(
            "SELECT session FROM login WHERE session LIKE 'load%'")
        return collections.Counter(row.session for row in rows
                                   if row.session in known)

    def to_be_recorded(self, since=0):
        """The sessions of the logins that were let in, or refused for good."""
        return collections.Counter(
            login.session for login in self.answers
            if login.sent >= since and not is_put_off(login.reply))


def is_put_off(reply):
    """A temporary failure, not a wrong password or a suspension."""
    return reply.kind == "FAIL" and (
        "temp" in reply.fields or reply.fields.get("code") == "temp_fail")


class StoreFaults(Case):
    def victims(self, prepare=None):
        """One for each policy."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return list(pool.map(
                lambda on_error: Victim(self, on_error, prepare),
                (ALLOW, DENY)))

    @contextlib.contextmanager
    def load(self, victims):
        with contextlib.ExitStack() as loads:
            for victim in victims:
                loads.enter_context(victim.load)
            self.go_on(victims, 20)
            yield

    def go_on(self, victims, count=3000 if LONG else 200):
        """This many more logins are answered."""
        for victim, until in [(victim, len(victim.answers) + count)
                              for victim in victims]:
            wait_until(lambda: len(victim.answers) >= until,
                       lambda: f"{len(victim.answers)} of {until} logins"
                       " are answered", 60 + count / 10)

    def fails(self, victims, cause):
        """The fault is noticed: the log tells the cause, with the path and
        what to do, and who denies puts logins off."""
        for victim in victims:
            wait_until(lambda: any(
                str(victim.server.database) in text and re.search(cause, text)
                for text in victim.errors()),
                lambda: f"{victim}: {cause}: {victim.errors()}")
            if victim.on_error == DENY:
                wait_until(victim.put_off, "logins are put off")

    def works(self, victims):
        """Logins are recorded again."""
        def recorded(server, user):
            self.login(user, "JP", server=server)
            return server.logins(user)

        user = f"works{time.monotonic()}@example.com"
        for victim in victims:
            wait_until(lambda: recorded(victim.server, user),
                       f"{victim}: logins are recorded again")

    def check(self, victims, since=0):
        """What must be true when the load has stopped. Logins before since
        may be missing in the database."""
        for victim in victims:
            with self.subTest(str(victim)):
                self.check_answers(victim)
                self.check_rows(victim, since)
                self.check_log(victim)
                self.assertEqual(victim.server.processes(),
                                 victim.processes)
                self.assertEqual(flaws(victim.server), [])
                (row,) = victim.server.query(
                    "SELECT count(*) FROM active_suspension WHERE user = ?",
                    SUSPENDED)
                self.assertEqual(row[0], 1)

    def check_answers(self, victim):
        """The suspended account was refused, everybody else let in or put
        off, and nobody hung up on."""
        self.assertEqual(victim.load.interruptions, 0)
        for login in victim.answers:
            if login.user == SUSPENDED:
                self.assertSuspended(login.reply)
            elif victim.on_error == ALLOW or not is_put_off(login.reply):
                self.assertAllowed(login.reply)

    def check_rows(self, victim, since):
        """Every login that was answered has a row, and not two; one that was
        put off has none."""
        expected = victim.to_be_recorded(since)
        wait_until(lambda: victim.recorded(since) >= expected,
                   lambda: f"{victim}: without a row: "
                   f"{sorted(expected - victim.recorded(since))}")
        self.assertEqual(victim.recorded(since), expected)

    def check_log(self, victim):
        """Once a minute for each cause, not once a login; a few causes."""
        errors = victim.errors()
        self.assertLessEqual(max(errors.values()), 3 if LONG else 1, errors)
        self.assertLessEqual(len(errors), 4, errors)

    def thieves(self, victims):
        """Somebody uses an account from three countries, which cannot be
        written down: nobody is told of a suspension that may get lost."""
        for victim in victims:
            for country in ("JP", "US", "BR"):
                reply = self.login("thief@example.com", country,
                                   server=victim.server)
                if victim.on_error == ALLOW:
                    self.assertAllowed(reply)
                else:
                    self.assertTrue(is_put_off(reply), reply)

    def caught(self, victims):
        """The next login of the thieves trips, if they were let in."""
        for victim in victims:
            if victim.on_error == ALLOW:
                self.assertSuspended(self.login("thief@example.com", "BR",
                                                server=victim.server))

    def assertNobodyWaited(self, victim):
        """Longer than 100 ms for a lock, nor most of them for anything. What
        is more is the scheduler's, and other tests'."""
        waits = sorted(login.seconds for login in victim.answers)
        self.assertLess(waits[-1], 0.1 + 0.9)
        self.assertLess(waits[len(waits) * 95 // 100], 0.1)

    # A disk without room.

    def small_disk(self, server):
        """The database is on a disk of its own."""
        directory = server.database.parent
        namespace.mount_small_disk(directory, "dovecot", 2)
        self.addCleanup(namespace.unmount, directory)
        self.addCleanup(server.stop)

    def test_disk_full(self):
        """Nothing can be written until somebody makes room."""
        victims = self.victims(self.small_disk)
        with self.load(victims):
            for victim in victims:
                fill(filler(victim.server))
            self.fails(victims, "The disk is full: free some space")
            self.thieves(victims)
            self.go_on(victims)
            for victim in victims:
                filler(victim.server).unlink()
            self.works(victims)
            self.caught(victims)
        self.check(victims)

    # Other processes.

    def test_locked(self):
        """Another process holds the lock: the wait is bounded by 100 ms
        for it."""
        victims = self.victims()
        with self.load(victims):
            with contextlib.ExitStack() as locks:
                for victim in victims:
                    locks.enter_context(victim.server.locked())
                self.fails(victims, "Another process holds a lock")
                self.thieves(victims)
                self.go_on(victims, 13000 if LONG else 300)
            self.works(victims)
            self.caught(victims)
        self.check(victims)
        for victim in victims:
            self.assertNobodyWaited(victim)

    def test_locked_at_the_start(self):
        """The same, but it does not even let read."""
        victims = self.victims()
        with contextlib.ExitStack() as locks:
            for victim in victims:
                victim.restart(lambda server: locks.enter_context(
                    locked_for_all(server)))
            with self.load(victims):
                self.fails(victims, "Another process holds a lock")
                self.go_on(victims)
                locks.close()
                self.works(victims)
        self.check(victims)
        for victim in victims:
            self.assertNobodyWaited(victim)

    def test_newer_schema(self):
        """A newer geotrip upgrades the database: the guard that is
        there already goes on with it; one that starts refuses it."""
        victims = self.victims()
        (row,) = victims[0].server.query("PRAGMA user_version")
        with self.load(victims):
            for victim in victims:
                change(victim.server, "PRAGMA user_version = 99")
            self.go_on(victims, 50)
            self.works(victims)
        for victim in victims:
            self.assertEqual(victim.errors(), {})
            self.check_answers(victim)
            victim.restart(lambda server: None)
        with self.load(victims):
            self.fails(victims, "Install the newer geotrip again")
            self.go_on(victims)
            for victim in victims:
                change(victim.server, f"PRAGMA user_version = {row[0]}")
            self.works(victims)
        self.check(victims)

    # Files.

    def test_read_only(self):
        """The file is somebody else's: it can be read, but not written."""
        def make_read_only(server):
            shutil.chown(server.database, "root", "root")
            server.database.chmod(0o644)

        victims = self.victims()
        for victim in victims:
            victim.restart(make_read_only)
        with self.load(victims):
            self.fails(victims, "belong to the user")
            for victim in victims:
                self.assertSuspended(self.login(SUSPENDED, "JP",
                                                server=victim.server))
            self.go_on(victims)
            for victim in victims:
                shutil.chown(victim.server.database, "dovecot", "dovecot")
            self.works(victims)
        self.check(victims)

    def test_directory_gone(self):
        """The directory is moved away, and comes back."""
        victims = self.victims()
        with self.load(victims):
            for victim in victims:
                directory = victim.server.database.parent
                directory.rename(directory.with_name("elsewhere"))
            self.fails(victims, "directory must exist")
            self.go_on(victims)
            for victim in victims:
                directory = victim.server.database.parent
                directory.with_name("elsewhere").rename(directory)
            self.works(victims)
        self.check(victims)

    def test_replaced_by_garbage(self):
        """Another file is put in its place, and taken away again."""
        victims = self.victims()
        with self.load(victims):
            for victim in victims:
                move_away(victim.server)
                victim.server.database.write_bytes(b"my diary\n" * 1000)
                shutil.chown(victim.server.database, "dovecot", "dovecot")
            self.fails(victims, "It is damaged: move it away")
            self.go_on(victims)
            for victim in victims:
                move_back(victim.server)
            self.works(victims)
        self.check(victims)

    def test_deleted(self):
        """It is recreated, with the suspensions that are in memory, and logins
        are recorded there."""
        victims = self.victims()
        with self.load(victims):
            for victim in victims:
                for path in files(victim.server):
                    path.unlink()
            self.works(victims)
            since = time.monotonic()
            self.go_on(victims)
        self.check(victims, since)

    def test_damaged(self):
        """Damaged in any way while it is in use: it may take long until that
        is noticed, but then it is mended as the log says."""
        victims = self.victims() + self.victims()
        with self.load(victims):
            for victim, damage in zip(victims, DAMAGES, strict=True):
                checkpoint(victim.server)
                damage(victim.server)
            self.go_on(victims)
            for victim in victims:
                move_away(victim.server)
            self.works(victims)
            since = time.monotonic()
            self.go_on(victims)
        self.check(victims, since)


def files(server):
    """The database and what SQLite keeps beside it."""
    return list(server.database.parent.glob(server.database.name + "*"))


def move_away(server):
    elsewhere = server.top / "elsewhere"
    elsewhere.mkdir()
    for path in files(server):
        path.rename(elsewhere / path.name)


def move_back(server):
    for path in files(server):
        path.unlink()
    for path in (server.top / "elsewhere").iterdir():
        path.rename(server.database.with_name(path.name))


def filler(server):
    return server.database.with_name("filler")


def fill(path):
    """Write until the disk is full."""
    with open(path, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass


def change(server, sql):
    """Another program changes the database."""
    with contextlib.closing(sqlite3.connect(server.database)) as db:
        db.execute(sql)
        db.commit()


@contextlib.contextmanager
def locked_for_all(server):
    """Another program has the database for itself."""
    with contextlib.closing(sqlite3.connect(
            server.database, isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        yield


def checkpoint(server):
    """Everything is in the database itself, nothing in its log."""
    with contextlib.closing(sqlite3.connect(server.database)) as db:
        wait_until(lambda: db.execute(
            "PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0,
            "a checkpoint")


def overwrite(server):
    with open(server.database, "r+b") as file:
        file.write(b"my diary\n" * (server.database.stat().st_size // 9))


def cut(server):
    os.truncate(server.database, server.database.stat().st_size // 2)


def empty(server):
    os.truncate(server.database, 0)


def empty_log(server):
    os.truncate(f"{server.database}-wal", 0)


# For one server each.
DAMAGES = (overwrite, cut, empty, empty_log)
