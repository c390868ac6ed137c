"""The configuration of a private Dovecot: the part of the tests in the words
of the installed version, and the example files as they are."""

import importlib
import re
import subprocess
import tempfile

from . import paths

MECHANISMS = ("plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 "
              "apop xoauth2 oauthbearer")

# Every user exists, with one password: a test takes the names that it likes.
PASSWORD = "correct-horse"


def _version():
    done = subprocess.run([paths.tool("dovecot"), "--version"],
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()[0]


def directories():
    """Those that Dovecot's programs and modules are in."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write(_WORDS.EMPTY)
        conf.flush()
        return {subprocess.run(
            [paths.tool("doveconf"), "-c", conf.name, "-h", name],
            stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
            for name in ("libexec_dir", "mail_plugin_dir")}


VERSION = _version()
SERIES = ".".join(VERSION.split(".")[:2])
# What an operator copies to conf.d, and where it comes from.
SETTINGS, POLICY, METRICS, AUTH = (
    "90-geotrip.conf", "90-geotrip-policy.conf", "90-geotrip-metrics.conf",
    "90-postfix-auth.conf")
EXAMPLES = (SETTINGS, POLICY, METRICS, AUTH)
_SOURCES = {METRICS: f"90-geotrip-metrics-{SERIES}.conf"}

_WORDS = importlib.import_module(
    f"{__package__}.dovecot_conf_" + SERIES.replace(".", ""))
TEMPLATE, FILES = _WORDS.TEMPLATE, _WORDS.FILES
SERVICE_FIELD = _WORDS.SERVICE_FIELD
static_passdb, metric, tls = _WORDS.static_passdb, _WORDS.metric, _WORDS.tls
pam_passdb, passwd_file_userdb = _WORDS.pam_passdb, _WORDS.passwd_file_userdb
shared_processes = _WORDS.shared_processes
environment, UNLIMITED = _WORDS.environment, _WORDS.UNLIMITED


def example(name, **values):
    """An example file with paths and a port put in, each of which it must have
    once. values: database, mmdb, auth, policy and stats_port."""
    path = _example_path(name)
    text = path.read_text()
    for pattern, value in _PLACES[name]:
        text, count = re.subn(pattern, rf"\g<1>{values[value]}", text)
        if count != 1:
            raise AssertionError(f"{path} has {count} times {pattern}")
    return text


_PLACES = {
    SETTINGS: ((r"(?m)^(geotrip_db = ).*", "database"),
               (r"(?m)^(geotrip_mmdb = ).*", "mmdb")),
    POLICY: ((r"(?m)^( *unix_listener )/\S+/geotrip-policy\b", "policy"),),
    METRICS: ((r"(?m)^( *port = )9900$", "stats_port"),),
    AUTH: ((r"(?m)^( *unix_listener )/\S+/auth\b", "auth"),),
}


def _example_path(name):
    return paths.TOP / "examples" / "dovecot" / _SOURCES.get(name, name)


def example_defaults():
    """The settings that the example shows as comments, by name."""
    text = re.sub(r" *\\\n# *", " ", _example_path(SETTINGS).read_text())
    return {name: value.strip() for name, value in
            re.findall(r"(?m)^#(geotrip_\w+) =(.*)$", text)}


def user_line(name, **fields):
    """A user for Dovecot's users, and what its userdb has about it."""
    extra = " ".join(f"userdb_{key}={value}" for key, value in fields.items())
    return f"{name}:::::/nonexistent::{extra}\n"
