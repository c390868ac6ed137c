"""The messages that owners get, as another program reads them."""

import datetime
import email
import email.header
import random
import re

from support.notify import NotifyCase, body, now

OUTSIDE_ASCII = "Bjørn 佐藤\u202etxt.exe\u2069 \N{PILE OF POO}"
# What must not become a header, a placeholder or the end of the message.
HOSTILE = (
    b"x\r\nBcc: thief@example.net", b"x\nBcc: thief@example.net",
    b"x\rBcc: thief@example.net", b"x\r\n\r\nbody", b"x\r\n.\r\nQUIT",
    b"\r\n", b"\n.\n", b".", b"..", b" ", b"\t", b"a\tb",
    b"{user}", b"{{", b"}}", b"{", b"%{user}", b"%u", b"%%", b"{?user}x",
    b"{reason}{contact}", b"[suspended]", b"Subject: x", b"#",
    b"\xff\xfe\x80\xc3", b"\xc3\x28 \xe2\x82", b"\xed\xa0\x80",
    b"\x01\x02\x7f\x1b[31m", b"\xc2\x85\xe2\x80\xa8",
    # Dovecot's auth process looks up names of up to about 1000 bytes.
    b"a" * 900, "é".encode() * 450, "日本".encode() * 150,
    "\N{PILE OF POO}".encode() * 225, OUTSIDE_ASCII.encode(),
    b"=?utf-8?q?=0d=0aBcc:_x?=", b"\"<>@,;:\\", b"a,b", b"<a@b>", b"'\"")


