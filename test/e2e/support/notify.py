"""What the tests of doveadm geotrip notify start from."""

import collections
import contextlib
import email
import email.policy
import json
import re
import sqlite3
import time

from .case import Case
from .doveadm import Result
from .waiting import wait_until

KINDS = ("suspended", "released", "copy", "undelivered")
COUNTS = ("sent", "deferred", "failed", "withdrawn", "sessions")
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
           "MIME-Version", "Content-Type", "Content-Language",
           "Content-Transfer-Encoding"}
MINUTE = 60 * 10**6
HOUR = 60 * MINUTE


def now():
    """As the database has it."""
    return int(time.time() * 1e6)


class NotifyCase(Case):
    """The tests of a class share a server, and notify delivers whatever is
    queued there: each test starts with an empty queue and empty mailboxes."""

    def setUp(self):
        super().setUp()
        self.smtp = self.dovecot.sink
        self.empty()
        # notify never makes a database.
        self.assertAllowed(self.login(f"first.{self.user}", "JP"))
        self.dovecot.wait_for_logins(f"first.{self.user}", 1)

    def empty(self):
        """Nobody is suspended, nothing is queued, nothing has arrived."""
        self.smtp.reset()
        # the guard may be creating it
        if self.dovecot.database.exists():
            wait_until(lambda: self.dovecot.query(
                "SELECT * FROM sqlite_schema WHERE name = 'notice'"),
                "the database has its tables")
            self.execute("UPDATE notice SET state = 'withdrawn'"
                         " WHERE state = 'queued'")
            self.execute("UPDATE suspension SET released_at = since,"
                         " released_by = 'operator'"
                         " WHERE released_at IS NULL")

    # Doing something.

    def notify(self, code=0, server=None, **options):
        """Run it, and get the numbers that it prints."""
        return counts(self.run_notify(code, server, **options))

    def run_notify(self, code=0, server=None, **options):
        return (server or self.dovecot).geotrip(
            "notify", json=False, **options).expect(code)

    def suspend(self, *users, reason="spam complaint", for_time=None,
                server=None):
        options = ["-r", reason]
        if for_time is not None:
            options += ["-t", for_time]
        (server or self.dovecot).geotrip(
            "suspend", *options, *users, json=False).expect(0)

    def unsuspend(self, *users, server=None):
        (server or self.dovecot).geotrip(
            "unsuspend", *users, json=False).expect(0)

    def execute(self, sql, *values, server=None):
        """Change the database behind everybody's back."""
        with contextlib.closing(sqlite3.connect(
                (server or self.dovecot).database, 20)) as db, db:
            return db.execute(sql, values).rowcount

    def queue(self, users, reasons=None, server=None):
        """Suspend users and queue their notices; names and reasons are bytes
        or text. Faster than doveadm, and takes anything."""
        users = list(users)
        reasons = reasons or ["spam complaint"] * len(users)
        with contextlib.closing(sqlite3.connect(
                (server or self.dovecot).database, 20)) as db, db:
            for user, reason in zip(users, reasons):
                db.execute("INSERT OR IGNORE INTO user (name)"
                           " VALUES (CAST(? AS TEXT))", (user,))
                cursor = db.execute(
                    "INSERT INTO suspension (user_id, since, until, reason,"
                    " source) SELECT id, ?, ?, CAST(? AS TEXT), 'operator'"
                    " FROM user WHERE name = CAST(? AS TEXT)",
                    (now(), now() + 24 * HOUR, reason, user))
                db.execute(
                    "INSERT INTO notice (suspension_id, kind, next_attempt)"
                    " VALUES (?, 'suspended', ?)", (cursor.lastrowid, now()))

    def later(self, microseconds, server=None):
        """Let this much time pass for the waiting notices."""
        self.execute("UPDATE notice SET next_attempt = next_attempt - ?,"
                     " lease_until = lease_until - ?",
                     microseconds, microseconds, server=server)

    # What came out.

    def notices(self, user=None, server=None):
        """The notices of a user by kind, or all of them in a list."""
        rows = (server or self.dovecot).query(
            "SELECT n.*, u.name AS user FROM notice n"
            " JOIN suspension s ON s.id = n.suspension_id"
            " JOIN user u ON u.id = s.user_id ORDER BY n.id")
        if user is None:
            return rows
        return {row.kind: row for row in rows if row.user == user}

    def notice(self, user=None, kind="suspended", server=None):
        return self.notices(user or self.user, server)[kind]

    def one_message(self, address=None, server=None):
        """The only message to an address, parsed."""
        messages = (server.sink if server else self.smtp).to(
            address or self.user)
        self.assertEqual(len(messages), 1, messages)
        return self.parsed(messages[0])

    def parsed(self, message):
        """A message as Python reads it, after a strict look at its bytes."""
        data = message.data if hasattr(message, "data") else message
        self.assertIsNone(re.search(rb"[\x80-\xff\0]", data), data)
        self.assertIsNone(re.search(rb"(?<!\r)\n|\r(?!\n)", data), data)
        self.assertLessEqual(max(map(len, data.split(b"\r\n"))), 998, data)
        parsed = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual(parsed.defects, [], data)
        self.assertEqual(collections.Counter(parsed.keys()),
                         collections.Counter(HEADERS), data)
        for name, value in parsed.items():
            self.assertEqual(value.defects, (), f"{name}: {value!r}\n{data}")
        self.assertEqual(parsed["Auto-Submitted"], "auto-generated")
        self.assertEqual(parsed["MIME-Version"], "1.0")
        self.assertEqual(parsed.get_content_type(), "text/plain")
        self.assertEqual(parsed.get_content_charset(), "utf-8")
        self.assertIn(parsed["Content-Transfer-Encoding"], ("7bit", "base64"))
        # Decodes as what it says it is.
        parsed.get_payload(decode=True).decode("utf-8")
        return parsed

    def assertQueued(self, user=None, server=None, **fields):
        row = self.notice(user, server=server)
        self.assertEqual(row.state, "queued", row)
        for name, value in fields.items():
            self.assertEqual(getattr(row, name), value, row)
        return row


def counts(result):
    """The numbers that notify printed, in one line or as JSON."""
    text = result.text if isinstance(result, Result) else result
    if text.startswith("["):
        (row,) = json.loads(text)
    else:
        (line,) = text.splitlines()
        row = dict(re.findall(r"(\w+)=(\S*)", line))
    if tuple(row) != COUNTS:
        raise AssertionError(f"notify printed {text!r}")
    return {name: int(value) for name, value in row.items()}


def body(parsed):
    return parsed.get_content().replace("\r\n", "\n")
