"""The servers that are compared."""

from support import dovecot_conf
from support.dovecot import Dovecot
from support.waiting import wait_until

from . import process
from .nginx import Nginx

IDLE_KILL = ("default_idle_kill" if dovecot_conf.VERSION.startswith("2.3")
             else "default_idle_kill_interval")
# The auth process must not end while others are measured.
CONF = f"auth_verbose = no\n{IDLE_KILL} = 1 hour\n"
# One request for each login, where geotrip does its work. Dovecot's default is
# three.
POLICY_CONF = CONF + """\
auth_policy_server_url = http://127.0.0.1:{port}/
auth_policy_hash_nonce = benchmark
auth_policy_check_before_auth = no
auth_policy_check_after_auth = yes
auth_policy_report_after_auth = no
"""


class DovecotWithoutMetrics(Dovecot):
    """Without the example file for metrics. With any metric of
    a login, geotrip's or its own, Dovecot sends a message for each login."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.examples = [name for name in self.examples
                         if name != dovecot_conf.METRICS]


class Server:
    """A Dovecot, and what is measured of it. rows: how many rows its database
    must have; trips: how many suspensions."""

    settings = None
    make = DovecotWithoutMetrics

    def __init__(self, conf=CONF, mmdb=None):
        self.rows = self.trips = 0
        self.dovecot = self.make(self.settings, conf, mechanisms="plain",
                                 mmdb=mmdb)
        self._pid = 0

    def start(self):
        self.dovecot.start()
        self._pid = self.dovecot.auth_pid()
        return self

    def stop(self):
        self.dovecot.stop()

    def close(self):
        self.dovecot.close()

    def cpu_seconds(self):
        """Of the auth process, and of all processes of the server."""
        return (process.cpu_seconds(self._pid),
                process.children_cpu_seconds(self.dovecot.process.pid))

    def memory(self):
        return process.memory(self._pid)

    def settle(self):
        """Wait until what the load left to be done is done."""

    def problem(self):
        """What is wrong then, or None."""
        return None


class Bare(Server):
    """Dovecot without geotrip's settings."""


class Policy(Server):
    """Dovecot's own policy client, and a server that does nothing."""

    def __init__(self):
        self._nginx = Nginx()
        super().__init__(POLICY_CONF.format(port=self._nginx.port))

    def close(self):
        super().close()
        self._nginx.close()

    def cpu_seconds(self):
        auth, dovecot = super().cpu_seconds()
        return auth, dovecot + process.children_cpu_seconds(self._nginx.pid)


class Geotrip(Server):
    settings = {}

    def __init__(self, mmdb):
        super().__init__(mmdb="maxmind.mmdb" if mmdb is None else mmdb)

    def count(self, what):
        return self.dovecot.query(f"SELECT count(*) FROM {what}")[0][0]

    def settle(self):
        """Until every row of every login is in the database."""
        wait_until(lambda: self.count("login") >= self.rows,
                   lambda: f"{self.rows} logins in the database, there are "
                   f"{self.count('login')}")

    def problem(self):
        rows = self.count("login")
        if rows != self.rows:
            return f"{rows} rows in login instead of {self.rows}"
        trips = self.count("suspension")
        if trips != self.trips:
            return f"{trips} suspensions instead of {self.trips}"
        return None


class GeotripWithMetrics(Geotrip):
    make = Dovecot
