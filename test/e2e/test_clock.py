"""The system's clock is two hours ahead for a while: libfaketime shows such a
clock to the servers and to doveadm."""

import os
import pathlib
import unittest

from support import dovecot_conf, sanitize
from support.case import Case

AHEAD = 2 * 3600 * 1000000


def environment(clock):
    """What a process needs to have the clock that the file tells."""
    library, *_ = pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    return {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@unittest.skipIf(sanitize.MARK in os.environ,
                 "libfaketime and what watches a run cannot be loaded both")
class Clock(Case):
    @classmethod
    def prepare(cls, server):
        cls.clock = server.top / "clock"
        cls.environment = environment(cls.clock)
        server.conf = "".join(dovecot_conf.environment(name, value)
                              for name, value in cls.environment.items())
        cls.set_clock("+0")

    @classmethod
    def set_clock(cls, offset):
        """Atomically: it is read all the time."""
        new = cls.clock.with_suffix(".new")
        new.write_text(f"{offset}\n")
        new.rename(cls.clock)

    def ahead(self):
        self.set_clock("+2h")
        self.addCleanup(self.set_clock, "+0")

    def test_evidence(self):
        """A country before, one while the clock is ahead, and one when it is
        right again are three countries."""
        self.assertAllowed(self.login(self.user, "JP"))
        self.ahead()
        self.assertAllowed(self.login(self.user, "US"))
        rows = self.dovecot.wait_for_logins(self.user, 2)
        self.assertGreater(rows[1].time - rows[0].time, AHEAD)
        self.set_clock("+0")
        self.assertSuspended(self.login(self.user, "BR"))
        shown = self.dovecot.geotrip("show", self.user).rows
        self.assertEqual(len([row for row in shown
                              if row["field"] == "evidence"]), 3)

    def test_restart(self):
        """So they are if Dovecot restarts in between."""
        self.ahead()
        for country in ("JP", "US"):
            self.assertAllowed(self.login(self.user, country))
        self.dovecot.stop()
        self.set_clock("+0")
        self.dovecot.start()
        self.assertSuspended(self.login(self.user, "BR"))

    def test_release(self):
        """Who is released while the clock is ahead is forgiven what was
        before, but nothing that comes when it is right again, whatever an
        operator does to others."""
        self.ahead()
        self.trip(self.user)
        self.dovecot.geotrip("unsuspend", self.user, json=False,
                             **self.environment).expect(0)
        self.assertAllowed(self.login(self.user, "DE"))
        self.dovecot.wait_for_logins(self.user, 4)
        self.set_clock("+0")
        self.assertAllowed(self.login(self.user, "JP"))
        self.dovecot.geotrip("suspend", f"other.{self.user}",
                             json=False).expect(0)
        self.assertSuspended(self.login(self.user, "US"))
