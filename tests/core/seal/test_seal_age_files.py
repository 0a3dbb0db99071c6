"""A sealed file opens for its recipients only, whole or not at all."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.seal import (
    GRANT_SIZE,
    HYBRID,
    ClassicalRecipient,
    DamagedFile,
    DamagedKey,
    Identity,
    Recipient,
    TooLongToSeal,
    WrongKey,
    armor,
    dearmor,
    open_sealed,
    open_stream,
    seal,
    seal_stream,
    sealed_size,
    stanza_kinds,
)
from tocsin.errors import SealError

IDENTITIES = [Identity.from_seed(bytes([n]) * 32) for n in range(5)]
STRANGER = Identity.from_seed(bytes([99]) * 32)
FILE = seal(b"testimony of Zwqxil Canarov", [identity.recipient for identity in IDENTITIES[:2]])
CHUNK = 65536

lengths_around_chunks = st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK]) | st.integers(0, 300)


@given(n=lengths_around_chunks, n_recipients=st.integers(1, 4), who=st.integers(0, 3))
def test_each_recipient_opens_a_file_alone_and_its_size_is_foretold(
    n: int, n_recipients: int, who: int
) -> None:
    plaintext = bytes(i & 0xFF for i in range(n))
    recipients = [identity.recipient for identity in IDENTITIES[:n_recipients]]

    file = seal(plaintext, recipients)

    assert len(file) == sealed_size(n, n_recipients)
    assert stanza_kinds(file) == [HYBRID] * n_recipients
    if who < n_recipients:
        assert open_sealed(file, [STRANGER, IDENTITIES[who]]) == plaintext


def test_a_stranger_opens_nothing() -> None:
    with pytest.raises(WrongKey):
        open_sealed(FILE, [STRANGER])
    with pytest.raises(WrongKey):
        open_sealed(FILE, [])


@settings(max_examples=150)
@given(place=st.integers(0, len(FILE) * 8 - 1))
def test_any_flipped_bit_refuses(place: int) -> None:
    changed = bytearray(FILE)
    changed[place // 8] ^= 1 << place % 8

    with pytest.raises(SealError):
        open_sealed(bytes(changed), IDENTITIES[:2])


@given(n_kept=st.integers(0, len(FILE) - 1))
def test_a_cut_file_refuses(n_kept: int) -> None:
    with pytest.raises(DamagedFile):
        open_sealed(FILE[:n_kept], IDENTITIES[:2])


@given(more=st.binary(min_size=1, max_size=40))
def test_a_continued_file_refuses(more: bytes) -> None:
    with pytest.raises(DamagedFile):
        open_sealed(FILE + more, IDENTITIES[:2])


@pytest.mark.parametrize("n_chunks_kept", [1, 2])
def test_a_file_cut_between_two_chunks_refuses(n_chunks_kept: int) -> None:
    file = seal(bytes(3 * CHUNK), [STRANGER.recipient])
    n_header = sealed_size(0, 1) - 16

    with pytest.raises(DamagedFile):
        open_sealed(file[: n_header + n_chunks_kept * (CHUNK + 16)], [STRANGER])


def test_chunks_cannot_change_places() -> None:
    file = seal(bytes(3 * CHUNK), [STRANGER.recipient])
    n = sealed_size(0, 1) - 16
    first, second = file[n : n + CHUNK + 16], file[n + CHUNK + 16 : n + 2 * (CHUNK + 16)]

    with pytest.raises(DamagedFile):
        open_sealed(file[:n] + second + first + file[n + 2 * (CHUNK + 16) :], [STRANGER])


@given(junk=st.binary(max_size=200))
def test_junk_is_a_damaged_file_and_nothing_worse(junk: bytes) -> None:
    for raw in (junk, b"age-encryption.org/v1\n" + junk, b"age-encryption.org/v1\n-> " + junk):
        with pytest.raises(DamagedFile):
            open_sealed(raw, [STRANGER])
        with pytest.raises(DamagedFile):
            stanza_kinds(raw)


def test_a_file_that_also_has_a_classical_stanza_is_refused_by_its_own_recipient() -> None:
    line_end = FILE.index(b"\n") + 1
    classical = b"-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n"

    with pytest.raises(ClassicalRecipient):
        open_sealed(FILE[:line_end] + classical + FILE[line_end:], IDENTITIES)


def test_a_grant_has_the_size_of_the_format() -> None:
    assert len(seal(bytes(4096), [STRANGER.recipient])) == GRANT_SIZE == 5755


def test_a_file_has_at_least_one_and_at_most_256_recipients() -> None:
    with pytest.raises(ValueError, match="recipient"):
        seal(b"", [])
    with pytest.raises(TooLongToSeal):
        seal(b"", [STRANGER.recipient] * 257)


class Endless(io.RawIOBase):
    """A source of `n` zero bytes that holds none of them."""

    def __init__(self, n: int) -> None:
        self.n = n

    def read(self, size: int = -1) -> bytes:
        piece = bytes(min(size, self.n))
        self.n -= len(piece)
        return piece


class Sealing(io.RawIOBase):
    """A sink that only counts."""

    n = 0

    def write(self, piece: bytes) -> int:  # type: ignore[override]  # narrower than ReadableBuffer
        self.n += len(piece)
        return len(piece)


def test_a_long_file_is_sealed_in_constant_memory() -> None:
    sink = Sealing()
    STRANGER.recipient.wrap(bytes(16))

    tracemalloc.start()
    seal_stream(Endless(100 * CHUNK), sink, [STRANGER.recipient])  # type: ignore[arg-type]  # as BinaryIO as needed
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sink.n == sealed_size(100 * CHUNK, 1)
    assert peak < 10 * CHUNK


def test_a_long_file_is_opened_in_constant_memory() -> None:
    file = io.BytesIO(seal(bytes(100 * CHUNK), [STRANGER.recipient]))
    sink = Sealing()

    tracemalloc.start()
    open_stream(file, sink, [STRANGER])  # type: ignore[arg-type]  # as BinaryIO as needed
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sink.n == 100 * CHUNK
    assert peak < 10 * CHUNK


class Dripping(io.BytesIO):
    """A source that gives less than asked for, as pipes and sockets do."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(1000 if size is None or size > 1000 else size)


