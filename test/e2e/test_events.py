"""Events come out of Dovecot's own stats, as OpenMetrics."""

from support import metrics
from support.case import Case
from support.waiting import wait_until

CONF = """
metric geotrip_logins {
  filter = event=geotrip_login_finished
  group_by = country verdict service
}
metric geotrip_errors {
  filter = event=geotrip_login_finished AND error=*
}
metric geotrip_started {
  filter = event=geotrip_suspension_started
}
metric geotrip_ended {
  filter = event=geotrip_suspension_ended
}
metric geotrip_category {
  filter = category=geotrip AND event=geotrip_*
}
"""


class Events(Case):
    conf = CONF
    settings = {"suspend_time": "2s"}

    def wait_for(self, count, name, server=None, **labels):
        port = (server or self.dovecot).ports["stats"]
        wait_until(lambda: metrics.count(port, name, **labels) == count,
                   lambda: metrics.read(port))

    def test_a_suspension(self):
        """Every login is counted by country, verdict and service, every
        suspension when it starts and when it ends."""
        self.trip(self.user)
        self.assertSuspended(self.login(self.user, "FR", "submission"))
        for country, verdict, service in (
                ("JP", "allow", "smtp"), ("US", "allow", "smtp"),
                ("BR", "trip", "smtp"), ("FR", "blocked", "submission")):
            self.wait_for(1, "geotrip_logins", country=country,
                          verdict=verdict, service=service)
        self.wait_for(1, "geotrip_started")
        # Time ends it, and nobody has to log in for that.
        self.wait_for(1, "geotrip_ended")
        self.wait_for(6, "geotrip_category")
        self.wait_for(0, "geotrip_errors")


class Operator(Events):
    settings = {}

    def test_a_suspension(self):
        """What an operator does through doveadm is counted as well."""
        self.dovecot.geotrip("suspend", self.user, json=False).expect(0)
        self.wait_for(1, "geotrip_started")
        self.dovecot.geotrip("unsuspend", self.user, json=False).expect(0)
        self.wait_for(1, "geotrip_ended")

    def test_errors(self):
        """A login without its database is counted as an error."""
        server = self.server_of_its_own(conf=CONF, mmdb=None).start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        self.wait_for(1, "geotrip_errors", server)
        self.wait_for(1, "geotrip_logins", server, country="")
