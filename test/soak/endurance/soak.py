"""One soak: the server, the load, what disturbs it, and what is found."""

import re
import threading
import time

from support import invariants
from support.waiting import wait_until

from measure.load import LoadFailed
from measure.servers import IDLE_KILL, DovecotWithoutMetrics

from .disturbances import all_of
from .processes import Watch

CONNECTIONS = 32
IN_FLIGHT = 256
# As Postfix' processes do, though sooner: clients leave the old auth process.
CONNECTION_SECONDS = 3
RELOAD_SECONDS = 30
CONF = f"auth_verbose = no\nshutdown_clients = no\n{IDLE_KILL} = 1 hour\n"
# What the process that gets old may grow by in the second half of its time.
GROWTH = 1.05
GROWTH_MB = 2
# A process that was replaced early may have had users loaded more often.
SUCCESSOR_MB = 16
# Database, log and the like, besides the clients.
OTHER_DESCRIPTORS = 40
COLUMNS = ("time", "logins", "refused", "p50 ms", "p99 ms", "p99.9 ms",
           "worst ms", "auth procs", "RSS MB", "fds", "rows", "suspended",
           "db MB")
WIDTH = 11


class Soak:
    def __init__(self, generator, rate, users, seconds):
        self._generator = generator
        self._rate, self._users, self._seconds = rate, users, seconds
        # Each user who trips comes from a third country in the third round.
        window = max(3 * users // rate, seconds // 6)
        self._keep = max(window + 10, seconds // 3)
        self._dovecot = DovecotWithoutMetrics(
            {"rules": f"3 countries in {window}s"}, CONF, mechanisms="plain")
        self._watch = Watch(self._dovecot)
        self._looking = threading.Event()
        self._most_processes = 0
        self._answered = 0
        self.problems = []

    def close(self):
        self._dovecot.close()

    def run(self):
        """Answers what was wrong, as texts."""
        self._dovecot.start()
        disturbances = all_of(self._dovecot, self._users, self._keep,
                              RELOAD_SECONDS)
        reload, *others = disturbances
        watching = threading.Thread(target=self._look)
        for thread in [watching, *disturbances]:
            thread.start()
        try:
            self._begin = time.monotonic()
            self._print(COLUMNS)
            self._load_until(self._seconds * 2 // 3)
            reload.stop()
            self._last_phase = self._begin_last_phase()
            self._load_until(self._seconds)
        except (LoadFailed, AssertionError) as reason:
            self.problems.append(f"gave up: {reason}")
        finally:
            for disturbance in disturbances:
                disturbance.stop()
            self._looking.set()
            watching.join()
        print(", ".join(f"{one.name}: {one.done}" for one in disturbances))
        self.problems += [one.failure for one in disturbances if one.failure]
        if not self.problems:
            self._check_processes()
            self._check_database()
        self._check_log()
        return self.problems

    def _begin_last_phase(self):
        """The process that gets old begins its time."""
        with self._dovecot.auth() as auth:
            old = auth.server_pid
        with self._dovecot.reload_beside(old) as auth:
            return auth.server_pid

    # The load.

    def _load_until(self, second):
        """In slices of a minute, or of ten seconds in a short soak."""
        slice_seconds = 60 if self._seconds >= 600 else 10
        while self._answered < second * self._rate:
            count = min(slice_seconds * self._rate,
                        second * self._rate - self._answered)
            load = self._generator.run(
                self._dovecot, count, IN_FLIGHT, self._users, trips=True,
                connections=CONNECTIONS, rate=self._rate,
                connection_seconds=CONNECTION_SECONDS, first=self._answered,
                any_reply=True)
            self._answered += int(load["logins"])
            if load["logins"] != count:
                raise LoadFailed(f"{load['logins']} of {count} logins")
            self._report(load)

    def _report(self, load):
        rows, suspended = self._dovecot.query(
            "SELECT (SELECT count(*) FROM login),"
            " (SELECT count(*) FROM active_suspension)")[0]
        newest = [samples[-1] for samples in
                  list(self._watch.samples.values())][-1]
        self._print((
            f"{time.monotonic() - self._begin:,.0f} s",
            f"{load['logins']:,.0f}", f"{load['refused']:,.0f}",
            *(f"{load[name]:.2f}" for name in
              ("p50_ms", "p99_ms", "p999_ms", "max_ms")),
            self._most_processes, f"{newest.rss_mb:.1f}", newest.descriptors,
            f"{rows:,}", f"{suspended:,}",
            f"{self._dovecot.database.stat().st_size / 2**20:.0f}"))
        self._most_processes = 0

    def _print(self, cells):
        print("".join(f"{cell:>{WIDTH}}" for cell in cells), flush=True)

    def _look(self):
        while not self._looking.wait(0.5):
            self._most_processes = max(self._most_processes,
                                       self._watch.look())

    # What must be true at the end.

    def _check_processes(self):
        samples = self._watch.samples
        last = samples[self._last_phase]
        middle = len(last) // 2
        before = max(sample.rss_mb for sample in last[:middle])
        after = max(sample.rss_mb for sample in last[middle:])
        print(f"{len(samples)} auth processes; the last one had at most"
              f" {before:.1f} MB in the first half of its time,"
              f" {after:.1f} MB in the second half")
        if after > before * GROWTH + GROWTH_MB:
            self.problems.append(
                f"an auth process grew from {before:.1f} to {after:.1f} MB")
        for pid, of_one in samples.items():
            most = max(sample.rss_mb for sample in of_one)
            if most > after + SUCCESSOR_MB:
                self.problems.append(f"auth process {pid} had {most:.1f} MB")
            most = max(sample.descriptors for sample in of_one)
            if most > CONNECTIONS * 2 + OTHER_DESCRIPTORS:
                self.problems.append(
                    f"auth process {pid} had {most} descriptors")
            most = max(sample.mappings for sample in of_one)
            if most > 2:
                self.problems.append(f"auth process {pid} had {most} mmdbs")

    def _check_database(self):
        def recorded():
            return self._dovecot.query(
                "SELECT sum(logins) FROM country_day")[0][0]
        wait_until(lambda: recorded() >= self._answered,
                   lambda: f"{self._answered} logins were answered,"
                   f" {recorded()} are recorded")
        print(f"{self._answered:,} logins answered, {recorded():,} recorded")
        if recorded() != self._answered:
            self.problems.append("more logins are recorded than were made")
        self._dovecot.stop()
        self.problems += invariants.problems(
            self._dovecot.database, purged=True, replay_from=None)

    def _check_log(self):
        lines = [line for line in self._dovecot.log().splitlines()
                 if re.search("Panic|Fatal|Error|Warning", line)
                 and not re.search("Warning: (SIGHUP received|Killed with"
                                   " signal 15)", line)]
        # A commit takes long on a busy disk. What did not get the lock in
        # time is written a second later.
        locked = [line for line in lines if "database is locked" in line]
        if locked:
            print(f"{len(locked)} alarms, one a minute and process at most,"
                  " that a lock was held for longer than a login waits")
        lines = [line for line in lines if line not in locked]
        if lines:
            self.problems.append("the log has {} of these: {}".format(
                len(lines), "\n".join(lines[:5])))
