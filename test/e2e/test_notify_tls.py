"""TLS to the mail server, as submission_ssl says."""

import ssl

from support.certificates import Authority
from support.notify import NotifyCase


class Tls(NotifyCase):
    def server(self, mode, trusted=True):
        """A server with a certificate, which Dovecot trusts or not."""
        server = self.server_of_its_own()
        authority = Authority(server.top / "tls")
        authority.issue("server", "127.0.0.1")
        server.conf = f"submission_ssl = {mode}\nssl_client_ca_file = "
        if trusted:
            server.conf += "{top}/tls/ca.pem\n"
        else:
            Authority(server.top / "other")
            server.conf += "{top}/other/ca.pem\n"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server.top / "tls" / "server.pem",
                                server.top / "tls" / "server.key")
        server.sink.tls = context
        server.sink.tls_at_once = mode == "smtps"
        server.sink.features.append("STARTTLS")
        return server

    def start(self, server):
        server.start()
        self.suspend(self.user, f"2.{self.user}", server=server)

    def check(self, mode):
        server = self.server(mode)
        self.start(server)
        self.assertEqual(self.notify(server=server)["sent"], 2)
        self.assertLessEqual({message.connection for message in
                              server.sink.messages}, server.sink.encrypted)
        self.parsed(server.sink.messages[0])

    def fails(self, server):
        """Nothing is sent, least of all in the clear, and nothing is lost."""
        self.start(server)
        result = self.run_notify(75, server)
        self.assertRegex(result.error_text, "(?i)tls|ssl|certificate")
        self.assertEqual(server.sink.messages, [])
        self.assertQueued(server=server)

    def test_starttls(self):
        """STARTTLS."""
        self.check("starttls")

    def test_smtps(self):
        """TLS from the first byte."""
        self.check("smtps")

    def test_unknown_authority(self):
        """A certificate of somebody else's."""
        self.fails(self.server("starttls", trusted=False))

    def test_not_offered(self):
        """A server that offers no TLS any more."""
        server = self.server("starttls")
        server.sink.features.remove("STARTTLS")
        server.sink.tls = None
        self.fails(server)
