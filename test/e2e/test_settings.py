"""The settings are Dovecot's own: shown by doveconf, checked at the start."""

import subprocess

from support import paths
from support.case import Case
from support.dovecot import StartFailed

DEFAULTS = {
    "geotrip_db": "", "geotrip_mmdb": "", "geotrip_mode": "enforce",
    "geotrip_rules": "3 countries in 1h",
    "geotrip_services": "smtp submission",
    "geotrip_suspend_services": "smtp submission",
    "geotrip_suspend_time": "1 days",
    "geotrip_max_suspensions": "100 in 1h", "geotrip_exempt_users": "",
    "geotrip_message": "", "geotrip_on_error": "allow",
    "geotrip_retention": "30 days",
}


class Shown(Case):
    settings = {"rules": "4 countries in 2 hours", "mode": "observe"}

    def doveconf(self, *arguments):
        done = subprocess.run(
            [paths.tool("doveconf"), "-c", self.dovecot.conf_path,
             *arguments], capture_output=True, text=True, check=True)
        return dict(line.partition(" = ")[::2]
                    for line in done.stdout.splitlines() if " = " in line)

    def test_changed(self):
        """doveconf -n shows what was set."""
        shown = self.doveconf("-n")
        self.assertEqual(shown["geotrip_rules"], "4 countries in 2 hours")
        self.assertEqual(shown["geotrip_mode"], "observe")
        self.assertEqual(shown["geotrip_db"], str(self.dovecot.database))
        self.assertNotIn("geotrip_services", shown)

    def test_defaults(self):
        """doveconf -d shows the defaults."""
        shown = self.doveconf("-d")
        for name, value in DEFAULTS.items():
            with self.subTest(name):
                self.assertEqual(shown[name].strip(), value)
        self.assertIn("192.168.0.0/16", shown["geotrip_exempt_networks"])


class Mistakes(Case):
    """A mistake stops the start, naming the setting, the word and what is
    allowed."""

    def check(self, name, value, *words):
        server = self.server_of_its_own({name: value})
        with self.assertRaises(StartFailed) as caught:
            server.start()
        text = str(caught.exception)
        for word in (f"geotrip_{name}", *words):
            self.assertIn(word, text)

    def test_rule_word(self):
        """3 contries in 1h."""
        self.check("rules", "3 contries in 1h", "contries", "countries")

    def test_rule_number(self):
        """many countries in 1h, 1 countries in 1h."""
        self.check("rules", "many countries in 1h", "many", "number")
        self.check("rules", "1 countries in 1h", '"1"')

    def test_rule_time(self):
        """3 countries in a while."""
        self.check("rules", "3 countries in a while", "a while", "1h")

    def test_rule_second(self):
        """The second of two rules is wrong."""
        self.check("rules", "3 countries in 1h, 5 countries on 7 days",
                   '"on"', '"in"')

    def test_timeout(self):
        """A geotrip_timeout that is too short, too long or none."""
        for value in ("0", "9 ms", "5001 ms", "1 mins"):
            with self.subTest(value):
                self.check("timeout", value, "10 ms", "5 secs")

    def test_no_rule(self):
        """No rule at all."""
        self.check("rules", "", "countries in")

    def test_limit(self):
        """A limit that is none, or that looks back longer than is kept."""
        self.check("max_suspensions", "100 per hour", "100 per hour",
                   "100 in 1h")
        self.check("max_suspensions", "-1 in 1h", "-1 in 1h")
        self.check("max_suspensions", "10 in 40 days", "geotrip_retention")

    def test_network(self):
        """A network with too many bits, and a word that is none."""
        self.check("exempt_networks", "192.0.2.0/33", "192.0.2.0/33",
                   "192.0.2.0/24")
        self.check("exempt_networks", "10.0.0.0/8 localhost", "localhost",
                   "192.0.2.0/24")

    def check_word(self, name, value):
        """Dovecot itself finds these, and names the line and the word."""
        server = self.server_of_its_own({name: value})
        with self.assertRaises(StartFailed) as caught:
            server.start()
        lines = server.conf_path.read_text().splitlines()
        number = lines.index(f"geotrip_{name} = {value}") + 1
        self.assertRegex(str(caught.exception),
                         f"dovecot.conf line {number}: .*{value}")

    def test_mode(self):
        """A mode that is none."""
        self.check_word("mode", "enforced")

    def test_on_error(self):
        """An answer to errors that is none."""
        self.check_word("on_error", "maybe")

    def test_time(self):
        """A time that is none."""
        self.check_word("suspend_time", "a day")

    def test_no_mmdb(self):
        """A database of logins without one of countries."""
        self.check("mmdb", "", "geotrip_db")

    def test_relative_path(self):
        """A path that depends on where Dovecot was started."""
        self.check("db", "geotrip.sqlite", "geotrip.sqlite", "absolute")

    def test_retention(self):
        """Rows that are purged before the rule is done with them."""
        self.check("retention", "30 mins", "3 countries in 1h")


class Off(Case):
    settings = None

    def test_off(self):
        """With the modules installed and nothing set, Dovecot is as before,
        and doveadm geotrip says what to set."""
        for country in ("JP", "US", "BR", "DE"):
            self.assertAllowed(self.login(self.user, country))
        result = self.dovecot.geotrip("list", json=False)
        self.assertNotEqual(result.code, 0)
        self.assertIn("geotrip_db", result.error_text)
        self.assertNotIn("Error", self.log_excerpt())


class Reload(Case):
    def test_reload(self):
        """Settings change with doveadm reload; what was recorded stays."""
        server = self.server_of_its_own().start()
        for country in ("JP", "US"):
            self.assertAllowed(self.login(self.user, country, server=server))
        server.settings["rules"] = "5 countries in 1h"
        server.reload()
        for country in ("BR", "DE"):
            self.assertAllowed(self.login(self.user, country, server=server))
        self.assertSuspended(self.login(self.user, "RU", server=server))
        server.settings["message"] = "Another message."
        server.reload()
        self.assertSuspended(self.login(self.user, "RU", server=server),
                             "Another message.")
