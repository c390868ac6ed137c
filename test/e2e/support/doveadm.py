"""Running doveadm."""

import json as json_module
import os
import pwd
import subprocess

from . import paths
from .waiting import SLOW


class Result:
    """code: exit code; out, err: bytes; rows: the parsed JSON, if asked."""

    def __init__(self, arguments, code, out, err, json):
        self.arguments, self.code, self.out, self.err = (
            arguments, code, out, err)
        self.rows = []
        if json and out.strip():
            self.rows = json_module.loads(
                out.decode("utf-8", "surrogateescape"))

    def expect(self, code):
        if self.code != code:
            raise AssertionError(
                f"{self.arguments} ended with {self.code}, not {code}:\n"
                + (self.out + self.err).decode(errors="backslashreplace"))
        return self

    @property
    def text(self):
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def error_text(self):
        return self.err.decode("utf-8", "surrogateescape")


def run(conf_path, *arguments, json=False, formatter=None, timeout=30,
        as_user=None, **environment):
    """as_user: the name of a user, who has all groups that it is in."""
    identity = {}
    if as_user is not None:
        entry = pwd.getpwnam(as_user)
        identity = {"user": entry.pw_uid, "group": entry.pw_gid, "cwd": "/",
                    "extra_groups": os.getgrouplist(as_user, entry.pw_gid)}
    if json:
        formatter = "json"
    command = [paths.tool("doveadm"), "-c", conf_path]
    if formatter is not None:
        command += ["-f", formatter]
    command += arguments
    done = subprocess.run(command, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment},
                          capture_output=True, timeout=timeout * SLOW,
                          check=False, **identity)
    return Result(arguments, done.returncode, done.stdout, done.stderr, json)
