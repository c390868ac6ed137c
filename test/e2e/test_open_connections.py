"""Connections of Postfix that were authenticated before a suspension: what its
policy service refuses, and that it never refuses by mistake."""

import contextlib
import os
import resource
import shutil
import signal
import smtplib
import sqlite3
import time

from support.addresses import address
from support.case import MESSAGE, MESSAGE_ALL, PASSWORD, Case
from support.policy_socket import PolicySocket, request
from support.postfix import Postfix
from support.waiting import wait_until

REFUSE = f"521 5.7.1 {MESSAGE}"
NONE = "DUNNO"


class Base(Case):
    def suspend(self, user=None, server=None):
        (server or self.dovecot).geotrip(
            "suspend", user or self.user, json=False).expect(0)

    def release(self, server=None):
        (server or self.dovecot).geotrip(
            "unsuspend", self.user, json=False).expect(0)

    def policy(self, server=None):
        policy = PolicySocket((server or self.dovecot).policy_socket)
        self.addCleanup(policy.close)
        return policy

    def assertAction(self, action, user=None, server=None, **attributes):
        with PolicySocket((server or self.dovecot).policy_socket) as policy:
            self.assertEqual(policy.ask(user or self.user, **attributes),
                             action)

    def wait_for_log(self, text, server=None, mark=0):
        server = server or self.dovecot
        wait_until(lambda: text in server.log(mark),
                   lambda: f"{text} in the log:\n{server.log(mark)}")

    def policy_pid(self, server=None):
        """The process id of the service, 0 if it is not running."""
        rows = (server or self.dovecot).doveadm(
            "process", "status", "geotrip", json=True).rows
        return int(rows[0]["pid"]) if rows else 0

    # With a Postfix from the examples.

    @classmethod
    def start_postfix(cls, dovecot):
        postfix = Postfix.from_examples(dovecot)
        cls.servers.append(postfix)
        cls.addClassCleanup(postfix.close)
        return postfix.start()

    def session(self, user=None, country="JP"):
        """An SMTP session after its login."""
        client = smtplib.SMTP(
            "127.0.0.1", self.postfix.relays.port(address(country)),
            timeout=60)
        self.addCleanup(client.close)
        client.starttls(context=self.postfix.tls.trusting_context())
        client.login(user or self.user, PASSWORD)
        return client

    def recipient(self, client):
        """The answer to the recipient of the next mail."""
        self.assertEqual(client.rset()[0], 250)
        self.assertEqual(client.mail(f"<{self.user}>")[0], 250)
        code, text = client.rcpt("<other@example.com>")
        return code, text.decode()

    def assertSends(self, client):
        self.assertEqual(client.sendmail(
            self.user, ["other@example.com"], "Subject: test\r\n\r\ntext"), {})

    def assertRefused(self, client, answer):
        """In these words, and it was the last that the client is told."""
        self.assertEqual(answer, (
            521, f"5.7.1 <{self.user}>: Sender address rejected: {MESSAGE}"))
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            client.noop()


class OpenConnections(Base):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postfix = cls.start_postfix(cls.dovecot)

    def test_next_mail(self):
        """The third country suspends the account: who is in already cannot
        send a second mail, and is thrown out. Nobody else notices, and after
        the release the account sends again."""
        client = self.session()
        other = self.session(f"other.{self.user}")
        self.assertSends(client)
        self.assertSends(other)
        self.trip(self.user)
        self.assertRefused(client, self.recipient(client))
        self.assertSends(other)
        self.release()
        self.assertSends(self.session())

    def test_next_recipient(self):
        """The suspension comes in the middle of a mail with many
        recipients."""
        client = self.session()
        self.assertEqual(self.recipient(client)[0], 250)
        self.suspend()
        code, text = client.rcpt("<another@example.com>")
        self.assertRefused(client, (code, text.decode()))

    def test_connection_of_hours(self):
        """A connection that is as old as the suspension of before, which was
        lifted, is not refused; with the next suspension it is."""
        client = self.session()
        self.suspend()
        self.release()
        self.assertSends(client)
        self.suspend()
        self.assertRefused(client, self.recipient(client))

    def test_reload(self):
        """Postfix reconnects to the restarted service, with nothing
        but a second of waiting and no warning."""
        client = self.session()
        self.assertSends(client)
        mark = self.postfix.log_size()
        old = self.policy_pid()
        # Not reload(): the old auth process may stay for Postfix's sake.
        self.dovecot.doveadm("reload").expect(0)
        wait_until(lambda: self.policy_pid() != old, "the old process ends")
        self.suspend()
        self.assertRefused(client, self.recipient(client))
        self.assertNotIn("warning", self.postfix.log(mark))


