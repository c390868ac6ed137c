"""A private Postfix that asks a private Dovecot about its clients."""

import shutil
import subprocess

from . import paths, postfix_conf
from .certificates import Authority
from .ports import free_port, listens
from .relay import Relays
from .waiting import wait_until


class Postfix:
    def __init__(self, dovecot):
        self.top = paths.work_directory("postfix")
        self.etc = self.top / "etc"
        self.log_path = self.top / "postfix.log"
        self.port = free_port()
        self.relays = Relays(self.port)
        self.etc.mkdir()
        (self.top / "spool").mkdir()
        paths.own_directory(self.top / "data", "postfix", 0o700)
        (self.etc / "main.cf").write_text(postfix_conf.MAIN.format(
            top=self.top, spool=self.top / "spool",
            auth=dovecot.postfix_socket))
        (self.etc / "master.cf").write_text(
            postfix_conf.MASTER.format(port=self.port))

    @classmethod
    def from_examples(cls, dovecot):
        """With the files of examples/postfix, and in Dovecot's spool."""
        self = cls(dovecot)
        self.tls = Authority(self.top / "tls")
        self.tls.issue("server", "mx.example.com")
        for name, text in postfix_conf.from_examples(
                self.top, dovecot.spool, self.port).items():
            (self.etc / name).write_text(text)
        return self

    def _run(self, verb):
        return subprocess.run(
            [paths.tool("postfix"), "-c", self.etc, verb],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60, check=False)

    def start(self):
        started = self._run("start")
        if started.returncode != 0:
            raise AssertionError(started.stdout.decode() + self.log())
        wait_until(lambda: listens(self.port), "Postfix listens")
        return self

    def set(self, name, value):
        """Change main.cf as an operator does, and have it read."""
        subprocess.run([paths.tool("postconf"), "-c", self.etc, "-e",
                        f"{name}={value}"], check=True)
        self._run("reload")

    def close(self):
        self._run("stop")
        self.relays.close()
        shutil.rmtree(self.top)

    def log(self, start=0):
        if not self.log_path.exists():
            return ""
        return self.log_path.read_text(errors="backslashreplace")[start:]

    def log_size(self):
        return len(self.log())
