"""Where things are."""

import contextlib
import os
import pathlib
import shutil
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[3]
E2E = TOP / "test" / "e2e"
DATA = TOP / "test" / "data"
NOTICES = TOP / "notices"


@contextlib.contextmanager
def temporary():
    """Have all temporary files in one directory, and no longer than that."""
    with tempfile.TemporaryDirectory(prefix="geotrip-") as top:
        os.chmod(top, 0o755)
        os.environ["TMPDIR"] = tempfile.tempdir = top
        try:
            yield
        finally:
            tempfile.tempdir = None


def work_directory(name):
    """A new directory that the servers' own users can pass through."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-"))
    path.chmod(0o755)
    return path


def own_directory(path, user, mode):
    """Make a directory that belongs to the user and its group."""
    path.mkdir(parents=True)
    path.chmod(mode)
    shutil.chown(path, user, user)
    return path


def tool(name):
    """The path of a program, also where root's PATH lacks sbin."""
    found = shutil.which(name, path=os.environ.get("PATH", "")
                         + ":/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        raise FileNotFoundError(name)
    return found
