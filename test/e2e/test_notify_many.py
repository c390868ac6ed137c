"""A wave of suspensions: one connection, steady memory, little time."""

import os
import pty
import subprocess
import time

from support import paths
from support.notify import NotifyCase, counts


class Many(NotifyCase):
    def measured(self, notices):
        """The peak of the memory of a run, in KiB, and its seconds."""
        self.empty()
        self.queue(f"{number}.of.{notices}.{self.user}"
                   for number in range(notices))
        begin = time.monotonic()
        with subprocess.Popen(
                [paths.tool("doveadm"), "-c", self.dovecot.conf_path,
                 "geotrip", "notify"], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True) as process:
            out = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        self.assertEqual(process.returncode, 0)
        self.assertEqual(counts(out)["sent"], notices)
        self.assertEqual(len(self.smtp.messages), notices)
        self.assertEqual(len({recipient for message in self.smtp.messages
                              for recipient in message.recipients}), notices)
        return usage.ru_maxrss, seconds

    def test_many(self):
        """2000 notices take one connection, and no more memory than 200."""
        small, _ = self.measured(200)
        large, seconds = self.measured(2000)
        self.assertEqual(len(self.smtp.connections), 1)
        self.assertLessEqual(large, small * 1.2 + 2048)
        self.assertLess(seconds, 60)

    def test_progress(self):
        """On a terminal the progress is shown."""
        self.queue(f"{number}.{self.user}" for number in range(60))
        terminal, end = pty.openpty()
        with open(terminal, "rb", buffering=0) as terminal:
            with subprocess.Popen(
                    [paths.tool("doveadm"), "-c", self.dovecot.conf_path,
                     "geotrip", "notify"], stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=end, text=True) as process:
                os.close(end)
                seen = b""
                try:
                    while data := terminal.read(4096):
                        seen += data
                except OSError:
                    # Nobody else has it open.
                    pass
                out = process.stdout.read()
        self.assertEqual(process.returncode, 0)
        self.assertEqual(counts(out)["sent"], 60)
        self.assertRegex(seen, rb"\r[0-9]+ of 60")
