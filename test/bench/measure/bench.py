"""One run of the benchmark: its sizes, servers and results."""

import dataclasses
import sys

from . import nginx, servers

# A policy server answers so slowly that a part of the logins shows how slowly.
POLICY_PART = 5
TRIP_SHARE = 100


@dataclasses.dataclass
class Sizes:
    rounds: int
    users: int
    logins: int
    history_rows: int
    history_users: int
    # for the memory that any number of users may take
    many_users: int


FULL = Sizes(5, 100_000, 100_000, 20_000_000, 1_000_000, 1_000_000)
SMALL = Sizes(1, 500, 1000, 20_000, 1000, 2000)


class Bench:
    """results: a dict for each measurement. problems: what was wrong, as
    texts: a benchmark of a server that makes mistakes counts for nothing."""

    def __init__(self, sizes, generator, mmdb):
        self.sizes = sizes
        self.generator = generator
        self.mmdb = mmdb
        self.results = []
        self.problems = []
        self.notes = []
        self.variants = {}
        self._seed = 0

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def start(self):
        self.variants["a"] = servers.Bare()
        self.variants["b"] = servers.Geotrip(self.mmdb)
        self.variants["m"] = servers.GeotripWithMetrics(self.mmdb)
        try:
            self.variants["c"] = servers.Policy()
        except nginx.Unavailable as reason:
            self.notes.append(f"no (c): {reason}")
        for server in self.variants.values():
            server.start()

    def close(self):
        for server in self.variants.values():
            server.close()
        self.variants.clear()

    def add(self, scenario, variant, round_number, **numbers):
        self.results.append({"scenario": scenario, "variant": variant,
                             "round": round_number, **numbers})

    def next_seed(self):
        self._seed += 1
        return self._seed

    def load(self, scenario, variant, round_number, logins, in_flight, users,
             check=True, **options):
        """One load on one variant."""
        server = self.variants[variant]
        if variant == "c":
            logins = max(1, logins // POLICY_PART)
        before = server.cpu_seconds()
        load = self.generator.run(server.dovecot, logins, in_flight, users,
                                  **options)
        server.rows += int(load["logins"])
        if options.get("trips"):
            server.trips += -(-users // TRIP_SHARE)
        elif load["refused"] > 0:
            self.problems.append(f"{scenario}, {variant}: logins were refused")
        if check:
            server.settle()
        auth, total = (after - begin for after, begin in
                       zip(server.cpu_seconds(), before))
        thousands = load["logins"] / 1000
        self.add(scenario, variant, round_number, **load,
                 auth_cpu=auth / thousands, server_cpu=total / thousands)
        if check:
            self.check(scenario, variant)

    def check(self, scenario, variant):
        problem = self.variants[variant].problem()
        if problem is not None:
            self.problems.append(f"{scenario}, {variant}: {problem}")

    def rounds(self, scenario, variants, logins, in_flight, users, **options):
        """The variants take turns, so that what disturbs the machine disturbs
        all of them."""
        for number in range(self.sizes.rounds):
            seed = self.next_seed()
            for variant in variants:
                if variant in self.variants:
                    self.load(scenario, variant, number, logins, in_flight,
                              users, seed=seed, **options)
            self.say(f"{scenario}: round {number + 1} of {self.sizes.rounds}")
