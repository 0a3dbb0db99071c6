"""Seal and open the body of a record with a key used once (docs/formats.md section 2).

The header carries 16 random bytes, so HMAC-SHA512 of it under the compartment key gives a tag and a key
that occur once: there is no counter to lose when a device is restored or cloned. The tag also commits to
the key, which ChaCha20-Poly1305 alone does not. 100,000 of these are opened whenever a desk starts.
"""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tocsin.core.seal.errors import DamagedFile, TooLongToSeal
from tocsin.core.seal.padding import frame, unframe

BODY_SIZES = (2048, 8192, 32768)
"""The only lengths of a sealed body, in bytes: sizes then say almost nothing about kinds."""

_AUTHENTICATOR = 16
_OVERHEAD = _AUTHENTICATOR + 4
_LABEL = b"tocsin/1 record\n"
_NONCE = bytes(12)  # All zero: each key seals one body.


def body_size_for(n_content: int) -> int:
    """Say which body size holds `n_content` bytes.

    Raises
    ------
    TooLongToSeal
        More than the largest body holds.
    """
    for size in BODY_SIZES:
        if n_content <= size - _OVERHEAD:
            return size
    raise TooLongToSeal(have=n_content, limit=BODY_SIZES[-1] - _OVERHEAD)


def tag_and_key(key: bytes, header: bytes) -> tuple[bytes, bytes]:
    """Derive the tag (32 bytes) that must stand in the record and the key (32 bytes) used once for its body.

    A reader tries its compartment keys by comparing the tag: a microsecond each.
    """
    derived = hmac.digest(key, _LABEL + header, "sha512")
    return derived[:32], derived[32:]


def seal_body(key: bytes, header: bytes, content: bytes, *, size: int) -> tuple[bytes, bytes]:
    """Seal a record's content under its compartment key.

    Parameters
    ----------
    key : bytes, 32
        The compartment key of one epoch.
    header : bytes, 110
        The clear part, with 16 fresh random bytes in it; never use one header twice.
    content : bytes
    size : int
        The body's length, one of `BODY_SIZES`, as the header says it.

    Returns
    -------
    tag : bytes, 32
    body : bytes, `size`

    Raises
    ------
    TooLongToSeal
        The content does not fit; ask `body_size_for`.
    """
    tag, once = tag_and_key(key, header)
    return tag, ChaCha20Poly1305(once).encrypt(_NONCE, frame(content, size - _AUTHENTICATOR), header + tag)


def open_body(once: bytes, header: bytes, tag: bytes, body: bytes) -> bytes:
    """Open a body with the key that `tag_and_key` gave for its header, once the tag was seen to be equal.

    Raises
    ------
    DamagedFile
        Header, tag or body were changed, or the padding is not empty.
    """
    try:
        framed = ChaCha20Poly1305(once).decrypt(_NONCE, body, header + tag)
    except InvalidTag as trouble:
        raise DamagedFile("its authenticator does not fit") from trouble
    return unframe(framed)
