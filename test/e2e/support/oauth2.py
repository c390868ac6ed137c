"""Bearer tokens: JWTs signed with a key that the private Dovecot knows."""

import base64
import hashlib
import hmac
import json
import time

KEY = b"a key for the tests and nothing else"


def write_key(directory):
    """Where dict fs:posix looks for the default key of HS256."""
    path = directory / "default" / "HS256" / "default"
    path.parent.mkdir(parents=True)
    path.write_bytes(base64.b64encode(KEY))


def token(user, key=KEY):
    now = int(time.time())
    signed = b".".join(
        _encode(json.dumps(part).encode())
        for part in ({"alg": "HS256", "typ": "JWT"},
                     {"sub": user, "iat": now, "exp": now + 600}))
    signature = hmac.digest(key, signed, hashlib.sha256)
    return (signed + b"." + _encode(signature)).decode()


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")
