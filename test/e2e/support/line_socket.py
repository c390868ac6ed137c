"""A connection to a service of Dovecot that is spoken to in lines."""

import socket

from .waiting import DEADLINE, SLOW


class LineSocket:
    """Neither writing nor reading waits longer than timeout seconds."""

    def __init__(self, path, timeout=DEADLINE):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout * SLOW)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def close(self):
        self._lines.close()
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data):
        self._socket.sendall(data)

    def finish(self):
        """Nothing more is sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def read_line(self):
        """With its end, which is missing if the service hung up before."""
        return self._lines.readline()
