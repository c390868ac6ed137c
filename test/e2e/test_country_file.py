"""examples/country-file: a good country file replaces the old one, and nothing
else does. It runs as a user without any right."""

import datetime
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest

from support import hostile_mmdb, paths
from support.web import WebServer

DIRECTORY = paths.TOP / "examples" / "country-file"
PROGRAM = DIRECTORY / "geotrip-country-file"
USER = "mail"
NOW = int(time.time())
DAY = 24 * 60 * 60
PAGE = b"<!DOCTYPE html><html><body>Please log in.</body></html>"


def country_file(built, country=b"SE", padding=0):
    """A database with every address in one country."""
    return hostile_mmdb.file(
        hostile_mmdb.country(country) + b"\0" * padding, built=built)


OLD = country_file(NOW - 30 * DAY, padding=4000)
NEW = country_file(NOW - DAY, padding=4000)


class CountryFile(unittest.TestCase):
    def setUp(self):
        self.web = WebServer()
        self.addCleanup(self.web.close)
        top = paths.work_directory("country")
        self.addCleanup(shutil.rmtree, top)
        # The user may not be able to read the sources.
        self.program = pathlib.Path(shutil.copy(PROGRAM, top))
        self.directory = paths.own_directory(top / "lib", USER, 0o755)
        self.file = self.directory / "country.mmdb"

    def put(self, content):
        self.file.write_bytes(content)

    def offer(self, content, path="/country.mmdb"):
        self.web.files[path] = content

    def renew(self, path="/country.mmdb", probes=("192.0.2.1=SE",),
              url=None, **environment):
        options = [word for probe in probes for word in ("-p", probe)]
        return subprocess.run(
            [paths.tool("setpriv"), f"--reuid={USER}", f"--regid={USER}",
             "--clear-groups", "--no-new-privs", "--bounding-set=-all",
             self.program, *options, (url or self.web.url) + path, self.file],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], **environment}, timeout=120,
            check=False)

    def assertRenewed(self, content, **options):
        done = self.renew(**options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(str(self.file), done.stdout)
        self.assertEqual(self.file.read_bytes(), content)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o644)
        self.assertEqual(list(self.directory.iterdir()), [self.file])

    def assertKept(self, why, **options):
        """The old one is untouched, nothing lies beside it, and somebody is
        told why."""
        before = self.file.stat()
        done = self.renew(**options)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        (line,) = done.stderr.splitlines()
        self.assertIn(f"{self.file} is left as it was: ", line)
        self.assertRegex(line, why)
        after = self.file.stat()
        self.assertEqual((after.st_ino, after.st_mtime_ns),
                         (before.st_ino, before.st_mtime_ns))
        self.assertEqual(self.file.read_bytes(), OLD)
        self.assertEqual(list(self.directory.iterdir()), [self.file])

    def test_first(self):
        """There is none yet."""
        self.offer(NEW)
        self.assertRenewed(NEW)

    def test_newer(self):
        """A newer one replaces the old one."""
        self.put(OLD)
        self.offer(NEW)
        self.assertRenewed(NEW)

    def test_packed(self):
        """It may be packed."""
        self.put(OLD)
        self.offer(gzip.compress(NEW))
        self.assertRenewed(NEW)

    def test_same(self):
        """The same one is no error, and not written again."""
        self.put(NEW)
        before = self.file.stat()
        self.offer(NEW)
        self.assertRenewed(NEW)
        self.assertEqual(self.file.stat().st_ino, before.st_ino)

    def test_unreadable_old(self):
        """One that is no database is replaced by any that is."""
        self.put(PAGE)
        self.offer(OLD)
        self.assertRenewed(OLD)

    def test_bad(self):
        """What is no good country file leaves the old one."""
        for content, why in (
                (b"", "nothing came"),
                (PAGE, "no database in the MaxMind format"),
                (gzip.compress(PAGE), "no database in the MaxMind format"),
                (NEW[:-40], "no database in the MaxMind format"),
                (gzip.compress(NEW)[:-20], "gzip: .*unexpected end of file"),
                (country_file(NOW - 31 * DAY, padding=4000),
                 "older than the present one"),
                (country_file(NOW + 3 * DAY, padding=4000), "in the future"),
                (country_file(NOW - DAY), "less than half"),
                (country_file(NOW - DAY, b"US", 4000),
                 "has 192.0.2.1 in US, not in SE"),
                ((paths.DATA / "asn.mmdb").read_bytes(),
                 "has 192.0.2.1 in no country, not in SE")):
            with self.subTest(why, content=content[:20]):
                self.put(OLD)
                self.offer(content)
                self.assertKept(why)

    def test_broken_off(self):
        """So does a download that breaks off."""
        self.put(OLD)
        self.offer(NEW)
        self.web.cut.add("/country.mmdb")
        self.assertKept(r"curl: \(18\)")

    def test_not_there(self):
        """So does a server that has nothing, or is not there."""
        self.put(OLD)
        self.assertKept("404")
        self.web.close()
        self.assertKept(r"curl: \(7\)")

    def test_default_probes(self):
        """Without -p it must know some real networks."""
        self.put(OLD)
        self.offer(NEW)
        self.assertKept("133.11.0.1 in SE, not in JP", probes=())

    def test_month(self):
        """YYYY and MM are the month, or the one before until there is one."""
        today = datetime.datetime.now(datetime.timezone.utc).date()
        before = today.replace(day=1) - datetime.timedelta(days=1)
        self.offer(OLD, f"/country-{before:%Y-%m}.mmdb")
        self.assertRenewed(OLD, path="/country-YYYY-MM.mmdb")
        self.assertEqual(self.web.asked, [
            f"/country-{month:%Y-%m}.mmdb" for month in (today, before)])
        self.offer(NEW, f"/country-{today:%Y-%m}.mmdb")
        self.assertRenewed(NEW, path="/country-YYYY-MM.mmdb")

    def test_proxy(self):
        """The proxy of the environment is asked."""
        self.offer(NEW, "http://country.example/country.mmdb")
        self.assertRenewed(NEW, url="http://country.example",
                           http_proxy=self.web.url)

    def test_timers(self):
        """cron and systemd run the same program with the same arguments."""
        cron = (DIRECTORY / "cron").read_text()
        service = (DIRECTORY
                   / "dovecot-geotrip-country.service").read_text()
        by_cron = re.search(r"(?m)^[0-9*].* (https://\S+ \S+) >", cron)
        by_systemd = re.search(
            rf"(?m)^ExecStart=\S+/{PROGRAM.name} (.*)$", service)
        self.assertEqual(by_cron.group(1), by_systemd.group(1))
        self.assertTrue(os.access(PROGRAM, os.X_OK))
