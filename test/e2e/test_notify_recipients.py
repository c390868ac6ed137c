"""To whom notices go."""

from support import dovecot_conf
from support.notify import NotifyCase, body

USERS = "".join(dovecot_conf.user_line(name, **fields) for name, fields in (
    ("one@example.com", {"geotrip_notify": "private@example.net"}),
    ("two@example.com", {"geotrip_notify": "a@example.net,b@example.net"}),
    ("japanese@example.com", {"geotrip_language": "ja"}),
    ("both@example.com", {"geotrip_notify": "c@example.net",
                          "geotrip_language": "ja"}),
    ("unknown@example.com", {"geotrip_language": "tlh"}),
    ("path@example.com", {"geotrip_language": "../notices/ja"}),
    ("empty@example.com", {"geotrip_notify": "", "geotrip_language": ""}),
    ("bare", {"geotrip_notify": "bare.private"}),
    ("bad@example.com", {"geotrip_notify": "bäd@example.net"}),
    ("half@example.com",
     {"geotrip_notify": "good@example.net,bäd@example.net"})))


class ByUser(NotifyCase):
    """geotrip_notify and geotrip_language of the userdb."""

    users = USERS

    def told(self, user, *recipients):
        self.suspend(user)
        self.assertEqual(self.notify()["sent"], 1)
        (message,) = self.smtp.messages
        self.assertEqual(sorted(message.recipients), sorted(recipients))
        parsed = self.parsed(message)
        self.assertEqual(
            sorted(address.addr_spec for address in parsed["To"].addresses),
            sorted(recipients))
        self.assertIn(user, body(parsed))
        return parsed

    def test_one_address(self):
        """A private address."""
        self.told("one@example.com", "private@example.net")

    def test_two_addresses(self):
        """Two addresses are one message."""
        self.told("two@example.com", "a@example.net", "b@example.net")

    def test_language(self):
        """The language is the user's."""
        parsed = self.told("japanese@example.com", "japanese@example.com")
        self.assertEqual(parsed["Content-Language"], "ja")
        self.assertIn("アカウント", body(parsed))

    def test_both(self):
        """Both together."""
        parsed = self.told("both@example.com", "c@example.net")
        self.assertEqual(parsed["Content-Language"], "ja")

    def test_unknown_language(self):
        """A language without templates: that of the setting."""
        parsed = self.told("unknown@example.com", "unknown@example.com")
        self.assertEqual(parsed["Content-Language"], "en")

    def test_path(self):
        """A language that is a path: that of the setting."""
        parsed = self.told("path@example.com", "path@example.com")
        self.assertEqual(parsed["Content-Language"], "en")

    def test_empty(self):
        """Empty fields are as none."""
        parsed = self.told("empty@example.com", "empty@example.com")
        self.assertEqual(parsed["Content-Language"], "en")

    def test_others(self):
        """Users of another userdb are told as before."""
        self.told(self.user, self.user)

    def test_bad_address(self):
        """An address that is none: the notice fails, and is not sent to
        somebody else."""
        self.suspend("bad@example.com")
        numbers = self.notify()
        self.assertEqual((numbers["sent"], numbers["failed"]), (0, 1))
        self.assertEqual(self.smtp.messages, [])
        row = self.notice("bad@example.com")
        self.assertEqual(row.state, "failed")
        self.assertIn("example.net", row.error)

    def test_half_bad(self):
        """A good and a bad address: the good one gets it."""
        self.suspend("half@example.com")
        self.notify()
        self.assertEqual([message.recipients for message in
                          self.smtp.messages], [["good@example.net"]])

    def test_no_domain(self):
        """An address without a domain, and no geotrip_notify_domain: it is
        left to the mail server."""
        self.suspend("bare")
        self.notify()
        (message,) = self.smtp.messages
        self.assertEqual(message.recipients, ["bare.private"])


class Domain(NotifyCase):
    settings = {"notify_domain": "example.org"}
    users = USERS

    def test_without(self):
        """A name without @ gets the domain."""
        self.suspend("hanako")
        self.notify()
        self.assertEqual(str(self.one_message("hanako@example.org")["To"]),
                         "hanako@example.org")

    def test_with(self):
        """One with @ keeps its own."""
        self.suspend(self.user)
        self.notify()
        self.one_message(self.user)
        self.assertEqual(len(self.smtp.messages), 1)

    def test_field(self):
        """The same for the address of the userdb."""
        self.suspend("bare")
        self.notify()
        self.one_message("bare.private@example.org")

    def test_strange_names(self):
        """Names that need quotes in an address are quoted, or refused: never
        another address."""
        names = ["a b", "a,b", "a;b", "<a>", "a..b", ".a", "(a)",
                 "a\\b", "a\tb", "-oQ/tmp", "!a", "a:b", "[a]"]
        self.queue(names)
        numbers = self.notify()
        self.assertEqual(numbers["sent"] + numbers["failed"], len(names))
        for message in self.smtp.messages:
            parsed = self.parsed(message)
            (recipient,) = message.recipients
            self.assertTrue(recipient.endswith("@example.org"), recipient)
            local = recipient.rpartition("@")[0]
            if local.startswith('"'):
                local = local[1:-1].replace("\\", "")
            self.assertIn(local, [name.replace("\\", "") for name in names])
            self.assertEqual(len(parsed["To"].addresses), 1)


class Fixed(NotifyCase):
    settings = {"notify_address": "desk@example.org"}

    def test_fixed(self):
        """All to one address; the text says whose account it is."""
        self.suspend(self.user, f"2.{self.user}")
        self.assertEqual(self.notify()["sent"], 2)
        messages = self.smtp.to("desk@example.org")
        self.assertEqual(len(messages), 2)
        for message, user in zip(messages, (self.user, f"2.{self.user}")):
            self.assertIn(user, body(self.parsed(message)))


class Several(NotifyCase):
    def check(self, value, user, *recipients):
        server = self.server_of_its_own({"notify_address": value}).start()
        self.suspend(user, server=server)
        self.assertEqual(self.notify(server=server)["sent"], 1)
        (message,) = server.sink.messages
        self.assertEqual(sorted(message.recipients), sorted(recipients))
        self.assertEqual(
            sorted(address.addr_spec for address in
                   self.parsed(message)["To"].addresses), sorted(recipients))

    def test_by_comma(self):
        """Two addresses, one of them the user's, by a comma."""
        self.check("%{user}, desk@example.org", self.user, self.user,
                   "desk@example.org")

    def test_by_space(self):
        """The same by a space."""
        self.check("desk@example.org %{user}", self.user, self.user,
                   "desk@example.org")

    def test_in_the_middle(self):
        """The name as a part of an address."""
        self.check("%{user}+x@example.org", "hanako", "hanako+x@example.org")

    def test_no_injection(self):
        """A name with a comma does not become two addresses."""
        user = "a,thief@example.net"
        self.queue([user])
        self.notify()
        for message in self.smtp.messages:
            self.assertEqual(len(message.recipients), 1)
            self.assertNotIn("thief@example.net", message.recipients)
            self.assertEqual(len(self.parsed(message)["To"].addresses), 1)

    def test_twice_the_same(self):
        """The same address twice gets it once."""
        server = self.server_of_its_own(
            {"notify_address": f"%{{user}}, {self.user}"}).start()
        self.suspend(self.user, server=server)
        self.notify(server=server)
        self.assertEqual(
            sum(message.recipients.count(self.user)
                for message in server.sink.messages), 1)
