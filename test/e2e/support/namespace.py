"""A mount namespace for the whole run.

Dovecot's directories of modules and programs are compiled in. In a namespace of
our own what was built can lie over them, and every process of the run can be
told by it.
"""

import contextlib
import grp
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

from .waiting import wait_until

MARK = "GEOTRIP_E2E_NAMESPACE"


def enter():
    """Start this program again in a mount namespace, unless it is in one."""
    if MARK in os.environ:
        return
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation",
                          _propagation(), sys.executable, "-B", *sys.argv])


def _propagation():
    """private, but where the root directory is no mount point, as in a plain
    chroot, that cannot be had."""
    trial = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "true"],
        stderr=subprocess.DEVNULL, check=False)
    return "private" if trial.returncode == 0 else "unchanged"


@contextlib.contextmanager
def overlays(pairs):
    """Lay a tree over each directory. One may be in another."""
    with contextlib.ExitStack() as stack:
        for directory, built in sorted(pairs):
            stack.enter_context(overlay(directory, built))
        yield


@contextlib.contextmanager
def overlay(directory, built):
    """The same for one."""
    with tempfile.TemporaryDirectory(prefix="overlay-") as merged:
        shutil.copytree(directory, merged, symlinks=True, dirs_exist_ok=True)
        shutil.copytree(built, merged, symlinks=True, dirs_exist_ok=True)
        os.chmod(merged, 0o755)
        subprocess.run(["mount", "--bind", merged, directory], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", directory], check=True)


def without_geotrip(directories, copies, command):
    """The command to be run in a mount namespace of its own in which geotrip
    is not installed. directories: of Dovecot's programs and modules, of which
    copies without geotrip are made in the directory copies."""
    mounts = []
    for directory in sorted(directories):
        copy = copies / str(len(mounts))
        shutil.copytree(directory, copy, symlinks=True,
                        ignore=shutil.ignore_patterns("*geotrip*"))
        mounts += [copy, directory]
    return ["unshare", "--mount", "--propagation", _propagation(),
            "sh", "-ec", _MOUNT_AND_RUN, "sh", *mounts, "--", *command]


_MOUNT_AND_RUN = """
while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done
shift
exec "$@"
"""


def mount_small_disk(directory, owner, megabytes):
    """Lay an empty file system of that size over a directory."""
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o",
         f"size={megabytes}m,mode=0750,uid={pwd.getpwnam(owner).pw_uid},"
         f"gid={grp.getgrnam(owner).gr_gid}", "tmpfs", directory], check=True)


def unmount(directory):
    subprocess.run(["umount", directory], check=True)


def other_processes():
    """Process id and name of all in this namespace but this one."""
    found = {}
    own = os.readlink("/proc/self/ns/mnt")
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(path / "ns" / "mnt") == own:
                name = (path / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(path.name)] = name.decode(errors="replace").strip()
    found.pop(os.getpid(), None)
    return {pid: name for pid, name in found.items() if name}


def end_other_processes():
    """For those that a failure or an interruption left behind."""
    def none_left():
        left = other_processes()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left
    wait_until(none_left, other_processes)
