"""The way to the relay: one client, signed requests, refusals turned into errors (docs/formats.md section 6)."""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from types import TracebackType
from typing import TypeVar

import httpx
import msgspec

from tocsin.core.ledger import (
    HEADER_SIZE,
    PUBLISHED_KEY_SIZE,
    SIGNATURE_SIZE,
    TAG_SIZE,
    UNDECODABLE,
    Beside,
    Cosignature,
    DamagedRecord,
    Head,
    HeadAnswer,
    Lodged,
    PublishedKey,
    Record,
    Refusal,
    RelayEntry,
    Taken,
)
from tocsin.core.seal import GRANT_SIZE, NO_COALITION, SigningKey
from tocsin.core.seal.work import solve
from tocsin.desk.errors import RelayAway, RelayMisled, RelayRefused

CHALLENGE_SIZE = 40
CHALLENGE_SECONDS = 300
"""Half of what the relay allows, so that none goes stale on the way."""
RECORDS_A_POST = 100
RECORDS_A_PAGE = 2000
ITEMS_A_POST = 64
MOST_ROLLS = 10_000
"""A coalition of 500 devices changes its roll some thousand times in its life."""

_T = TypeVar("_T")

_ROW = struct.Struct(">QB")

ANSWER_BYTES = 64 << 20
"""An answer ends here: the relay may be in other hands, and this machine's memory is not theirs to fill."""
FOLDER_BYTES = 1 << 30
"""A day folder may be larger: the relay's own quota for submissions is half of this."""
ANSWER_SECONDS = 600
"""Nor may it come in drops for ever: whoever waits for it holds the desk."""
MOST_LETTERS = 300
"""Of a refusal's sentence, which stands on our pages."""


