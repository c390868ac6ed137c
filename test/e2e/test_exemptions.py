"""Accounts and networks that are exempted after a suspension has begun."""

import contextlib

from support.addresses import address
from support.case import PASSWORD
from support.mail_clients import SmtpSession
from support.notify import NotifyCase
from support.waiting import wait_until

ADMIN = "admin@example.com"
BUSY = "450 4.2.1 mailbox busy"
# In the country where the thief, or a gateway of the owner's company, is.
GATEWAY, ELSEWHERE = address("US", 1), address("US", 2)
UNSUSPEND = "doveadm geotrip unsuspend"


class ExemptionCase(NotifyCase):
    """Each test has a server of its own, whose settings it changes."""

    def setUp(self):
        super().setUp()
        self.server = self.server_of_its_own({"notify_admin": ADMIN}).start()
        self.smtp = self.server.sink

    def exempt(self, **settings):
        """Change the settings, for commands only: Dovecot goes on with the
        old ones until it is told."""
        self.server.settings.update(settings)
        self.server.write_conf()

    def listed(self, *options):
        return {row["user"]: row
                for row in self.server.geotrip("list", *options).expect(0).rows}

    def shown(self, user):
        """The fields of show; of those that are there several times, a
        list."""
        fields = {}
        for row in self.server.geotrip("show", user).expect(0).rows:
            fields.setdefault(row["field"], []).append(row["value"])
        return fields

    def evidence(self, user):
        rows = self.server.geotrip("evidence", user).expect(0).rows
        self.assertEqual(list(rows[0]), ["suspended", "time", "country", "ip",
                                         "service", "mechanism", "exempt"])
        return {row["ip"]: row["exempt"] for row in rows}

    def trip_by_gateway(self, user, *more):
        """Japan, the gateway and Brazil; others before."""
        for where in [*more, "JP", GATEWAY]:
            self.assertAllowed(self.login(user, where, server=self.server))
        self.assertSuspended(self.login(user, "BR", server=self.server))

    def assertWithdrawn(self, result, user, *kinds):
        """notify has withdrawn these, and told so."""
        for kind in kinds:
            self.assertEqual(
                self.notice(user, kind, self.server).state, "withdrawn")
        lines = [line for line in result.error_text.splitlines()
                 if f"user=<{user}>" in line and " withdrawn: " in line]
        self.assertEqual(len(lines), len(kinds), result.error_text)
        for line in lines:
            self.assertIn("Info: ", line)
            self.assertIn(UNSUSPEND, line)


class Account(ExemptionCase):
    def test_told_nothing(self):
        """Nobody is told that an exempt account cannot send; list and show
        say that it can. Others are told as ever."""
        other = f"other.{self.user}"
        for user in (self.user, other):
            self.trip(user, server=self.server)
        self.exempt(exempt_users=f"robot@* {self.user.upper()}")
        row = self.listed()[self.user]
        self.assertEqual((row["state"], row["notice"]), ("exempt", "queued"))
        self.assertIn("geotrip_exempt_users", row["remark"])
        self.assertIn(UNSUSPEND, row["remark"])
        row = self.listed()[other]
        self.assertEqual((row["state"], row["remark"]), ("suspended", "-"))

        result = self.run_notify(server=self.server)
        self.assertRegex(result.text,
                         "sent=2 deferred=0 failed=0 withdrawn=1 sessions=0")
        self.assertWithdrawn(result, self.user, "suspended")
        self.assertIn("geotrip_exempt_users", result.error_text)
        self.assertEqual(self.smtp.to(self.user), [])
        self.one_message(other)
        fields = self.shown(self.user)
        self.assertEqual(fields["state"], ["exempt"])
        self.assertEqual(fields["notice"], ["withdrawn, 0 attempts"])
        self.assertIn(UNSUSPEND, fields["remark"][0])
        self.assertEqual(len(fields["since"]), 1)
        # Nothing is left to do, now and later.
        self.assertEqual(self.notify(server=self.server)["withdrawn"], 0)
        self.server.reload()
        self.assertAllowed(self.login(self.user, "JP", server=self.server))
        self.assertSuspended(self.login(other, "JP", server=self.server))

    def test_operator(self):
        """The same if an operator has suspended the account: suspend says
        so."""
        self.exempt(exempt_users=self.user)
        result = self.server.geotrip("suspend", self.user).expect(0)
        self.assertEqual(result.rows[0]["state"], "exempt")
        self.assertWithdrawn(self.run_notify(server=self.server), self.user,
                             "suspended")
        self.assertEqual(self.smtp.messages, [])

    def test_put_off(self):
        """What has been put off is withdrawn at once, and so is the copy that
        an operator has not got yet."""
        self.smtp.trouble("rcpt", BUSY)
        self.trip(self.user, server=self.server)
        self.assertEqual(self.notify(server=self.server)["deferred"], 2)
        self.exempt(exempt_users=self.user)
        self.smtp.troubles.clear()
        result = self.run_notify(server=self.server)
        self.assertRegex(result.text, "withdrawn=2 ")
        self.assertWithdrawn(result, self.user, "suspended", "copy")
        self.assertEqual(self.smtp.messages, [])

    def test_told_before(self):
        """An owner who was told of the suspension is told of its end, exempt
        or not."""
        self.trip(self.user, server=self.server)
        self.notify(server=self.server)
        self.one_message(self.user, self.server)
        self.exempt(exempt_users=self.user)
        self.unsuspend(self.user, server=self.server)
        self.smtp.reset()
        self.assertEqual(self.notify(server=self.server)["sent"], 1)
        self.assertIn("send mail again",
                      self.one_message(self.user, self.server)["Subject"])

    def test_a_part_was_told(self):
        """One of two addresses has got the notice: the other one does not, and
        both are told of the end."""
        second = f"second.{self.user}"
        self.exempt(notify_address=f"%{{user}} {second}")
        self.smtp.trouble("rcpt", BUSY, address=second)
        self.trip(self.user, server=self.server)
        self.notify(server=self.server)
        self.smtp.troubles.clear()
        self.exempt(exempt_users=self.user)
        self.later(10**9, server=self.server)
        self.assertWithdrawn(self.run_notify(server=self.server), self.user,
                             "suspended")
        self.assertEqual(self.smtp.to(second), [])
        self.unsuspend(self.user, server=self.server)
        self.smtp.reset()
        self.notify(server=self.server)
        self.one_message(self.user, self.server)
        self.one_message(second, self.server)

    def test_not_suspended(self):
        """show says exempt whether or not there is a suspension; one that has
        ended is listed as such."""
        self.trip(self.user, server=self.server)
        self.unsuspend(self.user, server=self.server)
        self.assertEqual(self.shown(self.user)["state"], ["not suspended"])
        self.exempt(exempt_users="*@example.com")
        fields = self.shown(self.user)
        self.assertEqual(fields["state"], ["exempt"])
        self.assertIn("last suspended", fields)
        self.assertNotIn("remark", fields)
        self.assertEqual(self.listed(), {})
        row = self.listed("-a")[self.user]
        self.assertEqual((row["state"], row["remark"]), ("ended", "-"))

    def test_observe(self):
        """In observe mode nobody is written to, and nothing is withdrawn."""
        self.trip(self.user, server=self.server)
        self.exempt(exempt_users=self.user, mode="observe")
        self.assertEqual(self.notify(server=self.server)["withdrawn"], 0)
        self.assertQueued(server=self.server)


