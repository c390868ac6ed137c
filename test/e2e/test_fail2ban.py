"""fail2ban, which reads the logs of Postfix and Dovecot: wrong passwords count,
and with examples/fail2ban the refusals of a suspended account do not."""

import re
import shutil
import subprocess

from support import dovecot_conf, mail_clients, paths
from support.addresses import address
from support.case import MESSAGE, MESSAGE_ALL, PASSWORD, Case
from support.postfix import Postfix
from support.waiting import wait_until

STOCK = "/etc/fail2ban"
EXAMPLE = paths.TOP / "examples" / "fail2ban"
WRONG = "wrong"
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")


class Fail2ban(Case):
    # Failures would put off all others of the same address.
    conf = """
auth_failure_delay = 0
# as the client writes it
auth_username_format =
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postfix = Postfix.from_examples(cls.dovecot)
        cls.servers.append(cls.postfix)
        cls.addClassCleanup(cls.postfix.close)
        cls.postfix.start()
        cls.with_example = cls.postfix.top / "fail2ban"
        shutil.copytree(STOCK, cls.with_example)
        shutil.copytree(EXAMPLE, cls.with_example, dirs_exist_ok=True)

    def counted(self, config, name, log):
        """How many lines a filter takes for failures."""
        path = self.postfix.top / "fail2ban.log"
        path.write_text(log)
        done = subprocess.run(
            [paths.tool("fail2ban-regex"), "-c", config, path, name],
            capture_output=True, text=True, timeout=60, check=True)
        return int(re.search(r"(?m)^Lines: \d+ lines, \d+ ignored, (\d+)"
                             r" matched", done.stdout).group(1))

    def failures(self, server, port, user, password, tls=None):
        """What the server logs of one failure for each mechanism."""
        mark = server.log_size()
        for mechanism in MECHANISMS:
            answer = mail_clients.smtp(port, mechanism, user, password, tls)
            self.assertFalse(answer.ok, answer)
        # In the last line about each connection.
        wait_until(lambda: len(re.findall("auth=0/1 |session=<",
                                          server.log(mark)))
                   == len(MECHANISMS), lambda: server.log(mark))
        return server.log(mark)

    def postfix_log(self, user, password):
        return self.failures(
            self.postfix, self.postfix.relays.port(address("JP")), user,
            password, self.postfix.tls.trusting_context())

    def dovecot_log(self, user, password):
        return self.failures(self.dovecot, self.door("submission", "JP"), user,
                         password)

    def test_refusals(self):
        """Each refusal counts for the stock filter, and none with the
        example."""
        self.trip(self.user)
        log = self.postfix_log(self.user, PASSWORD)
        self.assertEqual(log.count(MESSAGE), len(MECHANISMS), log)
        for mode in ("auth", "extra"):
            with self.subTest(mode):
                name = f"postfix[mode={mode}]"
                self.assertEqual(self.counted(STOCK, name, log),
                                 len(MECHANISMS), log)
                self.assertEqual(self.counted(self.with_example, name, log),
                                 0, log)
        everything = log.replace(MESSAGE, MESSAGE_ALL)
        self.assertEqual(self.counted(
            self.with_example, "postfix[mode=auth]", everything), 0)

    def test_disconnections(self):
        """In the mode aggressive the end of such a connection counts all the
        same."""
        self.trip(self.user)
        log = self.postfix_log(self.user, PASSWORD)
        self.assertEqual(self.counted(
            self.with_example, "postfix[mode=aggressive]", log),
            len(re.findall(r"disconnect from .* auth=0/1", log)), log)

    def test_wrong_passwords(self):
        """Wrong passwords count with the example as without, also those for an
        account that is suspended, or whose name wants to look like one."""
        self.trip(self.user)
        users = (f"other.{self.user}", self.user, MESSAGE,
                 f"authentication failed: {MESSAGE}",
                 f"[192.0.2.1]: SASL PLAIN authentication failed: {MESSAGE}")
        log = "".join(self.postfix_log(user, WRONG) for user in users)
        for mode in ("auth", "extra"):
            for config in (STOCK, self.with_example):
                with self.subTest(mode=mode, config=config):
                    self.assertEqual(
                        self.counted(config, f"postfix[mode={mode}]", log),
                        len(MECHANISMS) * len(users), log)

    def test_dovecot(self):
        """For Dovecot's own services the stock filter is right already: it
        counts no refusal."""
        self.trip(self.user)
        log = self.dovecot_log(self.user, PASSWORD)
        self.assertEqual(log.count("user disabled"), len(MECHANISMS), log)
        for mode in ("normal", "aggressive"):
            self.assertEqual(self.counted(STOCK, f"dovecot[mode={mode}]", log),
                             0, log)

    def test_dovecot_wrong_passwords(self):
        """Wrong passwords it does count, where it knows the words of this
        Dovecot."""
        log = self.dovecot_log(self.user, WRONG)
        counted = self.counted(STOCK, "dovecot", log)
        if counted == 0 and dovecot_conf.SERIES != "2.3":
            self.skipTest("this fail2ban does not know Dovecot 2.4")
        self.assertGreaterEqual(counted, len(MECHANISMS), log)
