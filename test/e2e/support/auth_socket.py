"""The protocol that Postfix, Exim and Dovecot's own services speak with
Dovecot's auth process. It takes any bytes for a name, any address, and several
requests in one write: what no mail program would send."""

import base64
import os
import random

from .line_socket import LineSocket
from .waiting import DEADLINE


class AuthSocket(LineSocket):
    """server_pid: the process at the other end."""

    def __init__(self, path, timeout=DEADLINE):
        super().__init__(path, timeout)
        self._last_id = 0
        # As process ids go, but of no process: each connection needs its own.
        client = random.SystemRandom().randint(1 << 24, (1 << 31) - 1)
        self.write(b"VERSION\t1\t2\nCPID\t%d\n" % client)
        self.server_pid = 0
        while (line := self._line()) != b"DONE":
            if line.startswith(b"SPID\t"):
                self.server_pid = int(line.split(b"\t")[1])

    def _line(self):
        line = self.read_line()
        if not line.endswith(b"\n"):
            raise ConnectionError("the auth process hung up")
        return line[:-1]

    def request(self, mechanism, response, **fields):
        """The id and the bytes of an AUTH request, to be written."""
        self._last_id += 1
        return self._last_id, request_line(self._last_id, mechanism, response,
                                           **fields)

    def reply(self):
        """The next reply."""
        return Reply(self._line())


def request_line(number, mechanism, response, **fields):
    """An AUTH request with any id."""
    line = [b"AUTH", b"%d" % number, mechanism.encode()]
    line += [name.encode() + b"=" + escape(os.fsencode(value))
             for name, value in fields.items() if value is not None]
    if response is not None:
        line.append(b"resp=" + base64.b64encode(response))
    return b"\t".join(line) + b"\n"


class Reply:
    """kind: OK, FAIL or CONT; id; fields: a dict; data: of CONT."""

    def __init__(self, line):
        self.line = line
        kind, number, *fields = line.split(b"\t")
        self.kind, self.id = kind.decode(), int(number)
        self.ok = self.kind == "OK"
        self.fields, self.data = {}, None
        if self.kind == "CONT":
            self.data = base64.b64decode(fields[0])
            return
        for field in fields:
            name, _, value = field.partition(b"=")
            self.fields[name.decode()] = os.fsdecode(unescape(value))

    @property
    def reason(self):
        return self.fields.get("reason")

    def __repr__(self):
        return f"<{os.fsdecode(self.line)}>"


_ESCAPES = ((b"\001", b"\0011"), (b"\0", b"\0010"), (b"\t", b"\001t"),
            (b"\r", b"\001r"), (b"\n", b"\001n"))


def escape(data):
    for plain, escaped in _ESCAPES:
        data = data.replace(plain, escaped)
    return data


def unescape(data):
    for plain, escaped in reversed(_ESCAPES):
        data = data.replace(escaped, plain)
    return data


def plain(user, password):
    """What a client sends for PLAIN."""
    return b"\0" + os.fsencode(user) + b"\0" + os.fsencode(password)
