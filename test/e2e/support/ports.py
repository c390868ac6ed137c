"""Free TCP ports on loopback."""

import random
import socket

# Below the range that the kernel gives to outgoing connections.
FIRST, LAST = 10000, 32000
_given = set()


def free_port():
    """A port that nobody listens on, never the same one twice."""
    while True:
        port = random.SystemRandom().randint(FIRST, LAST)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def listens(port):
    """Whether somebody accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
