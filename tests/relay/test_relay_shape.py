"""What looks plain is refused, whatever language it is in; what is sealed always passes."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relaykit import Desk

from tocsin.core.seal import Identity, frame, seal
from tocsin.relay.errors import LooksPlain, Malformed
from tocsin.relay.shape import check_age_file, refuse_plain

PLAIN = {
    "latin": b"Gunel Canary-Wagtail was taken from the tea house on Tuesday. " * 40,
    "cyrillic": "Канарейка задержана вечером во вторник у чайханы. ".encode() * 30,  # noqa: RUF001 - Cyrillic on purpose
    "georgian": "კანარი დააკავეს სამშაბათს საღამოს ".encode() * 30,
    "hex": secrets.token_hex(1100).encode(),
    "zeros": bytes(2048),
    "sealed but for its beginning": b"Seymur Canary-Dunnock, flat 4, " * 18 + secrets.token_bytes(2000),
}


@pytest.mark.parametrize("what", PLAIN)
def test_plain_text_is_refused(what: str) -> None:
    with pytest.raises(LooksPlain):
        refuse_plain(PLAIN[what][:2048], "a record")


@given(st.sampled_from([2048, 8192, 32768]))
def test_uniform_bytes_pass(size: int) -> None:
    refuse_plain(secrets.token_bytes(size), "a record")


@pytest.mark.parametrize("what", ["latin", "cyrillic", "zeros"])
def test_a_record_with_a_plain_body_is_not_taken(desk: Desk, what: str) -> None:
    answer = desk.append(desk.make(body=PLAIN[what][:2048].ljust(2048, b"\0"), fork=True))

    assert (answer.status, answer.code) == (400, "relay.plaintext")
    assert len(desk.read_all()) == 1


def test_only_hybrid_age_files_pass() -> None:
    pq = Identity.fresh().recipient
    good = seal(frame(b"kestrel", 4096), [pq])
    classical = good.replace(b"-> mlkem768x25519 ", b"-> X25519 ", 1)

    assert check_age_file(good, "a grant", max_recipients=1) == 1
    with pytest.raises(Malformed):
        check_age_file(seal(b"kestrel", [pq, Identity.fresh().recipient]), "a grant", max_recipients=1)
    with pytest.raises(LooksPlain):
        check_age_file(b"Gunel Canary-Wagtail " * 100, "a grant", max_recipients=1)
    with pytest.raises(Malformed):
        check_age_file(classical, "a grant", max_recipients=1)


def test_text_behind_a_true_age_header_is_refused() -> None:
    good = seal(frame(b"kestrel", 4096), [Identity.fresh().recipient])
    header = good[: good.index(b"\n--- ") + 49]

    with pytest.raises(LooksPlain):
        check_age_file(header + PLAIN["latin"], "a grant", max_recipients=1)
