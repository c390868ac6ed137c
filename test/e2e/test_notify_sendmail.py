"""Delivery by a program, sendmail_path, where there is no submission_host."""

from support.notify import MINUTE, NotifyCase, body

# Writes its arguments, a line each, and the message, a file for each call.
PROGRAM = """\
#!/bin/sh
cd {top}/out || exit 75
n=$$
printf '%s\\n' "$@" >$n.args
cat >$n.data
echo "said something"
echo "complained" >&2
exit $(cat {top}/exit-code)
"""


class Sendmail(NotifyCase):
    conf = """\
submission_host =
sendmail_path = {top}/sendmail -X
submission_timeout = 1 s
"""

    @classmethod
    def prepare(cls, server):
        # it is not started as root
        (server.top / "out").mkdir()
        (server.top / "out").chmod(0o777)
        (server.top / "exit-code").write_text("0")
        program = server.top / "sendmail"
        program.write_text(PROGRAM.format(top=server.top))
        program.chmod(0o755)

    def setUp(self):
        super().setUp()
        self.out = self.dovecot.top / "out"
        for path in self.out.iterdir():
            path.unlink()

    def calls(self):
        """The arguments and the message of each call."""
        return [(path.read_text().splitlines(),
                 path.with_suffix(".data").read_bytes())
                for path in sorted(self.out.glob("*.args"))]

    def answer(self, code):
        (self.dovecot.top / "exit-code").write_text(str(code))
        self.addCleanup((self.dovecot.top / "exit-code").write_text, "0")

    def test_one(self):
        """The program gets the envelope as arguments, and the message."""
        self.trip(self.user)
        self.assertEqual(self.notify()["sent"], 1)
        ((arguments, data),) = self.calls()
        self.assertEqual(arguments[0], "-X")
        self.assertEqual(arguments[-1], self.user)
        self.assertIn("-i", arguments)
        self.assertEqual(arguments[arguments.index("-f") + 1],
                         "postmaster@mail.example.com")
        self.assertEqual(arguments[-2], "--")
        # sendmail wants the lines of this system.
        message = self.parsed(data.replace(b"\r\n", b"\n")
                              .replace(b"\n", b"\r\n"))
        self.assertIn("Brazil", body(message))
        self.assertEqual(self.smtp.messages, [])

    def test_several(self):
        """A call for each notice."""
        users = [f"{number}.{self.user}" for number in range(5)]
        self.suspend(*users)
        self.assertEqual(self.notify()["sent"], 5)
        self.assertEqual(sorted(arguments[-1] for arguments, _ in
                                self.calls()), users)

    def test_temporary(self):
        """EX_TEMPFAIL is tried again."""
        self.answer(75)
        self.suspend(self.user)
        self.dovecot.geotrip("notify", json=False)
        row = self.assertQueued(lease_until=None)
        self.assertLessEqual(row.attempts, 1)
        self.answer(0)
        self.later(2 * MINUTE)
        self.notify()
        self.assertEqual(self.notice().state, "sent")

    def test_broken(self):
        """A program that fails, or is not there: nothing is lost."""
        for code in (1, 127):
            with self.subTest(code):
                self.empty()
                self.answer(code)
                self.suspend(self.user)
                self.dovecot.geotrip("notify", json=False)
                self.assertQueued()

    def test_not_there(self):
        """No such program."""
        program = self.dovecot.top / "sendmail"
        program.rename(program.with_suffix(".away"))
        self.addCleanup(program.with_suffix(".away").rename, program)
        self.suspend(self.user)
        self.run_notify(75)
        self.assertQueued()

    def test_options_as_names(self):
        """A name that looks like an option stays an address."""
        self.queue(["-oQ/tmp@example.com"])
        self.notify()
        for arguments, _ in self.calls():
            self.assertGreater(arguments.index("-oQ/tmp@example.com"),
                               arguments.index("--"))
