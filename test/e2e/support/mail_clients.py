"""Logging in with Python's own mail clients."""

import contextlib
import imaplib
import poplib
import smtplib

from . import sasl
from .answer import Answer

TIMEOUT = 60


def imap(port, mechanism, user, password, tls=None):
    with contextlib.closing(_Imap(port)) as client:
        if tls is not None:
            client.starttls(tls)
        respond = sasl.MECHANISMS[mechanism](user, password)
        try:
            _, (text, *_) = client.authenticate(mechanism, respond)
        except imaplib.IMAP4.error as error:
            return Answer(False, str(error.args[0]))
        return Answer(True, text.decode())


class _Imap(imaplib.IMAP4):
    def __init__(self, port):
        super().__init__("127.0.0.1", port, TIMEOUT)

    def close(self):
        self.shutdown()


def smtp(port, mechanism, user, password, tls=None):
    with smtplib.SMTP("127.0.0.1", port, timeout=TIMEOUT) as client:
        if tls is not None:
            client.starttls(context=tls)
        client.ehlo()
        respond = sasl.MECHANISMS[mechanism](user, password)
        first = mechanism in ("PLAIN", "XOAUTH2", "EXTERNAL")

        def answer(challenge=None):
            if challenge is None and not first:
                return None
            return respond(challenge).decode()
        try:
            code, text = client.auth(mechanism, answer)
        except smtplib.SMTPAuthenticationError as error:
            return Answer(False, _smtp_text(error.smtp_code, error.smtp_error))
        return Answer(True, _smtp_text(code, text))


def _smtp_text(code, text):
    return f"{code} {text.decode()}"


def pop3(port, mechanism, user, password):
    with contextlib.closing(
            poplib.POP3("127.0.0.1", port, TIMEOUT)) as client:
        try:
            if mechanism == "APOP":
                text = client.apop(user, password)
            else:
                client.user(user)
                text = client.pass_(password)
        except poplib.error_proto as error:
            return Answer(False, error.args[0].decode())
        return Answer(True, text.decode())


class SmtpSession(smtplib.SMTP):
    """A session that goes on after its login."""

    def __init__(self, port, user, password):
        super().__init__("127.0.0.1", port, timeout=TIMEOUT)
        self.login(user, password)

    def is_open(self):
        try:
            return self.noop()[0] == 250
        except smtplib.SMTPServerDisconnected:
            return False


class ImapSession(_Imap):
    """A session that goes on after its login."""

    def __init__(self, port, user, password):
        super().__init__(port)
        self.login(user, password)

    def is_open(self):
        try:
            return self.noop()[0] == "OK"
        except (imaplib.IMAP4.abort, OSError):
            return False
