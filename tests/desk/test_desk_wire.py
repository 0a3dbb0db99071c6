"""Whoever answers at the relay's address can neither fill this machine's memory, nor hold it, nor break it by bytes."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from tocsin.core.ledger import Beside, HeadAnswer, Refusal, Taken
from tocsin.core.seal import SigningKey
from tocsin.desk.errors import RelayAway, RelayMisled, RelayRefused
from tocsin.desk.wire import ANSWER_BYTES, MOST_LETTERS, Wire

Write = Callable[[bytes], object]

GOOD: dict[str, object] = {"size": 1, "root": bytes(32), "day": 1, "signature": bytes(64)}
BAD: dict[str, object] = {"size": -1, "root": bytes(31), "day": 1 << 40, "signature": b""}


@contextmanager
def answering(
    say: Callable[[Write], object], *, status: int = 200, encoding: str = "identity"
) -> Iterator[Wire]:
    """Put somebody at an address who says what a test wants, and connect to them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Encoding", encoding)
            self.end_headers()
            try:
                say(self.wfile.write)
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        with Wire(address, coalition=bytes(32), device=1, key=SigningKey.fresh(), relay_key=b"") as wire:
            yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_answer_without_end_is_cut_off() -> None:
    sent = 0

    def pour(write: Write) -> None:
        nonlocal sent
        while sent < 4 * ANSWER_BYTES:
            sent += len(bytes(1 << 20))
            write(bytes(1 << 20))

    with answering(pour) as wire, pytest.raises(RelayMisled, match="does not end"):
        wire.head()

    assert sent < 2 * ANSWER_BYTES


def test_an_answer_is_never_unpacked() -> None:
    packed = gzip.compress(msgspec.msgpack.encode(GOOD | {"cosignatures": ()}))

    with answering(lambda write: write(packed), encoding="gzip") as wire, pytest.raises(RelayMisled):
        wire.head()


def test_hanging_up_ends_an_answer_that_comes_in_drops() -> None:
    first = threading.Event()

    def drip(write: Write) -> None:
        for _ in range(600):
            write(b"\x00")
            first.set()
            time.sleep(0.05)

    with answering(drip) as wire:
        said: list[Exception] = []

        def ask() -> None:
            try:
                wire.head()
            except RelayAway as trouble:
                said.append(trouble)

        asker = threading.Thread(target=ask)
        asker.start()
        assert first.wait(5)
        wire.hang_up()
        asker.join(5)

        assert not asker.is_alive()
        assert said


@pytest.mark.parametrize(
    "refusal",
    [b"", b"\xff" * 40, b"\x91" * 100_000, msgspec.msgpack.encode({"code": 1}), b"\x81\xa4code\xa1\xff"],
)
def test_a_refusal_that_cannot_be_read_is_still_a_refusal(refusal: bytes) -> None:
    with answering(lambda write: write(refusal), status=500) as wire, pytest.raises(RelayRefused) as refused:
        wire.head()

    assert refused.value.refusal == "relay.unclear"


def test_a_refusal_does_not_fill_a_page() -> None:
    words = msgspec.msgpack.encode(Refusal("relay.x", "y" * 100_000))

    with answering(lambda write: write(words), status=500) as wire, pytest.raises(RelayRefused) as refused:
        wire.head()

    assert len(str(refused.value)) < MOST_LETTERS + 100


@pytest.mark.parametrize("field", BAD)
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (Taken, {"numbers": ()}),
        (HeadAnswer, {"cosignatures": ()}),
        (Beside, {"cosignatures": (), "keys": bytes(32), "folders": ()}),
    ],
)
def test_a_number_or_hash_of_the_wrong_size_is_no_answer(
    kind: type[msgspec.Struct], more: dict[str, object], field: str
) -> None:
    good = msgspec.msgpack.encode(GOOD | more)
    bad = msgspec.msgpack.encode(GOOD | more | {field: BAD[field]})

    assert msgspec.msgpack.decode(good, type=kind)
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(bad, type=kind)
