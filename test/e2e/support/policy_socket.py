"""Postfix's policy protocol, as its smtpd speaks it with geotrip-policy, and
as it never would."""

import os

from .line_socket import LineSocket

# What Postfix sends for the recipient of a client that has authenticated.
ATTRIBUTES = {
    "request": "smtpd_access_policy", "protocol_state": "RCPT",
    "protocol_name": "ESMTP", "client_address": "11.0.113.10",
    "client_name": "unknown", "client_port": "40000",
    "reverse_client_name": "unknown", "server_address": "127.0.0.1",
    "server_port": "587", "helo_name": "[11.0.113.10]",
    "sender": "somebody@example.com", "recipient": "other@example.com",
    "recipient_count": "0", "queue_id": "", "instance": "1.2.3.0",
    "size": "0", "etrn_domain": "", "stress": "", "sasl_method": "PLAIN",
    "sasl_username": "", "sasl_sender": "", "ccert_subject": "",
    "ccert_issuer": "", "ccert_fingerprint": "",
    "ccert_pubkey_fingerprint": "", "encryption_protocol": "TLSv1.3",
    "encryption_cipher": "TLS_AES_256_GCM_SHA384", "encryption_keysize": "256",
    "policy_context": "",
}


def request(user, **attributes):
    attributes = {**ATTRIBUTES, "sasl_username": user, **attributes}
    return b"".join(os.fsencode(f"{name}={value}\n") for name, value
                    in attributes.items()) + b"\n"


class PolicySocket(LineSocket):
    def answer(self):
        """The next action, or None if the service hung up."""
        try:
            line, end = self.read_line(), self.read_line()
        except ConnectionError:
            return None
        # It may hang up in the middle of an answer to a client that does not
        # read.
        if not end.endswith(b"\n"):
            return None
        if not line.startswith(b"action=") or end != b"\n":
            raise AssertionError(f"no answer of a policy service: {line}")
        return line[len("action="):-1].decode()

    def ask(self, user, **attributes):
        self.write(request(user, **attributes))
        return self.answer()