class Wire:
    """A connection to one relay for one coalition. Carries no name, cookie or agent; uses no proxy of the environment."""

    def __init__(
        self, address: str, *, coalition: bytes, device: int, key: SigningKey, relay_key: bytes
    ) -> None:
        self._address, self._coalition = address, coalition
        self._device, self._key, self._relay_key = device, key, relay_key
        self._http = _client(address)
        self._hung_up = False
        self.n_fetched = 0
        """Bytes of answers so far."""
        self._challenge: tuple[float, bytes] | None = None

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def is_to(self, relay: RelayEntry) -> bool:
        """Say whether this connection is open and goes to that relay."""
        return not self._http.is_closed and (self._address, self._relay_key) == (relay.address, relay.key)

    def hang_up(self) -> None:
        """Ask for nothing more: whatever another thread is waiting for ends as if the relay were away."""
        self._hung_up = True

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    # requests ---

    def _path(self, tail: str) -> str:
        return f"/c/{self._coalition.hex()}/{tail}"

    def _send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        most: int = ANSWER_BYTES,
    ) -> bytes:
        """Ask, and read the answer as far as an answer may go.

        Raises
        ------
        RelayAway, RelayRefused
        RelayMisled
            The answer does not end.
        """
        kind = {"Content-Type": "application/octet-stream"} if body else {}
        deadline = time.monotonic() + ANSWER_SECONDS
        pieces, size = [], 0
        try:
            with self._http.stream(
                method, path, content=body, headers={**kind, **(headers or {})}
            ) as response:
                # As sent: an answer that unpacks itself could be a thousand times what came.
                for piece in response.iter_raw():
                    pieces.append(piece)
                    size += len(piece)
                    self.n_fetched += len(piece)
                    if size > most:
                        raise RelayMisled("sent an answer that does not end")
                    if self._hung_up or time.monotonic() > deadline:
                        raise RelayAway
        except httpx.RequestError as trouble:
            raise RelayAway from trouble
        if self._hung_up:
            raise RelayAway
        answer = b"".join(pieces)
        if response.status_code >= 400:
            raise _refused(response.status_code, answer)
        return answer

    def _signed(self, method: str, tail: str, body: bytes = b"", *, most: int = ANSWER_BYTES) -> bytes:
        try:
            return self._sign_and_send(method, tail, body, most)
        except RelayRefused as refusal:
            if refusal.refusal != "relay.challenge":
                raise
        # The relay was started again since: its challenges count from then.
        self._challenge = None
        return self._sign_and_send(method, tail, body, most)

    def _sign_and_send(self, method: str, tail: str, body: bytes, most: int) -> bytes:
        path = self._path(tail)
        challenge = self._fresh_challenge()
        target = sha256(f"{method} {path}".encode()).digest()
        message = challenge + target + sha256(body).digest()
        signature = self._key.sign("request", coalition=self._coalition, message=message)
        headers = {
            "Tocsin-Device": str(self._device),
            "Tocsin-Challenge": _text(challenge[:CHALLENGE_SIZE]),
            "Tocsin-Signature": _text(signature),
        }
        return self._send(method, path, body, headers, most=most)

    def _fresh_challenge(self) -> bytes:
        now = time.monotonic()
        if self._challenge is None or now - self._challenge[0] > CHALLENGE_SECONDS:
            answer = self._send("GET", self._path("challenge"))
            if answer[CHALLENGE_SIZE:] != self._relay_key:
                raise RelayMisled("has another key than the one on the roll")
            self._challenge = (now, answer)
        return self._challenge[1]

    def key_answered(self) -> bytes:
        """The public key that whoever answers here claims."""
        return self._send("GET", self._path("challenge"))[CHALLENGE_SIZE:]

    def lodge(self, code: str, founding: Record) -> Lodged:
        """Move a coalition in."""
        headers = {"Tocsin-Lodging": code}
        return _read(self._send("POST", "/lodge", founding.to_bytes(), headers), Lodged)

    def founding_of(self, roll: bytes) -> Record | None:
        """Fetch the founding record of the coalition that lodges here with a first roll; None if none does yet."""
        try:
            rows = list(_rows(self._send("POST", "/lodged", roll), 0))
        except RelayRefused as refusal:
            if refusal.refusal == "relay.not-there":
                return None
            raise
        if len(rows) != 1:
            raise RelayMisled("sent something else than one founding record")
        return rows[0]

    def rolls(self) -> list[Record]:
        """Fetch the founding record and every change of the roll, none of them checked."""
        found: list[Record] = []
        since = 0
        while part := dict(_numbered(self._send("GET", self._path(f"roll?since={since}")), since)):
            found += part.values()
            since = max(part) + 1
            if len(found) > MOST_ROLLS:
                raise RelayMisled("sent an answer that does not end")
        return found

    # the ledger ---

    def post_records(self, records: Sequence[Record]) -> tuple[Head, bytes] | None:
        """Append records, the same ones again with the same result; return the head over them and its signature."""
        taken: Taken | None = None
        for at in range(0, len(records), RECORDS_A_POST):
            body = b"".join(record.to_bytes() for record in records[at : at + RECORDS_A_POST])
            taken = _read(self._signed("POST", "records", body), Taken)
        return None if taken is None else (taken.head, taken.signature)

    def records_from(self, number: int, *, most: int) -> list[Record]:
        """Fetch some records, at least one, from a number on that the relay has.

        Raises
        ------
        RelayMisled
            Some are missing, changed or cut short.
        """
        limit = min(RECORDS_A_PAGE, most)
        page = list(_rows(self._signed("GET", f"records?since={number}&limit={limit}"), number))
        if not 0 < len(page) <= limit:
            raise RelayMisled("left records out")
        return page

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Fetch the proof that the first `old` records are the beginning of the first `new`."""
        return _cut(self._send("GET", self._path(f"consistency?old={old}&new={new}")), 32)

    def head(self) -> tuple[Head, bytes, list[Cosignature]]:
        """Fetch the newest head, the relay's signature on it, and the co-signatures."""
        answer = _read(self._send("GET", self._path("head")), HeadAnswer)
        return answer.head, answer.signature, answer.words

    def post_cosignature(self, cosignature: Cosignature) -> None:
        """Vouch for a head."""
        self._send("POST", self._path("cosignature"), cosignature.to_bytes())

    def inclusion(self, number: int, size: int) -> list[bytes]:
        """Fetch the proof that a record stands at a number under a head of that size."""
        return _cut(self._send("GET", self._path(f"inclusion?number={number}&size={size}")), 32)

    # a ledger that was lost ---

    def refill(self, code: str, founding: Record) -> Lodged:
        """Move a coalition in whose relay was lost; its ledger is filled before anything new is taken."""
        headers = {"Tocsin-Lodging": code}
        return _read(self._send("POST", "/refill", founding.to_bytes(), headers), Lodged)

    def fill(
        self, first: int, root: bytes, records: Sequence[Record], *, code: str = ""
    ) -> tuple[Head, bytes]:
        """Put records where they stood, behind those with that root; by the lodging code, or as this device."""
        body = first.to_bytes(8, "big") + root + b"".join(record.to_bytes() for record in records)
        if code:
            answer = self._send("POST", self._path("fill"), body, {"Tocsin-Lodging": code})
        else:
            answer = self._signed("POST", "fill", body)
        taken = _read(answer, Taken)
        return taken.head, taken.signature

    def put_back_grants(self, day: int, files: Sequence[bytes]) -> None:
        """Put grants back into the folder of their day, as a keeper."""
        for at in range(0, len(files), ITEMS_A_POST):
            self._signed("POST", f"folder/{day}/grants", b"".join(files[at : at + ITEMS_A_POST]))

    def put_back_submissions(self, day: int, files: Sequence[bytes]) -> None:
        """Put submissions back into the folder of their day, as a keeper."""
        for at in range(0, len(files), ITEMS_A_POST):
            framed = b"".join(len(file).to_bytes(4, "big") + file for file in files[at : at + ITEMS_A_POST])
            self._signed("POST", f"folder/{day}/submissions", framed)

    # attachments, for keepers ---

    def attachments(self) -> Iterator[tuple[str, int]]:
        """List all complete attachments, by address, with their sizes."""
        after = ""
        while rows := _cut(self._signed("GET", f"attachments?after={after}"), 40):
            for row in rows:
                if row[:32].hex() <= after:
                    raise RelayMisled("listed attachments out of order")
                after = row[:32].hex()
                yield after, int.from_bytes(row[32:], "big")

    def attachment_piece(self, address: str, first: int, size: int) -> bytes:
        """Fetch a part of an attachment, from its byte `first` on."""
        headers = {"Range": f"bytes={first}-{first + size - 1}"}
        piece = self._send("GET", self._path(f"attachment/{address}"), headers=headers)
        if len(piece) != size:
            raise RelayMisled("sent an attachment that is cut short")
        return piece

    def attachment_state(self, address: str) -> tuple[int, bool]:
        """Ask how many bytes of an attachment the relay has, and whether that is all.

        Raises
        ------
        RelayAway, RelayMisled
        """
        try:
            headers = self._http.head(self._path(f"attachment/{address}")).headers
            return int(headers["Upload-Offset"]), headers["Upload-Complete"] == "1"
        except httpx.RequestError as trouble:
            raise RelayAway from trouble
        except (KeyError, ValueError) as trouble:
            raise RelayMisled("gave an answer that cannot be read") from trouble

    def put_chunk(self, address: str, chunk: bytes, *, offset: int, is_last: bool) -> None:
        """Put a chunk of an attachment where the last one ended."""
        headers = {"Upload-Offset": str(offset), "Upload-Complete": str(int(is_last))}
        self._send("PATCH", self._path(f"attachment/{address}"), chunk, headers)

    # beside the ledger ---

    def post_keys(self, keys: Sequence[PublishedKey]) -> None:
        """Publish keys."""
        for at in range(0, len(keys), ITEMS_A_POST):
            self._send(
                "POST", self._path("keys"), b"".join(key.to_bytes() for key in keys[at : at + ITEMS_A_POST])
            )

    def keys_since(self, day: int) -> list[PublishedKey]:
        """Fetch published keys whose period ends on a day or later."""
        data = self._send("GET", self._path(f"keys?since={day}"))
        try:
            return [PublishedKey.from_bytes(part) for part in _cut(data, PUBLISHED_KEY_SIZE)]
        except DamagedRecord as trouble:
            raise RelayMisled("sent a published key that is none") from trouble

    def beside(self, day: int) -> Beside:
        """Ask for the head and for what may be fetched, so that only what is new is."""
        return _read(self._signed("GET", f"beside?since={day}"), Beside)

    def post_grants(self, files: Sequence[bytes]) -> None:
        """Put grants into today's folder."""
        for at in range(0, len(files), ITEMS_A_POST):
            self._signed("POST", "grants", b"".join(files[at : at + ITEMS_A_POST]))

    def grants_of(self, day: int) -> list[bytes]:
        """Fetch a day's grants, whole."""
        return _cut(self._signed("GET", f"folder/{day}/grants", most=FOLDER_BYTES), GRANT_SIZE)

    def submissions_of(self, day: int) -> list[bytes]:
        """Fetch a day's submissions, whole."""
        data = self._signed("GET", f"folder/{day}/submissions", most=FOLDER_BYTES)
        files, at = [], 0
        while at < len(data):
            end = at + 4 + int.from_bytes(data[at : at + 4], "big")
            if end > len(data):
                raise RelayMisled("sent a folder that is cut short")
            files.append(data[at + 4 : end])
            at = end
        return files

    def post_submission(self, file: bytes) -> None:
        """Hand in a submission, as the witness's page does: unsigned, with work done where many send."""
        self._send_with_work("submissions", file)

    def post_reply(self, posting: bytes) -> None:
        """Put a sealed message into a mailbox: unsigned, so that the relay does not learn which device replies."""
        self._send_with_work("mailbox", posting)

    def _send_with_work(self, tail: str, body: bytes) -> None:
        try:
            self._send("POST", self._path(tail), body)
        except RelayRefused as refusal:
            if refusal.refusal != "relay.work":
                raise
        else:
            return
        asked = self._send("GET", self._path("work"))
        work = solve(asked[:-1], body, asked[-1])
        self._send("POST", self._path(tail), body, {"Tocsin-Work": _text(work)})

    def read_mailboxes(self, keys: bytes) -> bytes:
        """Read eight places of mailboxes, as a pocket does: eight slots, whatever lies there."""
        return self._send("POST", self._path("mailboxes"), keys)

    def witness_file(self) -> bytes:
        """Fetch what the witness's page fetches first; nothing of it is checked."""
        return self._send("GET", self._path("witness"))

    def page_file(self, name: str) -> bytes:
        """Fetch a file of the witness's page, as a browser would."""
        return self._send("GET", f"/{name}")

    def post_charter(self, text: bytes) -> None:
        """Hand in a charter with its founders' signatures."""
        self._send("POST", self._path("charter"), text)

    def post_words(self, text: bytes) -> None:
        """Hand in words for the witness's page with their speakers' signatures."""
        self._send("POST", self._path("words"), text)


