"""Names are bytes: stored and shown faithfully, never interpreted."""

import os
import re

from support.addresses import address
from support.auth_socket import escape, plain
from support.case import PASSWORD, Case

THOUSAND = ("\"'`;%s%n\n\t\\$(id){}|&<>*?#=,: -- äöü" * 40).encode()[:1000]
NAMES = {
    "thousand bytes": THOUSAND,
    "quotes": b"o'brien\"s`name",
    "newline": b"two\nlines",
    "carriage return": b"two\rlines",
    "tab": b"tab\there",
    "percent": b"100%u %s%n%x %%",
    "utf-8": "josé.文字.😀@example.com".encode(),
    "right to left": "moc.elpmaxe@\u202eeve\u200b".encode(),
    "invalid utf-8": b"bad\xff\xfe\xc3(@example.com",
    "sql": b"'; drop table login; --",
    "control": b"bell\a esc\x1b[31m one\x01 del\x7f",
    "spaces": b"  around  ",
    "backslashes": rb"dom\\ain\user\x41\x5c\n",
    "mask": b"*",
    "option": b"-a",
}


def show(name):
    """A name as the commands show and take it: what changes how the text
    around it is read, what is no UTF-8, and a backslash that could be taken
    for such an escape, as \\xHH."""
    name = re.sub(r"\\(?=x[0-9a-fA-F]{2})", r"\\x5c", name)
    return re.sub("[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
                  "\ufeff\udc80-\udcff]", lambda match: "".join(
                      f"\\x{byte:02x}" for byte in os.fsencode(match.group())),
                  name)


class Names(Case):
    settings = {"rules": "2 countries in 1h"}
    conf = "auth_failure_delay = 0\n"

    def trip_named(self, name):
        self.assertAllowed(self.login(os.fsdecode(name), "JP"))
        self.assertSuspended(self.login(os.fsdecode(name), "US"))
        return os.fsdecode(name)

    def check(self, raw):
        name = self.trip_named(raw)
        # Stored byte by byte.
        rows = self.dovecot.query(
            "SELECT user FROM active_suspension"
            " WHERE CAST(user AS BLOB) = ?", raw)
        self.assertEqual([row.user for row in rows], [name])
        # Shown, and found again by what was shown.
        shown = show(name)
        listed = [row["user"] for row in
                  self.dovecot.geotrip("list").expect(0).rows]
        self.assertIn(shown, listed)
        history = self.dovecot.geotrip("history", "--", shown).expect(0)
        self.assertEqual(
            [(row["user"], row["country"], row["verdict"])
             for row in history.rows],
            [(shown, "US", "trip"), (shown, "JP", "allow")])
        self.dovecot.geotrip("show", "--", shown).expect(0)
        self.check_lines(shown)
        self.check_log()

    def check_lines(self, name):
        """A row is a line, and a tab ends a column, whatever the name."""
        result = self.dovecot.geotrip("history", "--", name, json=False,
                                      formatter="tab").expect(0)
        header, *lines = result.text.split("\n")[:-1]
        columns = header.split("\t")
        self.assertEqual(columns, ["time", "user", "service", "country",
                                   "ip", "verdict"])
        self.assertEqual(len(lines), 2, lines)
        for line in lines:
            self.assertEqual(len(line.split("\t")), len(columns), line)
        table = self.dovecot.geotrip("history", "--", name, json=False,
                                     formatter="table").expect(0)
        self.assertEqual(len(table.text.split("\n")) - 1, 3, table.text)

    def check_log(self):
        """No name breaks out of its line in the log."""
        for line in self.log_excerpt().splitlines():
            self.assertRegex(line, r"^[A-Z][a-z][a-z] \d\d \d\d:\d\d:\d\d ")

    def test_released_by_name(self):
        """A name is released as it is: neither mask nor option."""
        other = self.trip_named(b"bystander@example.com")
        for raw in (b"-r", b"star*?[a]\\@example.com", b"line\nfeed"):
            name = self.trip_named(raw)
            self.dovecot.geotrip("unsuspend", "--", show(name),
                                 json=False).expect(0)
            self.assertAllowed(self.login(name, "US"))
        self.assertEqual(self.login(other, "US").kind, "FAIL")

    def test_nul(self):
        """A NUL in a name neither cuts it nor gets into the database."""
        with self.dovecot.auth() as auth:
            _, request = auth.request(
                "PLAIN", plain("nul\0name", PASSWORD), service="smtp",
                rip=address("JP"))
            auth.write(request)
            self.assertEqual(auth.reply().kind, "FAIL")
            # In the fields of the protocol.
            _, request = auth.request(
                "PLAIN", plain("nul-in-session", PASSWORD), service="smtp",
                rip=address("JP"), session="a\0b\tc\nd")
            auth.write(request)
            auth.reply()
        self.assertNoLogin("nul", "nul\0name")

    def test_protocol_escapes(self):
        """Odd bytes in service, session and address do no harm."""
        odd = "a'\"\t\n%s\x01\xff"
        for field in ("session", "service", "lip", "rip"):
            fields = {"service": "smtp", "rip": address("JP"), field: odd}
            with self.dovecot.auth() as auth:
                _, request = auth.request(
                    "PLAIN", plain(self.user, PASSWORD), **fields)
                auth.write(request)
                auth.reply()
        rows = self.dovecot.wait_for_logins(self.user, 2)
        self.assertIn(odd.encode(), [os.fsencode(row.session or "")
                                     for row in rows])

    def test_over_the_wire(self):
        """A tab and a newline in a name, as the auth protocol spells them."""
        self.assertEqual(escape(b"a\tb\nc"), b"a\x01tb\x01nc")
        with self.dovecot.auth() as auth:
            for where in map(address, ("JP", "US")):
                _, request = auth.request(
                    "PLAIN", plain("a\tb\nc", PASSWORD), service="smtp",
                    rip=where)
                auth.write(request)
                reply = auth.reply()
        self.assertEqual(reply.kind, "FAIL")
        self.assertIn(b"user=a\x01tb\x01nc\t", reply.line)


def add(what, name):
    def test(self):
        self.check(name)
    test.__doc__ = f"A name with {what}."
    setattr(Names, "test_" + re.sub(r"\W", "_", what), test)


for _what, _name in NAMES.items():
    add(_what, _name)
