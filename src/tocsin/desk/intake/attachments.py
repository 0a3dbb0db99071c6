"""Files that came with a submission: fetched and opened by hand, one at a time, in memory; never by themselves.

A file may be made to harm whoever opens it. Pictures and films are shown as that and nothing else, documents as pictures of
their pages, all in a frame without rights. Anything else is only handed out, under a name that says nothing, for a machine
that can be lost.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from tocsin.core.intake import Attachment
from tocsin.core.seal import Identity, open_stream, padme, sealed_size, unpad_file
from tocsin.core.seal.padding import ATTACHMENT_FLOOR
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere, RelayMisled
from tocsin.desk.intake.opening import reread

PIECE: Final = 4 << 20
MOST_OPENED: Final = 128 << 20
"""Bytes that are opened in memory; the page sends no more than 100 MB."""
_LEADS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"%PDF-", "application/pdf"),
)
_STILL: Final = frozenset({b"heic", b"heix", b"mif1", b"avif"})
"""Brands of this container that are pictures, which not every browser shows."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file in clear. Shows nothing of itself."""

    content: bytes
    kind: str
    """Its type by its first bytes, or nothing: not to be shown, only handed out."""

    def __repr__(self) -> str:
        return "OpenedFile(...)"


def open_file(desk: Desk, digest: bytes, number: int) -> OpenedFile:
    """Fetch and open one file of a submission.

    Raises
    ------
    NotHere
        There is no such file, or it has not come whole.
    RelayAway, RelayMisled, DamagedFile
    """
    files = reread(desk, digest).attachments
    if not 0 <= number < len(files):
        raise NotHere
    content = _fetch(desk, files[number])
    return OpenedFile(content, sniff(content))


def _fetch(desk: Desk, file: Attachment) -> bytes:
    size = sealed_size(padme(file.bytes + 8, ATTACHMENT_FLOOR), 1)
    if size > MOST_OPENED:
        raise NotHere
    wire, address = desk.wire(), file.address.hex()
    have, complete = wire.attachment_state(address)
    if not complete:
        raise NotHere
    if have != size:
        raise RelayMisled("has a file of another size than was sent")
    sealed, clear = io.BytesIO(), io.BytesIO()
    for at in range(0, size, PIECE):
        sealed.write(wire.attachment_piece(address, at, min(PIECE, size - at)))
    sealed.seek(0)
    with unpad_file(clear) as sink:
        open_stream(sealed, sink, [Identity.from_seed(file.seed)])
    return clear.getvalue()


def sniff(content: bytes) -> str:
    """Say by its first bytes what a file is; a name or a type that came with it is never believed."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] not in _STILL:
        return "video/mp4"
    return next((kind for lead, kind in _LEADS if content.startswith(lead)), "")
