"""The auth protocol with whatever a client can make Dovecot's services and
Postfix write into it, and what must not come out again."""

import base64
import os
import random
import re

from support.addresses import NETWORKS, address, packed
from support.auth_socket import escape, plain
from support.case import PASSWORD, Case
from support.long import LONG

# Fixed, so that a failure can be had again.
SEED = 20261124
REQUESTS = 50000 if LONG else 4000
FORMATTERS = ("table", "tab", "flow", "pager", "json")
UNPRINTABLE = "[\0-\x1f\x7f-\x9f\u200b\u202e\ufeff\udc80-\udcff]"
TIMESTAMP = r"[A-Z][a-z][a-z] \d\d \d\d:\d\d:\d\d "
LONG_TEXT = "x" * 4000
NASTY = (
    "", " ", "%", "%u", "%{user}", "%s%s%n", "%%{rip}", "%{if;1;eq;1;a;b}",
    "\x01", "\x01t", "\x1b[2J", "\x7f", "\r", "\n",
    "\r\nauth: Error: geotrip: x", "\tuser=root", "\udcff\udcfe", "\udcc3(",
    "\u202eevil", "\u200b", "\ufeff",
    "\U0010ffff", "\ud7ff", "'; DROP TABLE user; --", "\"", "\\", "\\x0a",
    "a\\x00b", "*", "?", "-a", "--", "../../etc/passwd", "|/bin/sh", "$(id)",
    "<script>", "user@", "@", "a@b@c", "=", "==", LONG_TEXT,
    "\u00e4" * 1000)
ADDRESSES = (
    "", "0", "-1", "localhost", "garbage", "11.0.2", "11.0.2.256",
    "11.0.2.1.1", "11.0.2.1/24", "11.0.2.1 ", " 11.0.2.1", "11.0.2.1\0",
    "11.0.2.1\tservice=imap", "[11.0.2.1]", "::", ":::", "::1", "1::2::3",
    "::ffff:11.0.2", "::ffff:999.0.2.1", "fe80::1%lo", "2001:db8::1%eth0",
    "12345::", "unix:/tmp/x", "%{rip}", "\udcff", "1" * 4000, ":" * 4000,
    "1" * 300, "0x7f000001", "2130706433", "٢.٣.٤.٥")


