"""The configuration of a private Dovecot 2.3."""

# The name of a login's service, for doveadm's -x.
SERVICE_FIELD = "service"

# A configuration without any setting.
EMPTY = ""

TEMPLATE = """\
base_dir = {run}
state_dir = {top}/state
log_path = {top}/dovecot.log
instance_name = {top.name}
listen = 127.0.0.1
hostname = mail.example.com
protocols = imap pop3 submission lmtp
ssl = no
disable_plaintext_auth = no
haproxy_trusted_networks = 127.0.0.0/8
shutdown_clients = yes
default_process_limit = 200

auth_mechanisms = {mechanisms}
auth_username_chars =
auth_verbose = yes
mail_location = maildir:{top}/mail/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1

passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {top}/oauth2.conf
}}
passdb {{
  driver = static
  args = password={{PLAIN}}{password}
}}
{users}userdb {{
  driver = static
  args = home={top}/mail/%u
}}

submission_relay_host = 127.0.0.1
submission_relay_port = {sink_port}
submission_host = 127.0.0.1:{sink_port}
doveadm_api_key = {api_key}

service imap-login {{
  inet_listener imap {{
    port = {imap_port}
    haproxy = yes
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3_port}
    haproxy = yes
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service submission-login {{
  inet_listener submission {{
    port = {submission_port}
    haproxy = yes
  }}
  inet_listener submissions {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service auth {{
  unix_listener auth-client {{
    mode = 0666
  }}
}}
service doveadm {{
  inet_listener http {{
    port = {doveadm_port}
  }}
}}
"""

# Further files that it names.
FILES = {"oauth2.conf": """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={top}/keys/
tokeninfo_url =
username_attribute = sub
active_attribute =
active_value =
"""}


def static_passdb(name, password=None, mechanisms="", master=False, **fields):
    """A block for users of one password; fields come with their answer. name
    is not used before Dovecot 2.4."""
    if password is not None:
        fields = {"password": password, **fields}
    args = " ".join(f"{key}={value}" for key, value in fields.items())
    lines = ["driver = static", f"args = {args}"]
    if mechanisms:
        lines.append(f"mechanisms = {mechanisms}")
    if master:
        lines.append("master = yes")
    return _block("passdb", lines)


def pam_passdb(service, **fields):
    """A block for users whose passwords PAM verifies, by that service's
    rules."""
    args = " ".join(f"{key}={value}" for key, value in fields.items())
    return _block("passdb", ["driver = pam", f"args = {service}",
                             f"override_fields = {args}"])


def passwd_file_userdb(path):
    """A block that comes before the one for all users."""
    return _block("userdb", ["driver = passwd-file", f"args = {path}"])


def shared_processes(service, clients):
    """Let a process of the service have several clients, one after the other
    and at the same time."""
    return _block(f"service {service}", [f"client_limit = {clients}",
                                         "service_count = 0",
                                         "process_limit = 10"])


# A limit that is none.
UNLIMITED = "0"


def environment(name, value):
    """Let the services have an environment variable more."""
    return f"import_environment = $import_environment {name}={value}\n"


def metric(name, event_filter, *group_by):
    lines = [f"filter = {event_filter}"]
    if group_by:
        lines.append("group_by = " + " ".join(group_by))
    return _block(f"metric {name}", lines)


def tls(directory, client_ca=False):
    """TLS with server.pem and server.key of the directory; client_ca: with
    client certificates that name the user, too."""
    text = (f"ssl = yes\n"
            f"ssl_cert = <{directory}/server.pem\n"
            f"ssl_key = <{directory}/server.key\n")
    if client_ca:
        text += (f"ssl_ca = <{directory}/ca-and-crl.pem\n"
                 "ssl_verify_client_cert = yes\n"
                 "auth_ssl_username_from_cert = yes\n")
    return text


def _block(head, lines):
    return "".join([f"{head} {{\n", *(f"  {line}\n" for line in lines), "}\n"])