class ServiceGone(Base):
    """Dovecot is stopped while Postfix has clients."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postfix = cls.start_postfix(cls.dovecot)

    def test_stopped(self):
        """The service ends with the last auth process, which Postfix' clients
        keep for a while. Then Postfix goes on without, warns, and comes back
        to it."""
        self.suspend(f"other.{self.user}")
        client = self.session()
        self.assertSends(client)
        mark = self.postfix.log_size()
        auth, guard = self.dovecot.auth_pid(), self.policy_pid()
        policy = self.policy()
        self.assertEqual(policy.ask(f"other.{self.user}"), REFUSE)
        self.dovecot.stop()
        self.assertEqual(policy.ask(f"other.{self.user}"), REFUSE)
        # As systemd does.
        os.kill(auth, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{guard}/exe"),
                   "the guard ends")
        self.assertSends(client)
        wait_until(lambda: "problem talking to server private/geotrip-policy"
                   in self.postfix.log(mark),
                   lambda: f"a warning: {self.postfix.log(mark)}")
        self.dovecot.start()
        self.suspend()
        self.assertRefused(client, self.recipient(client))


class Absent(Base):
    """The service has no socket."""

    conf = """
service geotrip {
  unix_listener {top}/spool/private/geotrip-policy {
    mode = 0
  }
}
"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postfix = cls.start_postfix(cls.dovecot)

    def test_absent(self):
        """Postfix says so in its log and sends what it always sent."""
        self.assertFalse(self.dovecot.policy_socket.exists())
        client = self.session()
        self.assertSends(client)
        self.assertIn("problem talking to server private/geotrip-policy",
                      self.postfix.log())


class Decision(Base):
    settings = {"exempt_users": "exempt.*",
                "exempt_networks": "11.51.100.0/24 2d00:db8:7::/48"}

    def test_suspended(self):
        """Refused with a message while suspended, whatever the address or the
        state of the SMTP session."""
        self.assertAction(NONE)
        self.suspend()
        self.assertAction(REFUSE)
        self.assertAction(REFUSE, client_address="2d00:db8:1::1")
        self.assertAction(REFUSE, client_address="unknown")
        self.assertAction(REFUSE, protocol_state="DATA")
        self.assertAction(NONE, user=f"other.{self.user}")
        self.release()
        self.assertAction(NONE)

    def test_until(self):
        """A suspension that is over is not asked for any more, though nobody
        has closed it yet."""
        self.suspend()
        self.assertAction(REFUSE)
        with self.writable() as db:
            db.execute("UPDATE suspension SET until = 1")
        self.assertAction(NONE)

    @contextlib.contextmanager
    def writable(self):
        with contextlib.closing(
                sqlite3.connect(self.dovecot.database)) as db, db:
            yield db

    def test_nobody(self):
        """No login, no refusal, whoever was asked about before."""
        self.suspend()
        policy = self.policy()
        self.assertEqual(policy.ask(self.user), REFUSE)
        self.assertEqual(policy.ask(""), NONE)
        self.assertEqual(policy.ask(self.user), REFUSE)
        policy.write(b"request=smtpd_access_policy\n\n")
        self.assertEqual(policy.answer(), NONE)

    def test_exempt_user(self):
        """An exempt user is left alone, suspended or not."""
        self.suspend("exempt.user@example.com")
        self.assertAction(NONE, user="exempt.user@example.com")
        self.assertAction(NONE, user="EXEMPT.user@example.com")

    def test_exempt_network(self):
        """So are the networks: these, and IPv4 inside of IPv6."""
        self.suspend()
        for client in ("11.51.100.7", "2d00:db8:7::1",
                       "::ffff:11.51.100.7", "2002:b33:6407::1"):
            self.assertAction(NONE, client_address=client)
        for client in ("11.51.101.7", "2d00:db8:8::1"):
            self.assertAction(REFUSE, client_address=client)

    def test_names(self):
        """Names are compared byte by byte, and nothing in them is special."""
        for number, name in enumerate((
                "böb@example.com", "a'b--@example.com", "a=b@example.com",
                "%s%n@example.com", "日本@example.com", "x" * 4000)):
            user = f"{number}{name}"
            self.assertAction(NONE, user=user)
            self.suspend(user)
            self.assertAction(REFUSE, user=user)
            self.assertAction(NONE, user=user.upper() + "x")

    def test_many_requests(self):
        """Postfix keeps a connection and asks again and again; requests may
        even come together."""
        self.suspend()
        policy = self.policy()
        for _ in range(100):
            self.assertEqual(policy.ask(self.user), REFUSE)
            self.assertEqual(policy.ask(f"other.{self.user}"), NONE)
        policy.write((request(self.user) + request("other")) * 5)
        self.assertEqual([policy.answer() for _ in range(10)],
                         [REFUSE, NONE] * 5)

    def test_pieces(self):
        """A request may come byte by byte."""
        self.suspend()
        policy = self.policy()
        for byte in request(self.user):
            policy.write(bytes([byte]))
        self.assertEqual(policy.answer(), REFUSE)


