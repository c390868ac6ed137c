"""doveadm geotrip notify: what it does, prints, logs and answers."""

import base64
import json
import shutil
import urllib.request

from support import dovecot_conf, metrics
from support.notify import COUNTS, NotifyCase, counts
from support.waiting import wait_until


class Notify(NotifyCase):
    def test_one(self):
        """The owner of a suspended account gets one message, and the notice
        is done."""
        self.trip(self.user)
        self.assertQueued(attempts=0)
        self.assertEqual(self.notify(), {
            "sent": 1, "deferred": 0, "failed": 0, "withdrawn": 0,
            "sessions": 0})
        (message,) = self.smtp.messages
        self.assertEqual(message.recipients, [self.user])
        self.assertEqual(message.sender, "postmaster@mail.example.com")
        row = self.notice()
        self.assertEqual((row.state, row.attempts, row.error, row.lease_until),
                         ("sent", 1, None, None))
        self.assertGreaterEqual(row.sent_at, row.next_attempt)

    def test_nothing(self):
        """Without anything to do it is content, and opens no connection."""
        self.assertEqual(self.notify(), dict.fromkeys(COUNTS, 0))
        self.assertEqual(self.smtp.commands, {})

    def test_again(self):
        """Once is enough."""
        self.suspend(self.user)
        self.notify()
        for _ in range(3):
            self.assertEqual(self.notify()["sent"], 0)
        self.assertEqual(len(self.smtp.messages), 1)

    def test_two_suspensions(self):
        """A second suspension of the same account is another notice."""
        self.suspend(self.user)
        self.notify()
        self.unsuspend(self.user)
        self.notify()
        self.suspend(self.user)
        self.notify()
        self.assertEqual(len(self.smtp.to(self.user)), 3)

    def test_suspended_again(self):
        """A suspension that only gets another end is no second notice."""
        self.suspend(self.user)
        self.notify()
        self.suspend(self.user, reason="another one", for_time="2h")
        self.assertEqual(self.notify()["sent"], 0)

    def test_log(self):
        """One line says to whom it went."""
        self.suspend(self.user)
        text = self.run_notify().error_text + self.log_excerpt()
        self.assertEqual(text.count(f"user=<{self.user}>: notice sent to"
                                    f" {self.user}"), 1, text)
        self.assertNotRegex(text, "Error|Warning|Panic")

    def test_formatters(self):
        """The numbers come in Dovecot's formats."""
        self.suspend(self.user)
        result = self.dovecot.geotrip("notify").expect(0)
        self.assertEqual(counts(result)["sent"], 1)
        for formatter in ("tab", "table", "pager"):
            text = self.dovecot.geotrip("notify", json=False,
                                        formatter=formatter).expect(0).text
            for name in COUNTS:
                self.assertIn(name, text)

    def test_arguments(self):
        """It takes no arguments."""
        self.dovecot.geotrip("notify", self.user, json=False).expect(64)

    def test_http(self):
        """The same over doveadm's HTTP API."""
        self.suspend(self.user)
        key = base64.b64encode(self.dovecot.api_key.encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.dovecot.ports['doveadm']}/doveadm/v1",
            data=json.dumps([["geotripNotify", {}, "tag"]]).encode(),
            headers={"Content-Type": "application/json",
                     "Authorization": f"X-Dovecot-API {key}"})
        with urllib.request.urlopen(request, timeout=20) as response:
            ((kind, rows, _),) = json.load(response)
        self.assertEqual(kind, "doveadmResponse", rows)
        self.assertEqual(counts(json.dumps(rows))["sent"], 1)
        self.one_message()


