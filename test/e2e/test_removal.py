"""Dovecot after geotrip was removed, and while it is upgraded: what README says
about both."""

import smtplib

from support import dovecot_conf, paths
from support.addresses import address
from support.case import PASSWORD, Case
from support.dovecot import StartFailed
from support.postfix import Postfix

INSTALLED = paths.TOP / "conf" / "if-installed.conf"


class Removal(Case):
    def sends(self, postfix, dovecot):
        """Authenticate with Postfix and send, without waiting for anything
        that is not there any more."""
        mark = postfix.log_size()
        with smtplib.SMTP("127.0.0.1", postfix.relays.port(address("JP")),
                          timeout=60) as client:
            client.starttls(context=postfix.tls.trusting_context())
            client.login(self.user, PASSWORD)
            self.assertEqual(client.sendmail(
                self.user, ["other@example.com"],
                "Subject: test\r\n\r\ntext"), {})
        self.assertNotIn("problem talking to server", postfix.log(mark))
        self.assertNotRegex(dovecot.log(), "Error|Fatal|Panic")

    def test_step_by_step(self):
        """Each step leaves a Dovecot that starts and a Postfix whose clients
        can authenticate and send."""
        dovecot = self.server_of_its_own().start()
        postfix = Postfix.from_examples(dovecot)
        self.addCleanup(postfix.close)
        postfix.start()
        self.sends(postfix, dovecot)
        dovecot.wait_for_logins(self.user, 1)

        postfix.set("geotrip_sender_restrictions", "")
        self.sends(postfix, dovecot)
        dovecot.wait_for_logins(self.user, 2)

        dovecot.stop()
        dovecot.settings = None
        dovecot.examples = [dovecot_conf.AUTH]
        dovecot.start()
        self.sends(postfix, dovecot)

        dovecot.stop()
        dovecot.start_without_geotrip()
        self.sends(postfix, dovecot)

    def test_forgotten(self):
        """With the settings of a geotrip that is not installed Dovecot does
        not start, and says which one it is."""
        server = self.server_of_its_own(settings=None)
        server.examples = [dovecot_conf.SETTINGS]
        with self.assertRaises(StartFailed) as caught:
            server.start_without_geotrip()
        self.assertIn("Unknown setting: geotrip_db", str(caught.exception))

    def test_policy_forgotten(self):
        """The socket for Postfix alone does no harm: Dovecot does not make
        it."""
        server = self.server_of_its_own(settings=None)
        server.examples = [dovecot_conf.POLICY, dovecot_conf.AUTH]
        server.start_without_geotrip()
        self.assertFalse(server.policy_socket.exists())
        self.assertAllowed(self.login(self.user, "JP", server=server))

    def test_metrics_forgotten(self):
        """The metrics do no harm."""
        server = self.server_of_its_own(settings=None)
        server.examples = [dovecot_conf.METRICS, dovecot_conf.AUTH]
        server.start_without_geotrip()
        self.assertAllowed(self.login(self.user, "JP", server=server))

    def test_only_if_installed(self):
        """Settings that are included by way of the file that is installed with
        geotrip are in force while it is, and gone with it."""
        server = self.server_of_its_own(
            settings=None, conf="!include_try {top}/share/if-installed.conf\n")
        server.examples = dovecot_conf.EXAMPLES
        server.write_conf()
        etc, share = server.top / "etc", server.top / "share"
        etc.mkdir()
        share.mkdir()
        for name in dovecot_conf.EXAMPLES:
            if name != dovecot_conf.AUTH:
                (server.conf_d / name).rename(etc / name)
        server.examples = [dovecot_conf.AUTH]
        text = INSTALLED.read_text()
        self.assertEqual(text.count("/etc/dovecot/geotrip/"), 1)
        text = text.replace("/etc/dovecot/geotrip", str(etc))
        installed = share / INSTALLED.name
        installed.write_text(text)

        server.start()
        self.trip(self.user, server=server)
        server.stop()
        installed.unlink()
        server.start_without_geotrip()
        self.assertAllowed(self.login(self.user, "BR", server=server))
        server.stop()
        installed.write_text(text)
        server.start()
        self.assertSuspended(self.login(self.user, "BR", server=server))
