"""What an operator does to a whole server."""

from support.case import Case


class UnsuspendAll(Case):
    def test_unsuspend_all(self):
        """unsuspend -a releases everybody."""
        users = [f"{number}.{self.user}" for number in range(3)]
        for user in users:
            self.trip(user)
        self.dovecot.geotrip("unsuspend", "-a", json=False).expect(0)
        self.assertEqual(self.dovecot.geotrip("list").rows, [])
        for user in users:
            self.assertAllowed(self.login(user, "JP"))


class Empty(Case):
    def test_nothing_yet(self):
        """On a server without any record the commands say so calmly."""
        self.assertAllowed(self.login(self.user, "JP"))
        self.dovecot.wait_for_logins(self.user, 1)
        self.assertEqual(self.dovecot.geotrip("list").expect(0).rows, [])
        self.dovecot.geotrip("notify", json=False).expect(0)
        self.dovecot.geotrip("purge", json=False).expect(0)
