"""A private Postfix that takes notices and delivers them to Dovecot."""

import smtplib

from .ports import free_port
from .postfix import Postfix
from .waiting import wait_until

MAIN = """\
virtual_mailbox_domains = example.com
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
smtputf8_enable = no
"""

# Another port: for this host, without the PROXY protocol.
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
  -o smtpd_upstream_proxy_protocol=
  -o mynetworks=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject
lmtp unix - - n - - lmtp
pickup unix n - n 60 1 pickup
"""


class DeliveringPostfix(Postfix):
    def __init__(self, dovecot):
        super().__init__(dovecot)
        self.mail_port = free_port()
        self._append("main.cf", MAIN.format(lmtp_port=dovecot.ports["lmtp"]))
        self._append("master.cf", MASTER.format(port=self.mail_port))

    def _append(self, name, text):
        with open(self.etc / name, "a") as file:
            file.write(text)

    def start(self):
        super().start()
        wait_until(self._greets, "Postfix greets")
        return self

    def _greets(self):
        """An smtpd that has greeted has talked to Dovecot. One that cannot,
        because Dovecot is stopped in the meantime, ends, and Postfix waits for
        a minute before it starts another."""
        try:
            smtplib.SMTP("127.0.0.1", self.mail_port, timeout=60).close()
        except OSError:
            return False
        return True
