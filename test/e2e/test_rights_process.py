"""The rights that doveadm works with: those of the owner of the database, for
good where it can, and root only for what takes it."""

import base64
import concurrent.futures
import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import sqlite3
import subprocess
import urllib.request

from support import dovecot_conf, paths
from support.addresses import address
from support.case import PASSWORD
from support.mail_clients import SmtpSession
from support.notify import NotifyCase
from support.smtp_server import STALL
from support.waiting import SLOW, wait_until

DOVECOT = pwd.getpwnam("dovecot")
# As mail servers like to have them, each for a user of its own.
USERDB_SOCKET = """\
service auth {{
  unix_listener auth-userdb {{
    mode = {mode}
    user = mail
  }}
}}
"""
# Writes what it may do.
SENDMAIL = """\
#!/bin/sh
cat >/dev/null
cat /proc/$$/status >{top}/out/status
"""


def rights(pid):
    """The rights of a process, or those in a file like /proc/pid/status."""
    path = pid if isinstance(pid, pathlib.Path) else f"/proc/{pid}/status"
    status = dict(re.findall(r"(?m)^(\w+):\t(.*)$",
                             pathlib.Path(path).read_text()))
    return {name: [int(number) for number in status[name].split()]
            for name in ("Uid", "Gid", "Groups")} | {
            name: int(status[name], 16) for name in ("CapPrm", "CapEff")}


class RightsCase(NotifyCase):
    conf = "submission_timeout = 2 s\n"

    def assertOwner(self, found, saved_uid=DOVECOT.pw_uid):
        """They are those of Dovecot's user; saved_uid is what the process can
        be again."""
        uid = DOVECOT.pw_uid
        self.assertEqual(found["Uid"], [uid, uid, saved_uid, uid])
        self.assertEqual(found["Gid"], [DOVECOT.pw_gid] * 4)
        self.assertEqual(sorted(found["Groups"]), sorted(os.getgrouplist(
            DOVECOT.pw_name, DOVECOT.pw_gid)))
        self.assertEqual(found["CapEff"], 0)
        if saved_uid != 0:
            self.assertEqual(found["CapPrm"], 0)

    def server_with(self, conf="", mode=None):
        """A server, and a user for whom the userdb has another address."""
        if mode is not None:
            conf += USERDB_SOCKET.format(mode=mode)
        server = self.server_of_its_own(
            conf=self.conf + conf,
            users=dovecot_conf.user_line(self.user,
                                         geotrip_notify="far@example.net"))
        with_program = server.top / "sendmail"
        with_program.write_text(SENDMAIL.format(top=server.top))
        with_program.chmod(0o755)
        (server.top / "out").mkdir()
        (server.top / "out").chmod(0o777)
        server.start()
        self.suspend(self.user, server=server)
        return server


