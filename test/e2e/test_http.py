"""The commands over doveadm's HTTP API."""

import base64
import json
import urllib.request

from support.case import Case

USAGE, NO_USER = 64, 67


class Http(Case):
    def call(self, command, **parameters):
        """The answer to one command: (kind, what)."""
        key = base64.b64encode(self.dovecot.api_key.encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.dovecot.ports['doveadm']}/doveadm/v1",
            data=json.dumps([[command, parameters, "tag"]]).encode(),
            headers={"Content-Type": "application/json",
                     "Authorization": f"X-Dovecot-API {key}"})
        with urllib.request.urlopen(request, timeout=20) as response:
            ((kind, what, tag),) = json.load(response)
        self.assertEqual(tag, "tag")
        return kind, what

    def ok(self, command, **parameters):
        kind, what = self.call(command, **parameters)
        self.assertEqual(kind, "doveadmResponse", what)
        return what

    def code(self, command, **parameters):
        kind, what = self.call(command, **parameters)
        self.assertEqual(kind, "error", what)
        return what["exitCode"]

    def test_a_story(self):
        """list, show, evidence, history, countries, unsuspend and
        suspend."""
        self.trip(self.user)
        users = [row["user"] for row in self.ok("geotripList")]
        self.assertIn(self.user, users)
        self.assertIn("3 countries in 1h",
                      str(self.ok("geotripShow", user=self.user)))
        evidence = self.ok("geotripEvidence", user=self.user)
        self.assertEqual([row["country"] for row in evidence],
                         ["JP", "US", "BR"])
        rows = self.ok("geotripHistory", user=self.user,
                       since=evidence[0]["time"])
        self.assertEqual([row["verdict"] for row in rows],
                         ["trip", "allow", "allow"])
        countries = {row["country"] for row in self.ok("geotripCountries")}
        self.assertLessEqual({"JP", "US", "BR"}, countries)
        self.ok("geotripUnsuspend", users=[self.user], reason="by a script")
        self.assertNotIn(self.user, str(self.ok("geotripList")))
        self.assertIn(self.user, str(self.ok("geotripList", all=True)))
        self.assertAllowed(self.login(self.user, "JP"))
        self.ok("geotripSuspend", users=[self.user])
        self.assertSuspended(self.login(self.user, "JP"))
        self.assertEqual(self.ok("geotripList", marks=True), [])

    def test_check(self):
        """check answers with its table also when something failed: what, is
        in the rows. It sees what it sees on the command line."""
        self.assertAllowed(self.login(self.user, "JP"))
        self.dovecot.wait_for_logins(self.user, 1)
        self.dovecot.mmdb.chmod(0o600)
        self.addCleanup(self.dovecot.mmdb.chmod, 0o644)
        on_command_line = self.dovecot.geotrip("check").expect(1).rows
        self.assertIn("failed", [row["result"] for row in on_command_line])
        self.assertNotIn("unknown", [row["result"]
                                     for row in on_command_line])
        self.assertEqual(self.ok("geotripCheck"), on_command_line)

    def test_mistakes(self):
        """Missing and bad arguments, and unknown users, answer with their
        exit codes, and the server lives on."""
        self.assertEqual(self.code("geotripShow"), USAGE)
        self.assertEqual(self.code("geotripEvidence"), USAGE)
        self.assertEqual(self.code("geotripHistory"), USAGE)
        self.assertEqual(self.code("geotripSuspend"), USAGE)
        self.assertEqual(self.code("geotripUnsuspend"), USAGE)
        self.assertEqual(self.code("geotripSuspend", users=[]), USAGE)
        self.assertEqual(
            self.code("geotripList", all=True, marks=True), USAGE)
        self.assertEqual(
            self.code("geotripPurge", keep="nothing"), USAGE)
        for command in ("geotripShow", "geotripEvidence"):
            self.assertEqual(
                self.code(command, user=f"nobody.{self.user}"), NO_USER)
        self.ok("geotripList")