class Modes(Base):
    """Whom nobody may refuse."""

    def check(self, settings, action):
        server = self.server_of_its_own(settings).start()
        self.suspend(server=server)
        self.assertAction(action, server=server)
        return server

    def test_observe(self):
        """In the mode observe nobody is refused; after a change to enforce and
        a reload, on the next connection, it is so."""
        server = self.check({"mode": "observe"}, NONE)
        policy = self.policy(server)
        self.assertEqual(policy.ask(self.user), NONE)
        server.settings["mode"] = "enforce"
        server.reload()
        # The process with the old settings does not live on.
        self.assertIsNone(policy.answer())
        self.assertAction(REFUSE, server=server)

    def test_other_service(self):
        """Postfix's clients are not concerned when smtp is not suspended."""
        self.check({"suspend_services": "submission"}, NONE)

    def test_every_service(self):
        """They are when everything is."""
        self.check({"suspend_services": "*"}, f"521 5.7.1 {MESSAGE_ALL}")

    def test_message(self):
        """The message is the operator's."""
        self.check({"message": "100 % gesperrt = bitte anrufen."},
                   "521 5.7.1 100 % gesperrt = bitte anrufen.")

    def test_off(self):
        """Without a database there is nothing to ask."""
        server = self.server_of_its_own({"db": ""}).start()
        self.assertAction(NONE, server=server)


