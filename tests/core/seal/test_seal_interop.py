"""Our files open elsewhere, and files made elsewhere open here: npm age-encryption and pyrage as oracles."""

from __future__ import annotations

import hashlib
import io
from base64 import b64decode
from typing import Any

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.core.seal import (
    ClassicalRecipient,
    Identity,
    PassphraseFile,
    Recipient,
    armor,
    dearmor,
    open_sealed,
    sealed_size,
    stanza_kinds,
)
from tocsin.core.seal.bech32 import decode
from tocsin.core.seal.header import decode_base64, read_header
from tocsin.core.seal.stream import open_payload

# Written once by pyrage 1.4.0: it measures the machine before it chooses a work factor, which takes seconds.
BY_PYRAGE = b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCB6aEUrY1YrRDdSRWR2RWM3cE9saFN3IDE5CnBJeU16OCtuaHBQcmJn"
    "azBCQjNPUXdPcUdLbS9tTlJPcy9iSHdnczNkUk0KLS0tIDcwN0FOWHlycHJYZ1lQUlVXV2RteVc5ZTl1OFk2d1hDTzlGc2NS"
    "eW50N28Ko5b1x2eyts2CIk1qdF/Wvf0iZuD5DFJbVj6aA/xGTGdyxMgNhMs/kJGNg7xL5JRDYA=="
)


def test_node_opens_what_we_seal(interop: Any) -> None:
    assert interop.raw("open") == interop.plaintexts


def test_we_open_what_node_seals_whichever_recipient_we_are(interop: Any) -> None:
    for file, plaintext in zip(interop.raw("seal"), interop.plaintexts, strict=True):
        assert [open_sealed(file, [identity]) for identity in interop.identities] == [plaintext] * 3


def test_the_size_we_foretell_is_the_size_node_writes(interop: Any) -> None:
    sizes = [sealed_size(len(plaintext), 3) for plaintext in interop.plaintexts]

    assert sizes == [len(file) for file in interop.raw("seal")]


def test_the_relay_sees_only_hybrid_recipients_in_what_node_seals(interop: Any) -> None:
    kinds = [stanza_kinds(file) for file in interop.raw("seal")]

    assert kinds == [["mlkem768x25519"] * 3] * len(kinds)


def test_keys_read_the_same_in_node(interop: Any) -> None:
    assert [str(identity.recipient) for identity in interop.identities] == interop.said["recipients"]
    assert str(Identity.decode(interop.said["identity"]).recipient) == interop.said["recipient"]
    assert Recipient.decode(interop.said["recipient"]).encode() == interop.said["recipient"]


def test_a_classical_recipient_made_by_node_is_refused(interop: Any) -> None:
    with pytest.raises(ClassicalRecipient):
        Recipient.decode(interop.said["classical"])


def test_passphrase_files_open_in_node_and_nodes_open_here(interop: Any) -> None:
    opened = [PassphraseFile.open(file, interop.passphrase)[1] for file in interop.raw("seal_passphrase")]

    assert interop.raw("open_passphrase") == interop.plaintexts
    assert opened == interop.plaintexts


def test_armor_is_letter_for_letter_that_of_node(interop: Any) -> None:
    files = [bytes(n) for n in range(1, 100)]

    assert [armor(file) for file in files] == interop.said["armor"]
    assert [dearmor(text) for text in interop.said["armor"]] == files == interop.raw("dearmor")


def test_pyrage_opens_our_passphrase_files(interop: Any) -> None:
    kept = PassphraseFile.create(interop.passphrase, log_n=10)

    for plaintext in interop.plaintexts:
        assert pyrage.passphrase.decrypt(kept.reseal(plaintext), interop.passphrase) == plaintext


def test_we_open_a_passphrase_file_of_pyrage_and_save_it_again(interop: Any) -> None:
    kept, plaintext = PassphraseFile.open(BY_PYRAGE, interop.passphrase)

    assert plaintext == b"written by pyrage"
    assert kept.reseal(b"by us").startswith(BY_PYRAGE[: BY_PYRAGE.index(b"\n---")])


def test_pyrage_and_we_read_one_payload_stream(interop: Any) -> None:
    identity = pyrage.x25519.Identity.generate()

    for plaintext in interop.plaintexts:
        source, sink = io.BytesIO(pyrage.encrypt(plaintext, [identity.to_public()])), io.BytesIO()
        file_key = _unwrap_classical(source, str(identity))
        open_payload(file_key, source, sink)
        assert hashlib.sha256(sink.getvalue()).digest() == hashlib.sha256(plaintext).digest()


def _unwrap_classical(source: io.BytesIO, identity: str) -> bytes:
    """Do by hand what tocsin refuses: take the file key out of a classical stanza."""
    stanza = next(s for s in read_header(source).stanzas if s.kind == "X25519")
    share = decode_base64(stanza.arguments[0].encode())
    secret = X25519PrivateKey.from_private_bytes(decode(identity)[1])
    shared = secret.exchange(X25519PublicKey.from_public_bytes(share))
    salt = share + secret.public_key().public_bytes_raw()
    key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"age-encryption.org/v1/X25519").derive(shared)
    return ChaCha20Poly1305(key).decrypt(bytes(12), stanza.body, None)
