"""What tests of a desk under faults share: something to say, a relay that misbehaves, and looking for words in bytes."""

from __future__ import annotations

import base64
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit

from coalition import Coalition, start_relay, stop_relay

from tocsin.core.activate.records import ActivationCode, StoodDown
from tocsin.core.ledger import Roll, SignedRoll, change_roll, sign_roll
from tocsin.core.ledger.batch import Outgoing
from tocsin.core.watch import Panel
from tocsin.desk.desk import Desk
from tocsin.relay.serve import wait_until_ready
from tocsin.terms import Day, Period, Place

# Saying and reading ---


def note(words: str) -> Panel:
    """Say something: a declaration whose reason is the words."""
    return Panel(place=Place("az"), sources=("invented wire",), watched=Period(Day(1), Day(8)), basis=words)


def aside(words: str) -> StoodDown:
    """Say something in a `response/...` compartment."""
    return StoodDown(activation=ActivationCode("aside"), seat="invented", stood_down_at=1, reason=words)


def said_aside(desk: Desk) -> list[str]:
    """Read back all that was said with `aside`."""
    return [content.reason for content in desk.contents(StoodDown)]


def said(desk: Desk) -> list[str]:
    """Read back all that was said with `note`, in the ledger's order."""
    return [panel.basis for panel in desk.contents(Panel)]


def doubled(desk: Desk) -> list[bytes]:
    """List the drafts that stand in more than one record of a desk's ledger, whatever became of these."""
    drafts: Counter[bytes] = Counter()
    for record in desk.replica.records(1):
        if record.header.mark == 0:
            drafts[desk.world.peek(record)[0].id] += 1
    return [draft for draft, n in drafts.items() if n > 1]


def remove_device(coalition: Coalition, device: int, *, by: Desk) -> None:
    """Have two founders remove a device; the roll leaves with the next sync of `by`."""
    before = by.world.history.now.roll
    devices = tuple(
        type(entry)(
            entry.number,
            entry.organisation,
            entry.key,
            entry.may_take_duty,
            entry.keeper,
            entry.removed or entry.number == device,
        )
        for entry in before.devices
    )
    roll = Roll(
        before.version + 1, before.hash, by.today + 14, before.threshold, before.founders, devices, before.relays,
        before.duties_hash, before.exercise, before.offset_days,
    )  # fmt: skip
    post_roll(coalition, roll, by=by)


def post_roll(coalition: Coalition, roll: Roll, *, by: Desk) -> None:
    """Have two founders sign a roll; it leaves with the next sync of `by`."""
    signatures = tuple(
        sign_roll(roll, coalition.founders[n - 1], number=n, coalition=by.world.coalition) for n in (1, 2)
    )
    signed = SignedRoll(roll.to_bytes(), signatures)
    by.do(lambda member, moment: Outgoing([change_roll(member, signed, moment)], []))


# A relay that misbehaves ---


@dataclass
class Asked:
    """One request as it passes, and what the relay answered."""

    method: str
    path: str
    body: bytes
    status: int = 0
    answer: bytes = b""

    def is_for(self, method: str, tail: str) -> bool:
        """Say whether it asks for this."""
        return (
            self.method == method and urlsplit(self.path).path.rsplit("/c/", 1)[-1].partition("/")[2] == tail
        )


class Cut(Exception):
    """Raised by a rule: the connection is cut here."""


Rule = Callable[[Asked], None]


@dataclass
class HostileRelay:
    """Stands where the relay stood and passes everything on, except what its rules change.

    `before` sees a request before the relay does, `after` once it has answered; either may change it or raise `Cut`.
    """

    upstream: int
    before: Rule | None = None
    after: Rule | None = None
    seen: list[Asked] = field(default_factory=list)

    def honest(self) -> None:
        """Misbehave no more."""
        self.before = self.after = None

    @contextmanager
    def rules(self, *, before: Rule | None = None, after: Rule | None = None) -> Iterator[None]:
        """Misbehave for a while."""
        self.before, self.after = before, after
        try:
            yield
        finally:
            self.honest()

    @contextmanager
    def toward(self, port: int) -> Iterator[None]:
        """Pass on to another relay for a while."""
        usual, self.upstream = self.upstream, port
        try:
            yield
        finally:
            self.upstream = usual


def _handler(relay: HostileRelay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, body)
            relay.seen.append(asked)
            try:
                if relay.before:
                    relay.before(asked)
                if not asked.status:
                    self._ask(asked)
                if relay.after:
                    relay.after(asked)
            except Cut:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(asked.status)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(asked.answer)))
            self.end_headers()
            self.wfile.write(asked.answer)

        def _ask(self, asked: Asked) -> None:
            connection = HTTPConnection("127.0.0.1", relay.upstream, timeout=30)
            headers = {
                key: value
                for key, value in self.headers.items()
                if key.lower().startswith(("tocsin-", "content-type"))
            }
            connection.request(asked.method, asked.path, asked.body or None, headers)
            response = connection.getresponse()
            asked.status, asked.answer = response.status, response.read()
            connection.close()

        do_GET = do_POST = _pass_on  # noqa: N815 - names that http.server looks for

        def log_message(self, *_: object) -> None:
            return

    return Handler


@contextmanager
def hostile_relay(coalition: Coalition) -> Iterator[HostileRelay]:
    """Put a hostile relay at the address that the roll names, with the honest one behind it."""
    port = int(coalition.address.rsplit(":", 1)[1])
    stop_relay(coalition.relay)
    coalition.relay, address, _ = start_relay(coalition.relay_home, coalition.clock_file)
    relay = HostileRelay(int(address.rsplit(":", 1)[1]))
    wait_until_ready("127.0.0.1", relay.upstream)
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(relay))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield relay
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# Looking for words ---


def forms_of(word: str) -> dict[str, bytes]:
    """Every way in which a word may lie somewhere in clear."""
    text = word.encode()
    forms = {
        "utf-8": text,
        "utf-16le": word.encode("utf-16le"),
        "utf-16be": word.encode("utf-16be"),
        "hex": text.hex().encode(),
        "HEX": text.hex().upper().encode(),
        "percent": "".join(f"%{byte:02x}" for byte in text).encode(),
        "reversed": text[::-1],
        "quoted": quote(word).encode(),
    }
    for shift in range(3):
        # The letters of base64 that depend on the word alone, at each of the three ways in which it can fall.
        encoded = base64.b64encode(bytes(shift) + text)
        start, end = -(-8 * shift // 6), (8 * (shift + len(text))) // 6
        forms[f"base64/{shift}"] = encoded[start:end]
        forms[f"base64url/{shift}"] = encoded[start:end].replace(b"+", b"-").replace(b"/", b"_")
    return forms


def find_words(data: bytes, words: list[str]) -> set[str]:
    """Say in which forms which words lie in bytes."""
    return {
        f"{word} as {form}" for word in words for form, needle in forms_of(word).items() if needle in data
    }


def find_in_files(folder: Path, words: list[str]) -> set[str]:
    """Look through every file below a folder, and through the names."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        found |= find_words(str(path.relative_to(folder)).encode(), words)
        if path.is_file():
            found |= find_words(path.read_bytes(), words)
    return found
