"""The example files. All servers of the tests start from those for the
installed version; here is what a reader may rely on besides."""

import re
import stat
import subprocess

from support import dovecot_conf, paths
from support.case import Case


class Example(Case):
    def test_everything_is_in_force(self):
        """What the example sets, Dovecot has: nothing is misspelt, and nothing
        before it gets in its way."""
        done = subprocess.run(
            [paths.tool("doveconf"), "-c", self.dovecot.conf_path, "-n"],
            capture_output=True, text=True, check=True)
        for name in ("geotrip_logins", "geotrip_logins_by_country",
                     "geotrip_trips_by_country", "geotrip_login_errors",
                     "geotrip_suspensions_started",
                     "geotrip_suspensions_ended"):
            self.assertIn(f"metric {name} {{", done.stdout)
        self.assertIn(f"geotrip_db = {self.dovecot.database}\n", done.stdout)
        self.assertNotIn("Warning", done.stderr)
        self.assertNotRegex(self.dovecot.log(), "Warning|Error")

    def test_defaults(self):
        """The lines that are commented out show the defaults, all of them."""
        done = subprocess.run(
            [paths.tool("doveconf"), "-c", self.dovecot.conf_path, "-d"],
            capture_output=True, text=True, check=True)
        defaults = {name: value.strip() for name, value in
                    re.findall(r"(?m)^(geotrip_\w+) =(.*)$", done.stdout)}
        del defaults["geotrip_db"], defaults["geotrip_mmdb"]
        self.assertEqual(dovecot_conf.example_defaults(), defaults)

    def test_sockets_for_postfix(self):
        """The sockets for Postfix are Postfix's alone."""
        for socket in (self.dovecot.postfix_socket,
                       self.dovecot.policy_socket):
            self.assertEqual((socket.owner(), socket.group(),
                              stat.S_IMODE(socket.stat().st_mode)),
                             ("postfix", "postfix", 0o660))