class Trouble(Base):
    """The database is in trouble: who is known to be suspended stays refused,
    nobody else is, and it is said why."""

    def setUp(self):
        super().setUp()
        self.server = self.server_of_its_own().start()
        self.suspend(server=self.server)
        self.policy = PolicySocket(self.server.policy_socket)
        self.addCleanup(self.policy.close)
        self.assertEqual(self.policy.ask(self.user), REFUSE)

    def assertSaid(self, mark):
        wait_until(lambda: "geotrip: Error: " in self.server.log(mark),
                   lambda: "an error in the log" + self.server.log(mark))
        self.assertIn(str(self.server.database), self.server.log(mark))

    def assertRemembered(self, mark):
        """Before and after it is noticed."""
        for _ in range(2):
            self.assertEqual(self.policy.ask(self.user), REFUSE)
            self.assertEqual(self.policy.ask(f"other.{self.user}"), NONE)
            self.assertSaid(mark)

    def assertForgiven(self, mark):
        self.assertEqual(self.policy.ask(self.user), NONE)
        self.assertSaid(mark)

    def wait_for(self, action, user=None):
        user = user or self.user
        wait_until(lambda: self.policy.ask(user) == action, action)

    def assertWorksAgain(self):
        user = f"new.{self.user}"
        wait_until(lambda: self.server.geotrip(
            "suspend", user, json=False).code == 0, "doveadm works")
        self.wait_for(REFUSE, user)
        self.assertEqual(self.policy.ask(self.user), REFUSE)

    def test_directory_gone(self):
        """Its directory is gone, and comes back."""
        directory = self.server.database.parent
        mark = self.server.log_size()
        directory.rename(directory.with_name("away"))
        self.assertRemembered(mark)
        directory.with_name("away").rename(directory)
        self.assertWorksAgain()

    def test_deleted(self):
        """It is deleted: a new one is made, with the suspensions that are
        known."""
        mark = self.server.log_size()
        for path in self.server.database.parent.iterdir():
            path.unlink()
        self.assertRemembered(mark)
        wait_until(lambda: self.server.query(
            "SELECT user FROM active_suspension"), "a new database")
        self.new_process()
        self.assertWorksAgain()

    def test_garbage(self):
        """There is garbage in its place, then it comes back."""
        database = self.server.database
        mark = self.server.log_size()
        directory = database.parent
        directory.rename(directory.with_name("away"))
        directory.mkdir()
        database.write_bytes(os.urandom(100000))
        shutil.chown(directory, "dovecot")
        shutil.chown(database, "dovecot")
        self.assertRemembered(mark)
        shutil.rmtree(directory)
        directory.with_name("away").rename(directory)
        self.assertWorksAgain()

    def new_process(self):
        """Another process of the service, which remembers nothing."""
        self.server.reload()
        self.assertIsNone(self.policy.answer())
        self.policy.close()
        self.policy = PolicySocket(self.server.policy_socket)

    def test_damaged(self):
        """It is damaged at the start."""
        mark = self.server.log_size()
        for path in self.server.database.parent.iterdir():
            if not path.name.endswith("-shm"):
                path.write_bytes(os.urandom(path.stat().st_size))
        self.new_process()
        self.assertForgiven(mark)

    def test_forbidden(self):
        """It belongs to somebody else."""
        mark = self.server.log_size()
        shutil.chown(self.server.database, "root", "root")
        self.server.database.chmod(0o600)
        self.new_process()
        self.assertForgiven(mark)

    def test_locked(self):
        """Somebody writes to it for long: reading goes on."""
        with self.server.locked():
            self.assertEqual(self.policy.ask(self.user), REFUSE)

    def test_once_a_minute(self):
        """The log is not flooded, nor is the disk asked each time."""
        directory = self.server.database.parent
        directory.rename(directory.with_name("away"))
        mark = self.server.log_size()
        for number in range(500):
            self.assertEqual(self.policy.ask(f"{number}.{self.user}"), NONE)
        self.wait_for_log("does not exist", self.server, mark)
        lines = [line for line in self.server.log(mark).splitlines()
                 if "geotrip: Error" in line]
        self.assertEqual(len(lines), 1, lines)
        directory.with_name("away").rename(directory)