def ask_relay_key(address: str) -> bytes:
    """Ask a relay for its public key, to be put on a first roll; whoever lodges compares it with what the keeper said."""
    with _stranger(address) as wire:
        return wire.key_answered()


def lodge(address: str, code: str, founding: Record) -> tuple[bytes, bytes]:
    """Move a coalition into a relay with a code from its keeper; return the coalition's id and the relay's key."""
    with _stranger(address) as wire:
        lodged = wire.lodge(code, founding)
    return lodged.coalition, lodged.relay_key


def move_in_again(address: str, code: str, founding: Record) -> tuple[bytes, bytes]:
    """Move a coalition into a fresh relay after its own was lost; return the coalition's id and the relay's key."""
    with _stranger(address) as wire:
        lodged = wire.refill(code, founding)
    return lodged.coalition, lodged.relay_key


def ask_founding(address: str, roll: bytes) -> Record | None:
    """Ask whether the first roll that this founder signed was lodged by now; the record, not checked yet."""
    with _stranger(address) as wire:
        return wire.founding_of(roll)


def ask_rolls(address: str, coalition: bytes) -> list[Record]:
    """Fetch a coalition's rolls before standing on one of them; nothing of it is checked."""
    with _stranger(address, coalition) as wire:
        return wire.rolls()


