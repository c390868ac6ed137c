"""The templates: an operator's own, and their mistakes."""

import re
import shutil

from support import dovecot_conf, paths
from support.case import Case
from support.notify import MINUTE, NotifyCase, body

FRENCH = """\
# En français.
[suspended]
Subject: Envoi suspendu pour {user} é

Bonjour {user},
{?countries}Pays : {countries}
{!countries}Aucun pays.
{?reason}{?until}Motif : {reason}, jusqu'au {until}
{{accolade} {contact}
[released]
Subject: Envoi rétabli

Bonjour {user}
[digest]
Subject: {count} comptes

{list}
[undelivered]
Subject: {count} avis

{list}
"""


def own_templates(server, **files):
    """A directory with the templates that come with geotrip, and others."""
    directory = server.top / "notices"
    shutil.copytree(paths.NOTICES, directory)
    for language, content in files.items():
        if isinstance(content, str):
            content = content.encode()
        (directory / f"{language}.txt").write_bytes(content)
    server.settings["notify_templates"] = directory
    return directory


class Own(NotifyCase):
    settings = {"notify_language": "fr"}
    users = dovecot_conf.user_line("ja@example.com", geotrip_language="ja")

    @classmethod
    def prepare(cls, server):
        own_templates(server, fr=FRENCH)

    def test_another_language(self):
        """Another file is another language, with its names of countries."""
        self.trip(self.user)
        self.notify()
        message = self.one_message()
        self.assertEqual(message["Content-Language"], "fr")
        self.assertEqual(message["Subject"],
                         f"Envoi suspendu pour {self.user} é")
        self.assertIn("Pays : Japon, États-Unis, Brésil\n", body(message))
        self.assertIn("{accolade} postmaster@mail.example.com", body(message))
        self.assertNotIn("Motif", body(message))
        self.assertNotIn("Aucun", body(message))

    def test_conditions(self):
        """Lines that are there only if something has a value, or two."""
        self.suspend(self.user, reason="parce que")
        endless = f"endless.{self.user}"
        self.suspend(endless, for_time="0")
        self.notify()
        text = body(self.one_message())
        self.assertIn("Aucun pays.\n", text)
        self.assertIn("Motif : parce que, jusqu'au ", text)
        self.assertNotIn("Pays", text)
        self.assertNotIn("Motif", body(self.one_message(endless)))

    def test_released(self):
        """The other parts."""
        self.suspend(self.user)
        self.notify()
        self.unsuspend(self.user)
        self.notify()
        message = self.parsed(self.smtp.to(self.user)[1])
        self.assertEqual(message["Subject"], "Envoi rétabli")
        self.assertEqual(body(message).strip(), f"Bonjour {self.user}")

    def test_other_user(self):
        """A user of another language."""
        self.suspend("ja@example.com")
        self.notify()
        self.assertEqual(self.one_message("ja@example.com")
                         ["Content-Language"], "ja")

    def test_check(self):
        """check is content with it."""
        text = self.dovecot.geotrip("check", json=False).text
        self.assertRegex(text, "(?m)notice.*ok")


