"""What an auth process and the guard say to each other, in any order and with
any mistake in it."""

import os
import socket
import struct
import time

from .waiting import DEADLINE, SLOW

VERSION = 1
HELLO, LOGIN, KEPT, KNOWN, VERDICT, COMMITTED = range(1, 7)


def message(kind, fields=b""):
    return struct.pack("=HB", 1 + len(fields), kind) + fields


def hello(version=VERSION, instance=1):
    return message(HELLO, struct.pack("=IQQB", version, instance, 0, 0))


def login(seq, user, ip, service="smtp"):
    """A login whose verdict is waited for."""
    now = time.clock_gettime(time.CLOCK_MONOTONIC)
    fields = struct.pack("=QQQQBB", seq, 0, int(time.time() * 1e6),
                         int((now + DEADLINE) * 1e6), 0, 1)
    fields += b"\4" + socket.inet_aton(ip)
    for text in (user, service, "PLAIN", ""):
        data = os.fsencode(text)
        fields += struct.pack("=H", len(data)) + data + b"\0"
    return message(LOGIN, fields)


class GuardSocket:
    """A connection to the guard's socket."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(DEADLINE * SLOW)
        self._socket.connect(str(path))

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data):
        self._socket.sendall(data)

    def kinds_until_the_end(self):
        """The types of the messages that come until the guard hangs up."""
        data = b""
        try:
            while part := self._socket.recv(65536):
                data += part
        except ConnectionError:
            pass
        kinds = []
        while data:
            size, kind = struct.unpack_from("=HB", data)
            kinds.append(kind)
            data = data[2 + size:]
        return kinds

    def kind(self):
        """The type of the next message."""
        size, kind = struct.unpack("=HB", self._read(3))
        self._read(size - 1)
        return kind

    def _read(self, size):
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the guard hung up")
            data += part
        return data
