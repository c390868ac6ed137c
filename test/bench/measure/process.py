"""What processes cost, as the kernel counts it."""

import contextlib
import os
import pathlib

TICK = 1 / os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """CPU time of a process with all its threads that run now."""
    proc = pathlib.Path("/proc", str(pid))
    # In nanoseconds. The ticks of stat are too coarse for a short run.
    threads = list(proc.glob("task/[0-9]*/schedstat"))
    if threads:
        return sum(int(thread.read_text().split()[0])
                   for thread in threads) / 1e9
    fields = (proc / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def children(pid):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def children_cpu_seconds(pid):
    """Of the processes that run now."""
    total = 0
    for child in children(pid):
        with contextlib.suppress(OSError):
            total += cpu_seconds(child)
    return total


def memory(pid):
    """Resident and proportional set size in MB."""
    sizes = {}
    rollup = pathlib.Path("/proc", str(pid), "smaps_rollup").read_text()
    for line in rollup.splitlines():
        words = line.split()
        if words[0] in ("Rss:", "Pss:"):
            sizes[words[0][:-1].lower() + "_mb"] = int(words[1]) / 1024
    return sizes
