"""The configuration of a private Postfix."""

MAIN = """\
compatibility_level = 3.6
config_directory = {top}/etc
queue_directory = {top}/spool
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
smtpd_client_restrictions =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_error_sleep_time = 0
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_sasl_security_options = noanonymous
smtpd_upstream_proxy_protocol = haproxy
"""

# service type private unprivileged chroot wakeup maxproc command
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
discard unix - - n - - discard
error unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""
