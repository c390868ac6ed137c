"""doveadm geotrip purge deletes what is old, and nothing else."""

import concurrent.futures
import time

from support.addresses import address
from support.auth_socket import plain
from support.case import PASSWORD, Case
from support.waiting import wait_until


class Purge(Case):
    def test_purge(self):
        """purge -k deletes what is older, keeps what is newer and the totals
        per country, and logins go on."""
        self.trip(self.user)
        (row,) = self.dovecot.logins(self.user)[-1:]
        wait_until(lambda: time.time() > row.time / 1e6 + 1.1, "it ages")
        newer = f"newer.{self.user}"
        self.assertAllowed(self.login(newer, "JP"))
        self.dovecot.wait_for_logins(newer, 1)
        (counts,) = self.dovecot.geotrip("purge", "-k", "1s").expect(0).rows
        self.assertEqual(list(counts), ["logins", "suspensions", "users"])
        # The evidence of an active suspension stays.
        self.assertEqual(len(self.dovecot.logins(self.user)), 3)
        self.assertEqual(len(self.dovecot.logins(newer)), 1)
        # The suspension is active: it stays enforced, whatever is deleted.
        self.assertSuspended(self.login(self.user, "JP"))
        totals = {row.country: row.logins for row in self.dovecot.query(
            "SELECT country, sum(logins) AS logins FROM country_day"
            " GROUP BY country")}
        self.assertEqual((totals["US"], totals["BR"]), (1, 1))

    def test_many_rows(self):
        """Thousands of rows go in small transactions, while logins go on."""
        with self.dovecot.auth() as auth:
            from_jp = {"service": "smtp", "rip": address("JP")}
            for _ in range(5):
                requests = [auth.request(
                    "PLAIN", plain(f"{number}.{self.user}", PASSWORD),
                    **from_jp)[1] for number in range(1000)]
                auth.write(b"".join(requests))
                for _ in requests:
                    self.assertAllowed(auth.reply())
        count = "SELECT count(*) AS n FROM login WHERE time < ?"
        now = int(time.time() * 1e6)
        wait_until(lambda: self.dovecot.query(count, now + 10**9)[0].n >= 5000,
                   "5000 rows")
        wait_until(lambda: time.time() > now / 1e6 + 1.1, "they age")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            purge = pool.submit(self.dovecot.geotrip, "purge", "-k", "1s",
                                json=False)
            while not purge.done():
                begin = time.monotonic()
                self.assertAllowed(self.login(self.user, "JP"))
                self.assertLess(time.monotonic() - begin, 1)
        purge.result().expect(0)
        self.assertEqual(self.dovecot.query(count, now)[0].n, 0)


class Marks(Case):
    settings = {"mode": "observe"}

    def test_purge(self):
        """purge deletes old marks as it does logins, and keeps newer ones."""
        newer = f"newer.{self.user}"
        self.mark(self.user)
        (row,) = self.dovecot.wait_for_logins(self.user, 3)[-1:]
        wait_until(lambda: time.time() > row.time / 1e6 + 1.1, "it ages")
        self.mark(newer)
        self.dovecot.wait_for_logins(newer, 3)
        self.dovecot.geotrip("purge", "-k", "1s").expect(0)
        (row,) = self.dovecot.geotrip("list", "-w").rows
        self.assertEqual(row["user"], newer)
        self.assertEqual(len(self.dovecot.query("SELECT * FROM tripped")), 1)

    def mark(self, user):
        for country in ("JP", "US", "BR"):
            self.assertAllowed(self.login(user, country))
