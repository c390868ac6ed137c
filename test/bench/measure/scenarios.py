"""What is measured, one function each, in the order of a run."""

import contextlib
import json
import shutil
import subprocess
import time

from support import paths

from . import history as history_module
from . import servers

# The maximum number of slices of load while purge runs.
PURGE_SLICES = 20
PURGE_SECONDS = 900
# None of them should take nearly this long.
COMMAND_SECONDS = 60


def first(bench):
    """Each login is the first one of its user since the server started, and
    the database is empty. The other scenarios need this one: it fills the
    window."""
    sizes = bench.sizes
    for variant in bench.variants:
        bench.load("first", variant, 0, sizes.users, 32, sizes.users)
    for variant, server in bench.variants.items():
        bench.add("memory", variant, 0, users=sizes.users, **server.memory())


def in_flight_32(bench):
    sizes = bench.sizes
    bench.rounds("32", "abmc", sizes.logins, 32, sizes.users)


def in_flight_256(bench):
    sizes = bench.sizes
    bench.rounds("256", "abmc", sizes.logins, 256, sizes.users)


def one_at_a_time(bench):
    sizes = bench.sizes
    bench.rounds("1", "abmc", sizes.logins, 1, sizes.users)


def clients_32(bench):
    """As 32 of Postfix' processes do: each with a connection of its own."""
    sizes = bench.sizes
    bench.rounds("32 clients", "abmc", sizes.logins, 32, sizes.users,
                 connections=32)


def trips(bench):
    """One user in a hundred trips, and then tries once more."""
    users = max(100, bench.sizes.logins // 4)
    for number in range(bench.sizes.rounds):
        bench.load("trips", "b", number, users * 4, 32, users,
                   seed=bench.next_seed(), trips=True,
                   prefix=f"trip{number}.")


def many_users(bench):
    """What the auth process needs when more users come than it remembers."""
    users = bench.sizes.many_users
    bench.load("many users", "b", 0, users, 32, users, prefix="many")
    bench.add("memory, many users", "b", 0, users=users,
              **bench.variants["b"].memory())


@contextlib.contextmanager
def with_history(bench, keep):
    """A server whose database has a history, as variant h. keep: a file to
    take the database from, and to put it when it was made."""
    server = servers.Geotrip(bench.mmdb)
    try:
        # The auth process makes the tables.
        server.start()
        server.stop()
        if keep is not None and keep.exists():
            shutil.copyfile(keep, server.dovecot.database)
        else:
            begin = time.monotonic()
            history_module.fill(
                server.dovecot.database, bench.generator.addresses,
                bench.sizes.history_rows, bench.sizes.history_users,
                bench.say)
            bench.say(f"history: made in {time.monotonic() - begin:.0f} s")
            if keep is not None:
                shutil.copyfile(server.dovecot.database, keep)
        size = server.dovecot.database.stat().st_size
        bench.notes.append(f"the database with history has {size >> 20} MB")
        server.start()
        server.rows = server.count("login")
        server.trips = server.count("suspension")
        bench.variants["h"] = server
        yield server
    finally:
        bench.variants.pop("h", None)
        server.close()


def history(bench):
    sizes = bench.sizes
    users = min(sizes.users, sizes.history_users // 2)
    bench.load("history, first", "h", 0, users, 32, users)
    bench.rounds("history", "abh", sizes.logins, 32, users)
    bench.rounds("history, 1", "abh", sizes.logins, 1, users)


COMMANDS = (
    # As cron does each minute: the others find logins by what it does.
    ("notify", 1, ["notify"]),
    ("history", 5, ["history", "user7@example.com"]),
    ("show", 5, ["show", "user7@example.com"]),
    ("list", 5, ["list"]),
    ("list -a", 5, ["list", "-a"]),
    ("countries", 1, ["countries"]),
    ("countries -s 30d", 1, ["countries", "-s", "30d"]),
)


def commands(bench):
    """How long doveadm takes to answer; beside it, on the small database."""
    for name, rounds, words in COMMANDS:
        for number in range(rounds):
            for variant in "bh":
                time_command(bench, name, variant, number, words)
        bench.say(f"doveadm geotrip {name}")


def time_command(bench, name, variant, number, words):
    dovecot = bench.variants[variant].dovecot
    begin = time.monotonic()
    try:
        dovecot.geotrip(*words, timeout=COMMAND_SECONDS).expect(0)
    except subprocess.TimeoutExpired:
        bench.notes.append(
            f"({variant}) doveadm geotrip {name} was stopped after"
            f" {COMMAND_SECONDS} s")
    bench.add(f"doveadm geotrip {name}", variant, number,
              seconds=time.monotonic() - begin)


def purge(bench):
    """Half of the history is deleted while users log in. Beside it the bare
    server, which shows what the purge takes of the machine."""
    sizes = bench.sizes
    users = min(sizes.users, sizes.history_users // 2)
    server = bench.variants["h"]
    bench.rounds("purge, before", "ah", sizes.logins, 32, users)
    begin = time.monotonic()
    with subprocess.Popen(
            [paths.tool("doveadm"), "-c", server.dovecot.conf_path, "-f",
             "json", "geotrip", "purge", "-k", "15d"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        for number in range(PURGE_SLICES):
            for variant in "ah":
                if process.poll() is None:
                    bench.load("purge", variant, number, sizes.logins, 32,
                               users, check=False, seed=bench.next_seed())
            bench.say(f"purge: {time.monotonic() - begin:.0f} s")
        out, _ = process.communicate(timeout=PURGE_SECONDS)
    seconds = time.monotonic() - begin
    (counts,) = json.loads(out)
    deleted = int(counts["logins"])
    bench.add("purge, itself", "h", 0, seconds=seconds, logins=deleted,
              rate=deleted / seconds)
    server.rows -= deleted
    server.settle()
    bench.check("purge", "h")


ALL = {
    "first": first,
    "32": in_flight_32,
    "256": in_flight_256,
    "1": one_at_a_time,
    "clients": clients_32,
    "trips": trips,
    "many": many_users,
}
WITH_HISTORY = {
    "history": history,
    "commands": commands,
    "purge": purge,
}
