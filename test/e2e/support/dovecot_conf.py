"""The configuration of a private Dovecot."""

MECHANISMS = ("plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 "
              "apop xoauth2 oauthbearer")

# Every user exists, with one password: a test takes the names that it likes.
PASSWORD = "correct-horse"

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
userdb {{
  driver = static
  args = home={top}/mail/%u
}}

submission_relay_host = 127.0.0.1
submission_relay_port = {sink_port}
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
service stats {{
  inet_listener http {{
    port = {stats_port}
  }}
}}
service doveadm {{
  inet_listener http {{
    port = {doveadm_port}
  }}
}}
"""

OAUTH2 = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={top}/keys/
tokeninfo_url =
username_attribute = sub
active_attribute =
active_value =
"""
