"""What becomes of the country database while logins come in."""

import os
import pathlib
import random
import time

from support import hostile_mmdb, paths, sanitize
from support.addresses import address
from support.auth_socket import plain
from support.case import PASSWORD, Case
from support.long import LONG
from support.waiting import SLOW, wait_until

# geotrip looks at the file every 5 s.
LOOK_SECONDS = 10
WHAT_TO_DO = "Put a country database in MaxMind's format there"


class Faults(Case):
    def country(self, server, user=None):
        """What a new login from Japan is taken for."""
        user = user or self.user
        count = len(server.logins(user))
        self.assertAllowed(self.login(user, "JP", server=server))
        return server.wait_for_logins(user, count + 1)[-1].country

    def complaints(self, server):
        return [line for line in server.log().splitlines()
                if str(server.mmdb) in line]

    def assertComplaint(self, server):
        (line,) = self.complaints(server)
        self.assertIn("Error: geotrip: ", line)
        self.assertIn(WHAT_TO_DO, line)


class Missing(Faults):
    def test_coming_later(self):
        """Not there at the start: logins go on without a country, the log
        says what to do, and the database is used when it is there."""
        server = self.server_of_its_own(mmdb=None).start()
        processes = server.processes()
        self.assertIsNone(self.country(server))
        wait_until(lambda: self.complaints(server), "a complaint")
        self.assertComplaint(server)
        server.install_mmdb("maxmind.mmdb")
        wait_until(lambda: self.country(server) == "JP",
                   "the database is used", LOOK_SECONDS)
        self.assertComplaint(server)
        self.assertEqual(server.processes(), processes)


class Replaced(Faults):
    # All that a login may be taken for.
    known = {"JP", "SE"}
    batch = 100

    def logins(self, auth, number):
        """Many at a time, each of another user."""
        users = [f"{number}.{i}.{self.user}" for i in range(self.batch)]
        auth.write(b"".join(
            auth.request("PLAIN", plain(user, PASSWORD), service="smtp",
                         rip=address("JP"))[1] for user in users))
        for _ in users:
            self.assertAllowed(auth.reply())

    def test_under_load(self):
        """Replaced again and again by a rename while logins come in: each of
        them has the country of one of the databases, and neither memory nor
        descriptors add up."""
        server = self.server_of_its_own().start()
        processes = server.processes()
        pid = server.guard_pid()
        renames = 1000 if LONG else 100
        changes, last, number, begin = 0, None, 0, None
        with server.auth() as auth:
            deadline = time.monotonic() + 120 * SLOW
            while number < renames or changes < 3:
                self.assertLess(time.monotonic(), deadline,
                                (number, changes))
                server.install_mmdb(random.choice(
                    ["moved.mmdb", "maxmind.mmdb"]))
                self.logins(auth, number)
                number += 1
                used = self.country(server, f"probe.{self.user}")
                changes += used != last
                last = used
                if begin is None and changes == 2:
                    begin = self.descriptors(pid), self.memory(pid)
            end = self.descriptors(pid), self.memory(pid)
        server.wait_for_logins(f"{number - 1}.0.{self.user}", 1)
        rows = server.query(
            "SELECT country, count(*) FROM login GROUP BY country")
        self.assertEqual({row.country for row in rows}, self.known)
        self.assertEqual(sum(row[1] for row in rows),
                         number * (self.batch + 1))
        self.assertEqual(server.processes(), processes)
        self.assertEqual(end[0], begin[0])
        # The users of the load are remembered: some hundred bytes each. What
        # watches a process keeps what is freed for a while.
        if sanitize.MARK not in os.environ:
            self.assertLess(end[1] - begin[1], number * self.batch * 1024)
        self.assertEqual(self.complaints(server), [])

    def descriptors(self, pid):
        return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))

    def memory(self, pid):
        pages = pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]
        return int(pages) * 4096


class Bad(Faults):
    def test_the_old_one_stays_in_use(self):
        """Replaced by what is no country database, or by what would crash or
        stop who trusts it: the old one stays in use, and the error is logged
        once, with what to do."""
        whole = (paths.DATA / "maxmind.mmdb").read_bytes()
        noise = random.Random(1)
        contents = {
            "empty": b"",
            "truncated": whole[:len(whole) // 2],
            "random": noise.randbytes(100000),
            "random behind the marker": hostile_mmdb.MARKER
            + noise.randbytes(1000),
            "of ASNs": (paths.DATA / "asn.mmdb").read_bytes(),
            **{name: make() for name, make in hostile_mmdb.FILES.items()}}
        servers = {}
        for name, content in contents.items():
            server = self.server_of_its_own().start()
            servers[name] = server, server.processes()
            self.assertEqual(self.country(server), "JP", name)
            bad = server.top / "bad"
            bad.write_bytes(content)
            server.install_mmdb(bad)
        begin = time.monotonic()
        for name, (server, _) in servers.items():
            wait_until(lambda: self.complaints(server),
                       f"a complaint about {name}", LOOK_SECONDS)
        # It is looked at once more, and not complained about.
        wait_until(lambda: time.monotonic() > begin + 11, "a second look")
        for name, (server, processes) in servers.items():
            with self.subTest(name):
                self.assertEqual(self.country(server), "JP")
                self.assertEqual(server.processes(), processes)
                self.assertComplaint(server)
                self.assertIn("the previous one stays in use",
                              server.log())

    def test_at_the_start(self):
        """The same files at the start: logins go on without a country until
        a good one comes."""
        servers = []
        for name, make in hostile_mmdb.FILES.items():
            server = self.server_of_its_own(mmdb=None)
            server.mmdb.write_bytes(make())
            servers.append(server.start())
            self.assertIsNone(self.country(server), name)
            wait_until(lambda: self.complaints(server), f"about {name}")
            self.assertComplaint(server)
            server.install_mmdb("maxmind.mmdb")
        for server in servers:
            wait_until(lambda: self.country(server) == "JP",
                       "the good one is used", LOOK_SECONDS)
