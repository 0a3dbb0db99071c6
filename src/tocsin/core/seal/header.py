"""Read and write the header of an age file, strictly: one way to write each, everything else is refused.

Source: the age file encryption format, C2SP, https://c2sp.org/age.
"""

from __future__ import annotations

import hmac
import re
from binascii import Error as BadBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.core.seal.errors import DamagedFile, TooLongToSeal

FILE_KEY_BYTES = 16
WRAPPED_BYTES = FILE_KEY_BYTES + 16
MAX_STANZAS = 256
"""No file of ours has more recipients; a longer header only costs its reader time."""

_VERSION = b"age-encryption.org/v1\n"
_COLUMNS = 64
_MAX_LINE = 4096
_STANZA_LINE = re.compile(rb"->(?: [\x21-\x7e]+)+\n")
_MAX_BODY_LINES = 64  # 3 KiB in one stanza: any kind of stanza there is fits, a flood of lines does not.


@dataclass(frozen=True, slots=True, repr=False)
class Stanza:
    """One recipient's copy of the file key: a kind with arguments, and a body."""

    kind: str
    arguments: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Header:
    """The stanzas, the bytes their authenticator covers, and the authenticator."""

    stanzas: tuple[Stanza, ...]
    covered: bytes
    mac: bytes

    def check(self, file_key: bytes) -> None:
        """Check the authenticator under the unwrapped file key.

        Raises
        ------
        DamagedFile
            Somebody changed the header, or wrapped another key.
        """
        if not hmac.compare_digest(_authenticate(self.covered, file_key), self.mac):
            raise DamagedFile("its header does not fit its key")


def read_header(source: BinaryIO) -> Header:
    """Read a header and leave the source at the payload.

    Raises
    ------
    DamagedFile
        Not an age file, or not written as the format demands.
    """
    if source.readline(_MAX_LINE) != _VERSION:
        raise DamagedFile("it is not an age file")
    covered = [_VERSION]
    stanzas: list[Stanza] = []
    while (line := source.readline(_MAX_LINE)).startswith(b"->"):
        if len(stanzas) == MAX_STANZAS:
            raise DamagedFile("it has too many recipients")
        lines = [line, *_body_lines(source)]
        stanzas.append(_read_stanza(lines))
        covered += lines
    if not stanzas or not line.startswith(b"--- ") or not line.endswith(b"\n"):
        raise DamagedFile("its header has no proper end")
    mac = decode_base64(line[4:-1])
    if len(mac) != SHA256.digest_size:
        raise DamagedFile("its header's authenticator has a wrong length")
    return Header(tuple(stanzas), b"".join(covered) + b"---", mac)


def write_header(stanzas: Sequence[Stanza], file_key: bytes) -> bytes:
    """Write stanzas and their authenticator under the file key.

    Raises
    ------
    TooLongToSeal
        More than `MAX_STANZAS` recipients.
    """
    if len(stanzas) > MAX_STANZAS:
        raise TooLongToSeal(have=len(stanzas), limit=MAX_STANZAS, unit="recipients")
    covered = _VERSION + b"".join(map(_write_stanza, stanzas)) + b"---"
    return covered + b" " + encode_base64(_authenticate(covered, file_key)) + b"\n"


def header_size(argument_lengths: Sequence[int], n_stanzas: int) -> int:
    """Say how long a header of equal stanzas is; lengths are those of kind and arguments as written."""
    first_line = len("->") + sum(1 + length for length in argument_lengths) + 1
    body_line = _base64_length(WRAPPED_BYTES) + 1
    last_line = len("--- ") + _base64_length(SHA256.digest_size) + 1
    return len(_VERSION) + n_stanzas * (first_line + body_line) + last_line


def derive_key(file_key: bytes, salt: bytes, purpose: bytes) -> bytes:
    """Derive a 32-byte key by HKDF-SHA-256."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose).derive(file_key)


def encode_base64(raw: bytes) -> bytes:
    """Write standard base64 without padding."""
    return b2a_base64(raw, newline=False).rstrip(b"=")


def decode_base64(text: bytes) -> bytes:
    """Read standard base64 without padding, in its one canonical form only.

    Raises
    ------
    DamagedFile
        Any other letter, padding, or bits left over.
    """
    try:
        raw = a2b_base64(text + b"=" * (-len(text) % 4))
    except BadBase64 as trouble:
        raise DamagedFile("its base64 cannot be read") from trouble
    if encode_base64(raw) != text:  # a2b_base64 skips what it does not know; writing again shows it.
        raise DamagedFile("its base64 is not canonical")
    return raw


def _body_lines(source: BinaryIO) -> list[bytes]:
    lines: list[bytes] = []
    for _ in range(_MAX_BODY_LINES):
        line = source.readline(_COLUMNS + 2)
        if not line.endswith(b"\n"):
            raise DamagedFile("a line of its header is too long or cut")
        lines.append(line)
        if len(line) <= _COLUMNS:  # Shorter than full, newline included: the body ends here.
            return lines
    raise DamagedFile("a recipient's part is too long")


def _read_stanza(lines: list[bytes]) -> Stanza:
    if not _STANZA_LINE.fullmatch(lines[0]):
        raise DamagedFile("a recipient's part is malformed")
    kind, *arguments = lines[0][3:-1].decode("ascii").split(" ")
    body = b"".join(decode_base64(line[:-1]) for line in lines[1:])
    return Stanza(kind, tuple(arguments), body)


def _write_stanza(stanza: Stanza) -> bytes:
    body = encode_base64(stanza.body)
    lines = [" ".join(("->", stanza.kind, *stanza.arguments)).encode()]
    lines += [body[start : start + _COLUMNS] for start in range(0, len(body) + 1, _COLUMNS)]
    return b"\n".join(lines) + b"\n"


def _authenticate(covered: bytes, file_key: bytes) -> bytes:
    return hmac.digest(derive_key(file_key, b"", b"header"), covered, "sha256")


def _base64_length(n_bytes: int) -> int:
    return -(-n_bytes * 4 // 3)