class Hostile(Case):
    settings = {"rules": "3 countries in 1h", "services": "smtp submission"}
    # Failures would put off all others of the same address.
    conf = ("auth_failure_delay = 0\n"
            "service anvil {\n"
            "  unix_listener anvil-auth-penalty {\n"
            "    mode = 0\n"
            "  }\n"
            "}\n")

    def setUp(self):
        super().setUp()
        self.processes = self.dovecot.processes()
        self.last_id = 0

    def request(self, user, fields, password=PASSWORD):
        """The line of an AUTH request with fields as they come: pairs of
        bytes, the second of which may be None."""
        self.last_id += 1
        line = [b"AUTH", b"%d" % self.last_id, b"PLAIN"]
        line += [name if value is None else name + b"=" + value
                 for name, value in fields]
        line.append(b"resp=" + base64.b64encode(plain(user, password)))
        return b"\t".join(line) + b"\n"

    def ask(self, user="user@example.com", **fields):
        """A login with some fields of its own, answered one way or the
        other."""
        fields = {"service": "smtp", "rip": "11.0.2.1", **fields}
        with self.dovecot.auth() as auth:
            auth.write(self.request(user, [
                (name.encode(), escape(os.fsencode(value)))
                for name, value in fields.items()]))
            reply = auth.reply()
        self.assertIn(reply.kind, ("OK", "FAIL"))
        self.assertEqual(reply.id, self.last_id)
        return reply

    def check(self, *users):
        """Nothing broke, and nothing that came in comes out as it was."""
        later = f"later.{self.user}"
        self.assertAllowed(self.login(later, "JP"))
        self.dovecot.wait_for_logins(later, 1)
        self.assertEqual(self.dovecot.processes(), self.processes)
        self.check_log()
        self.check_rows()
        self.check_commands(users)

    def check_log(self):
        """No line of geotrip's has anything in it that is not printed as it
        is. Dovecot's own lines show session ids as they came."""
        for line in self.log_excerpt().split("\n"):
            if re.match(TIMESTAMP + r"(auth|geotrip): \w+: geotrip: ", line):
                self.assertNotRegex(line, UNPRINTABLE)
                self.assertIn(" geotrip: Info: geotrip: user=<", line)

    def check_rows(self):
        for row in self.dovecot.query("SELECT * FROM login"):
            self.assertIn(row.verdict, ("allow", "trip", "blocked"))
            self.assertRegex(row.country or "XX", "^[A-Z]{2}$")
            self.assertIn(row.ip and len(row.ip), (None, 4, 16))
            self.assertEqual(row.service, "smtp")
        self.assertEqual(
            self.dovecot.query("PRAGMA integrity_check")[0][0], "ok")

    def check_commands(self, users):
        for command in (["list"], ["list", "-a"], ["countries"],
                        *(["history", "--", user] for user in users),
                        *(["show", "--", user] for user in users)):
            for formatter in FORMATTERS:
                self.check_output(command, formatter)

    def check_output(self, command, formatter):
        json = formatter == "json"
        result = self.dovecot.geotrip(*command, json=json,
                                      formatter=formatter).expect(0)
        text = result.out.decode("utf-8")
        if formatter == "pager":
            text = text.replace("\f\n", "")
        for row in result.rows:
            self.assertIsInstance(row, dict)
            text = "".join(map(str, row.values()))
        self.assertNotRegex(re.sub("[\t\n]", "", text), UNPRINTABLE)
        if formatter == "tab":
            self.assertEqual(len({line.count("\t") for line in
                                  text.splitlines()} - {0}), 1, command)

    def test_names(self):
        """Hostile names."""
        for name in NASTY:
            self.ask(name)
            self.ask(f"a{name}b")
        self.check()

    def test_addresses(self):
        """What is no address is none, and no country."""
        for number, where in enumerate(ADDRESSES):
            self.ask(f"{number}.{self.user}", rip=where)
        self.check()
        for number, where in enumerate(ADDRESSES):
            # The system reads an address up to a space or a NUL.
            allowed = ({None, "JP"} if re.match(r"11\.0\.2\.1[\s\0]", where)
                       else {None})
            rows = self.dovecot.logins(f"{number}.{self.user}")
            self.assertLessEqual({row.country for row in rows}, allowed,
                                 where)

    def test_mapped_address(self):
        """An IPv4-mapped IPv6 address in all of its spellings."""
        for where in ("::ffff:11.0.2.1", "::FFFF:0b00:201",
                      "0:0:0:0:0:ffff:11.0.2.1"):
            self.assertAllowed(self.ask(self.user, rip=where))
        rows = self.dovecot.wait_for_logins(self.user, 3)
        self.assertEqual({(row.ip, row.country) for row in rows},
                         {(packed(address("JP")), "JP")})
        self.check()

    def test_services(self):
        """A service is counted by its name, in upper case as well; a mask is
        no name, and neither is a list."""
        for service in ("SMTP", "Smtp"):
            self.assertAllowed(self.ask(self.user, service=service))
        for service in (*NASTY, "smtp ", " smtp", "smtp submission", "smtp,",
                        "*", "s*"):
            self.ask(f"other.{self.user}", service=service)
        self.check()
        rows = self.dovecot.wait_for_logins(self.user, 2)
        self.assertEqual({row.service for row in rows}, {"smtp"})
        self.assertEqual(self.dovecot.logins(f"other.{self.user}"), [])

    def test_sessions(self):
        """Hostile session ids; one that two users share counts for both."""
        for session in NASTY:
            for user in (self.user, f"other.{self.user}"):
                self.ask(user, session=session)
        self.check(self.user)
        for user in (self.user, f"other.{self.user}"):
            # An empty one is none, and does not count as the same.
            self.assertGreaterEqual(len(self.dovecot.logins(user)),
                                    len(NASTY) - 3)

    def test_fields(self):
        """Fields that nobody knows, twice, without a value or a name."""
        for fields in (
                [(b"unknown", b"1")], [(b"", b"1")], [(b"", None)],
                [(b"x" * 4000, b"1")], [(b"rip", None)], [(b"service", None)],
                [(b"rip", b"11.0.2.1"), (b"rip", b"11.0.2.17")],
                [(b"service", b"smtp"), (b"service", b"imap")],
                [(b"session", None), (b"lip", b"x"), (b"lport", b"99999999")],
                [(b"secured", None), (b"nologin", None), (b"final-resp-ok",
                                                         None)],
                [(b"client_id", b"\"name\" \"\xff\"")],
                [(b"forward_" + b"x" * 100, b"\x01t" * 100)],
                [(b"%u", b"%u"), (b"\xff\xfe", b"\xff\xfe")],
                [(b"user", b"root"), (b"master_user", b"root"),
                 (b"original_user", b"root")]):
            with self.dovecot.auth() as auth:
                # A service is needed for a request to be one at all.
                auth.write(self.request(self.user, [
                    (b"service", b"smtp"), (b"rip", b"11.0.2.1"), *fields]))
                try:
                    reply = auth.reply()
                except ConnectionError:
                    # Dovecot takes it for a bug of the client's.
                    continue
            self.assertIn(reply.kind, ("OK", "FAIL"))
        self.check(self.user)

    def test_random(self):
        """Thousands of requests of all kinds, many at a time: each is
        answered."""
        rng = random.Random(SEED)
        names = [*NASTY, "user@example.com", "other@example.com"]
        places = [str(network[1]) for network, _ in NETWORKS]
        with self.dovecot.auth() as auth:
            for _ in range(REQUESTS // 100):
                lines = [self.random_request(rng, names, places)
                         for _ in range(100)]
                auth.write(b"".join(lines))
                answered = set()
                for _ in lines:
                    reply = auth.reply()
                    self.assertIn(reply.kind, ("OK", "FAIL"), reply)
                    answered.add(reply.id)
                self.assertEqual(answered, set(range(self.last_id - 99,
                                                     self.last_id + 1)))
        self.check("user@example.com", "other@example.com")
        suspended = self.dovecot.geotrip("list").expect(0).rows
        self.assertGreater(len(suspended), 10)
        # Each can be looked at and released by the name that is shown.
        for row in rng.sample(suspended, 5):
            self.dovecot.geotrip("show", "--", row["user"]).expect(0)
            self.dovecot.geotrip("unsuspend", "--", row["user"],
                                 json=False).expect(0)
        left = self.dovecot.geotrip("list").expect(0).rows
        self.assertEqual(len(left), len(suspended) - 5)

    def random_request(self, rng, names, places):
        name = rng.choice(names)
        if rng.random() < 0.3:
            name = os.fsdecode(rng.randbytes(rng.randrange(1, 60)))
        fields = [("service", "smtp" if rng.random() < 0.8
                   else rng.choice(NASTY)),
                  ("rip", rng.choice(places if rng.random() < 0.7
                                     else ADDRESSES))]
        for field in ("session", "lip", "lport", "rport", "local_name",
                      "client_id", "unknown"):
            if rng.random() < 0.2:
                fields.append((field, rng.choice(NASTY)))
        rng.shuffle(fields)
        # What is too long for a line is no request.
        pairs = [(field.encode(), escape(os.fsencode(value)[:200]))
                 for field, value in fields]
        password = PASSWORD if rng.random() < 0.9 else rng.choice(NASTY)
        return self.request(name[:2000], pairs, password[:100])
