"""doveadm, usually started by root, has no more rights than the owner of the
database: whatever that user puts in its directory, nothing else is written."""

import contextlib
import os
import pathlib
import pwd
import shutil
import sqlite3
import subprocess

from support import paths
from support.case import Case
from support.waiting import wait_until

COMMANDS = (["list"], ["show", "x"], ["history", "x"], ["suspend", "x"],
            ["unsuspend", "x"], ["resume"], ["countries"], ["notify"],
            ["purge"])
SUFFIXES = ("-wal", "-shm", "-journal")


def as_dovecot(*command):
    subprocess.run(command, user="dovecot", group="dovecot", extra_groups=[],
                   check=True)


def tree(directory):
    """All that is in a directory, with owners, modes and contents."""
    return {path.relative_to(directory): (
                path.lstat().st_uid, path.lstat().st_mode,
                path.read_bytes() if path.is_file() else None)
            for path in [directory, *directory.rglob("*")]}


class Files(Case):
    """The databases of these tests have a directory of their own, and a
    directory of root's beside it."""

    def setUp(self):
        super().setUp()
        self.assertAllowed(self.login(self.user, "JP"))
        self.dovecot.wait_for_logins(self.user, 1)
        self.server = self.server_of_its_own()
        self.server.write_conf()
        self.database = self.server.database
        self.roots = self.server.top / "roots"
        self.roots.mkdir(mode=0o755)

    def copy(self, path, owner="dovecot", mode=0o600):
        """Put a copy of a real database there."""
        with (contextlib.closing(sqlite3.connect(self.dovecot.database)) as db,
              contextlib.closing(sqlite3.connect(path)) as copy):
            db.backup(copy)
        shutil.chown(path, owner, owner)
        path.chmod(mode)
        for suffix in SUFFIXES:
            pathlib.Path(f"{path}{suffix}").unlink(missing_ok=True)
        return path

    def refused(self, error, commands=COMMANDS):
        """Every command says why, and changes nothing anywhere."""
        before = tree(self.server.top)
        for command in commands:
            with self.subTest(command):
                result = self.server.geotrip(*command, json=False)
                result.expect(75)
                self.assertIn(f"Error: geotrip: Database geotrip_db="
                              f"{self.database}: ", result.error_text)
                self.assertRegex(result.error_text, error)
                self.assertEqual(tree(self.server.top), before)

    def works(self, *options):
        """list shows what there is, as JSON."""
        result = self.server.geotrip("history", self.user).expect(0)
        self.assertEqual([row["user"] for row in result.rows], [self.user])

    def test_copy(self):
        """That the others fail is not for want of a database."""
        self.copy(self.database)
        self.works()
        self.assertEqual(os.listdir(self.database.parent),
                         [self.database.name])

    def test_link_to_empty_file(self):
        """A link to an empty file of root's."""
        target = self.roots / "empty"
        target.touch(0o600)
        as_dovecot("ln", "-s", target, self.database)
        self.refused("is a symbolic link")

    def test_link_to_file(self):
        """A link to a file of root's, which is open to everybody."""
        target = self.roots / "file"
        target.write_text("precious\n" * 1000)
        target.chmod(0o666)
        as_dovecot("ln", "-s", target, self.database)
        self.refused("is a symbolic link")

    def test_link_to_nothing(self):
        """A link to what does not exist yet, where everybody may create it."""
        self.roots.chmod(0o777)
        as_dovecot("ln", "-s", self.roots / "new", self.database)
        self.refused("is a symbolic link")

    def test_link_to_database(self):
        """A link to a database of geotrip's, even one of the same owner."""
        as_dovecot("ln", "-s", self.copy(self.database.parent / "other"),
                   self.database)
        self.refused("is a symbolic link.*path of the file itself")

    def test_links_beside_it(self):
        """Links in the place of the files that SQLite makes."""
        for suffix in SUFFIXES:
            for target in (self.roots / "file", self.roots / "new"):
                with self.subTest(suffix, target=target.name):
                    self.copy(self.database)
                    self.roots.chmod(0o777)
                    (self.roots / "file").touch(0o666)
                    path = f"{self.database}{suffix}"
                    as_dovecot("ln", "-s", target, path)
                    self.refused(f"{path} is a symbolic link", [["list"]])
                    self.refused(f"{path} is a symbolic link", [["notify"]])
                    os.unlink(path)

    def test_link_to_directory(self):
        """An operator may have a link in the path of the directory."""
        link = self.server.top / "link"
        link.symlink_to(self.database.parent)
        self.copy(self.database)
        self.server.settings["db"] = link / self.database.name
        self.server.write_conf()
        self.works()

    def test_pipes(self):
        """A pipe holds nobody up, nor does a directory or a socket."""
        for suffix in ("", *SUFFIXES):
            for command in ("mkfifo", "mkdir"):
                with self.subTest(suffix, command=command):
                    if suffix:
                        self.copy(self.database)
                    path = f"{self.database}{suffix}"
                    as_dovecot(command, path)
                    self.refused("is not a regular file", [["list"]])
                    subprocess.run(["rm", "-r", path], check=True)

    def test_foreign_file(self):
        """A file of root's in the directory, whoever may read and write it."""
        for mode in (0o600, 0o644, 0o666):
            with self.subTest(oct(mode)):
                self.copy(self.database, "root", mode)
                self.refused("belongs to another user", [["list"], ["purge"]])

    def test_foreign_log(self):
        """The same beside the database."""
        self.copy(self.database)
        for suffix in SUFFIXES:
            with self.subTest(suffix):
                path = pathlib.Path(f"{self.database}{suffix}")
                path.write_bytes(b"x" * 100)
                path.chmod(0o666)
                self.refused(f"{path} belongs to another user", [["list"]])
                path.unlink()

    def test_empty(self):
        """An empty file is not made a database."""
        as_dovecot("touch", self.database)
        self.refused("is empty. Remove it")

    def test_text(self):
        """Nor is any other file; nothing is left beside it."""
        self.database.write_bytes(b"my diary\n" * 1000)
        shutil.chown(self.database, "dovecot", "dovecot")
        self.refused("not a database")

    def test_short(self):
        """Nor one that only begins like one."""
        self.database.write_bytes(b"SQLite format 3\0")
        shutil.chown(self.database, "dovecot", "dovecot")
        self.refused("not a database")

    def other_program(self, *pragmas):
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            for pragma in ("application_id = 1", *pragmas):
                db.execute(f"PRAGMA {pragma}")
            db.execute("CREATE TABLE theirs (x)")
        shutil.chown(self.database, "dovecot", "dovecot")

    def test_other_program(self):
        """The database of another program, with and without a log."""
        for pragmas in ((), ("journal_mode = wal",),
                        ("application_id = 0",),
                        ("application_id = 0", "journal_mode = wal")):
            with self.subTest(pragmas):
                self.database.unlink(missing_ok=True)
                self.other_program(*pragmas)
                self.refused("is the database of another program")

    def test_other_program_died(self):
        """One that has left everything in its log: it stays there."""
        self.other_program("journal_mode = wal", "application_id = 0",
                           "wal_autocheckpoint = 0")
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            db.execute("INSERT INTO theirs VALUES (1)")
            db.commit()
            crashed = self.server.top / "crashed"
            shutil.copytree(self.database.parent, crashed)
        for path in self.database.parent.iterdir():
            path.unlink()
        for path in crashed.iterdir():
            shutil.chown(shutil.copy(path, self.database.parent),
                         "dovecot", "dovecot")
        log = pathlib.Path(f"{self.database}-wal").read_bytes()
        self.assertTrue(log)
        before = self.database.read_bytes()
        result = self.server.geotrip("list", json=False).expect(75)
        self.assertIn("another program", result.error_text)
        self.assertEqual(pathlib.Path(f"{self.database}-wal").read_bytes(),
                         log)
        self.assertEqual(self.database.read_bytes(), before)

    def test_new(self):
        """One that was just made is known for geotrip's, though its header may
        be in the log only."""
        server = self.server_of_its_own().start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        server.wait_for_logins(self.user, 1)
        self.assertEqual(server.database.read_bytes()[68:72], bytes(4))
        server.geotrip("list").expect(0)

    def test_directory_of_root(self):
        """The directory is root's: the error says what to do."""
        self.copy(self.database)
        for owner, group in (("root", "root"), ("root", "dovecot")):
            with self.subTest(owner, group=group):
                shutil.chown(self.database.parent, owner, group)
                self.refused("its directory belongs to root. Change its "
                             "owner and group")

    def test_directory_is_missing(self):
        """There is no directory."""
        self.database.parent.rmdir()
        self.refused("its directory: No such file or directory. Create it")

    def test_group_of_directory(self):
        """The group of the directory does not matter: the owner has its own,
        and the process has no others."""
        self.copy(self.database)
        shutil.chown(self.database.parent, "dovecot", "root")
        self.works()

    def run_as(self, user, *arguments, prefix=()):
        """doveadm geotrip, started by another user."""
        identity = {}
        if user is not None:
            identity = {"user": user, "group": pwd.getpwnam(user).pw_gid,
                        "extra_groups": []}
        return subprocess.run(
            [*prefix, paths.tool("doveadm"), "-c", self.server.conf_path,
             "geotrip", *arguments], cwd="/", stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, **identity)

    def test_ordinary_user(self):
        """Somebody else is told who may do it; nothing about ownership."""
        self.copy(self.database)
        done = self.run_as("nobody", "list")
        self.assertEqual(done.returncode, 75)
        self.assertIn("belongs to the user dovecot. Run this as root, or as "
                      "that user", done.stderr)

    def test_owner(self):
        """The owner can do it as well."""
        self.copy(self.database)
        done = self.run_as("dovecot", "history", self.user)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(self.user, done.stdout)

    def test_without_capabilities(self):
        """Root who may not become anybody is told so, and does nothing."""
        self.copy(self.database)
        for missing in ("setuid", "setgid"):
            with self.subTest(missing):
                done = self.run_as(
                    None, "list",
                    prefix=["setpriv", "--bounding-set", f"-{missing}"])
                self.assertEqual(done.returncode, 75)
                self.assertIn("cannot become its owner, the user dovecot",
                              done.stderr)
                self.assertIn("CAP_SETUID and CAP_SETGID", done.stderr)


class GuardFiles(Case):
    def test_link(self):
        """The guard follows no link either, lets users in, and takes a file as
        soon as there is one."""
        server = self.server_of_its_own()
        elsewhere = paths.own_directory(server.top / "elsewhere", "dovecot",
                                        0o750)
        as_dovecot("ln", "-s", elsewhere / "database", server.database)
        server.start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        wait_until(lambda: "is a symbolic link" in server.log(), "an error")
        self.assertIn(f"Database geotrip_db={server.database}: ",
                      server.log())
        self.assertEqual(os.listdir(elsewhere), [])
        server.database.unlink()
        server.wait_for_logins(self.user, 1)

    def test_moved(self):
        """A database that is moved away while it is in use, with a link in
        its place, is not used on: its log would stay behind."""
        server = self.server_of_its_own().start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        server.wait_for_logins(self.user, 1)
        moved = server.database.with_name("moved")
        server.database.rename(moved)
        as_dovecot("ln", "-s", moved, server.database)

        def logged():
            self.assertAllowed(self.login(self.user, "JP", server=server))
            return "is a symbolic link" in server.log()
        wait_until(logged, "an error")
