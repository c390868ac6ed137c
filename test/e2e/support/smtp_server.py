"""An SMTP server that keeps every message, and refuses, stalls or hangs up
where a test wants it to."""

import collections
import re
import socketserver
import threading
import typing

# What a stage can do besides answering; a Flood, too.
STALL, DROP = "stall", "drop"
# connect, ehlo, mail, rcpt and data are before their answers, message is after
# the last line of a message. accepted is the same, but too late: the server
# has taken the message, and only its answer gets lost.
STAGES = ("connect", "ehlo", "mail", "rcpt", "data", "message", "accepted")


class Message(typing.NamedTuple):
    sender: str
    recipients: list
    data: bytes
    # counts from 0
    connection: int


class Flood(typing.NamedTuple):
    """An answer without end: begin, and then again and again what comes after
    it. pause: so many seconds between one time and the next."""
    begin: bytes
    again: bytes
    pause: float = 0

    def pour(self, connection, ending):
        connection.sendall(self.begin)
        while not ending.wait(self.pause):
            connection.sendall(self.again)


class Trouble:
    """What goes wrong at a stage: STALL, DROP, a Flood, or an answer. address:
    only for that recipient; times: at most that often; after: only when the server has
    that many messages."""

    def __init__(self, stage, what, address=None, times=None, after=0):
        if stage not in STAGES:
            raise ValueError(stage)
        self.stage, self.what, self.address = stage, what, address
        self.times, self.after = times, after


class _HangUp(Exception):
    pass


class _Session(socketserver.StreamRequestHandler):
    sender, recipients = None, ()

    def handle(self):
        try:
            self._talk()
        except (_HangUp, OSError):
            pass

    def _talk(self):
        self.number = self.server.new_connection(self)
        if self.server.tls_at_once:
            self._begin_tls()
        if not self._trouble("connect"):
            self._say("220 mx.example.net ESMTP")
        self._forget()
        while line := self.rfile.readline():
            verb, _, argument = line.strip().partition(b" ")
            verb = verb.decode().lower()
            self.server.heard(self.number, line)
            if verb == "quit":
                self._say("221 2.0.0 bye")
                return
            command = getattr(self, f"_command_{verb}", None)
            if command is None:
                self._say("502 5.5.1 no such command")
            else:
                command(argument.decode("utf-8", "surrogateescape"))

    def _say(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def _begin_tls(self):
        self.connection = self.server.tls.wrap_socket(self.connection,
                                                      server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.server.encrypted.add(self.number)

    def _trouble(self, stage, address=None):
        """Whether something else happened than what would have."""
        what = self.server.trouble_at(stage, address)
        if what is None:
            return False
        self.server.met.append(stage)
        if what == STALL:
            self.server.ending.wait()
        if isinstance(what, Flood):
            what.pour(self.connection, self.server.ending)
        if what in (STALL, DROP) or isinstance(what, Flood):
            raise _HangUp
        self._say(what)
        return True

    def _forget(self):
        self.sender, self.recipients, self._chunks = None, [], b""

    def _command_ehlo(self, name):
        if self._trouble("ehlo"):
            return
        self._forget()
        features = ["mx.example.net", *self.server.features]
        for feature in features[:-1]:
            self._say(f"250-{feature}")
        self._say(f"250 {features[-1]}")

    def _command_helo(self, name):
        if not self._trouble("ehlo"):
            self._say("250 mx.example.net")

    def _command_starttls(self, _):
        if self.server.tls is None:
            self._say("502 5.5.1 no TLS here")
            return
        self._say("220 2.0.0 go on")
        self._begin_tls()
        self._forget()

    def _command_noop(self, _):
        self._say("250 2.0.0 ok")

    def _command_rset(self, _):
        self._forget()
        self._say("250 2.0.0 ok")

    def _command_mail(self, argument):
        if self.sender is not None:
            self._say("503 5.5.1 nested MAIL")
        elif not self._trouble("mail"):
            self.sender = _address(argument)
            self._say("250 2.1.0 ok")

    def _command_rcpt(self, argument):
        if self.sender is None:
            self._say("503 5.5.1 MAIL first")
        elif not self._trouble("rcpt", _address(argument)):
            self.recipients.append(_address(argument))
            self._say("250 2.1.5 ok")

    def _command_data(self, _):
        if self._trouble("data"):
            return
        if not self.recipients:
            self._say("554 5.5.1 no valid recipients")
            return
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _HangUp
            lines.append(line[1:] if line.startswith(b".") else line)
        self._take(b"".join(lines))

    def _command_bdat(self, argument):
        size, *last = argument.split()
        self._chunks += self.rfile.read(int(size))
        if not self.recipients:
            self._say("554 5.5.1 no valid recipients")
        elif last:
            self._take(self._chunks)
        else:
            self._say("250 2.0.0 ok")

    def _take(self, data):
        if not self._trouble("message"):
            self.server.new_message(Message(
                self.sender, self.recipients, data, self.number))
            if not self._trouble("accepted"):
                self._say("250 2.0.0 queued")
        self._forget()


def _address(argument):
    """The address in FROM:<address> SIZE=1."""
    return re.search(r'<((?:"(?:\\.|[^"\\])*"|[^">])*)>', argument).group(1)


class SmtpServer(socketserver.ThreadingTCPServer):
    """messages: all that it has taken; commands: for each connection, the
    lines that it heard; troubles: what goes wrong, a list to be changed; met:
    the stages at which something did;
    encrypted: the connections with TLS. tls is the context for that, or None;
    tls_at_once: before the greeting."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 50

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), _Session)
        self.tls, self.tls_at_once, self.encrypted = None, False, set()
        self.port = self.server_address[1]
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self.features = ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]
        self.messages, self.troubles, self.met = [], [], []
        self.commands = collections.defaultdict(list)
        self._connections = []
        threading.Thread(target=self.serve_forever, args=(0.05,),
                         daemon=True).start()

    def close(self):
        self.ending.set()
        self.shutdown()
        self.server_close()

    def reset(self):
        """Forget what came before, but for the connections that are open."""
        with self._lock:
            self.messages.clear()
            self.troubles.clear()
            self.met.clear()
            self.commands.clear()

    def trouble(self, stage, what, **limits):
        self.troubles.append(Trouble(stage, what, **limits))

    def to(self, address):
        """The messages that the address got."""
        return [message for message in self.messages
                if address in message.recipients]

    @property
    def connections(self):
        """The numbers of the connections over which a message came."""
        return sorted({message.connection for message in self.messages})

    # For its sessions.

    def new_connection(self, session):
        with self._lock:
            self._connections.append(session)
            return len(self._connections) - 1

    def heard(self, connection, line):
        self.commands[connection].append(line)

    def new_message(self, message):
        with self._lock:
            self.messages.append(message)

    def trouble_at(self, stage, address):
        with self._lock:
            for trouble in self.troubles:
                if (trouble.stage != stage
                        or trouble.address not in (None, address)
                        or len(self.messages) < trouble.after):
                    continue
                if trouble.times is not None:
                    if trouble.times == 0:
                        continue
                    trouble.times -= 1
                return trouble.what
        return None
