"""SCRAM with channel binding: the exchange is bound to its TLS connection."""

import unittest

from support import case, certificates, dovecot_conf, mail_programs

MECHANISM = "SCRAM-SHA-256-PLUS"


@unittest.skipIf(dovecot_conf.SERIES == "2.3",
                 "Dovecot 2.3 has no channel binding")
class ChannelBinding(case.Case):
    settings = {"services": "imap submission",
                "suspend_services": "imap submission"}
    # Nothing else, so that no other mechanism can be what worked.
    mechanisms = MECHANISM.lower()
    conf = dovecot_conf.tls("{top}/tls")

    @classmethod
    def prepare(cls, server):
        certificates.Authority(server.top / "tls").issue("server",
                                                         "localhost")

    def scram(self, door, where):
        return mail_programs.gsasl(
            case.PROTOCOLS[door], self.door(door, where), MECHANISM,
            self.user, case.PASSWORD,
            tls=self.dovecot.top / "tls" / "ca.pem")

    def check(self, door):
        for country in ("JP", "US"):
            answer = self.scram(door, country)
            self.assertTrue(answer.ok, answer.text)
        answer = self.scram(door, "BR")
        self.assertFalse(answer.ok)
        self.assertIn(case.MESSAGE_ALL, answer.text)
        rows = self.dovecot.wait_for_logins(self.user, 3)
        self.assertEqual(
            [(row.mechanism, row.country, row.verdict) for row in rows],
            [(MECHANISM, "JP", "allow"), (MECHANISM, "US", "allow"),
             (MECHANISM, "BR", "trip")])

    def test_imap(self):
        """It counts over IMAP, and its third country is refused."""
        self.check("imap")

    def test_submission(self):
        """It counts over submission as well."""
        self.check("submission")
