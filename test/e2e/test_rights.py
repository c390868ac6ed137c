"""Who may do what: neither a local user nor a client gets further than the
table in dovecot-geotrip(7) says."""

import base64
import contextlib
import hmac
import os
import pwd
import sqlite3
import stat
import subprocess
import sys

from support import addresses
from support.auth_socket import plain
from support.case import Case

# Tries everything that a local user could; prints what worked.
INTRUDER = """
import os, pathlib, socket, sqlite3, sys
database, sockets = sys.argv[1], sys.argv[2:]

def attempt(name, action):
    try:
        action()
    except (OSError, sqlite3.Error):
        return
    print(name)

def sql(statement):
    db = sqlite3.connect(database, 1)
    db.execute(statement).fetchall()
    db.commit()

def connect(path):
    socket.socket(socket.AF_UNIX).connect(path)

here = os.path.dirname(database)
attempt("list", lambda: os.listdir(here))
attempt("stat", lambda: os.stat(database))
attempt("read", lambda: open(database, "rb").read(1))
attempt("write", lambda: open(database, "r+b"))
attempt("create", lambda: open(os.path.join(here, "new"), "wb"))
attempt("remove", lambda: os.unlink(database))
attempt("rename", lambda: os.rename(database, database + ".old"))
attempt("select", lambda: sql("SELECT * FROM user"))
attempt("insert", lambda: sql("INSERT INTO user (name) VALUES ('x')"))
for suffix in ("-wal", "-shm"):
    attempt("read " + suffix,
            lambda: open(database + suffix, "rb").read(1))
for path in sockets:
    attempt("connect " + path, lambda: connect(path))
"""


class Local(Case):
    def setUp(self):
        super().setUp()
        self.trip(self.user)

    def intrude(self, database, *sockets):
        """What a user without rights can do."""
        nobody = pwd.getpwnam("nobody")
        done = subprocess.run(
            [sys.executable, "-c", INTRUDER, database, *sockets],
            user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[],
            cwd="/", capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.splitlines()

    def test_stranger(self):
        """A local user can neither read nor change the database, nor ask
        geotrip-policy who is suspended."""
        before = self.dovecot.query("SELECT count(*) FROM login")
        self.assertEqual(self.intrude(self.dovecot.database,
                                      self.dovecot.policy_socket), [])
        self.assertEqual(self.dovecot.query("SELECT count(*) FROM login"),
                         before)

    def test_open_directory(self):
        """Not even if the directory is open to everybody by mistake."""
        server = self.server_of_its_own().start()
        directory = server.database.parent
        directory.chmod(0o755)
        self.trip(self.user, server=server)
        server.geotrip("list").expect(0)
        self.assertEqual(self.intrude(server.database), ["list", "stat"])

    def test_modes(self):
        """No file has a mode beyond 0640, whoever made it: the guard,
        doveadm, or a program that recreated the log."""
        server = self.server_of_its_own().start()
        self.trip(self.user, server=server)
        self.check_modes(server.database)
        server.stop()
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{server.database}{suffix}")
        old_mask = os.umask(0)
        self.addCleanup(os.umask, old_mask)
        with contextlib.closing(sqlite3.connect(server.database)) as db:
            db.execute("SELECT count(*) FROM login").fetchall()
            server.geotrip("unsuspend", self.user, json=False).expect(0)
            self.check_modes(server.database)
        server.start()
        self.check_modes(server.database)

    def check_modes(self, database):
        dovecot = pwd.getpwnam("dovecot").pw_uid
        for path in [database, *database.parent.iterdir()]:
            status = path.stat()
            self.assertEqual(status.st_uid, dovecot, path)
            self.assertEqual(stat.S_IMODE(status.st_mode) & ~0o640, 0, path)


class Remote(Case):
    """Nothing that a client sends suspends an account whose password it does
    not know."""

    mechanisms = "plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256"
    settings = {"services": "*", "suspend_services": "*"}
    conf = "auth_failure_delay = 0\n"
    countries = addresses.ALL_COUNTRIES

    def answer(self, where, mechanism, initial=None, respond=None):
        """The answer to an exchange from a country. respond makes the
        response to the server's challenge."""
        with self.dovecot.auth() as auth:
            number, request = auth.request(
                mechanism, initial, service="smtp",
                rip=addresses.any_address(where))
            auth.write(request)
            reply = auth.reply()
            if respond is not None:
                self.assertEqual(reply.kind, "CONT", reply)
                auth.write(b"CONT\t%d\t%s\n" % (
                    number, base64.b64encode(respond(reply.data))))
                reply = auth.reply()
            return reply

    def check(self, kind, *arguments):
        self.assertGreaterEqual(len(self.countries), 50)
        for where in self.countries:
            self.assertEqual(self.answer(where, *arguments).kind, kind)
        self.assertNoLogin(self.user)
        result = self.dovecot.geotrip("show", self.user)
        result.expect(67)
        # The owner can go on.
        self.assertAllowed(self.login(self.user, "JP"))

    def test_wrong_password(self):
        """Wrong passwords from 50 countries."""
        self.check("FAIL", "PLAIN", plain(self.user, "guess"))

    def test_empty_password(self):
        """No password at all."""
        self.check("FAIL", "PLAIN", plain(self.user, ""))

    def test_started_cram_md5(self):
        """CRAM-MD5 exchanges that are left after the challenge."""
        self.check("CONT", "CRAM-MD5")

    def test_wrong_cram_md5(self):
        """CRAM-MD5 with another password."""
        self.check("FAIL", "CRAM-MD5", None, lambda challenge: (
            f"{self.user} "
            + hmac.digest(b"guess", challenge, "md5").hex()).encode())

    def test_started_scram(self):
        """SCRAM exchanges left after the name was said and looked up."""
        self.check("CONT", "SCRAM-SHA-256", self.scram_first())

    def test_wrong_scram(self):
        """SCRAM with a proof that is made up."""
        proof = base64.b64encode(bytes(32))
        self.check("FAIL", "SCRAM-SHA-256", self.scram_first(),
                   lambda challenge: b"c=biws," + challenge.split(b",")[0]
                   + b",p=" + proof)

    def scram_first(self):
        return f"n,,n={self.user},r=nonce".encode()

    def test_another_name(self):
        """A user who proves his own password, and asks to act as somebody
        else, trips neither."""
        self.check("FAIL", "PLAIN", b"\0".join(
            [self.user.encode(), f"thief.{self.user}".encode(), b"guess"]))
