"""The same with the networks of the whole world."""

import concurrent.futures
import ipaddress
import random
import re
import subprocess
import unittest

from support import paths, world
from support.case import Case

# Networks that have not moved in decades.
TOKYO, CAMBRIDGE_MA, SAO_PAULO = "133.11.0.1", "18.9.22.69", "200.160.2.3"
UNITED_STATES_6 = "2001:4860:4860::8888"


class World(Case):
    settings = {"rules": "3 countries in 1h"}

    @classmethod
    def setUpClass(cls):
        try:
            cls.mmdb = world.database()
        except world.Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None
        super().setUpClass()

    def test_three_countries(self):
        """Three countries, one of them over IPv4 and over IPv6."""
        for where in (TOKYO, CAMBRIDGE_MA, UNITED_STATES_6):
            self.assertAllowed(self.login(self.user, where))
        self.assertSuspended(self.login(self.user, SAO_PAULO))
        rows = self.dovecot.wait_for_logins(self.user, 4)
        self.assertEqual([row.country for row in rows],
                         ["JP", "US", "US", "BR"])

    def test_as_another_reader_reads_it(self):
        """Random addresses of both families have the country that mmdblookup
        finds."""
        seed = random.SystemRandom().randint(0, 1 << 30)
        numbers = random.Random(seed)
        where = [self.address(numbers) for _ in range(400)]
        users = [f"{number}.{self.user}" for number in range(len(where))]
        for user, ip in zip(users, where):
            self.assertAllowed(self.login(user, ip))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            expected = list(pool.map(self.lookup, where))
        ours = [self.dovecot.wait_for_logins(user, 1)[0].country
                for user in users]
        self.assertEqual(list(zip(where, ours)),
                         list(zip(where, expected)), f"seed {seed}")
        self.assertGreater(len(set(ours)), 20)

    def address(self, numbers):
        """Public addresses only: others are no country for us."""
        while True:
            if numbers.random() < 0.7:
                ip = ipaddress.IPv4Address(numbers.getrandbits(32))
            else:
                ip = ipaddress.IPv6Address(
                    0x2001 << 112 | numbers.getrandbits(15) << 96
                    | numbers.getrandbits(96))
            if ip.is_global and not ip.is_multicast:
                return str(ip)

    def lookup(self, ip):
        done = subprocess.run(
            [paths.tool("mmdblookup"), "--file", self.mmdb, "--ip", ip,
             "country_code"], capture_output=True, text=True, check=False)
        found = re.search('"(..)"', done.stdout)
        return found and found.group(1)
