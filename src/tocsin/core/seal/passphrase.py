"""Seal a file under a passphrase: age's scrypt stanza, for the keyring a device keeps.

The passphrase is normalised to Unicode NFKC first, so that it opens on another system whose keyboard
composes accents otherwise. For ASCII this changes nothing, and any age program opens the file; with other
letters such a program must be given the normalised form.
"""

from __future__ import annotations

import io
import re
import secrets
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tocsin.core.seal.errors import DamagedFile, EmptyPassphrase, WorkFactorTooHigh, WrongKey, WrongPassphrase
from tocsin.core.seal.header import (
    FILE_KEY_BYTES,
    WRAPPED_BYTES,
    Header,
    Stanza,
    decode_base64,
    encode_base64,
    read_header,
    write_header,
)
from tocsin.core.seal.stream import NONCE_BYTES, open_payload, seal_payload

SCRYPT = "scrypt"
DEFAULT_LOG_N = 17
"""2^17 takes a quarter of a second and 128 MiB; 2^18 twice that. Lower only for demonstrations and tests."""

_WRITABLE_LOG_N = range(10, 19)
_READABLE_LOG_N = 20
_SALT_BYTES = 16
_LABEL = b"age-encryption.org/v1/scrypt"
_NONCE = bytes(12)  # The key it stands with comes from a fresh salt and wraps one file key.
_DECIMAL = re.compile(r"[1-9][0-9]*")


class PassphraseFile:
    """A file one passphrase opens; keeps header and file key in memory, so that saving costs no scrypt."""

    __slots__ = ("_file_key", "_header")

    def __init__(self, header: bytes, file_key: bytes) -> None:
        self._header, self._file_key = header, file_key

    def __repr__(self) -> str:
        return "PassphraseFile(...)"

    @classmethod
    def create(cls, passphrase: str, *, log_n: int = DEFAULT_LOG_N) -> PassphraseFile:
        """Begin a new file.

        Parameters
        ----------
        passphrase : str
        log_n : int
            Work factor 2^`log_n`: 17 or 18; from 10 for demonstrations and tests only.

        Raises
        ------
        EmptyPassphrase
            Nothing was entered.
        """
        if log_n not in _WRITABLE_LOG_N:
            raise ValueError("the work factor must be from 2^10 to 2^18")
        if not passphrase:
            raise EmptyPassphrase
        salt, file_key = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(FILE_KEY_BYTES)
        body = ChaCha20Poly1305(_stretch(passphrase, salt, log_n)).encrypt(_NONCE, file_key, None)
        stanza = Stanza(SCRYPT, (encode_base64(salt).decode(), str(log_n)), body)
        return cls(write_header([stanza], file_key), file_key)

    @classmethod
    def nobodys(cls, *, log_n: int = DEFAULT_LOG_N) -> PassphraseFile:
        """Begin a file that no passphrase opens and that looks like any other: its wrapped key is chance."""
        if log_n not in _WRITABLE_LOG_N:
            raise ValueError("the work factor must be from 2^10 to 2^18")
        salt, file_key = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(FILE_KEY_BYTES)
        wrapped = secrets.token_bytes(WRAPPED_BYTES)
        stanza = Stanza(SCRYPT, (encode_base64(salt).decode(), str(log_n)), wrapped)
        return cls(write_header([stanza], file_key), file_key)

    @classmethod
    def from_bytes(cls, raw: bytes) -> PassphraseFile:
        """Read what `to_bytes` wrote.

        Raises
        ------
        DamagedFile
        """
        file_key, header = raw[:FILE_KEY_BYTES], raw[FILE_KEY_BYTES:]
        read_header(io.BytesIO(header)).check(file_key)
        return cls(header, file_key)

    def to_bytes(self) -> bytes:
        """Write down what seals the file again without its passphrase; it opens it, so it is as secret."""
        return self._file_key + self._header

    @property
    def log_n(self) -> int:
        """The work factor, 2 to the power of this."""
        return _parameters(read_header(io.BytesIO(self._header)))[1]

    def opens_by(self, passphrase: str) -> bool:
        """Say whether a passphrase opens the file; as slow as opening it."""
        try:
            return _unwrap(read_header(io.BytesIO(self._header)), passphrase) == self._file_key
        except WrongPassphrase:
            return False

    @classmethod
    def open(cls, file: bytes, passphrase: str) -> tuple[PassphraseFile, bytes]:
        """Open a file, and keep what is needed to save it again.

        Raises
        ------
        WrongPassphrase
            It does not open the file (or the wrapped key was changed: nobody can tell).
        WrongKey
            The file is not sealed under a passphrase at all.
        WorkFactorTooHigh
            More than 2^20: not a file of ours, and a way to exhaust this machine.
        DamagedFile
            Changed, cut, continued or malformed.
        """
        source, sink = io.BytesIO(file), io.BytesIO()
        header = read_header(source)
        file_key = _unwrap(header, passphrase)
        header.check(file_key)
        opened = cls(file[: source.tell()], file_key)
        open_payload(file_key, source, sink)
        return opened, sink.getvalue()

    def reseal(self, plaintext: bytes) -> bytes:
        """Write the file with new content: same header and file key, fresh payload nonce."""
        sink = io.BytesIO()
        sink.write(self._header)
        seal_payload(self._file_key, secrets.token_bytes(NONCE_BYTES), io.BytesIO(plaintext), sink)
        return sink.getvalue()


def _unwrap(header: Header, passphrase: str) -> bytes:
    salt, log_n = _parameters(header)
    try:
        key = _stretch(passphrase, salt, log_n)
        return ChaCha20Poly1305(key).decrypt(_NONCE, header.stanzas[0].body, None)
    except InvalidTag as trouble:
        raise WrongPassphrase from trouble


def _parameters(header: Header) -> tuple[bytes, int]:
    kinds = [stanza.kind for stanza in header.stanzas]
    if SCRYPT not in kinds:
        raise WrongKey
    if len(kinds) > 1:
        raise DamagedFile("a passphrase must stand alone")
    stanza = header.stanzas[0]
    if len(stanza.arguments) != 2 or len(stanza.body) != WRAPPED_BYTES:
        raise DamagedFile("its passphrase part has a wrong shape")
    salt, log_n = decode_base64(stanza.arguments[0].encode()), stanza.arguments[1]
    if len(salt) != _SALT_BYTES or not _DECIMAL.fullmatch(log_n):
        raise DamagedFile("its passphrase part has a wrong shape")
    if len(log_n) > 2 or int(log_n) > _READABLE_LOG_N:
        raise WorkFactorTooHigh(limit=_READABLE_LOG_N)
    return salt, int(log_n)


def _stretch(passphrase: str, salt: bytes, log_n: int) -> bytes:
    secret = unicodedata.normalize("NFKC", passphrase).encode()
    return Scrypt(salt=_LABEL + salt, length=32, n=1 << log_n, r=8, p=1).derive(secret)