class Shown(NotifyCase):
    """What list and show tell of a notice."""

    def listed(self, *options):
        return {row["user"]: row for row in
                self.dovecot.geotrip("list", *options).expect(0).rows}

    def shown(self, field):
        return [row["value"] for row in
                self.dovecot.geotrip("show", self.user).expect(0).rows
                if row["field"] == field]

    def check(self, state):
        row = self.listed("-a")[self.user]
        self.assertEqual(row["notice"], state)
        (text,) = self.shown("notice")
        self.assertIn(state, text)
        return text

    def test_delivered(self):
        """Queued, then sent, then the second notice."""
        self.suspend(self.user)
        self.check("queued")
        self.notify()
        self.check("sent")
        self.assertEqual(self.shown("release notice"), [])
        self.unsuspend(self.user)
        (text,) = self.shown("release notice")
        self.assertIn("queued", text)
        self.notify()
        self.check("sent")
        (text,) = self.shown("release notice")
        self.assertIn("sent", text)

    def test_deferred(self):
        """A notice that is put off says why."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", "450 4.2.1 mailbox busy")
        self.notify()
        self.assertIn("mailbox busy", self.check("queued"))

    def test_failed(self):
        """So does one that failed."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", "550 5.1.1 nobody here")
        self.notify()
        self.assertIn("nobody here", self.check("failed"))

    def test_withdrawn(self):
        """A notice of a suspension that was ended before."""
        self.suspend(self.user)
        self.unsuspend(self.user)
        self.check("withdrawn")


class Observe(NotifyCase):
    settings = {"mode": "observe"}

    def test_nobody(self):
        """In observe mode no notices are sent, whoever is suspended."""
        for country in ("JP", "US", "BR"):
            self.assertAllowed(self.login(self.user, country))
        self.suspend(f"by.operator.{self.user}")
        self.assertEqual(self.notify(), dict.fromkeys(COUNTS, 0))
        self.assertEqual(self.smtp.commands, {})
        self.assertQueued(f"by.operator.{self.user}", attempts=0)


class Failures(NotifyCase):
    def test_no_database(self):
        """A store that cannot be used is EX_TEMPFAIL."""
        server = self.server_of_its_own()
        server.database.write_bytes(b"my diary\n" * 1000)
        shutil.chown(server.database, "dovecot", "dovecot")
        server.start()
        result = self.run_notify(75, server)
        self.assertIn(str(server.database), result.error_text)
        self.assertEqual(server.sink.messages, [])

    def test_off(self):
        """So is a geotrip that is off."""
        server = self.server_of_its_own({"db": ""}).start()
        self.assertIn("geotrip_db", self.run_notify(75, server).error_text)

    def test_no_country_database(self):
        """It needs no country database."""
        self.trip(self.user)
        self.dovecot.mmdb.unlink()
        self.addCleanup(self.dovecot.install_mmdb, "maxmind.mmdb")
        self.assertEqual(self.notify()["sent"], 1)

    def test_dovecot_is_down(self):
        """A stopped Dovecot sends nobody's notice to the wrong address: who
        is asked for an address is not there."""
        server = self.server_of_its_own().start()
        self.suspend(self.user, server=server)
        server.stop()
        self.run_notify(75, server)
        self.assertEqual(server.sink.messages, [])
        self.assertQueued(server=server)
        server.start()
        self.later(61 * 10**6, server)
        self.assertEqual(self.notify(server=server)["sent"], 1)


class Events(NotifyCase):
    conf = dovecot_conf.metric("test_notices", "event=geotrip_notice_finished",
                               "kind", "state")

    def test_events(self):
        """Each try is counted by Dovecot's stats."""
        self.suspend(self.user)
        self.smtp.trouble("rcpt", "450 4.2.1 busy", times=1)
        self.notify()
        self.later(61 * 10**6)
        self.notify()
        self.suspend(f"no.{self.user}")
        self.smtp.trouble("rcpt", "550 5.1.1 no")
        self.notify()
        port = self.dovecot.ports["stats"]
        for state in ("deferred", "sent", "failed"):
            wait_until(lambda: metrics.count(port, "test_notices", state=state,
                                             kind="suspended") == 1,
                       lambda: metrics.read(port))
