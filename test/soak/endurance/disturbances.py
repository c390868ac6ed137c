"""What goes on beside the logins: each in a thread of its own, again and again
until it is to stop."""

import itertools
import random
import threading

NO_USER = 67
MMDBS = ("ip-location-db.mmdb", "maxmind.mmdb")


class Disturbance(threading.Thread):
    """step is called at this interval in seconds, and must not fail."""

    def __init__(self, name, seconds, step):
        super().__init__(name=name)
        self._seconds, self._step = seconds, step
        self._stopping = threading.Event()
        self.done = 0
        self.failure = None

    def run(self):
        try:
            while not self._stopping.wait(self._seconds):
                self._step()
                self.done += 1
        except Exception as reason:  # one of the problems at the end
            self.failure = f"{self.name}: {reason}"

    def stop(self):
        """Let the last step come to its end."""
        self._stopping.set()
        self.join()


def all_of(dovecot, users, keep_seconds, reload_seconds):
    """The reload comes first: it ends before the others."""
    replacements = itertools.cycle(MMDBS)

    def command(*words):
        result = dovecot.geotrip(*words, json=False, timeout=300)
        if result.code != NO_USER:
            result.expect(0)

    def some_user():
        return f"user{random.randrange(users)}@example.com"

    def operator():
        user = some_user()
        command("suspend", "-r", "soak", user)
        for words in (["show"], ["history"], ["unsuspend"]):
            command(*words, user)

    def release_some():
        """So that those who tripped can trip again."""
        active = dovecot.geotrip("list", timeout=300).expect(0).rows
        chosen = random.sample(active, min(20, len(active)))
        if chosen:
            command("unsuspend", *(row["user"] for row in chosen))

    return [
        Disturbance("reload", reload_seconds,
                    lambda: dovecot.doveadm("reload").expect(0)),
        Disturbance("operator", 1, operator),
        Disturbance("release", 3, release_some),
        Disturbance("countries", 20, lambda: command("countries")),
        Disturbance("notify", 5, lambda: command("notify")),
        Disturbance("purge", 15,
                    lambda: command("purge", "-k", f"{keep_seconds}s")),
        Disturbance("mmdb", 3,
                    lambda: dovecot.install_mmdb(next(replacements))),
    ]
