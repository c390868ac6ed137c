"""The configuration of a private Dovecot: the part of the tests in the words
of the installed version, and the example file of that version as it is."""

import importlib
import re
import subprocess

from . import paths

MECHANISMS = ("plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 "
              "apop xoauth2 oauthbearer")

# Every user exists, with one password: a test takes the names that it likes.
PASSWORD = "correct-horse"


def _version():
    done = subprocess.run([paths.tool("dovecot"), "--version"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()[0]


VERSION = _version()
SERIES = ".".join(VERSION.split(".")[:2])
EXAMPLE = paths.TOP / "examples" / f"dovecot-{SERIES}.conf"

_WORDS = importlib.import_module(
    f"{__package__}.dovecot_conf_" + SERIES.replace(".", ""))
TEMPLATE, FILES = _WORDS.TEMPLATE, _WORDS.FILES
SERVICE_FIELD = _WORDS.SERVICE_FIELD
static_passdb, metric, tls = _WORDS.static_passdb, _WORDS.metric, _WORDS.tls
pam_passdb, passwd_file_userdb = _WORDS.pam_passdb, _WORDS.passwd_file_userdb
shared_processes = _WORDS.shared_processes
environment, UNLIMITED = _WORDS.environment, _WORDS.UNLIMITED


def example(database, mmdb, auth_socket, policy_socket, stats_port):
    """The example with paths and a port put in, each of which it must have
    once."""
    text = EXAMPLE.read_text()
    for pattern, value in (
            (r"(?m)^(geotrip_db = ).*", database),
            (r"(?m)^(geotrip_mmdb = ).*", mmdb),
            (r"(?m)^( *unix_listener )/\S+/auth\b", auth_socket),
            (r"(?m)^( *unix_listener )/\S+/geotrip-policy\b", policy_socket),
            (r"(?m)^( *port = )9900$", stats_port)):
        text, count = re.subn(pattern, rf"\g<1>{value}", text)
        if count != 1:
            raise AssertionError(f"{EXAMPLE} has {count} times {pattern}")
    return text


def example_defaults():
    """The settings that the example shows as comments, by name."""
    text = re.sub(r" *\\\n# *", " ", EXAMPLE.read_text())
    return {name: value.strip() for name, value in
            re.findall(r"(?m)^#(geotrip_\w+) =(.*)$", text)}


def user_line(name, **fields):
    """A user for Dovecot's users, and what its userdb has about it."""
    extra = " ".join(f"userdb_{key}={value}" for key, value in fields.items())
    return f"{name}:::::/nonexistent::{extra}\n"
