"""Files that came with a submission: fetched and opened by hand, one at a time, in memory; never by themselves.

A file may be made to harm whoever opens it. Pictures of three kinds are shown, as pictures and nothing else; all
else is only handed out, under a name that says nothing, for a machine that can be lost.
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
_PICTURES: Final = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file in clear. Shows nothing of itself."""

    content: bytes
    kind: str
    """A picture's type by its first bytes, or nothing: not to be shown, only handed out."""

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
    """Say which picture a file is by its first bytes; a name or a type that came with it is never believed."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for lead, kind in _PICTURES if content.startswith(lead)), "")
