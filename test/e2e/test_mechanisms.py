"""Every success of every mechanism, through every door, is one login."""

import ipaddress
import time

from support.addresses import address
from support.case import Case

# By which client each mechanism is tried.
CLIENTS = {"PLAIN": "python", "LOGIN": "python", "CRAM-MD5": "python",
           "XOAUTH2": "python", "DIGEST-MD5": "gsasl", "SCRAM-SHA-1": "gsasl",
           "SCRAM-SHA-256": "gsasl", "OAUTHBEARER": "curl"}
# What Dovecot calls the service of each door.
SERVICES = {"imap": "imap", "submission": "submission", "postfix": "smtp"}
POP3 = {"PLAIN": "python", "APOP": "python", "CRAM-MD5": "curl",
        "OAUTHBEARER": "curl"}


class Mechanisms(Case):
    settings = {"services": "smtp submission imap pop3"}
    with_postfix = True

    def log_in(self, client, door, mechanism):
        if client == "python":
            return self.mail_login(door, self.user, "JP", mechanism)
        return self.program_login(client, door, self.user, "JP", mechanism)

    def check_one_login(self, client, door, service, mechanism):
        before = time.time()
        answer = self.log_in(client, door, mechanism)
        self.assertTrue(answer.ok, answer.text)
        self.dovecot.wait_for_logins(self.user, 1)
        self.assertNoLogin("nobody@example.com")
        (row,) = self.dovecot.logins(self.user)
        self.assertEqual((row.service, row.mechanism, row.country,
                          row.verdict),
                         (service, mechanism, "JP", "allow"))
        self.assertEqual(row.ip, ipaddress.ip_address(address("JP")).packed)
        self.assertTrue(before <= row.time / 1e6 <= time.time(), row)
        # Postfix has no session ids.
        self.assertEqual(row.session is None, door == "postfix", row)


def add(door, service, mechanism, client):
    def test(self):
        self.check_one_login(client, door, service, mechanism)
    test.__doc__ = f"{mechanism} through {door} leaves exactly one login."
    name = mechanism.lower().replace("-", "_")
    setattr(Mechanisms, f"test_{name}_through_{door}", test)


for _mechanism, _client in CLIENTS.items():
    for _door, _service in SERVICES.items():
        add(_door, _service, _mechanism, _client)
for _mechanism, _client in POP3.items():
    add("pop3", "pop3", _mechanism, _client)

