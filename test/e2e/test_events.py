"""Events come out of Dovecot's own stats, as OpenMetrics."""

from support import dovecot_conf, metrics
from support.case import Case
from support.waiting import wait_until

# Besides the metrics of the example.
CONF = (dovecot_conf.metric("test_logins", "event=geotrip_login_finished",
                            "country", "verdict", "service")
        + dovecot_conf.metric("test_category",
                              "category=geotrip AND event=geotrip_*"))


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
            self.wait_for(1, "test_logins", country=country,
                          verdict=verdict, service=service)
            self.wait_for(1, "geotrip_logins_by_country", country=country)
            self.wait_for(1 if verdict != "allow" else 2, "geotrip_logins",
                          verdict=verdict)
        self.wait_for(1, "geotrip_suspensions_started")
        # Time ends it, and nobody has to log in for that.
        self.wait_for(1, "geotrip_suspensions_ended")
        self.wait_for(6, "test_category")
        self.wait_for(0, "geotrip_login_errors")


class Operator(Events):
    settings = {}

    def test_a_suspension(self):
        """What an operator does through doveadm is counted as well."""
        self.dovecot.geotrip("suspend", self.user, json=False).expect(0)
        self.wait_for(1, "geotrip_suspensions_started")
        self.dovecot.geotrip("unsuspend", self.user, json=False).expect(0)
        self.wait_for(1, "geotrip_suspensions_ended")

    def test_errors(self):
        """A login without its database is counted as an error."""
        server = self.server_of_its_own(conf=CONF, mmdb=None).start()
        self.assertAllowed(self.login(self.user, "JP", server=server))
        self.wait_for(1, "geotrip_login_errors", server)
        self.wait_for(1, "test_logins", server, country="")


MARKS = (dovecot_conf.metric("test_marks", "event=geotrip_suspension_marked",
                             "cause", "countries")
         + dovecot_conf.metric("test_brakes",
                               "event=geotrip_brake_started AND"
                               " domain=example.com AND max=\"2 in 1h\"")
         + dovecot_conf.metric("test_ends", "event=geotrip_brake_ended AND"
                               " domain=example.com AND ended_by=operator"))


class Marks(Events):
    conf = MARKS
    settings = {"mode": "observe"}

    def test_a_suspension(self):
        """Who would have been suspended is counted, each time."""
        for _ in range(2):
            for country in ("JP", "US", "BR"):
                self.assertAllowed(self.login(self.user, country))
        self.wait_for(2, "test_marks", cause="observe", countries="JP US BR")
        self.wait_for(0, "geotrip_suspensions_started")

    def test_brake(self):
        """Brakes are counted, with their domain."""
        server = self.server_of_its_own({"max_suspensions": "2 in 1h"},
                                        conf=MARKS).start()
        for number in range(3):
            for country in ("JP", "US", "BR"):
                self.login(f"{number}.{self.user}", country, server=server)
        self.wait_for(1, "test_brakes", server)
        self.wait_for(1, "test_marks", server, cause="brake",
                      countries="JP US BR")
        server.geotrip("resume").expect(0)
        self.wait_for(1, "test_ends", server)


class Sums(Case):
    """The metrics of the example: what a monitoring system adds up."""

    COUNTRIES = ("JP", "US", "BR", "JP", "DE")

    def samples(self, name):
        return metrics.samples(self.dovecot.ports["stats"], name)

    def test_sums(self):
        """The sum over a metric is the number of its events: none is in it
        twice, whatever it is grouped by."""
        for country in self.COUNTRIES:
            self.login(self.user, country)
        logins = len(self.COUNTRIES)
        for name, count in (("geotrip_logins", logins),
                            ("geotrip_logins_by_country", logins),
                            ("geotrip_trips_by_country", 1),
                            ("geotrip_suspensions_started", 1)):
            with self.subTest(name):
                wait_until(lambda: sum(self.samples(name).values()) >= count,
                           lambda: f"{count} in {self.samples(name)}")
                samples = self.samples(name)
                self.assertEqual(sum(samples.values()), count, samples)
        self.assertEqual(self.samples("geotrip_logins_by_country"), {
            frozenset({("country", country)}): self.COUNTRIES.count(country)
            for country in self.COUNTRIES})
        self.assertEqual(self.samples("geotrip_logins"), {
            frozenset({("verdict", verdict)}): number
            for verdict, number in (("allow", 2), ("trip", 1),
                                    ("blocked", 2))})
        self.assertEqual(self.samples("geotrip_trips_by_country"),
                         {frozenset({("country", "BR")}): 1})