class CommandLine(RightsCase):
    def waiting(self, server):
        """The rights of a run that waits for a mail server."""
        server.sink.trouble("mail", STALL)
        process = subprocess.Popen(
            [paths.tool("doveadm"), "-c", server.conf_path, "geotrip",
             "notify"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: "mail" in server.sink.met, "it is there")
            return rights(process.pid)
        finally:
            self.assertEqual(process.wait(20 * SLOW), 75)

    def check(self, server):
        """What the userdb says arrives."""
        server.sink.troubles.clear()
        self.later(61 * 10**6, server)
        self.assertEqual(self.notify(server=server)["sent"], 1)
        self.one_message("far@example.net", server)

    def test_for_good(self):
        """There is no way back while it talks to a mail server."""
        server = self.server_with()
        self.assertOwner(self.waiting(server))
        self.check(server)

    def test_sockets_of_others(self):
        """If the userdb answers only to another user, or to root, there is
        one. The mail server sees no root all the same."""
        for mode in ("0600", "0666"):
            with self.subTest(mode):
                server = self.server_with(mode=mode)
                self.assertOwner(self.waiting(server), 0)
                self.check(server)

    def test_sendmail(self):
        """A program has nothing of root's, whatever its parent could do."""
        for mode in (None, "0600"):
            with self.subTest(mode):
                server = self.server_with(
                    "submission_host =\nsendmail_path = {top}/sendmail\n",
                    mode)
                self.assertEqual(self.notify(server=server)["sent"], 1)
                self.assertOwner(rights(server.top / "out" / "status"))

    def test_reading(self):
        """A command that only reads, and one that deletes: seen while they
        wait for a lock."""
        server = self.server_of_its_own().start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        server.wait_for_logins(self.user, 1)
        server.stop()
        for command in ("list", "purge"):
            with (self.subTest(command), locked_for_all(server),
                  subprocess.Popen(
                      [paths.tool("doveadm"), "-c", server.conf_path,
                       "geotrip", command], stdin=subprocess.DEVNULL,
                      stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL) as process):
                try:
                    wait_until(lambda: has_open(process.pid, server.database),
                               "it has opened the database")
                    self.assertOwner(rights(process.pid))
                finally:
                    process.kill()


@contextlib.contextmanager
def locked_for_all(server):
    """Another program has the database for itself."""
    with contextlib.closing(sqlite3.connect(
            server.database, isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        yield


def has_open(pid, path):
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.readlink(link) == str(path):
                return True
    return False


class Server(RightsCase):
    """Over HTTP, where the process has other commands to serve."""

    # All of it in one process.
    conf = (RightsCase.conf + dovecot_conf.shared_processes("doveadm", 1)
            + "service doveadm {\n  process_limit = 1\n}\n")

    def call(self, server, command, **parameters):
        """The answer to one command: (kind, what)."""
        key = base64.b64encode(server.api_key.encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.ports['doveadm']}/doveadm/v1",
            data=json.dumps([[command, parameters, "tag"]]).encode(),
            headers={"Content-Type": "application/json",
                     "Authorization": f"X-Dovecot-API {key}"})
        with urllib.request.urlopen(request, timeout=20 * SLOW) as response:
            ((kind, what, _),) = json.load(response)
        return kind, what

    def pid(self, server):
        """The process id of the one doveadm server."""
        pids = []
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                text = (path / "status").read_text()
                if (f"\nPPid:\t{server.process.pid}\n" in text
                        and text.startswith("Name:\tdoveadm")):
                    pids.append(int(path.name))
        (pid,) = pids
        return pid

    def check(self, server):
        """It is the owner while the command is at work, and root with all of
        its groups before and after."""
        self.call(server, "geotripList")
        pid = self.pid(server)
        before = rights(pid)
        self.assertEqual(before["Uid"], [0] * 4)
        server.sink.trouble("mail", STALL)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            answer = pool.submit(self.call, server, "geotripNotify")
            wait_until(lambda: "mail" in server.sink.met, "it is there")
            self.assertOwner(rights(pid), 0)
            self.assertEqual(answer.result()[0], "error")
        self.assertEqual(rights(pid), before)
        server.sink.troubles.clear()
        self.later(61 * 10**6, server)
        kind, what = self.call(server, "geotripNotify")
        self.assertEqual(kind, "doveadmResponse", what)
        self.one_message("far@example.net", server)
        for command, parameters in (
                ("geotripCheck", {}), ("geotripPurge", {}),
                ("geotripUnsuspend", {"users": [self.user]}),
                ("geotripShow", {"user": "nobody"})):
            self.call(server, command, **parameters)
            self.assertEqual(rights(pid), before, command)
        self.assertEqual(self.pid(server), pid)

    def test_notify(self):
        """notify and other commands, one after the other in one process."""
        self.check(self.server_with())

    def test_sockets_of_others(self):
        """The same where it takes root to ask the userdb."""
        self.check(self.server_with(mode="0600"))

    def test_errors(self):
        """A command that fails gives the rights back as well."""
        server = self.server_with()
        self.call(server, "geotripList")
        pid = self.pid(server)
        before = rights(pid)
        moved = server.database.with_name("moved")
        server.database.rename(moved)
        server.database.symlink_to(moved)
        self.assertEqual(self.call(server, "geotripList")[0],
                         "error")
        self.assertEqual(rights(pid), before)
        shutil.chown(server.database.parent, "root", "root")
        self.assertEqual(self.call(server, "geotripList")[0],
                         "error")
        self.assertEqual(rights(pid), before)

    def test_sendmail(self):
        """A program has nothing of root's, and its parent gets it back."""
        server = self.server_with(
            "submission_host =\nsendmail_path = {top}/sendmail\n")
        kind, what = self.call(server, "geotripNotify")
        self.assertEqual(kind, "doveadmResponse", what)
        self.assertEqual(str(what[0]["sent"]), "1")
        self.assertOwner(rights(server.top / "out" / "status"))
        self.assertEqual(rights(self.pid(server))["Uid"], [0] * 4)


class Units(RightsCase):
    """The capabilities in the units of systemd are enough."""

    def run_unit(self, name, server):
        """The command of a unit with the capabilities of the unit."""
        text = (paths.TOP / "examples" / "systemd"
                / f"dovecot-geotrip-{name}.service").read_text()
        (capabilities,) = re.findall(r"(?m)^CapabilityBoundingSet=(.*)$", text)
        bounds = ["-all", *("+" + word.removeprefix("CAP_").lower()
                            for word in capabilities.split())]
        (command,) = re.findall(r"(?m)^ExecStart=/usr/bin/doveadm (.*)$", text)
        return subprocess.run(
            ["setpriv", "--bounding-set", ",".join(bounds),
             "--inh-caps", "-all",
             *["--no-new-privs"] * ("NoNewPrivileges=yes" in text),
             paths.tool("doveadm"), "-c", server.conf_path, *command.split()],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)

    def check(self, name, server):
        # A certificate's key may be readable for one user only.
        os.chown(server.conf_path, DOVECOT.pw_uid, DOVECOT.pw_gid)
        server.conf_path.chmod(0o600)
        done = self.run_unit(name, server)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("Error", done.stderr)
        return done.stdout

    def test_notify(self):
        """notify ends a session, asks a userdb that answers to another user,
        and sends."""
        server = self.server_with(mode="0600")
        self.unsuspend(self.user, server=server)
        session = SmtpSession(server.relays["submission"].port(address("JP")),
                              self.user, PASSWORD)
        self.addCleanup(session.close)
        self.suspend(self.user, server=server)
        text = self.check("notify", server)
        self.assertIn("sent=1", text)
        self.assertIn("sessions=1", text)
        wait_until(lambda: not session.is_open(), "the session ends")

    def test_purge(self):
        """purge deletes."""
        server = self.server_with()
        self.assertIn("logins=0", self.check("purge", server))
