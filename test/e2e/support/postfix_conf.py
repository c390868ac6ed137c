"""The configuration of a private Postfix."""

import re

from . import paths

COMMON_MAIN = """\
compatibility_level = 3.6
config_directory = {top}/etc
queue_directory = {spool}
data_directory = {top}/data
maillog_file = {top}/postfix.log
maillog_file_prefixes = {top}
myhostname = mx.example.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4, ipv6
alias_maps =
alias_database =
mynetworks =
default_transport = discard:
relay_transport = discard:
smtpd_error_sleep_time = 0
smtpd_upstream_proxy_protocol = haproxy
"""
MAIN = COMMON_MAIN + """\
smtpd_client_restrictions =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_sasl_security_options = noanonymous
"""

# service type private unprivileged chroot wakeup maxproc command
COMMON_MASTER = """\
cleanup unix n - {chroot} - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - {chroot} - - trivial-rewrite
bounce unix - - {chroot} - 0 bounce
defer unix - - {chroot} - 0 bounce
trace unix - - {chroot} - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - {chroot} - 1 anvil
discard unix - - {chroot} - - discard
error unix - - {chroot} - - error
postlog unix-dgram n - n - 1 postlogd
"""
MASTER = COMMON_MASTER.format(chroot="n") + """\
127.0.0.1:{port} inet n - n - - smtpd
"""
# What the examples are added to. Most services are in a chroot, as in Debian.
EXAMPLE_MAIN = COMMON_MAIN
EXAMPLE_MASTER = COMMON_MASTER.format(chroot="y") + """\
tlsmgr unix - - y 1000? 1 tlsmgr
"""


def from_examples(top, spool, port):
    """Both files by name. submissions has no port: it is left out."""
    main = _put(paths.TOP / "examples/postfix/main.cf", (
        (r"(?m)^(smtpd_tls_cert_file = ).*", f"{top}/tls/server.pem"),
        (r"(?m)^(smtpd_tls_key_file = ).*", f"{top}/tls/server.key")))
    master = _put(paths.TOP / "examples/postfix/master.cf", (
        (r"(?m)^()submission(?= +inet )", f"127.0.0.1:{port}"),
        (r"(?m)^()submissions +inet (?:.*\n)(?: .*\n)+", "")))
    return {"main.cf": EXAMPLE_MAIN.format(top=top, spool=spool) + main,
            "master.cf": EXAMPLE_MASTER + master}


def _put(path, replacements):
    """The file with values put in, at places which it must have once."""
    text = path.read_text()
    for pattern, value in replacements:
        text, count = re.subn(pattern, rf"\g<1>{value}", text)
        if count != 1:
            raise AssertionError(f"{path} has {count} times {pattern}")
    return text