class Message(NotifyCase):
    # Where the tests are, it is winter.
    zone = {"TZ": "Asia/Tokyo"}

    def told(self, user=None, **options):
        self.notify(**self.zone, **options)
        return self.one_message(user or self.user)

    def test_headers(self):
        """All headers, each once, and nothing but ASCII on the way."""
        before = datetime.datetime.now(datetime.timezone.utc)
        self.trip(self.user)
        message = self.told()
        self.assertEqual(str(message["To"]), self.user)
        (sender,) = message["From"].addresses
        self.assertEqual(sender.addr_spec, "postmaster@mail.example.com")
        self.assertEqual(message["Content-Language"], "en")
        self.assertIn(self.user, message["Subject"])
        date = message["Date"].datetime
        self.assertLessEqual(
            abs(date - before), datetime.timedelta(seconds=20))
        row = self.notice()
        self.assertRegex(
            message["Message-ID"],
            rf"^<geotrip\.{row.suspension_id}\.\d+\.suspended"
            r"@mail\.example\.com>$")

    def test_date_zone(self):
        """Date has the zone of the server."""
        self.trip(self.user)
        date = self.told()["Date"].datetime
        self.assertEqual(date.utcoffset(), datetime.timedelta(hours=9))

    def test_line_ends(self):
        """Lines end with CRLF also below base64 (RFC 2045, 6.8)."""
        self.suspend(self.user, reason="é")
        message = self.told()
        self.assertEqual(message["Content-Transfer-Encoding"], "base64")
        text = message.get_payload(decode=True)
        self.assertNotRegex(text, rb"(?<!\r)\n|\r(?!\n)")

    def test_english(self):
        """The text names countries and times in words."""
        self.trip(self.user)
        text = body(self.told())
        self.assertIn("Japan, United States, Brazil", text)
        self.assertNotRegex(text, r"\b(JP|US|BR)\b")
        self.assertIn(self.user, text)
        self.assertIn("postmaster@mail.example.com", text)
        self.assertNotRegex(text, r"[{}]")
        self.check_time(text, r"GMT\+9|JST|Japan Standard Time")

    def test_japanese(self):
        """So it does in Japanese."""
        server = self.server_of_its_own({"notify_language": "ja"}).start()
        self.trip(self.user, server=server)
        self.notify(server=server, **self.zone)
        message = self.one_message(server=server)
        self.assertEqual(message["Content-Language"], "ja")
        self.assertEqual(message["Content-Transfer-Encoding"], "base64")
        text = body(message)
        self.assertIn("日本、アメリカ合衆国、ブラジル", text)
        self.assertRegex(text, "20[0-9]{2}年")
        self.assertNotRegex(text, r"[{}]|\b(JP|US|BR)\b")
        self.assertRegex(message["Subject"], "送信")
        self.check_time(text, r"GMT\+9|JST|日本標準時", server)

    def check_time(self, text, zone, server=None):
        """The beginning of the suspension, in words."""
        tokyo = datetime.timezone(datetime.timedelta(hours=9))
        (row,) = (server or self.dovecot).query(
            "SELECT since FROM suspension ORDER BY id DESC LIMIT 1")
        self.assertRegex(text, zone)
        hour = datetime.datetime.fromtimestamp(row.since / 1e6, tokyo)
        self.assertRegex(text, rf"\b0?({hour.hour}|{hour.hour % 12 or 12}):"
                         rf"{hour.minute:02}\b")

    def test_addresses(self):
        """Addresses of logins are shortened, whatever their family."""
        for where in ("11.0.2.1", "2d00:db8:1::abcd"):
            self.assertAllowed(self.login(self.user, where))
        self.assertSuspended(self.login(self.user, "2d00:db8:55:77::1"))
        message = self.told()
        text = body(message)
        for shortened in ("11.0.2.x", "2d00:db8:1:x", "2d00:db8:55:x"):
            self.assertRegex(text, rf"(?m){re.escape(shortened)}(\W|$)")
        for whole in ("11.0.2.1", "abcd", ":77:", "11.0.2.17"):
            self.assertNotIn(whole, text)
        # In the order in which they were.
        self.assertLess(text.index("11.0.2.x"), text.index("2d00:db8:1:x"))

    def test_operator(self):
        """Whom an operator suspended is told the reason, and of no
        countries."""
        self.suspend(self.user, reason="abuse report 4711")
        text = body(self.told())
        self.assertIn("abuse report 4711", text)
        self.assertNotRegex(text, r"(?i)countr|addresses are|[{}]")

    def test_operator_without_reason(self):
        """Our own word for an operator who gave none is not for the owner."""
        self.dovecot.geotrip("suspend", self.user, json=False).expect(0)
        ((reason,),) = self.dovecot.query(
            "SELECT reason FROM active_suspension WHERE user = ?", self.user)
        self.assertEqual(reason, "by an operator")
        self.assertNotRegex(body(self.told()), "by an operator|Reason")

    def test_end(self):
        """The end of a suspension is told, if it has one."""
        endless = f"endless.{self.user}"
        self.suspend(self.user, for_time="2h")
        self.suspend(endless, for_time="0")
        texts = [body(self.told(user)) for user in (self.user, endless)]
        self.assertIn("by itself", texts[0])
        self.assertNotIn("1970", "".join(texts))
        self.assertNotIn("Ends:", texts[1])

    def test_message_id(self):
        """The same on a second try, another one for another suspension."""
        self.suspend(self.user)
        self.smtp.trouble("accepted", "451 4.3.0 try again", times=1)
        self.notify()
        self.later(61 * 10**6)
        self.notify()
        self.unsuspend(self.user)
        self.suspend(self.user)
        self.notify()
        ids = [self.parsed(message)["Message-ID"]
               for message in self.smtp.to(self.user)]
        self.assertEqual(ids[0], ids[1])
        self.assertEqual(len(set(ids)), len(ids) - 1, ids)
        kinds = [re.search(r"\.(\w+)@", name).group(1) for name in ids]
        self.assertEqual(kinds, ["suspended", "suspended", "suspended"])

    def test_reading(self):
        """Where a suspended user cannot read mail, nobody says otherwise."""
        server = self.server_of_its_own({"suspend_services": "*"}).start()
        self.trip(self.user)
        self.trip(self.user, server=server)
        self.notify()
        self.notify(server=server)
        yes, no = (body(self.one_message(server=one))
                   for one in (None, server))
        self.assertIn("read mail as usual", yes)
        self.assertNotIn("read mail as usual", no)
        self.assertIn("cannot log in to read", no)


class Sender(NotifyCase):
    """geotrip_notify_from."""

    def sent_from(self, value):
        server = self.server_of_its_own({"notify_from": value}).start()
        self.suspend(self.user, server=server)
        self.notify(server=server)
        (message,) = server.sink.messages
        return message, self.parsed(message)

    def test_plain(self):
        """An address alone."""
        message, parsed = self.sent_from("help@example.org")
        self.assertEqual(message.sender, "help@example.org")
        self.assertEqual(str(parsed["From"]), "help@example.org")
        self.assertIn("help@example.org", body(parsed))
        self.assertTrue(parsed["Message-ID"].endswith("@example.org>"))

    def test_display_name(self):
        """With a name in UTF-8."""
        message, parsed = self.sent_from("メール窓口 <help@example.org>")
        self.assertEqual(message.sender, "help@example.org")
        (address,) = parsed["From"].addresses
        self.assertEqual((address.display_name, address.addr_spec),
                         ("メール窓口", "help@example.org"))

    def test_quoted_name(self):
        """With a name in quotes, since it has a comma."""
        message, parsed = self.sent_from(
            "\"Help, \\\"the\\\" desk\" <help@example.org>")
        self.assertEqual(message.sender, "help@example.org")
        (address,) = parsed["From"].addresses
        self.assertEqual(address.addr_spec, "help@example.org")
        self.assertEqual(address.display_name, 'Help, "the" desk')

    def test_long_name(self):
        """With a name that needs several lines."""
        name = "とても長い名前の" * 20
        message, _ = self.sent_from(f"{name} <help@example.org>")
        value = email.message_from_bytes(message.data)["From"]
        self.assertEqual(str(email.header.make_header(
            email.header.decode_header(value))),
            f"{name} <help@example.org>")


