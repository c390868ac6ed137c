"""Free TCP ports on loopback."""

import random
import socket

# Below the range that the kernel gives to outgoing connections.
FIRST, LAST = 10000, 32000
# What keeps other runs of the tests from the ports that were given out: a name
# in the abstract namespace is free again when its process ends.
_reservations = []


def free_port():
    """A port that nobody listens on, and that no other test is given, here or
    in another process, as long as this process lives."""
    while True:
        port = random.SystemRandom().randint(FIRST, LAST)
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f"\0geotrip-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        return port


def listens(port):
    """Whether somebody accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