class Network(ExemptionCase):
    def test_rests_on_it(self):
        """Without the logins by an exempt network the rule would not have been
        true: the owner is told nothing, and operators what to do. The account
        is refused from elsewhere, until it is released."""
        self.trip_by_gateway(self.user)
        self.exempt(exempt_networks=f"10.0.0.0/8 {GATEWAY}")
        result = self.run_notify(server=self.server)
        self.assertRegex(result.text, "sent=0 .* withdrawn=1 ")
        self.assertWithdrawn(result, self.user, "suspended")
        self.assertEqual(self.smtp.messages, [])
        row = self.listed()[self.user]
        self.assertEqual((row["state"], row["notice"]),
                         ("suspended", "withdrawn"))
        self.assertIn("geotrip_exempt_networks", row["remark"])
        self.assertIn(UNSUSPEND, row["remark"])
        fields = self.shown(self.user)
        self.assertEqual(fields["state"], ["suspended"])
        self.assertEqual(fields["remark"], [row["remark"]])
        self.assertEqual(
            [line.split()[1:] for line in fields["evidence"]],
            [["JP", address("JP"), "smtp", "PLAIN"],
             ["US", GATEWAY, "smtp", "PLAIN", "exempt"],
             ["BR", address("BR"), "smtp", "PLAIN"]])
        self.assertEqual(self.evidence(self.user), {
            address("JP"): "no", GATEWAY: "yes", address("BR"): "no"})

        self.server.reload()
        self.assertAllowed(self.login(self.user, GATEWAY, server=self.server))
        self.assertSuspended(self.login(self.user, "JP", server=self.server))
        self.unsuspend(self.user, server=self.server)
        self.assertAllowed(self.login(self.user, "JP", server=self.server))

    def test_does_not_rest_on_it(self):
        """The same country was used from elsewhere as well: the evidence says
        which login is exempt, and the owner is told."""
        self.trip_by_gateway(self.user, ELSEWHERE)
        self.exempt(exempt_networks=GATEWAY)
        row = self.listed()[self.user]
        self.assertEqual((row["state"], row["remark"]), ("suspended", "-"))
        self.assertEqual(self.evidence(self.user)[GATEWAY], "yes")
        counts = self.notify(server=self.server)
        self.assertEqual((counts["sent"], counts["withdrawn"]), (2, 0))
        self.one_message(self.user, self.server)


class Sessions(ExemptionCase):
    def session(self, user, where):
        session = SmtpSession(self.server.relays["submission"].port(where),
                              user, PASSWORD)
        self.addCleanup(hang_up, session)
        self.assertTrue(session.is_open())
        return session

    def test_sessions(self):
        """notify ends no session of an exempt user, nor one from an exempt
        network, but the others of the same user."""
        exempt = f"exempt.{self.user}"
        kept = [self.session(exempt, address("JP")),
                self.session(self.user, GATEWAY)]
        ended = self.session(self.user, address("JP"))
        self.suspend(exempt, self.user, server=self.server)
        self.exempt(exempt_users="exempt.*", exempt_networks=GATEWAY)
        self.assertEqual(self.notify(server=self.server)["sessions"], 1)
        wait_until(lambda: not ended.is_open(), "the session ends")
        self.assertEqual(self.notify(server=self.server)["sessions"], 0)
        for session in kept:
            self.assertTrue(session.is_open())


def hang_up(session):
    with contextlib.suppress(OSError):
        session.close()
