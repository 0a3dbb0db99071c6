"""Refuse on sight what does not look sealed: a cheap test that catches our own mistakes, not a determined
liar.

Sealed bytes are uniform, so about half of any 512 of them are below 0x80. Text in Latin letters, base64, hex
and zeros lie far above that share, UTF-8 in other scripts far below it or above it.
"""

from __future__ import annotations

from tocsin.core.seal import stanza_kinds
from tocsin.relay.errors import LooksPlain, Malformed

HYBRID = "mlkem768x25519"
WINDOW = 512
"""Bytes looked at together; so a plain beginning is not outweighed by a sealed rest."""

LOW_SHARE, HIGH_SHARE = 0.33, 0.67
# Of 512 uniform bytes the share below 0x80 deviates by 2.2 %: 17 % away is one window in 10^14.

_HIGH = bytes(range(128, 256))
_AGE_START = b"age-encryption.org/v1\n"
_AGE_HEADER_END = b"\n--- "
_AGE_MAC_LINE = 48  # "--- " with 43 characters of base64 and the line's end.


def refuse_plain(blob: bytes, what: str) -> None:
    """Let uniform-looking bytes pass.

    Raises
    ------
    LooksPlain
        Some 512 bytes of it are almost certainly not ciphertext.
    """
    if len(blob) < WINDOW:
        return  # Too little to tell.
    for at in (*range(0, len(blob) - WINDOW, WINDOW), len(blob) - WINDOW):
        share = len(blob[at : at + WINDOW].translate(None, _HIGH)) / WINDOW
        if not LOW_SHARE < share < HIGH_SHARE:
            raise LooksPlain(what)


def check_age_file(data: bytes, what: str, *, max_recipients: int) -> int:
    """Look at the beginning of an age file and at what follows its header; say how many recipients it has.

    Raises
    ------
    LooksPlain
        It is no age file, or its payload is not uniform.
    Malformed
        It has too many recipients, or one that is not hybrid.
    """
    header_end = data.find(_AGE_HEADER_END)
    if not data.startswith(_AGE_START) or header_end < 0:
        raise LooksPlain(what)
    kinds = stanza_kinds(data)
    if not 1 <= len(kinds) <= max_recipients or set(kinds) != {HYBRID}:
        raise Malformed(f"{what} must have 1 to {max_recipients} recipients, all of the hybrid kind")
    refuse_plain(data[header_end + 1 + _AGE_MAC_LINE :], what)
    return len(kinds)
