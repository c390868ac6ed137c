"""When too many accounts trip at once, none is suspended any more."""

import time

from support.addresses import address
from support.auth_socket import plain
from support.case import PASSWORD, RFC_3339
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
        """Enough accounts trip for it to hold."""
        for user in self.names(MAX, name):
            self.assertSuspended(self.travel(user, server))
        last = f"{name}.last.{self.user}"
        self.assertAllowed(self.travel(last, server))
        return last

    def brakes(self, server):
        return server.query("SELECT * FROM brake ORDER BY id")

    def check(self, server):
        """The line of doveadm geotrip check."""
        (line,) = self.checks(server)
        return line

    def checks(self, server):
        lines = server.geotrip("check").rows
        return [line for line in lines if line["check"] == "brake"]

    def admin_messages(self, server):
        """What the operators were told of brakes."""
        self.notify(server=server)
        return [self.parsed(message) for message in server.sink.to(ADMIN)
                if b"too many accounts" in message.data]


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
            (message,) = self.admin_messages(server)
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
        self.assertEqual(list(row), ["since", "max", "domain"])
        self.assertEqual((row["max"], row["domain"]),
                         (f"{MAX} in 1h", "example.com"))
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


    def test_marks(self):
        """Whom it protects is listed, logged and shown as such."""
        server = self.start_server()
        last = self.brake(server)
        server.wait_for_logins(last, 3)
        (row,) = server.geotrip("list", "-w").expect(0).rows
        self.assertEqual((row["user"], row["rule"], row["countries"],
                          row["cause"]),
                         (last, "3 countries in 1h", "JP US BR", "brake"))
        wait_until(lambda: f"user=<{last}>: would be suspended: 3 countries"
                           " in 1h (JP US BR), but too many accounts tripped"
                           in server.log(), "it is logged")
        shown = server.geotrip("show", last).expect(0).rows
        (mark,) = [row["value"] for row in shown if row["field"] == "marked"]
        self.assertRegex(mark, ", 3 countries in 1h, JP US BR, brake$")


class Domains(BrakeCase):
    """The accounts of one domain, and those of others."""
    settings = {"max_suspensions": f"{MAX} in 1h", "notify_admin": ADMIN}

    def start_server(self):
        return self.server_of_its_own(dict(self.settings)).start()

    def brake_domain(self, domain, server):
        for number in range(MAX):
            self.assertSuspended(self.travel(f"{number}@{domain}", server))
        self.assertAllowed(self.travel(f"last@{domain}", server))

    def test_one_domain(self):
        """Too many of one domain: an account of another is suspended; the
        log, the message and check name the domain."""
        server = self.start_server()
        self.brake_domain("Free.example", server)
        self.assertAllowed(self.travel("more@FREE.example", server))
        self.assertSuspended(self.travel(self.user, server))
        (brake,) = self.brakes(server)
        self.assertEqual(brake.domain, "free.example")
        wait_until(lambda: "Too many accounts of the domain free.example"
                   in server.log(), "the error is logged")
        (message,) = self.admin_messages(server)
        self.assertIn("of the domain free.example", body(message))
        self.assertIn("list -w", body(message))
        line = self.check(server)
        self.assertIn("accounts of the domain free.example", line["detail"])
        wait_until(lambda: "domain=<free.example>" in self.told(server),
                   "notify names it")

    def told(self, server):
        """What notify says of a message that cannot be delivered."""
        self.execute("UPDATE notice SET state = 'queued', lease_until = NULL,"
                     " next_attempt = 1 WHERE kind = 'brake'", server=server)
        server.sink.trouble("rcpt", "550 no", address=ADMIN, times=1)
        return self.run_notify(server=server).error_text

    def test_no_domain(self):
        """Accounts without a domain are those of a domain of their own."""
        server = self.start_server()
        for user in ("a", "b", "c"):
            self.assertSuspended(self.travel(user, server))
        self.assertAllowed(self.travel("d", server))
        self.assertSuspended(self.travel(self.user, server))
        self.assertIn("accounts without a domain",
                      self.check(server)["detail"])
        (message,) = self.admin_messages(server)
        self.assertIn("More accounts without a domain", body(message))
        (row,) = server.geotrip("resume").expect(0).rows
        self.assertEqual(row["domain"], "-")
        self.assertSuspended(self.travel("e", server))

    def test_many_domains(self):
        """As many in all, of several domains: for everybody."""
        server = self.start_server()
        for number in range(MAX):
            self.assertSuspended(
                self.travel(f"x@domain{number}.example", server))
        self.assertAllowed(self.travel("x@last.example", server))
        self.assertAllowed(self.travel("nodomain", server))
        (brake,) = self.brakes(server)
        self.assertIsNone(brake.domain)
        (message,) = self.admin_messages(server)
        self.assertNotIn("domain", body(message).lower())
        self.assertNotIn("of the domain", self.check(server)["detail"])
        (row,) = server.geotrip("resume").expect(0).rows
        self.assertEqual(row["domain"], "*")

    def test_both(self):
        """One for a domain and then one for all: check lists both, resume
        ends both."""
        server = self.start_server()
        self.brake_domain("free.example", server)
        self.assertSuspended(self.travel("x@other.example", server))
        self.assertAllowed(self.travel("x@third.example", server))
        details = [line["detail"] for line in self.checks(server)]
        self.assertEqual(len(details), 2, details)
        self.assertIn(" accounts that trip ", details[0])
        self.assertIn("free.example", details[1])
        self.assertEqual(len(self.admin_messages(server)), 2)
        rows = server.geotrip("resume").expect(0).rows
        self.assertEqual([row["domain"] for row in rows],
                         ["*", "free.example"])
        self.assertEqual(self.check(server)["result"], "ok")
        self.assertSuspended(self.travel("new@free.example", server))

    def test_hundred_at_once(self):
        """A hundred accounts of one domain, as fast as they can: an account
        of another domain is suspended all the same."""
        server = self.server_of_its_own(
            {"max_suspensions": "100 in 1h"}).start()
        users = [f"{number}@free.example" for number in range(101)]
        with server.auth() as auth:
            requests = [auth.request("PLAIN", plain(user, PASSWORD),
                                     service="smtp", rip=address(country))
                        for country in ("JP", "US", "BR") for user in users]
            auth.write(b"".join(request for _, request in requests))
            replies = [auth.reply() for _ in requests]
        self.assertEqual([reply.kind for reply in replies].count("FAIL"), 100)
        self.assertAllowed(self.travel("another@free.example", server))
        self.trip(self.user, server=server)
        (brake,) = self.brakes(server)
        self.assertEqual(brake.domain, "free.example")


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
