"""A small SMTP server that takes every message: the submission relay host."""

import socketserver
import threading


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 sink")
        while line := self.rfile.readline():
            verb = line.strip().upper().split(b" ")[0]
            if verb == b"DATA":
                self._say("354 go on")
                self._skip_message()
            self._say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def _say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def _skip_message(self):
        while self.rfile.readline() not in (b".\r\n", b""):
            pass


class Sink(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Session)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,),
                         daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()
