"""When too many accounts trip at once, none is suspended any more."""

import time

from support.case import RFC_3339
from support.notify import NotifyCase, body
from support.waiting import wait_until

ADMIN = "admin@example.com"
MAX = 3


class BrakeCase(NotifyCase):
    def names(self, count, name="user"):
        return [f"{name}{number}.{self.user}" for number in range(count)]

    def travel(self, user, server=None):
        """The answer to a login that makes the rule true."""
        for country in ("JP", "US"):
            self.assertAllowed(self.login(user, country, server=server))
        return self.login(user, "BR", server=server)

    def verdicts(self, user, server=None):
        rows = (server or self.dovecot).wait_for_logins(user, 3)
        return [row.verdict for row in rows]

    def brake(self, server, name="first"):
        """So many trip that it holds."""
        for user in self.names(MAX, name):
            self.assertSuspended(self.travel(user, server))
        last = f"{name}.last.{self.user}"
        self.assertAllowed(self.travel(last, server))
        return last

    def brakes(self, server):
        return server.query("SELECT * FROM brake ORDER BY id")

    def check(self, server):
        """The line of doveadm geotrip check."""
        lines = server.geotrip("check").rows
        (line,) = [line for line in lines if line["check"] == "brake"]
        return line


class Brake(BrakeCase):
    settings = {"max_suspensions": f"{MAX} in 1h", "notify_admin": ADMIN}

    def start_server(self):
        server = self.server_of_its_own(dict(self.settings))
        return server.start()

    def test_holds(self):
        """One more than allowed is let in and marked, and so is the next;
        who is suspended stays so."""
        server = self.start_server()
        last = self.brake(server)
        self.assertEqual(self.verdicts(last, server),
                         ["allow", "allow", "observe"])
        self.assertAllowed(self.travel(f"next.{self.user}", server))
        suspended = self.names(1, "first")[0]
        self.assertSuspended(self.login(suspended, "JP", server=server))
        listed = server.geotrip("list").expect(0).rows
        self.assertEqual({row["user"] for row in listed},
                         set(self.names(MAX, "first")))
        (brake,) = self.brakes(server)
        self.assertEqual((brake.max, brake.ended_at), (f"{MAX} in 1h", None))

    def test_told(self):
        """One error in the log, one message, a line in check with exit code
        1, all with what to do."""
        server = self.start_server()
        self.brake(server)
        for user in self.names(5, "later"):
            self.assertAllowed(self.travel(user, server))
        wait_until(lambda: "Too many accounts" in server.log(),
                   "the error is logged")
        errors = [line for line in server.log().splitlines()
                  if "Error" in line]
        self.assertEqual(len(errors), 1, errors)
        self.assertIn("doveadm geotrip resume", errors[0])

        for _ in range(2):
            self.notify(server=server)
        messages = [self.parsed(message) for message in
                    server.sink.to(ADMIN)]
        (message,) = [message for message in messages
                      if "too many accounts" in message["Subject"]]
        self.assertEqual(str(message["To"]), ADMIN)
        self.assertIn(f"{MAX} in 1h", body(message))
        self.assertIn("doveadm geotrip resume", body(message))
        self.assertNotRegex(body(message), "[{}]")

        line = self.check(server)
        self.assertEqual(line["result"], "failed")
        self.assertIn("doveadm geotrip resume", line["detail"])
        server.geotrip("check").expect(1)

    def test_resume(self):
        """After doveadm geotrip resume as many as before are suspended, and
        then none again."""
        server = self.start_server()
        self.brake(server)
        (row,) = server.geotrip("resume").expect(0).rows
        self.assertEqual(row["max"], f"{MAX} in 1h")
        self.assertRegex(row["since"], f"^{RFC_3339}$")
        self.assertEqual(self.check(server)["result"], "ok")
        self.brake(server, "second")
        first, second = self.brakes(server)
        self.assertEqual(first.ended_by, "operator")
        self.assertIsNone(second.ended_at)

    def test_resume_nothing(self):
        """There is nothing to resume: that is said, and no failure."""
        server = self.start_server()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        result = server.geotrip("resume", json=False).expect(0)
        self.assertIn("Nothing to resume", result.error_text)

    def test_restart(self):
        """It holds on after a restart of Dovecot."""
        server = self.start_server()
        self.brake(server)
        server.stop()
        server.start()
        self.assertAllowed(self.travel(f"later.{self.user}", server))
        self.assertEqual(len(self.brakes(server)), 1)

    def test_one_account(self):
        """An account that trips again and again counts as one."""
        server = self.start_server()
        for _ in range(MAX + 2):
            self.assertSuspended(self.travel(self.user, server))
            server.geotrip("unsuspend", self.user, json=False).expect(0)
        self.assertEqual(self.brakes(server), [])

    def test_operators(self):
        """What operators suspend does not count."""
        server = self.start_server()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        self.suspend(*self.names(MAX + 2, "bad"), server=server)
        self.brake(server)


class Ends(BrakeCase):
    """It ends by itself."""

    def test_time(self):
        """When few have tripped for long enough, accounts that trip are
        suspended again."""
        server = self.server_of_its_own(
            {"max_suspensions": f"{MAX} in 10s"}).start()
        begin = time.monotonic()
        self.brake(server)
        wait_until(lambda: self.brakes(server)[0].ended_at is not None,
                   "it has ended", seconds=60)
        self.assertGreaterEqual(time.monotonic() - begin, 10)
        self.assertEqual(self.brakes(server)[0].ended_by, "time")
        self.assertSuspended(self.travel(f"later.{self.user}", server))
        wait_until(lambda: "suspended again: ended by time" in server.log(),
                   "the end is logged")

    def test_too_many_still(self):
        """It holds for as long as too many go on to trip."""
        server = self.server_of_its_own(
            {"max_suspensions": f"{MAX} in 10s"}).start()
        self.brake(server)
        end = time.monotonic() + 22
        number = 0
        while time.monotonic() < end:
            number += 1
            self.assertAllowed(self.travel(f"more{number}.{self.user}",
                                           server))
            time.sleep(1)
        (brake,) = self.brakes(server)
        self.assertIsNone(brake.ended_at)

    def test_settings(self):
        """With geotrip_max_suspensions = 0 there is no limit, and one that
        holds ends."""
        server = self.server_of_its_own(
            {"max_suspensions": f"{MAX} in 1h"}).start()
        self.brake(server)
        server.stop()
        server.settings["max_suspensions"] = "0"
        server.start()
        wait_until(lambda: self.brakes(server)[0].ended_at is not None,
                   "it has ended")
        for user in self.names(MAX + 2, "later"):
            self.assertSuspended(self.travel(user, server))
        self.assertEqual(self.brakes(server)[0].ended_by, "settings")
