"""Where pings arrive in tests: a mail server and a web server on this machine, over real sockets; and a sentry."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tocsin.desk.desk import Desk
from tocsin.desk.pings import NAME, Pinger, read_pings
from tocsin.desk.sentry.notebook import NAME as NOTEBOOK
from tocsin.desk.sentry.notebook import Notebook
from tocsin.desk.sentry.sentry import Pace, Sentry


@dataclass
class Sink:
    """What arrived, and what to refuse."""

    port: int = 0
    arrived: list[str] = field(default_factory=list)
    refusals: int = 0
    """How many of the next ones are refused."""

    def takes(self) -> bool:
        """Say whether the next one is taken."""
        self.refusals -= 1
        return self.refusals < 0


@contextmanager
def mail_server() -> Iterator[Sink]:
    """Take mail, and keep all that the other side said."""
    sink = Sink()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            said: list[str] = []
            self.wfile.write(b"220 sink\r\n")
            for line in self.rfile:
                said.append(line.decode().rstrip("\r\n"))
                verb = said[-1].partition(" ")[0].upper()
                if verb == "DATA":
                    if not sink.takes():
                        self.wfile.write(b"451 later\r\n")
                        continue
                    self.wfile.write(b"354 go on\r\n")
                    while (line := self.rfile.readline()) != b".\r\n":
                        said.append(line.decode().rstrip("\r\n"))
                    sink.arrived.append("\n".join(said))
                self.wfile.write(b"221 bye\r\n" if verb == "QUIT" else b"250 fine\r\n")
                if verb == "QUIT":
                    return

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session), sink):
        yield sink


@contextmanager
def web_server() -> Iterator[Sink]:
    """Take posts, and keep them whole."""
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            taken = sink.takes()
            if taken:
                sink.arrived.append(f"{self.requestline}\n{self.headers}{body}")
            self.send_response(200 if taken else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler), sink):
        yield sink


@contextmanager
def _serving(server: socketserver.TCPServer, sink: Sink) -> Iterator[None]:
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_pings(folder: Path, *, mail: Sink | None = None, web: Sink | None = None) -> Path:
    """Write a file of pings: a seat by mail, one by a hook, one by ntfy."""
    lines = []
    if mail is not None:
        lines += [
            f'[mail]\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"\nsender = "bell@coalition.example"'
        ]
        lines += ['[[ping]]\nseat = "seat-1"\nby = "mail"\nto = "duty@seat-one.example"']
    if web is not None:
        lines += [f'[[ping]]\nseat = "seat-2"\nby = "webhook"\nto = "http://127.0.0.1:{web.port}/hook"']
        lines += [f'[[ping]]\nseat = "seat-3"\nby = "ntfy"\nto = "http://127.0.0.1:{web.port}/topic"']
    path = folder / NAME
    path.write_text("\n".join(lines) if lines else "ping = []", encoding="utf-8")
    path.chmod(0o600)
    return path


@dataclass
class Watch:
    """A sentry, and what it reported."""

    sentry: Sentry
    words: list[str]

    @property
    def pinger(self) -> Pinger:
        return self.sentry.pinger

    def round(self, *, pay: bool = False) -> None:
        """Make a round, and try once each ping that is owed."""
        self.sentry.round()
        if pay:
            self.pinger.pay_once()


def make_sentry(desk: Desk, pings: Path, *, pace: Pace | None = None, fresh: bool = True) -> Watch:
    """Make a sentry of a desk, as `tocsin sentry` does; a fresh one owes nothing for what other tests left."""
    if fresh:
        (desk.folder / NOTEBOOK).unlink(missing_ok=True)
    notebook = Notebook(desk.folder, desk.replica_secret)
    words: list[str] = []
    pinger = Pinger(read_pings(pings), notebook, report=words.append, first_wait_s=0.05)
    watch = Watch(Sentry(desk, notebook, pinger, pace or Pace(turn_s=0), words.append), words)
    if fresh:
        watch.round()
        notebook.pages.owed.clear()
        notebook.save()
    return watch
