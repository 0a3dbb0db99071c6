"""A desk that is started twice opens its page again: the second start knocks, and the running desk opens.

Whoever holds the lock on `door.lock` runs the desk of a folder; the system lets go of it when that process ends, however it
ends. The running desk listens on 127.0.0.1 and leaves its port and a secret, new at every start, in the file `door`, which
only this user can read. A knock proves that its sender has read that file, and the answer proves the same: nobody who got
hold of a killed desk's port can pass for the desk. No link goes over the wire: the desk opens its page itself.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tocsin.desk.errors import DeskInUse
from tocsin.desk.keyfile import write_whole

HOST = "127.0.0.1"
DOOR, LOCK = "door", "door.lock"
N_BYTES = 32
"""Of the secret, of what a caller makes up, and of a proof."""
LISTEN_SECONDS = 2.0
PATIENCE_SECONDS = 20.0
"""So long a desk may take to start, seen from a second click."""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold the door of a folder; gives False where another program holds it."""
    with contextlib.closing(sqlite3.connect(folder / LOCK, isolation_level=None, timeout=0)) as lock:
        yield _is_taken(lock)


def _is_taken(lock: sqlite3.Connection) -> bool:
    try:
        lock.execute("begin exclusive")
    except sqlite3.OperationalError as trouble:
        if trouble.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


@contextlib.contextmanager
def answered(folder: Path, open_page: Callable[[], None]) -> Iterator[None]:
    """Open the page for everybody who knocks, until the desk ends. Only for who holds the door."""
    secret = secrets.token_bytes(N_BYTES)
    with socket.create_server((HOST, 0)) as ear:
        threading.Thread(target=_listen, args=(ear, secret, open_page), name="door", daemon=True).start()
        write_whole(folder / DOOR, ear.getsockname()[1].to_bytes(2, "big") + secret)
        try:
            yield
        finally:
            (folder / DOOR).unlink(missing_ok=True)


def knock(folder: Path) -> None:
    """Have the desk that runs in a folder open its page.

    Raises
    ------
    DeskInUse
        Nobody answers who knows the secret.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not _is_heard(folder):
        if time.monotonic() > give_up:
            raise DeskInUse
        time.sleep(0.1)


def _is_heard(folder: Path) -> bool:
    try:
        left = (folder / DOOR).read_bytes()
        port, secret = int.from_bytes(left[:2], "big"), left[2:]
        with socket.create_connection((HOST, port), timeout=LISTEN_SECONDS) as line:
            fresh = secrets.token_bytes(N_BYTES)
            line.sendall(fresh + _prove(secret, b"knock", fresh))
            return hmac.compare_digest(_read(line, N_BYTES), _prove(secret, b"opened", fresh))
    except OSError:
        return False  # The desk is still starting: the file is not there, or is that of one that was killed.


def _listen(ear: socket.socket, secret: bytes, open_page: Callable[[], None]) -> None:
    while True:
        try:
            line, _ = ear.accept()
        except OSError:
            return  # The desk ends.
        with line, contextlib.suppress(OSError):  # Whoever hangs up or says nothing is not served.
            line.settimeout(LISTEN_SECONDS)
            fresh, proof = _read(line, N_BYTES), _read(line, N_BYTES)
            if hmac.compare_digest(proof, _prove(secret, b"knock", fresh)):
                line.sendall(_prove(secret, b"opened", fresh))
                open_page()


def _read(line: socket.socket, n: int) -> bytes:
    with line.makefile("rb", buffering=0) as reader:
        read = b""
        while len(read) < n and (more := reader.read(n - len(read))):
            read += more
    return read


def _prove(secret: bytes, what: bytes, fresh: bytes) -> bytes:
    return hmac.digest(secret, b"tocsin/1 door " + what + b"\n" + fresh, "sha256")
