"""Logging in with programs of their own: gsasl and curl."""

import subprocess

from . import oauth2, paths
from .answer import Answer


def _run(*command):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=60, check=False)
    return Answer(done.returncode == 0,
                  done.stdout.decode(errors="backslashreplace"))


def gsasl(protocol, port, mechanism, user, password, tls=None):
    """protocol: imap or smtp; tls: the certificate of the authority that
    issued the server's, for TLS and a mechanism that is bound to it."""
    binding = (["--no-starttls", "--no-cb"] if tls is None else
               ["--starttls", f"--x509-ca-file={tls}", "--verbose"])
    return _run(paths.tool("gsasl"), f"--{protocol}", *binding,
                "--mechanism", mechanism,
                "--authentication-id", user, "--authorization-id", user,
                "--password", password, "--realm", "",
                "--quality-of-protection", "qop-auth",
                "--connect", f"127.0.0.1:{port}")


def curl(protocol, port, mechanism, user, password):
    """protocol: imap, pop3 or smtp."""
    if mechanism == "OAUTHBEARER":
        secret = ["--oauth2-bearer", oauth2.token(user), "--user", user]
    else:
        secret = ["--user", f"{user}:{password}"]
    request = [] if protocol == "pop3" else ["--request", "NOOP"]
    return _run(paths.tool("curl"), "--silent", "--show-error", "--verbose",
                "--max-time", "50", "--login-options", f"AUTH={mechanism}",
                *secret, *request, f"{protocol}://127.0.0.1:{port}/")
