"""Cards, proposals, offers and the like as text between two marks: to be pasted into any chat, mail or file.

What stands around the marks does not matter, nor does what a chat does to lines: blanks, quoting, wrapping anew. Several
blocks may stand in one text.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from tocsin.core.ledger.errors import DamagedMessage

_COLUMNS = 64
_WHOLE = re.compile(r"BEGIN TOCSIN ([A-Z]+)\b(.*?)END TOCSIN \1\b", re.S)
_BEGIN = re.compile(r"BEGIN TOCSIN")
_AROUND = re.compile(r"[\s>|*_\-\u2013\u2014\u00a0\u200b-\u200f\u2060\ufeff]+")
"""What chats put between letters and around marks: blanks seen and unseen, quoting, dashes of all lengths."""


class Sort(StrEnum):
    """What a block holds."""

    CARD = "CARD"
    DUTIES = "DUTIES"
    PROPOSAL = "PROPOSAL"
    FOUNDING = "FOUNDING"
    OFFER = "OFFER"
    ANSWER = "ANSWER"


class Block(NamedTuple):
    """One thing that somebody passes on."""

    sort: Sort
    content: bytes


def write_blocks(blocks: Iterable[Block]) -> str:
    """Write blocks as text."""
    return "\n".join(map(_write, blocks))


def _write(block: Block) -> str:
    text = b64encode(block.content).decode()
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    begin, end = (f"-----{word} TOCSIN {block.sort}-----" for word in ("BEGIN", "END"))
    return "\n".join((begin, *lines, end, ""))


def read_blocks(text: str) -> list[Block]:
    """Find the blocks in a text, in their order.

    Raises
    ------
    DamagedMessage
        There is none, or one is cut off, changed or of a sort that this version does not know.
    """
    found = [_read(*match.groups()) for match in _WHOLE.finditer(text)]
    if len(found) < len(_BEGIN.findall(text)):
        raise DamagedMessage("its end is missing, so a part of it was not copied")
    if not found:
        raise DamagedMessage("it has no line that begins with BEGIN TOCSIN")
    return found


def _read(sort: str, inside: str) -> Block:
    if sort not in Sort.__members__:
        raise DamagedMessage("it is of a sort that this version does not know")
    joined = _AROUND.sub("", inside)
    try:
        content = b64decode(joined, validate=True)
    except (BadBase64, ValueError) as trouble:
        raise DamagedMessage("there are letters in it that do not belong there") from trouble
    if b64encode(content).decode() != joined:
        raise DamagedMessage("a letter of it was changed")
    return Block(Sort(sort), content)