class Hostile(Base):
    """A client may send anything. What is logged is logged once a
    minute, be it by another of these tests."""

    def setUp(self):
        super().setUp()
        self.suspend()
        self.assertAction(REFUSE)
        self.pid = self.policy_pid()
        self.mark = self.dovecot.log_size()

    def assertUnimpressed(self):
        """The same process serves the next client."""
        self.assertAction(REFUSE)
        self.assertEqual(self.policy_pid(), self.pid)
        self.assertNotRegex(self.dovecot.log(self.mark), "Panic|Fatal|signal")

    def send(self, data):
        """Send it, and return the actions that come until the service hangs
        up or has nothing more to say."""
        with PolicySocket(self.dovecot.policy_socket) as policy:
            with contextlib.suppress(ConnectionError):
                policy.write(data)
                policy.finish()
            return list(iter(policy.answer, None))

    def test_long_line(self):
        """A line without an end."""
        self.assertEqual(self.send(b"sasl_username=" + b"x" * 10000000), [])
        self.wait_for_log("a line that is too long")
        self.assertUnimpressed()

    def test_long_request(self):
        """A request without an end."""
        self.assertEqual(self.send(b"sender=somebody\n" * 1000000), [])
        self.wait_for_log("a request that is too long")
        self.assertUnimpressed()

    def test_longest(self):
        """What is longer than anything of Postfix's, but not too long."""
        with PolicySocket(self.dovecot.policy_socket) as policy:
            self.assertEqual(policy.ask(self.user, helo_name="x" * 16000,
                                        sender="x" * 16000), REFUSE)

    def test_binary(self):
        """All bytes there are, and noise."""
        self.send(bytes(range(256)) * 100)
        for _ in range(50):
            self.send(os.urandom(10000))
        self.send(b"\0\n" * 10000)
        self.send(b"\n" * 100 + b"=\n=\n\n")
        self.assertUnimpressed()

    def test_no_request(self):
        """Empty lines, lines of other protocols."""
        self.assertEqual(self.send(b"\n\n\n"), [NONE] * 3)
        self.assertEqual(self.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                         [NONE])
        self.assertEqual(
            self.send(request(self.user, request="junk_policy")), [NONE])
        self.assertUnimpressed()

    def test_half(self):
        """A request that breaks off is not answered."""
        whole = request(self.user)
        for length in range(1, len(whole), 7):
            self.assertEqual(self.send(whole[:length]), [])
        self.assertUnimpressed()

    def test_slow(self):
        """A request that is never completed ends after ten seconds, however
        many bytes trickle in; a connection that rests between requests goes
        on."""
        resting = self.policy()
        self.assertEqual(resting.ask(self.user), REFUSE)
        slow, silent = self.policy(), self.policy()
        begin = time.monotonic()
        slow.write(b"request=smtpd_access_policy\n")
        silent.write(b"request")
        with self.assertRaises(ConnectionError):
            while time.monotonic() - begin < 20:
                slow.write(b"sender=x\n")
                time.sleep(0.2)
        self.assertIsNone(silent.answer())
        self.assertGreater(time.monotonic() - begin, 9)
        self.wait_for_log("did not complete its request")
        self.assertEqual(resting.ask(self.user), REFUSE)
        self.assertUnimpressed()

    def test_deaf(self):
        """A client that does not read its replies is disconnected."""
        policy = self.policy()
        with self.assertRaises(ConnectionError):
            for _ in range(100000):
                policy.write(request(self.user))
        self.wait_for_log("does not read replies")
        self.assertUnimpressed()

    def test_gone(self):
        """A client that does not wait for the reply before it asks again."""
        for _ in range(200):
            with PolicySocket(self.dovecot.policy_socket) as policy:
                policy.write(request(self.user))
        self.assertUnimpressed()

    def test_many(self):
        """Many connections at a time, all served while one is in the middle
        of its request."""
        half = self.policy()
        half.write(request(self.user)[:100])
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        many = [self.policy() for _ in range(600)]
        for policy in many:
            policy.write(request(self.user))
        self.assertEqual({policy.answer() for policy in many}, {REFUSE})
        half.write(request(self.user)[100:])
        self.assertEqual(half.answer(), REFUSE)
        self.assertUnimpressed()


class Ending(Base):
    def test_stop(self):
        """Dovecot's stop does not wait for Postfix's connections."""
        server = self.server_of_its_own(
            conf="shutdown_clients = no\n").start()
        policy = self.policy(server)
        self.assertEqual(policy.ask(self.user), NONE)
        begin = time.monotonic()
        server.stop()
        self.assertIsNone(policy.answer())
        self.assertLess(time.monotonic() - begin, 10)

    def test_old_settings_end(self):
        """A reload ends the process with the old settings, even where
        Dovecot lets clients go on."""
        server = self.server_of_its_own(
            conf="shutdown_clients = no\n").start()
        policy = self.policy(server)
        self.suspend(server=server)
        self.assertEqual(policy.ask(self.user), REFUSE)
        server.settings["message"] = "New."
        server.reload()
        self.assertIsNone(policy.answer())
        self.assertAction("521 5.7.1 New.", server=server)

    def test_user(self):
        """It runs as the user that the database belongs to, and leaves no
        files of others'."""
        self.suspend()
        self.assertAction(REFUSE)
        pid = self.policy_pid()
        owner = self.dovecot.database.stat().st_uid
        self.assertEqual(os.stat(f"/proc/{pid}").st_uid, owner)
        self.assertEqual({path.stat().st_uid for path in
                          self.dovecot.database.parent.iterdir()}, {owner})
