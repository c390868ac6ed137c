"""The configuration of a private Dovecot 2.4."""

# The name of a login's service, for doveadm's -x.
SERVICE_FIELD = "protocol"

# A configuration without any setting.
EMPTY = """\
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
"""

TEMPLATE = """\
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = {run}
state_dir = {top}/state
log_path = {top}/dovecot.log
instance_name = {top.name}
listen = 127.0.0.1
hostname = mail.example.com
protocols = imap pop3 submission lmtp
ssl = no
auth_allow_cleartext = yes
haproxy_trusted_networks = 127.0.0.0/8
shutdown_clients = yes
default_process_limit = 200

auth_mechanisms = {mechanisms}
auth_username_chars =
auth_verbose = yes
mail_driver = maildir
mail_path = {top}/mail/%{{user}}
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1

oauth2 {{
  introspection_mode = local
  username_attribute = sub
  oauth2_local_validation {{
    dict fs {{
      fs posix {{
        prefix = {top}/keys/
      }}
    }}
  }}
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2 oauthbearer
}}
passdb static {{
  password = {{PLAIN}}{password}
}}
{users}userdb static {{
  fields {{
    home = {top}/mail/%{{user}}
  }}
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
FILES = {}


def static_passdb(name, password=None, mechanisms="", master=False, **fields):
    """A block for users of one password; fields come with their answer."""
    lines = ["driver = static"]
    if password is not None:
        lines.append(f"passdb_static_password = {password}")
    if mechanisms:
        lines.append(f"mechanisms_filter = {mechanisms}")
    if master:
        lines.append("master = yes")
    if fields:
        lines += ["fields {",
                  *(f"  {key} = {value}" for key, value in fields.items()),
                  "}"]
    return _block(f"passdb {name}", lines)


def pam_passdb(service, **fields):
    """A block for users whose passwords PAM verifies, by that service's
    rules."""
    return _block("passdb pam", [
        f"service_name = {service}", "fields {",
        *(f"  {key} = {value}" for key, value in fields.items()), "}"])


def passwd_file_userdb(path):
    """A block that comes before the one for all users."""
    return _block("userdb passwd-file", [f"passwd_file_path = {path}"])


def shared_processes(service, clients):
    """Let a process of the service have several clients, one after the other
    and at the same time."""
    return _block(f"service {service}", [f"client_limit = {clients}",
                                         "restart_request_count = unlimited",
                                         "process_limit = 10"])


# A limit that is none.
UNLIMITED = "unlimited"


def environment(name, value):
    """Let the services have an environment variable more."""
    return _block("import_environment", [f"{name} = {value}"])


def metric(name, event_filter, *group_by):
    lines = [f"filter = {event_filter}"]
    for field in group_by:
        lines += [f"group_by {field} {{", "}"]
    return _block(f"metric {name}", lines)


def tls(directory, client_ca=False):
    """TLS with server.pem and server.key of the directory; client_ca: with
    client certificates that name the user, too."""
    text = (f"ssl = yes\n"
            f"ssl_server_cert_file = {directory}/server.pem\n"
            f"ssl_server_key_file = {directory}/server.key\n")
    if client_ca:
        text += (f"ssl_server_ca_file = {directory}/ca-and-crl.pem\n"
                 "ssl_server_request_client_cert = yes\n"
                 "auth_ssl_username_from_cert = yes\n")
    return text


def _block(head, lines):
    return "".join([f"{head} {{\n", *(f"  {line}\n" for line in lines), "}\n"])
