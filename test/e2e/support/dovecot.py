"""A private Dovecot: all its files below one directory, on free ports."""

import collections
import contextlib
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile

from . import doveadm, dovecot_conf, namespace, oauth2, paths, sanitize
from .auth_socket import AuthSocket
from .ports import free_port
from .relay import Relays
from .smtp_server import SmtpServer
from .waiting import SLOW, wait_until

PORTS = ("imap", "pop3", "submission", "lmtp", "stats", "doveadm")


class StartFailed(Exception):
    """Dovecot ended at once; the text is what it said."""


class Dovecot:
    """Starts from the example files of the installed version. settings are the
    geotrip_* settings without that prefix that differ from it; None leaves
    all of geotrip out. conf is text for the end of dovecot.conf, in which
    {top} stands for the server's directory. users are the lines of a file in
    the format of passwd with users of whom more is known than of others."""

    def __init__(self, settings=(), conf="", mmdb="maxmind.mmdb",
                 mechanisms=dovecot_conf.MECHANISMS, users=None):
        self.top = paths.work_directory("dovecot")
        self.run = self.top / "run"
        self.log_path = self.top / "dovecot.log"
        self.conf_path = self.top / "dovecot.conf"
        self.conf_d = self.top / "conf.d"
        # The queue directory of a Postfix that is to find its sockets in it.
        self.spool = self.top / "spool"
        self.postfix_socket = self.spool / "private" / "auth"
        self.policy_socket = self.spool / "private" / "geotrip-policy"
        self.guard_socket = self.run / "geotrip"
        self.database = self.top / "geotrip" / "geotrip.sqlite"
        self.mmdb = self.top / "geo" / "country.mmdb"
        self.settings = None
        # The names of the files that conf.d has.
        self.examples = ()
        if settings is not None:
            self.settings = dict(settings)
            self.examples = dovecot_conf.EXAMPLES
        self.conf = conf
        self.mechanisms = mechanisms
        self.users = users
        self.api_key = "the key of the tests"
        self.ports = {name: free_port() for name in PORTS}
        self.relays = {name: Relays(self.ports[name])
                       for name in ("imap", "pop3", "submission")}
        # Where submitted mail and notices go.
        self.sink = SmtpServer()
        self.process = None
        self._mounts = contextlib.ExitStack()
        self._make_directories()
        if mmdb is not None:
            self.install_mmdb(mmdb)

    def _make_directories(self):
        paths.own_directory(self.top / "geotrip", "dovecot", 0o750)
        paths.own_directory(self.top / "mail", "mail", 0o755)
        self.spool.mkdir()
        paths.own_directory(self.spool / "private", "postfix", 0o700)
        (self.top / "state").mkdir()
        self.conf_d.mkdir()
        (self.top / "geo").mkdir()
        oauth2.write_key(self.top / "keys")
        for name, text in dovecot_conf.FILES.items():
            (self.top / name).write_text(text.format(top=self.top))

    def use_fast_disk(self):
        """Have the database in memory, where nobody holds its lock for long
        because a disk is slow. To be called before the first start."""
        namespace.mount_small_disk(self.database.parent, "dovecot", 512)
        self._mounts.callback(namespace.unmount, self.database.parent)

    def install_mmdb(self, source):
        """Put a database of test/data, or any path, in place by a rename, as
        a program that fetches updates does."""
        new = self.mmdb.with_suffix(".new")
        shutil.copyfile(paths.DATA / source, new)
        new.rename(self.mmdb)

    def write_conf(self):
        text = dovecot_conf.TEMPLATE.format(
            top=self.top, run=self.run, mechanisms=self.mechanisms,
            password=dovecot_conf.PASSWORD, sink_port=self.sink.port,
            users=self._users_conf(),
            api_key=self.api_key,
            **{f"{name}_port": port for name, port in self.ports.items()})
        text += self._examples_conf()
        if self.settings is not None:
            # More accounts trip in the tests than ever do in an hour.
            settings = {"notify_templates": paths.NOTICES,
                        "max_suspensions": "0", **self.settings}
            text += sanitize.geotrip_conf(dovecot_conf.UNLIMITED)
            for name, value in settings.items():
                text += f"geotrip_{name} = {value}\n"
        text += sanitize.dovecot_conf(dovecot_conf.environment,
                                      dovecot_conf.UNLIMITED)
        text += self.conf.replace("{top}", str(self.top))
        self.conf_path.write_text(text)

    def _examples_conf(self):
        for path in self.conf_d.iterdir():
            path.unlink()
        for name in self.examples:
            (self.conf_d / name).write_text(dovecot_conf.example(
                name, database=self.database, mmdb=self.mmdb,
                auth=self.postfix_socket, policy=self.policy_socket,
                stats_port=self.ports["stats"]))
        return "!include conf.d/*.conf\n" if self.examples else ""

    def _users_conf(self):
        if self.users is None:
            return ""
        path = self.top / "users"
        path.write_text(self.users)
        return dovecot_conf.passwd_file_userdb(path)

    # Starting and stopping.

    def start(self):
        return self._start([paths.tool("dovecot"), "-F", "-c", self.conf_path])

    def start_without_geotrip(self):
        """The same, but where its modules and programs are not installed."""
        return self._start(namespace.without_geotrip(
            dovecot_conf.directories(),
            pathlib.Path(tempfile.mkdtemp(dir=self.top)),
            [paths.tool("dovecot"), "-F", "-c", self.conf_path]))

    def _start(self, command):
        self.write_conf()
        with open(self.top / "dovecot.err", "wb") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors,
                stderr=errors)
        wait_until(self._up, "the auth process answers")
        return self

    def _up(self):
        if self.process.poll() is not None:
            self.process = None
            raise StartFailed((self.top / "dovecot.err").read_text()
                              + self.log())
        try:
            self.auth().close()
        except OSError:
            return False
        return True

    def stop(self):
        """A clean stop."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30 * SLOW)
        self.process = None

    def close(self):
        """Stop, and leave nothing behind."""
        self.stop()
        for relays in self.relays.values():
            relays.close()
        self.sink.close()
        self._mounts.close()
        shutil.rmtree(self.top)

    def reload(self):
        """Reload the configuration; returns when auth answers again."""
        self.write_conf()
        old = self.auth_pid()
        self.doveadm("reload").expect(0)
        wait_until(lambda: not _alive(old), "the old auth process ends")

    def reload_beside(self, old):
        """Let a new auth process take over while the one with the process id
        old serves its clients on, and answer with a connection to the new
        one. Needs shutdown_clients = no: by default Dovecot ends the old one
        after some seconds."""
        self.doveadm("reload").expect(0)

        def new():
            with contextlib.suppress(OSError):
                auth = self.auth()
                if auth.server_pid != old:
                    return auth
                auth.close()
            return None
        return wait_until(new, "a new auth process answers")

    def auth_pid(self):
        """The process id of the auth process, 0 if it is not running."""
        result = self.doveadm("process", "status", "auth", json=True)
        return int(result.rows[0]["pid"]) if result.rows else 0

    def guard_pid(self):
        """The process id of the guard, 0 if it is not running."""
        result = self.doveadm("process", "status", "geotrip", json=True)
        return int(result.rows[0]["pid"]) if result.rows else 0

    def processes(self):
        """The process ids of the auth process and of the guard: they change
        when one of them crashes."""
        return (wait_until(self.auth_pid, "the auth process runs"),
                wait_until(self.guard_pid, "the guard runs"))

    @contextlib.contextmanager
    def guard_stopped(self):
        """The guard does not get to run."""
        pid = wait_until(self.guard_pid, "the guard runs")
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    # Looking inside.

    def auth(self):
        """A new connection to the auth process."""
        return AuthSocket(self.run / "auth-client")

    def doveadm(self, *arguments, **options):
        return doveadm.run(self.conf_path, *arguments, **options)

    def geotrip(self, *arguments, **options):
        """doveadm geotrip, answered in JSON."""
        options.setdefault("json", True)
        return self.doveadm("geotrip", *arguments, **options)

    def log(self, start=0):
        if not self.log_path.exists():
            return ""
        with open(self.log_path, "rb") as log:
            log.seek(start)
            return log.read().decode(errors="backslashreplace")

    def log_size(self):
        return self.log_path.stat().st_size if self.log_path.exists() else 0

    def query(self, sql, *values):
        """Rows of the database as named tuples; none before it has tables.
        Text that is no UTF-8 comes as Python spells file names."""
        if not self.database.exists():
            return []
        with contextlib.closing(sqlite3.connect(
                f"file:{self.database}?mode=ro", uri=True)) as db:
            db.text_factory = os.fsdecode
            if not db.execute("SELECT * FROM sqlite_schema").fetchone():
                return []
            cursor = db.execute(sql, values)
            row = collections.namedtuple(
                "Row", [column[0] for column in cursor.description],
                rename=True)
            return [row(*values) for values in cursor]

    @contextlib.contextmanager
    def locked(self):
        """Another process holds the lock of the database."""
        with contextlib.closing(sqlite3.connect(
                self.database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")

    def logins(self, user):
        """The login rows of a user, oldest first."""
        return self.query(
            "SELECT l.* FROM login l JOIN user u ON u.id = l.user_id"
            " WHERE CAST(u.name AS BLOB) = ? ORDER BY l.id",
            os.fsencode(user))

    def wait_for_logins(self, user, count):
        """The rows of a user as soon as there are as many as expected."""
        wait_until(lambda: len(self.logins(user)) >= count,
                   lambda: f"{count} login rows: {self.logins(user)}")
        return self.logins(user)


def _alive(pid):
    return pathlib.Path(f"/proc/{pid}").exists()