class Mistakes(NotifyCase):
    """check fails with the file and the line, and notify keeps the notice."""

    users = dovecot_conf.user_line("fr@example.com", geotrip_language="fr")

    @classmethod
    def prepare(cls, server):
        cls.directory = own_templates(server, fr=FRENCH)

    def check(self, content, line, *words):
        """content is that of fr.txt, the mistake is in the line."""
        if isinstance(content, str):
            content = content.encode()
        path = self.directory / "fr.txt"
        path.write_bytes(content)
        self.addCleanup(path.write_text, FRENCH)
        checked = self.dovecot.geotrip("check", json=False).expect(1)
        self.suspend("fr@example.com", self.user)
        result = self.run_notify(75)
        for text in (checked.text, result.error_text):
            self.assertRegex(text, rf"{path}: line {line}\b")
            for word in words:
                self.assertIn(word, text)
        self.assertQueued("fr@example.com", attempts=0, lease_until=None)
        self.assertEqual(self.smtp.to("fr@example.com"), [])
        # Others do not suffer for it.
        self.one_message()
        # A minute after the mistake is mended, it is delivered.
        path.write_text(FRENCH)
        self.later(MINUTE)
        self.notify()
        self.assertEqual(self.one_message("fr@example.com")
                         ["Content-Language"], "fr")

    def test_unknown_placeholder(self):
        """{usr}."""
        self.check(FRENCH.replace("Bonjour {user},", "Bonjour {usr},"), 5,
                   "usr")

    def test_unknown_condition(self):
        """{?country}."""
        self.check(FRENCH.replace("{?countries}", "{?country}"), 6, "country")

    def test_placeholder_of_another_part(self):
        """{list} is for operators."""
        self.check(FRENCH.replace("Bonjour {user},", "{list}"), 5, "list")

    def test_open_brace(self):
        """A brace that is not closed."""
        self.check(FRENCH.replace("Bonjour {user},", "Bonjour {user"), 5)

    def test_unknown_part(self):
        """[suspendu]."""
        self.check(FRENCH + "[suspendu]\nSubject: x\n\nx\n",
                   FRENCH.count("\n") + 1, "suspendu")

    def test_no_subject(self):
        """A part without a subject."""
        self.check(FRENCH.replace("Subject: Envoi suspendu pour {user} é\n\n",
                                  ""), 3, "Subject")

    def test_not_utf8(self):
        """Latin-1."""
        self.check(FRENCH.encode("latin-1"), 1)

    def test_part_missing(self):
        """Without [released]; the line is the last one."""
        text = FRENCH.replace("[released]\nSubject: Envoi rétabli\n\n"
                              "Bonjour {user}\n", "")
        path = self.directory / "fr.txt"
        path.write_text(text)
        self.addCleanup(path.write_text, FRENCH)
        checked = self.dovecot.geotrip("check", json=False).expect(1)
        self.assertIn(str(path), checked.text)
        self.assertIn("released", checked.text)

    def test_operators_part(self):
        """Without [digest] and [undelivered], which are not needed in this
        language."""
        text, _, _ = FRENCH.partition("[digest]")
        path = self.directory / "fr.txt"
        path.write_text(text)
        self.addCleanup(path.write_text, FRENCH)
        self.suspend("fr@example.com")
        self.notify()
        self.assertEqual(self.one_message("fr@example.com")
                         ["Content-Language"], "fr")


class Files(NotifyCase):
    def test_dos_lines(self):
        """A file that was written on Windows."""
        self.check_text(FRENCH.replace("\n", "\r\n").encode())

    def test_byte_order_mark(self):
        """The same with a mark at its beginning."""
        self.check_text(b"\xef\xbb\xbf" + FRENCH.encode())

    def check_text(self, text):
        server = self.server_of_its_own({"notify_language": "fr"})
        own_templates(server, fr=text)
        server.start()
        self.suspend(self.user, server=server)
        self.notify(server=server)
        message = self.one_message(server=server)
        self.assertEqual(message["Subject"],
                         f"Envoi suspendu pour {self.user} é")
        self.assertNotIn("\r", body(message))

    def test_long_lines(self):
        """Long lines, of ASCII only and of others."""
        server = self.server_of_its_own({"notify_language": "fr"})
        own_templates(server, fr=FRENCH.replace(
            "Bonjour {user},", "Bonjour " + "x" * 3000).replace("é", "e")
            .replace("ç", "c"))
        server.start()
        self.suspend(self.user, server=server)
        self.notify(server=server)
        self.assertIn("x" * 3000, body(self.one_message(server=server)))

    def test_missing_directory(self):
        """A directory that is not there: check says so."""
        server = self.server_of_its_own(
            {"notify_templates": "/nonexistent/notices",
             "notify_language": "fr"}).start()
        self.login(self.user, "JP", server=server)
        server.wait_for_logins(self.user, 1)
        result = server.geotrip("check", json=False).expect(1)
        self.assertIn("/nonexistent/notices", result.text)
        self.suspend(self.user, server=server)
        self.run_notify(75, server)
        self.assertQueued(server=server, attempts=0)

    def test_unreadable(self):
        """A directory in place of the file."""
        server = self.server_of_its_own({"notify_language": "fr"})
        directory = own_templates(server)
        (directory / "fr.txt").mkdir()
        server.start()
        self.suspend(self.user, server=server)
        result = self.run_notify(75, server)
        self.assertIn(str(directory / "fr.txt"), result.error_text)
        self.assertQueued(server=server, attempts=0)

    def test_fallback(self):
        """What an own directory does not have is taken from the place where
        geotrip was installed, where there is one."""
        server = self.server_of_its_own({"notify_templates": ""}).start()
        self.login(self.user, "JP", server=server)
        server.wait_for_logins(self.user, 1)
        checked = server.geotrip("check", json=False)
        if "dovecot-geotrip/notices" in checked.text and checked.code:
            self.skipTest("the templates are not installed")
        self.suspend(self.user, server=server)
        self.notify(server=server)
        self.one_message(server=server)


class Shipped(Case):
    def test_utf8_and_width(self):
        """The files that come with geotrip: lines that fit a terminal."""
        for path in paths.NOTICES.glob("*.txt"):
            for line in path.read_text("utf-8").splitlines():
                line = re.sub(r"^(\{[?!]\w+\})+", "", line)
                self.assertLessEqual(len(line), 79, f"{path}: {line}")
