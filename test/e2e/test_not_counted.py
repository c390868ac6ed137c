"""What is no login of the account's owner or thief leaves no row."""

import smtplib

from support import dovecot_conf
from support.addresses import address
from support.auth_socket import plain
from support.case import PASSWORD, Case
from support.policy import PolicyServer


class Unproven(Case):
    """Whoever does not know the password cannot get anybody suspended."""

    with_postfix = True
    settings = {"services": "*"}
    conf = "auth_failure_delay = 0\n"

    def test_wrong_password(self):
        """A wrong password leaves no row, through whatever door."""
        for door, country in (("imap", "JP"), ("submission", "US"),
                              ("postfix", "BR")):
            answer = self.mail_login(door, self.user, country,
                                     password="guess")
            self.assertFalse(answer.ok)
        self.assertNoLogin(self.user)

    def test_wrong_response(self):
        """A CRAM-MD5 exchange that ends in failure leaves no row."""
        answer = self.mail_login("imap", self.user, "US", "CRAM-MD5", "guess")
        self.assertFalse(answer.ok)
        self.assertNoLogin(self.user)

    def test_cancelled_exchange(self):
        """An exchange that the client cancels leaves no row."""
        for where, door in (("JP", "submission"), ("US", "postfix")):
            with smtplib.SMTP("127.0.0.1", self.door(door, where)) as client:
                client.ehlo()
                self.assertEqual(client.docmd("AUTH CRAM-MD5")[0], 334)
                self.assertEqual(client.docmd("*")[0], 501)
        self.assertNoLogin(self.user)

    def test_unfinished_exchange(self):
        """A SCRAM exchange in which the name was said and the server looked
        up the password, but not proven, leaves no row."""
        first = f"n,,n={self.user},r=nonce".encode()
        with self.dovecot.auth() as auth:
            for where in map(address, ("JP", "US", "BR")):
                _, request = auth.request("SCRAM-SHA-256", first,
                                          service="smtp", rip=where)
                auth.write(request)
                self.assertEqual(auth.reply().kind, "CONT")
        self.assertNoLogin(self.user)

    def test_lookups(self):
        """Lookups of the user by doveadm and for LMTP leave no row."""
        self.dovecot.doveadm("user", self.user).expect(0)
        self.dovecot.doveadm("auth", "lookup", "-x",
                             f"{dovecot_conf.SERVICE_FIELD}=smtp", "-x",
                             "rip=" + address("JP"), self.user).expect(0)
        with smtplib.LMTP("127.0.0.1", self.dovecot.ports["lmtp"]) as client:
            client.ehlo()
            client.mail("sender@example.com")
            self.assertEqual(client.rcpt(self.user)[0], 250)
        self.assertNoLogin(self.user)


class Denied(Case):
    conf = """
auth_failure_delay = 0
auth_policy_server_url = http://127.0.0.1:{policy_port}/
auth_policy_hash_nonce = salt
auth_policy_check_before_auth = no
"""

    @classmethod
    def setUpClass(cls):
        cls.policy = PolicyServer()
        cls.addClassCleanup(cls.policy.close)
        cls.conf = cls.conf.replace("{policy_port}", str(cls.policy.port))
        super().setUpClass()

    def test_policy_says_no(self):
        """A login that Dovecot's own policy refuses leaves no row."""
        self.policy.refused.add(self.user)
        reply = self.login(self.user, "JP")
        self.assertEqual(reply.kind, "FAIL", reply)
        self.assertNoLogin(self.user)


class Others(Case):
    """Successes that are not the account's own."""

    mechanisms = "plain anonymous"
    settings = {"services": "*", "suspend_services": "*",
                "exempt_users": "robot@* boss@example.com"}
    conf = """
auth_anonymous_username = guest
auth_master_user_separator = *
""" + dovecot_conf.static_passdb("master", password="master-secret",
                                 master=True)

    def plain_login(self, name, password, where):
        with self.dovecot.auth() as auth:
            _, request = auth.request("PLAIN", plain(name, password),
                                      service="smtp", rip=where)
            auth.write(request)
            return auth.reply()

    def test_master_user(self):
        """A master user's logins are not counted, and never blocked."""
        for where in map(address, ("JP", "US", "BR")):
            self.assertAllowed(self.plain_login(
                f"{self.user}*master", "master-secret", where))
        self.assertNoLogin(self.user, "master")
        self.trip(self.user)
        self.assertAllowed(self.plain_login(
            f"{self.user}*master", "master-secret", address("DE")))
        self.assertEqual(len(self.dovecot.logins(self.user)), 3)

    def test_anonymous(self):
        """ANONYMOUS is nobody."""
        for where in map(address, ("JP", "US", "BR")):
            with self.dovecot.auth() as auth:
                _, request = auth.request("ANONYMOUS", b"me", service="smtp",
                                          rip=where)
                auth.write(request)
                self.assertAllowed(auth.reply())
        self.assertNoLogin("guest", "anonymous")

    def test_exempt_users(self):
        """Exempt users, by name or mask, are not counted."""
        for user in ("robot@example.net", "boss@example.com"):
            for country in ("JP", "US", "BR", "DE"):
                self.assertAllowed(self.login(user, country))
        self.assertNoLogin("robot@example.net", "boss@example.com")

    def test_exempt_user_is_never_blocked(self):
        """An exempt user who was suspended before logs in all the same."""
        self.dovecot.geotrip("suspend", "boss@example.com", json=False)
        self.assertAllowed(self.login("boss@example.com", "JP"))

    def test_doveadm_auth_test(self):
        """doveadm auth test counts only as a service that it names."""
        self.dovecot.doveadm("auth", "test", "-x",
                             f"{dovecot_conf.SERVICE_FIELD}=smtp", "-x",
                             "rip=" + address("JP"), self.user,
                             PASSWORD).expect(0)
        (row,) = self.dovecot.wait_for_logins(self.user, 1)
        self.assertEqual((row.service, row.country), ("smtp", "JP"))
