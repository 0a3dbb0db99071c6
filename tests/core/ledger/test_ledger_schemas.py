"""A kind gets a new schema: what was written under the old ones is read for ever, by the newest."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from gathering import Device, Gathering, Note
from msgspec.structs import replace

from tocsin.core.ledger import LEDGER_KINDS, Content, Kinds, Older, Reading, Status, World
from tocsin.core.ledger.content import ANYBODY
from tocsin.desk.kinds import ROOMS, declared_in


class Note2(Older, frozen=True):
    """The second schema: a note got a grade, as a word."""

    SCHEMA = 2

    text: str
    grade: str | None

    def newer(self) -> NoteNow:
        """Words become numbers."""
        return NoteNow(text=self.text, grade=None if self.grade is None else len(self.grade))


class Note1(Older, frozen=True):
    """The first schema, as `gathering.Note` writes it: nobody was asked for a grade."""

    text: str

    def newer(self) -> Note2:
        """Not asked is unknown."""
        return Note2(text=self.text, grade=None)


class NoteNow(Content, frozen=True):
    """The third schema of the same kind."""

    KIND = "test.note"
    SCHEMA = 3
    WRITERS = ANYBODY
    OLDER = (Note1, Note2)

    text: str
    grade: int | None


NOW = Kinds((*LEDGER_KINDS, NoteNow))


@pytest.fixture
def gathering() -> Gathering:
    return Gathering()


def read_by(device: Device, kinds: Kinds, numbers: Sequence[int]) -> list[Reading]:
    """Take the whole ledger with the kinds of another version of the program."""
    world = World(device=device.number, kinds=kinds, keys=device.keyring.compartments)
    readings = [world.take(record) for record in device.gathering.log]
    return [readings[number] for number in numbers]


def say_by_schema(device: Device, said: Older | Content, schema: int) -> list[int]:
    """Say something as a program would whose newest schema was another."""
    draft = device.member.draft(Note(text=""), to="watch", at=0)
    content = msgspec.Raw(msgspec.msgpack.encode(said))
    outgoing = device.member.finish(
        [replace(draft, schema=schema, content=content)], device.gathering.moment()
    )
    return device.post(outgoing)


def test_what_an_earlier_version_wrote_counts_and_is_read_by_the_newest_schema(gathering: Gathering) -> None:
    old = gathering[1].write("from before", to="watch")
    new = gathering[1].post(gathering[1].say(NoteNow(text="from now", grade=4), to="watch"))

    readings = read_by(gathering[2], NOW, [*old, *new])

    assert [reading.content for reading in readings] == [
        NoteNow(text="from before", grade=None),
        NoteNow(text="from now", grade=4),
    ]
    assert {reading.status for reading in readings} == {Status.COUNTS}


def test_what_a_later_version_wrote_is_shown_and_counts_after_an_update(gathering: Gathering) -> None:
    numbers = gathering[1].post(gathering[1].say(NoteNow(text="from later", grade=4), to="watch"))
    gathering[2].pull()

    (updated,) = read_by(gathering[2], NOW, numbers)

    assert gathering[2].readings[numbers[0]].status is Status.UNKNOWN
    assert (updated.status, updated.content) == (Status.COUNTS, NoteNow(text="from later", grade=4))


def test_the_schema_between_is_read_too_and_what_it_never_wrote_is_damaged(gathering: Gathering) -> None:
    numbers = [
        *say_by_schema(gathering[1], Note2(text="between", grade="fair"), 2),
        *say_by_schema(gathering[1], NoteNow(text="not so", grade=4), 1),
    ]

    readings = read_by(gathering[2], NOW, numbers)

    assert readings[0].content == NoteNow(text="between", grade=4)
    assert [reading.status for reading in readings] == [Status.COUNTS, Status.DAMAGED]


def test_every_schema_that_was_ever_written_is_read() -> None:
    kinds = (*LEDGER_KINDS, *(kind for room in ROOMS for kind in declared_in(room)))

    for kind in kinds:
        assert [form.SCHEMA for form in (*kind.OLDER, kind)] == list(range(1, kind.SCHEMA + 1)), kind.KIND
