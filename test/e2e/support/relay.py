"""A relay that makes any client program come from any address.

It listens on loopback, connects to a listener that speaks the PROXY protocol,
says first which address the client pretends to have, and then passes on what
either side sends.
"""

import ipaddress
import socket
import socketserver
import threading


class _Handler(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.create_connection(self.server.target) as upstream:
            upstream.sendall(self.server.greeting)
            back = threading.Thread(
                target=_pass_on, args=(upstream, self.request), daemon=True)
            back.start()
            _pass_on(self.request, upstream)
            back.join()


def _pass_on(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Relay(socketserver.ThreadingTCPServer):
    """port is where a client connects to come from the given address."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, target_port, address):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = self.server_address[1]
        self.target = ("127.0.0.1", target_port)
        version = ipaddress.ip_address(address).version
        own = "127.0.0.1" if version == 4 else "::1"
        self.greeting = (f"PROXY TCP{version} {address} {own} "
                         f"40000 {target_port}\r\n").encode()
        threading.Thread(target=self.serve_forever, args=(0.05,),
                         daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class Relays:
    """The relays to one listener, made when they are first needed."""

    def __init__(self, target_port):
        self.target_port = target_port
        self._relays = {}

    def port(self, address):
        if address not in self._relays:
            self._relays[address] = Relay(self.target_port, address)
        return self._relays[address].port

    def close(self):
        for relay in self._relays.values():
            relay.close()
        self._relays.clear()
