"""The rows in memory: newest versions side by side, and nothing left of what was forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from tocsin.core.activate.records import DeadlineCode, DeadlineMet, DeadlineSet
from tocsin.core.ledger import Content, Envelope, Reading, Status
from tocsin.desk.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.close()


def reading(number: int, draft: bytes, based_on: bytes | None = None, *, to: str = "watch") -> Reading:
    """One version of something, as it counts."""
    envelope = Envelope("some.kind", 1, 0, to, bytes(16), draft, based_on, msgspec.Raw(b"\x80"))
    return Reading(number, 1, 0, Status.COUNTS, envelope)


def newest(store: Store) -> list[bytes]:
    return [entry.draft for entry in store.newest("some.kind")]


def test_edits_made_at_once_stay_side_by_side_until_one_replaces_both(store: Store) -> None:
    store.project([reading(1, b"root"), reading(2, b"left", b"root"), reading(3, b"right", b"root")])
    assert newest(store) == [b"left", b"right"]

    store.project([reading(4, b"after left", b"left")])
    assert newest(store) == [b"right", b"after left"]

    store.project([reading(5, b"after right", b"right")])
    assert newest(store) == [b"after left", b"after right"]


@given(st.lists(st.none() | st.integers(0, 9), max_size=12))
def test_what_nothing_replaced_is_among_the_newest(bases: list[int | None]) -> None:
    store = Store()
    store.project(
        reading(n, bytes([n]), None if base is None else bytes([base])) for n, base in enumerate(bases)
    )
    expected = [bytes([n]) for n in range(len(bases)) if n not in bases]

    assert newest(store) == expected
    store.close()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["some.kind", "other.kind", "forget"]),
        st.sampled_from(["watch", "case/x/file"]),
        st.none() | st.integers(0, 9),
        st.sampled_from(Status),
    ),
    max_size=12,
)


@given(STEPS)
def test_the_mark_moves_whenever_what_is_newest_moves(
    steps: list[tuple[str, str, int | None, Status]],
) -> None:
    store = Store()
    seen = {}
    for n, (kind, to, base, status) in enumerate(steps):
        if kind == "forget":
            store.forget(to)
        else:
            made = reading(n, bytes([n]), None if base is None else bytes([base]), to=to)
            envelope = msgspec.structs.replace(made.envelope, kind=kind)
            store.project([made._replace(envelope=envelope, status=status)])
        for asked in ("some.kind", "other.kind"):
            listed = store.newest(asked)
            assert seen.setdefault((asked, store.mark(asked)), listed) == listed
            assert [each for each in listed if each.compartment == to] == store.newest(asked, compartment=to)
    store.close()


def deadline(number: int, content: Content, *, to: str = "clock", barred: bool = False) -> Reading:
    """One record about a deadline, as it counts."""
    made = reading(number, number.to_bytes(16, "big"), to=to)
    envelope = msgspec.structs.replace(made.envelope, kind=content.KIND)
    return made._replace(envelope=envelope, content=content, barred=barred)


def test_records_are_found_by_code_and_time_alone_and_forgotten_with_their_compartment(store: Store) -> None:
    old, new, far = DeadlineCode("old"), DeadlineCode("new"), DeadlineCode("far")
    store.project(
        [
            deadline(1, DeadlineSet(code=old, due_at=10)),
            deadline(2, DeadlineSet(code=new, due_at=100)),
            deadline(3, DeadlineMet(code=new)),
            deadline(4, DeadlineMet(code=new), barred=True),
            # What a hostile member may write: no row may stop the others.
            deadline(5, DeadlineSet(code=far, due_at=2**63 + 5)),
            deadline(6, DeadlineSet(code=new, due_at=100), to="watch"),
        ]
    )
    kinds = [DeadlineSet.KIND, DeadlineMet.KIND]

    assert [row.number for row in store.found(kinds, compartment="clock", since=50)] == [2, 3, 5]
    assert [row.number for row in store.found(kinds, compartment="clock", since=50, about=["old"])] == [
        1,
        2,
        3,
        5,
    ]
    store.forget("clock")
    assert store.found(kinds, compartment="clock", since=0, about=["old"]) == []
    assert b"old" not in store.to_bytes()
