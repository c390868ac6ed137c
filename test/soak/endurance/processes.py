"""What the processes of a Dovecot need, over time."""

import collections
import contextlib
import os
import pathlib

from measure import process


class Sample:
    """rss_mb, descriptors, mappings of the mmdb: of a process, now."""

    def __init__(self, pid):
        proc = pathlib.Path("/proc", str(pid))
        self.rss_mb = process.memory(pid)["rss_mb"]
        self.descriptors = len(os.listdir(proc / "fd"))
        self.mappings = (proc / "maps").read_text().count(".mmdb")


class Watch:
    """The auth processes of a server, each with its samples."""

    def __init__(self, dovecot):
        self._dovecot = dovecot
        self.samples = collections.defaultdict(list)

    def look(self):
        """Take a sample of each; answers how many there are."""
        pids = self._auth_pids()
        for pid in pids:
            # It may end right now.
            with contextlib.suppress(OSError, KeyError):
                self.samples[pid].append(Sample(pid))
        return len(pids)

    def _auth_pids(self):
        found = []
        for pid in process.children(self._dovecot.process.pid):
            with contextlib.suppress(OSError):
                comm = pathlib.Path("/proc", str(pid), "comm").read_text()
                words = pathlib.Path("/proc", str(pid), "cmdline").read_bytes()
                if comm == "auth\n" and b"-w" not in words.split(b"\0"):
                    found.append(pid)
        return found

    def descriptors_of_master(self):
        return len(os.listdir(f"/proc/{self._dovecot.process.pid}/fd"))

    def count_processes(self):
        return len(process.children(self._dovecot.process.pid))
