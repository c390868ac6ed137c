"""The client's side of the mechanisms that Python's own mail clients need
help with: functions from the server's challenge to the answer, as bytes."""

import hmac

from . import oauth2
from .auth_socket import plain as plain_response


def plain(user, password):
    return lambda challenge: plain_response(user, password)


def login(user, password):
    answers = [user, password]
    return lambda challenge: answers.pop(0).encode()


def cram_md5(user, password):
    def answer(challenge):
        digest = hmac.new(password.encode(), challenge, "md5").hexdigest()
        return f"{user} {digest}".encode()
    return answer


def xoauth2(user, _password):
    # After a refusal the server sends its details, to be answered by nothing.
    answers = [f"user={user}\1auth=Bearer {oauth2.token(user)}\1\1", ""]
    return lambda challenge: answers.pop(0).encode()


def external(user, _password):
    return lambda challenge: user.encode()


MECHANISMS = {"PLAIN": plain, "LOGIN": login, "CRAM-MD5": cram_md5,
              "XOAUTH2": xoauth2, "EXTERNAL": external}
