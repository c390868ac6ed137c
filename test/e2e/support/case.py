"""What every end-to-end test starts from."""

import re
import unittest

from . import dovecot_conf, mail_clients, mail_programs
from .addresses import address
from .auth_socket import plain
from .dovecot import Dovecot
from .postfix import Postfix

PASSWORD = dovecot_conf.PASSWORD
# How times are printed and logged.
RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"
MESSAGE = ("Sending mail is suspended for this account: it was used from"
           " several countries within a short time. Reading mail still works."
           " Please change your password and contact your mail provider.")
# Where suspend_services has imap or pop3.
MESSAGE_ALL = ("This account is suspended: it was used from several countries"
               " within a short time. Please change your password and contact"
               " your mail provider.")
PROTOCOLS = {"imap": "imap", "pop3": "pop3", "submission": "smtp",
             "postfix": "smtp"}


class Case(unittest.TestCase):
    """A class has one Dovecot, and a Postfix where it asks for one. The tests
    of a class share them: each has users of its own."""

    # Of the servers; see Dovecot.
    settings = {}
    conf = ""
    mmdb = "maxmind.mmdb"
    mechanisms = dovecot_conf.MECHANISMS
    users = None
    with_postfix = False

    @classmethod
    def setUpClass(cls):
        cls.dovecot = Dovecot(cls.settings, cls.conf, cls.mmdb, cls.mechanisms,
                              cls.users)
        cls.servers = [cls.dovecot]
        cls.addClassCleanup(cls.dovecot.close)
        cls.prepare(cls.dovecot)
        cls.dovecot.start()
        if cls.with_postfix:
            cls.postfix = Postfix(cls.dovecot)
            cls.servers.append(cls.postfix)
            cls.addClassCleanup(cls.postfix.close)
            cls.postfix.start()

    @classmethod
    def prepare(cls, server):
        """What a class has to do before its Dovecot starts."""

    def setUp(self):
        self.user = self._testMethodName.removeprefix("test_") + "@example.com"
        self._log_marks = [(server, server.log_size())
                           for server in self.servers]

    def server_of_its_own(self, settings=(), **options):
        """A Dovecot for this test alone, not started yet."""
        server = Dovecot(settings, **options)
        self.addCleanup(server.close)
        self._log_marks.append((server, 0))
        return server

    def log_excerpt(self):
        """What the servers logged during this test."""
        logs = [server.log(mark) for server, mark in self._log_marks]
        return "".join(logs)

    def complaints(self):
        """What geotrip logged as an error in this test, and every crash."""
        return [line for line in self.log_excerpt().splitlines()
                if re.search("Panic|Fatal|Error: geotrip|Warning: geotrip",
                             line)]

    # Logging in. where is a country or an address.

    def login(self, user, where, service="smtp", server=None, **fields):
        """One PLAIN login over the auth protocol, answered by its reply."""
        fields.setdefault("rip", where_to_address(where))
        with (server or self.dovecot).auth() as auth:
            _, request = auth.request("PLAIN", plain(user, PASSWORD),
                                      service=service, **fields)
            auth.write(request)
            return auth.reply()

    def door(self, name, where):
        """The port of a door (imap, pop3, submission, postfix)."""
        relays = (self.postfix.relays if name == "postfix"
                  else self.dovecot.relays[name])
        return relays.port(where_to_address(where))

    def mail_login(self, door, user, where, mechanism="PLAIN",
                   password=PASSWORD):
        """One login with Python's client of the door's protocol."""
        client = getattr(mail_clients, PROTOCOLS[door])
        return client(self.door(door, where), mechanism, user, password)

    def program_login(self, program, door, user, where, mechanism,
                      password=PASSWORD):
        """One login with another program: gsasl or curl."""
        client = getattr(mail_programs, program)
        return client(PROTOCOLS[door], self.door(door, where), mechanism,
                      user, password)

    def trip(self, user, service="smtp", server=None):
        """Log in from Japan, the US and Brazil: the last one is refused."""
        for country in ("JP", "US"):
            self.assertAllowed(self.login(user, country, service, server))
        reply = self.login(user, "BR", service, server)
        self.assertSuspended(reply, default_message(server or self.dovecot))
        return reply

    # What came out.

    def assertAllowed(self, reply):
        self.assertEqual(reply.kind, "OK", reply)

    def assertSuspended(self, reply, message=None):
        if message is None:
            message = default_message(self.dovecot)
        self.assertEqual((reply.kind, reply.reason), ("FAIL", message), reply)

    def verdicts(self, user, count, server=None):
        """The verdicts of a user's logins, oldest first, once there are as
        many as expected."""
        rows = (server or self.dovecot).wait_for_logins(user, count)
        return [row.verdict for row in rows]

    def assertNoLogin(self, *users, server=None):
        """None of the users has a row, though one who came later has."""
        server = server or self.dovecot
        later = f"later.{self.user}"
        self.assertAllowed(self.login(later, "JP", server=server))
        server.wait_for_logins(later, 1)
        for user in users:
            self.assertEqual(server.logins(user), [])


def default_message(server):
    """What the server says where geotrip_message does not."""
    services = (server.settings or {}).get("suspend_services", "").split()
    return MESSAGE_ALL if {"*", "imap", "pop3"} & set(services) else MESSAGE


def where_to_address(where):
    return address(where) if where and len(where) == 2 else where
