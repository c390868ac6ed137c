"""The world's networks by country: a CC0 database from an npm package, kept
in a cache directory of the user's."""

import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

PACKAGE = "@ip-location-db/geo-whois-asn-country-mmdb"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME")
                     or pathlib.Path.home() / ".cache") / "geotrip"


class Unavailable(Exception):
    """There is no npm, or it could not get the package."""


def database():
    """The path of the mmdb with both IPv4 and IPv6."""
    path = CACHE / "world" / "geo-whois-asn-country.mmdb"
    if not path.exists():
        _fetch()
    if not path.exists():
        raise Unavailable(f"{PACKAGE} has no {path.name}")
    return path


def _fetch():
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("there is no npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as new:
        done = subprocess.run([npm, "pack", PACKAGE], cwd=new,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=200, check=False)
        if done.returncode != 0:
            raise Unavailable(f"npm pack {PACKAGE}: {done.stderr}")
        (package,) = pathlib.Path(new).glob("*.tgz")
        with tarfile.open(package) as tar:
            tar.extractall(new)
        shutil.rmtree(CACHE / "world", ignore_errors=True)
        os.rename(pathlib.Path(new) / "package", CACHE / "world")
