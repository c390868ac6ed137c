"""EXTERNAL: the client's certificate is the password."""

from support import case, certificates, dovecot_conf, mail_clients

CONF = (dovecot_conf.tls("{top}/tls", client_ca=True)
        + dovecot_conf.static_passdb("certificate", mechanisms="external",
                                     nopassword="y"))


class External(case.Case):
    def setUp(self):
        super().setUp()
        self.server = self.server_of_its_own(
            {"services": "imap submission",
             "suspend_services": "imap submission"},
            conf=CONF, mechanisms="plain external")
        authority = certificates.Authority(self.server.top / "tls")
        authority.issue("server", "localhost")
        authority.issue("client", self.user)
        self.tls = authority.client_context("client")
        self.server.start()

    def external(self, protocol, relays, where):
        port = self.server.relays[relays].port(case.where_to_address(where))
        client = getattr(mail_clients, protocol)
        return client(port, "EXTERNAL", self.user, "", tls=self.tls)

    def check(self, protocol, relays):
        for country in ("JP", "US"):
            answer = self.external(protocol, relays, country)
            self.assertTrue(answer.ok, answer.text)
        answer = self.external(protocol, relays, "BR")
        self.assertFalse(answer.ok)
        self.assertIn(case.MESSAGE_ALL, answer.text)
        rows = self.server.wait_for_logins(self.user, 3)
        self.assertEqual(
            [(row.mechanism, row.country, row.verdict) for row in rows],
            [("EXTERNAL", "JP", "allow"), ("EXTERNAL", "US", "allow"),
             ("EXTERNAL", "BR", "trip")])

    def test_imap(self):
        """EXTERNAL over IMAP counts, and its third country is refused."""
        self.check("imap", "imap")

    def test_submission(self):
        """EXTERNAL over submission counts as well."""
        self.check("smtp", "submission")