class Hostile(NotifyCase):
    """Names and reasons that want to be more than that. All go to one
    address, so that a name that is no address is told of as well."""

    settings = {"notify_address": "box@example.com",
                "notify_templates": "{top}/notices"}

    @classmethod
    def prepare(cls, server):
        directory = server.top / "notices"
        directory.mkdir()
        (directory / "en.txt").write_text(
            "[suspended]\nSubject: {user}: {reason}\n\n"
            "user=<{user}>\nreason=<{reason}>\nto=<{address}>\nend\n"
            "[released]\nSubject: {user}\n\n{user}\n"
            "[digest]\nSubject: {count}\n\n{list}\n"
            "[undelivered]\nSubject: {count}\n\n{list}\n")
        server.settings["notify_templates"] = directory

    def check(self, names, reasons):
        self.queue(names, reasons)
        numbers = self.notify(timeout=60)
        self.assertEqual(numbers["sent"], len(names))
        self.assertEqual(len(self.smtp.messages), len(names))
        for message, name, reason in zip(self.smtp.messages, names, reasons):
            with self.subTest(name=name[:60], reason=reason[:60]):
                self.assertEqual(message.recipients, ["box@example.com"])
                self.check_message(message, name, reason)

    def check_message(self, message, name, reason):
        parsed = self.parsed(message)
        self.assertEqual(str(parsed["To"]), "box@example.com")
        text = body(parsed)
        self.assertTrue(text.endswith("to=<box@example.com>\nend\n"), text)
        self.assertEqual(text.count("to=<"),
                         1 + (name + reason).count(b"to=<"))
        if re.fullmatch(rb"[!-\[\]-~]{1,60}", name):
            self.assertIn(f"user=<{name.decode()}>", text)
        if re.fullmatch(rb"[!-\[\]-~]{1,60}", reason):
            self.assertIn(f"reason=<{reason.decode()}>", text)
        self.assertNotRegex(text, "[\0-\x08\x0b-\x1f\x7f-\x9f"
                            "\u200e\u200f\u2028-\u202e\u2066-\u2069]")
        self.assertNotRegex(parsed["Subject"], "[\0-\x08\x0a-\x1f\x7f]")

    def test_names(self):
        """User names."""
        self.check(list(HOSTILE), [b"x"] * len(HOSTILE))

    def test_reasons(self):
        """Operators' reasons."""
        self.check([b"%d.%s" % (number, self.user.encode())
                    for number in range(len(HOSTILE))], list(HOSTILE))

    def test_random(self):
        """Random ones of both."""
        seed = random.SystemRandom().randint(0, 1 << 30)
        numbers = random.Random(seed)

        def text(longest):
            size = int(longest ** numbers.random())
            kind = numbers.choice((range(1, 256), b"\r\n: .aB=?{}%", range(
                0x20, 0x7f)))
            return bytes(numbers.choice(kind) for _ in range(size))
        names = list({text(900) for _ in range(100)})
        with self.subTest(seed=seed):
            self.check(names, [text(5000) for _ in names])

    def test_reason_by_doveadm(self):
        """The way from the command line."""
        self.suspend(self.user, reason="x\r\nBcc: thief@example.net\r\n\r\ny")
        self.suspend(f"2.{self.user}", reason=OUTSIDE_ASCII)
        self.notify()
        first, second = map(self.parsed, self.smtp.messages)
        self.assertNotIn("Bcc", first)
        self.assertIn("佐藤", body(second))
        self.assertIn("佐藤", second["Subject"])

    def test_name_by_login(self):
        """The way from a client."""
        name = "\r\nBcc: thief@example.net\r\n\r\n" + self.user
        self.trip(name)
        self.notify()
        (message,) = self.smtp.messages
        self.assertNotIn("Bcc", self.parsed(message))
        self.assertEqual(message.recipients, ["box@example.com"])
