"""Write an age file as text that survives a mail or a chat, and read it back strictly."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64

from tocsin.core.seal.errors import DamagedFile

_BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----"
_END = "-----END AGE ENCRYPTED FILE-----"
_COLUMNS = 64


def armor(file: bytes) -> str:
    """Write a file as age's armor: base64 in lines of 64 between two marks."""
    text = b64encode(file).decode()
    lines = [text[start : start + _COLUMNS] for start in range(0, len(text), _COLUMNS)]
    return "\n".join((_BEGIN, *lines, _END, ""))


def dearmor(text: str) -> bytes:
    """Read an armored file; blanks around it and CRLF line ends are allowed, nothing else is.

    Raises
    ------
    DamagedFile
        Something was added, left out or wrapped anew.
    """
    lines = text.strip(" \t\r\n").replace("\r\n", "\n").split("\n")
    if len(lines) < 2 or lines[0] != _BEGIN or lines[-1] != _END:
        raise DamagedFile("its armor has no proper begin or end")
    body = lines[1:-1]
    if any(len(line) != _COLUMNS for line in body[:-1]) or (body and not 0 < len(body[-1]) <= _COLUMNS):
        raise DamagedFile("a line of its armor is too short or too long")
    joined = "".join(body)
    try:
        file = b64decode(joined, validate=True)
    except (BadBase64, ValueError) as trouble:
        raise DamagedFile("its armor cannot be read") from trouble
    if b64encode(file).decode() != joined:
        raise DamagedFile("its armor is not canonical")
    return file