def test_a_source_that_drips_is_read_whole() -> None:
    plaintext = bytes(range(256)) * 300
    file, out = io.BytesIO(), io.BytesIO()

    seal_stream(Dripping(plaintext), file, [STRANGER.recipient])
    open_stream(Dripping(file.getvalue()), out, [STRANGER])

    assert out.getvalue() == plaintext


@given(file=st.binary(max_size=300))
def test_armor_gives_back_the_file_with_either_line_end_and_blanks_around(file: bytes) -> None:
    text = armor(file)

    assert dearmor(text) == dearmor("\n  " + text.replace("\n", "\r\n") + "\t\n") == file


@given(file=st.binary(min_size=1, max_size=300), data=st.data())
def test_armor_read_is_armor_written(file: bytes, data: st.DataObject) -> None:
    text = armor(file)
    place = data.draw(st.integers(0, len(text) - 2))
    letter = data.draw(st.characters(codec="utf-8"))
    changed = text[:place] + letter + text[place + 1 :]

    try:
        again = dearmor(changed)
    except DamagedFile:
        return
    assert armor(again).strip() == changed.strip()


@given(seed=st.binary(min_size=32, max_size=32))
def test_keys_survive_being_written_as_text(seed: bytes) -> None:
    identity = Identity.from_seed(seed)

    assert Identity.decode(identity.encode()).seed == seed
    assert Recipient.decode(str(identity.recipient)) == identity.recipient
    assert str(identity.recipient).startswith("age1pq1")
    assert identity.encode().startswith("AGE-SECRET-KEY-PQ-1")


@given(data=st.data())
def test_a_mistyped_key_is_refused(data: st.DataObject) -> None:
    text = str(data.draw(st.sampled_from([STRANGER.encode(), str(STRANGER.recipient)])))
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(
        st.sampled_from("023456789acdefghjklmnpqrstuvwxyzACXZ1bio- ").filter(lambda c: c != text[place])
    )
    mistyped = text[:place] + letter + text[place + 1 :]

    for read in (Identity.decode, Recipient.decode):
        with pytest.raises(DamagedKey):
            read(mistyped)


def test_bytes_that_are_no_key_are_refused() -> None:
    with pytest.raises(DamagedKey):
        Recipient(bytes(1215))
    with pytest.raises(DamagedKey):
        Recipient(b"\xff" * 1216)
    with pytest.raises(DamagedKey):
        Identity.from_seed(bytes(31))


def test_an_identity_shows_nothing_of_itself() -> None:
    assert repr(STRANGER) == str(STRANGER) == "Identity(...)"
    assert Identity.fresh().seed != Identity.fresh().seed
