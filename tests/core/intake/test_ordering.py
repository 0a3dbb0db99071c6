"""A flood hides nobody: what is true stands before what was made, and nothing is dropped."""

from __future__ import annotations

import json
from itertools import count

import pytest
from floodkit import TRUE_STORIES, Sent, flood, seeded

from tocsin.bundle import bundle_path
from tocsin.core.intake.ordering import Look, Tongue, learn_tongue, look_at, order_queue
from tocsin.terms import Day


@pytest.fixture(scope="module")
def tongues() -> list[Tongue]:
    words = json.loads((bundle_path() / "words.json").read_text(encoding="utf-8"))
    return [
        learn_tongue(" ".join(text for text in each.values() if isinstance(text, str)))
        for each in words.values()
    ]


def looks_of(sent: list[Sent], tongues: list[Tongue]) -> list[Look]:
    numbers = count()
    return [
        look_at(each.submission, digest=next(numbers).to_bytes(32, "big"), day=Day(17400), tongues=tongues)
        for each in sent
    ]


def places_of_the_true(sent: list[Sent], order: tuple[bytes, ...]) -> list[int]:
    return [place for place, digest in enumerate(order) if sent[int.from_bytes(digest, "big")].is_true]


@pytest.mark.parametrize("seed", [1, 2])
def test_of_ten_thousand_junk_and_twenty_true_ones_the_true_stand_in_the_first_two_hundred(
    tongues: list[Tongue], seed: int
) -> None:
    sent = flood(10_000, seeded(seed))

    order = order_queue(looks_of(sent, tongues))

    assert len(order.digests) == len(set(order.digests)) == len(sent)
    places = places_of_the_true(sent, order.digests)
    assert len(places) == len(TRUE_STORIES)
    assert max(places) < 200
    assert order.is_flood


def test_a_quiet_day_is_ordered_by_danger_and_day_alone(tongues: list[Tongue]) -> None:
    sent = flood(20, seeded(3))
    looks = looks_of(sent, tongues)

    order = order_queue(looks)

    urgencies = {look.digest: look.urgency for look in looks}
    assert [urgencies[digest] for digest in order.digests] == sorted(urgencies.values())
    assert not order.is_flood


def test_whom_we_know_stands_before_everybody_in_a_flood_too(tongues: list[Tongue]) -> None:
    sent = flood(300, seeded(4))
    looks = looks_of(sent, tongues)
    known = looks[17]

    assert order_queue(looks, known=frozenset({known.thread})).digests[0] == known.digest


def test_a_look_shows_nothing(tongues: list[Tongue]) -> None:
    (look, *_) = looks_of(flood(1, seeded(5)), tongues)

    assert repr(look) == "Look(...)"
