"""A small HTTP server in this process: Django's own, told to be quiet and to keep few connections."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
import threading

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

CONNECTIONS = 32
"""At a time; a browser keeps up to six."""

IDLE_SECONDS = 30

Asked = socket.socket | tuple[bytes, socket.socket]


def say_class(kind: type[BaseException], *_: object) -> None:
    """Say that something unexpected happened, without its words."""
    logging.getLogger("tocsin.desk").error("%s %s", kind.__name__, secrets.token_hex(4))


class Handler(WSGIRequestHandler):
    """One connection."""

    timeout = IDLE_SECONDS

    def version_string(self) -> str:
        """Name no versions."""
        return "desk"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: a log of requests is a log of what a worker read when."""


class Server(ThreadedWSGIServer):
    """A thread per connection, and so many at a time."""

    daemon_threads = True
    # Elsewhere it lets a restart take its port again; on Windows it would let somebody else take ours.
    allow_reuse_address = os.name != "nt"
    _room = threading.BoundedSemaphore(CONNECTIONS)

    def process_request(self, request: Asked, client_address: object) -> None:
        """Wait for room, then answer in a thread."""
        self._room.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Asked, client_address: object) -> None:
        """Answer, and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, _request: Asked, _client_address: object) -> None:
        """Say what class of trouble broke a connection; one that was cut off is none."""
        kind = sys.exc_info()[0]
        if kind is not None and not issubclass(kind, OSError):
            say_class(kind)
