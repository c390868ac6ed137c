"""What a crash and what a stop leave in the database."""

import os
import signal

from support.auth_socket import plain
from support.case import PASSWORD, Case
from support.waiting import wait_until


class Crash(Case):
    def test_kill_after_a_suspension(self):
        """The auth process is killed as soon as the client was told of its
        suspension: the suspension is there, and enforced."""
        server = self.server_of_its_own().start()
        for attempt in range(5):
            user = f"{attempt}.{self.user}"
            with server.auth() as auth:
                pid = server.auth_pid()
                for where in ("192.0.2.1", "192.0.2.17", "192.0.2.33"):
                    _, request = auth.request(
                        "PLAIN", plain(user, PASSWORD), service="smtp",
                        rip=where)
                    auth.write(request)
                    reply = auth.reply()
                os.kill(pid, signal.SIGKILL)
            self.assertSuspended(reply)
            (row,) = server.query(
                "SELECT count(*) FROM active_suspension WHERE user = ?",
                user)
            self.assertEqual(row[0], 1)
            wait_until(lambda: self.answers(server), "auth is back")
            self.assertSuspended(self.login(user, "JP", server=server))

    def answers(self, server):
        try:
            server.auth().close()
        except OSError:
            return False
        return True

    def test_clean_stop(self):
        """A clean stop writes what is still queued: here what came while
        another process held the lock."""
        server = self.server_of_its_own().start()
        self.assertAllowed(self.login("first@example.com", "JP",
                                      server=server))
        server.wait_for_logins("first@example.com", 1)
        users = [f"{number}.{self.user}" for number in range(500)]
        with server.auth() as auth, server.locked():
            auth.write(b"".join(
                auth.request("PLAIN", plain(user, PASSWORD), service="smtp",
                             rip="192.0.2.1")[1] for user in users))
            for _ in users:
                self.assertAllowed(auth.reply())
        server.stop()
        (row,) = server.query("SELECT count(*) FROM login")
        self.assertEqual(row[0], len(users) + 1)

    def test_restart_remembers(self):
        """After a restart the window is what it was."""
        server = self.server_of_its_own().start()
        for country in ("JP", "US"):
            self.assertAllowed(self.login(self.user, country, server=server))
        server.stop()
        server.start()
        self.assertSuspended(self.login(self.user, "BR", server=server))
