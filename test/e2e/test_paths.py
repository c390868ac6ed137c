"""The ways a success takes through Dovecot's auth process."""

import concurrent.futures

from support import dovecot_conf
from support.addresses import address
from support.auth_socket import plain
from support.case import PASSWORD, Case


class Cache(Case):
    conf = "auth_cache_size = 10M\n"

    def test_cached_password(self):
        """A login that is answered from Dovecot's own cache counts like any
        other."""
        self.trip(self.user)
        self.assertEqual(self.verdicts(self.user, 3),
                         ["allow", "allow", "trip"])


class Reauthentication(Case):
    """A proxy that is told by one backend to go to another asks again, by
    EXTERNAL, in the session that the client is in."""

    mechanisms = "plain external"
    conf = ("auth_ssl_username_from_cert = yes\n"
            + dovecot_conf.static_passdb("again", mechanisms="external",
                                         nopassword="y"))

    def external(self, session):
        with self.dovecot.auth() as auth:
            _, request = auth.request(
                "EXTERNAL", b"", service="submission", rip=address("JP"),
                session=session, destuser=self.user,
                proxy_redirect_host_next="127.0.0.1:2",
                cert_username=self.user)
            auth.write(request)
            return auth.reply()

    def test_same_session(self):
        """One session of two mechanisms counts once, as what it began with;
        another one counts by itself."""
        self.assertAllowed(self.login(self.user, "JP", "submission",
                                      session="s1"))
        self.assertAllowed(self.external("s1"))
        self.assertAllowed(self.external("s2"))
        rows = self.dovecot.wait_for_logins(self.user, 2)
        self.assertEqual([(row.session, row.mechanism) for row in rows],
                         [("s1", "PLAIN"), ("s2", "EXTERNAL")])


class Shared(Case):
    """Two servers with one database."""

    def other(self):
        return self.server_of_its_own({"db": self.dovecot.database}).start()

    def test_both_count(self):
        """What one has recorded counts for the other, and what one has
        suspended or released is so for both."""
        other = self.other()
        self.assertAllowed(self.login(self.user, "JP"))
        self.dovecot.wait_for_logins(self.user, 1)
        self.assertAllowed(self.login(self.user, "US", server=other))
        self.dovecot.wait_for_logins(self.user, 2)
        self.assertSuspended(self.login(self.user, "BR"))
        self.assertSuspended(self.login(self.user, "JP", server=other))
        other.geotrip("unsuspend", self.user, json=False).expect(0)
        self.assertAllowed(self.login(self.user, "JP"))
        self.assertAllowed(self.login(self.user, "US", server=other))

    def test_one_suspension(self):
        """Both trip at the same time: one suspension each, one notice."""
        other = self.other()
        users = [f"{number}.{self.user}" for number in range(50)]

        def storm(server):
            with server.auth() as auth:
                requests = [auth.request("PLAIN", plain(user, PASSWORD),
                                         service="smtp",
                                         rip=address(country))[1]
                            for user in users
                            for country in ("JP", "US", "BR")]
                auth.write(b"".join(requests))
                for _ in requests:
                    auth.reply()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(storm, (self.dovecot, other)))
        (row,) = self.dovecot.query(
            "SELECT count(*), count(DISTINCT s.user_id), count(n.id)"
            " FROM suspension s JOIN user u ON u.id = s.user_id"
            " LEFT JOIN notice n ON n.suspension_id = s.id"
            " WHERE u.name LIKE ?", f"%.{self.user}")
        self.assertEqual(tuple(row), (50, 50, 50))
