"""Hosts that pass their users on to another server."""

import os
import tempfile

from support import dovecot_conf, namespace, paths
from support.case import MESSAGE, Case

# Nobody listens there: whom geotrip lets in gets no further.
FIELDS = {"proxy": "y", "host": "127.0.0.1", "port": 1}
CONF = "login_proxy_max_reconnects = 0\nauth_failure_delay = 0\n"


class ProxyCase(Case):
    """A Dovecot whose own services have nothing but a server behind them, and
    which Postfix asks as well."""

    mechanisms = "plain"
    with_postfix = True

    def check_submission_is_not_counted(self, password):
        for country in ("JP", "US", "BR", "DE"):
            answer = self.mail_login("submission", self.user, country,
                                     password=password)
            self.assertFalse(answer.ok)
            self.assertNotIn(MESSAGE, answer.text)
        self.assertEqual(self.dovecot.geotrip("list", self.user).rows, [])
        self.assertNoLogin(self.user)

    def check_postfix_is_refused(self, password):
        for country in ("JP", "US"):
            answer = self.mail_login("postfix", self.user, country,
                                     password=password)
            self.assertTrue(answer.ok, answer.text)
        for _ in range(2):
            answer = self.mail_login("postfix", self.user, "BR",
                                     password=password)
            self.assertFalse(answer.ok)
            self.assertIn(MESSAGE, answer.text)
        self.assertEqual(self.verdicts(self.user, 4),
                         ["allow", "allow", "trip", "blocked"])


class Password(ProxyCase):
    """The password is verified here already."""

    conf = CONF + dovecot_conf.static_passdb(
        "proxied", password="proxied", **FIELDS)

    def test_submission(self):
        """A user who is passed on to another server counts here, and is
        refused here."""
        for country in ("JP", "US", "BR"):
            answer = self.mail_login("submission", self.user, country,
                                     password="proxied")
            self.assertFalse(answer.ok)
        self.assertIn(MESSAGE, answer.text)
        self.assertEqual(self.verdicts(self.user, 3),
                         ["allow", "allow", "trip"])


class NoPassword(ProxyCase):
    """Any password is right."""

    conf = CONF + dovecot_conf.static_passdb(
        "unverified", nopassword="y", **FIELDS)

    def test_submission(self):
        """Where only the server behind a proxy verifies passwords, a guesser
        cannot get his victim suspended: such logins are not counted."""
        self.check_submission_is_not_counted("a guess")

    def test_postfix(self):
        """Behind Postfix there is no server that verifies: whom it lets in
        can send, and counts, whatever the password."""
        self.check_postfix_is_refused("a guess")


class Pam(ProxyCase):
    """PAM knows the password: Dovecot never sees one to compare it with."""

    conf = CONF + dovecot_conf.pam_passdb("geotrip-test", **FIELDS)

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory(prefix="pam-") as directory:
            script = paths.work_directory("pam") / "verify"
            script.write_text("#!/bin/sh\n"
                              "[ \"$(tr -d '\\000')\" = known-to-pam ]\n")
            script.chmod(0o755)
            with open(os.path.join(directory, "geotrip-test"), "w") as file:
                file.write("auth required pam_exec.so quiet expose_authtok "
                           f"{script}\naccount required pam_permit.so\n")
            cls.enterClassContext(namespace.overlay("/etc/pam.d", directory))
        super().setUpClass()

    def test_submission(self):
        """What PAM says of a user of Dovecot's own services is not known to
        be the last word: the server behind the proxy counts the login."""
        self.check_submission_is_not_counted("known-to-pam")

    def test_postfix(self):
        """A user of Postfix counts, and is refused, though the passdb says
        proxy and PAM verifies."""
        self.check_postfix_is_refused("known-to-pam")

    def test_wrong_password(self):
        """A password that PAM refuses counts for nothing."""
        answer = self.mail_login("postfix", self.user, "JP", password="guess")
        self.assertFalse(answer.ok)
        self.assertNoLogin(self.user)