def _stranger(address: str, coalition: bytes = NO_COALITION) -> Wire:
    """Connect before there is a device or a relay's key."""
    return Wire(address, coalition=coalition, device=0, key=SigningKey.fresh(), relay_key=b"")


def _client(address: str) -> httpx.Client:
    return httpx.Client(
        base_url=address,
        trust_env=False,
        verify=address.startswith("https:"),
        timeout=30.0,
        headers={"User-Agent": "", "Accept": "*/*", "Accept-Encoding": "identity"},
    )


def _refused(status: int, answer: bytes) -> RelayRefused:
    try:
        refusal = msgspec.msgpack.decode(answer, type=Refusal)
    except UNDECODABLE:
        refusal = Refusal("relay.unclear", "it gave no reason")
    return RelayRefused(status=status, code=refusal.code, sentence=refusal.sentence[:MOST_LETTERS])


def _read(data: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except UNDECODABLE as trouble:
        raise RelayMisled("gave an answer that cannot be read") from trouble


def _rows(data: bytes, first: int) -> Iterator[Record]:
    for number, record in _numbered(data, first):
        if number != first:
            raise RelayMisled("left records out")
        first += 1
        yield record


def _numbered(data: bytes, first: int) -> Iterator[tuple[int, Record]]:
    at, lead = 0, HEADER_SIZE + TAG_SIZE + 32
    least = _ROW.size + lead + SIGNATURE_SIZE
    while at < len(data):
        if len(data) - at < least:
            raise RelayMisled("sent records that are cut short")
        number, flags = _ROW.unpack_from(data, at)
        if number < first:
            raise RelayMisled("left records out or changed their order")
        if not flags & 1:
            # Nothing drops bodies yet; a roll change without its body would hide a removal.
            raise RelayMisled("held back what a record says")
        first = number + 1
        at += _ROW.size
        signed, at = data[at : at + lead], at + lead
        signature, at = data[at : at + SIGNATURE_SIZE], at + SIGNATURE_SIZE
        size = int.from_bytes(signed[90:94], "big")
        body, at = data[at : at + size], at + size
        if sha256(body).digest() != signed[-32:]:
            raise RelayMisled("sent a record whose body was changed")
        yield number, Record(signed[:HEADER_SIZE], signed[HEADER_SIZE:-32], body, signed[-32:], signature)


def _cut(data: bytes, size: int) -> list[bytes]:
    if len(data) % size:
        raise RelayMisled("sent an answer that is cut short")
    return [data[at : at + size] for at in range(0, len(data), size)]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
