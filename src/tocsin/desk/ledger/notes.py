"""Hand-over notes: a few sealed words for the next on the same duty, until somebody takes them over.

A note stands where its duty's words stand: in an intake week, an activation or a case, under that key alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.core.activate import Raised
from tocsin.core.ledger import Duty, Note, NoteTaken, case_compartments
from tocsin.core.protect import CaseOpened
from tocsin.desk.activate.reading import compartment_of as room_of_activation
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.intake.actions import open_week
from tocsin.desk.site.waiting import waiting_contents

INTAKE = "intake"
"""What a form sends for this week's intake, whose compartment may not be there yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Something that is handed over."""

    to: str
    """What the form sends: a compartment, or `intake`."""
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A note, with its words."""

    id: str
    device: int
    at: int
    about: str
    text: str
    is_mine: bool
    taken_by: tuple[int, ...]


def shifts(desk: Desk) -> tuple[Shift, ...]:
    """List what this desk can hand over: intake, activations it has a seat in, its open cases."""
    found = []
    if Duty.INTAKE in desk.world.history.now.duties.get(desk.device, ()):
        found.append(Shift(to=INTAKE, words="intake: the next to take calls"))
    raised = [(version.entry.number, version.content.activation) for version in desk.versions(Raised)]
    cases = sorted({case.case for case in desk.contents(CaseOpened)} & desk.keyring.open_cases())
    found += [
        Shift(to=room_of_activation(code), words=f"activation {n}: the other seats") for n, code in raised
    ]
    found += [Shift(to=case_compartments(code)[1], words=f"case {code}: its other holder") for code in cases]
    return tuple(found)


def write_note(desk: Desk, *, to: str, text: str) -> None:
    """Leave a note for whoever comes next.

    Raises
    ------
    NotHere
        Nothing of that name is this desk's to hand over.
    """
    if to not in {shift.to for shift in shifts(desk)}:
        raise NotHere
    desk.append(Note(text=text), to=open_week(desk) if to == INTAKE else to)


def take_note(desk: Desk, note: bytes) -> None:
    """Say that this desk has read a note and goes on from there.

    Raises
    ------
    NotHere
        This desk cannot read it, or not any more.
    """
    for version in desk.versions(Note):
        if version.entry.draft == note:
            desk.append(NoteTaken(note=note), to=version.entry.compartment)
            return
    raise NotHere


def notes(desk: Desk) -> tuple[NoteRow, ...]:
    """List all notes that this desk can read, the newest first."""
    taken: dict[bytes, set[int]] = {}
    for version in desk.versions(NoteTaken):
        taken.setdefault(version.content.note, set()).add(version.entry.device)
    for said in waiting_contents(desk):
        if isinstance(said, NoteTaken):
            taken.setdefault(said.note, set()).add(desk.device)
    return tuple(reversed(list(_rows(desk, taken))))


def _rows(desk: Desk, taken: dict[bytes, set[int]]) -> Iterator[NoteRow]:
    for version in desk.versions(Note):
        entry = version.entry
        yield NoteRow(
            id=entry.draft.hex(),
            device=entry.device,
            at=entry.at,
            about=_about(desk, entry.compartment),
            text=version.content.text,
            is_mine=entry.device == desk.device,
            taken_by=tuple(sorted(taken.get(entry.draft, ()))),
        )


def _about(desk: Desk, compartment: str) -> str:
    room, _, rest = compartment.partition("/")
    if room == "response":
        numbers = [each.entry.number for each in desk.versions(Raised, compartment=compartment)]
        return f"activation {numbers[0]}" if numbers else "an activation"
    return f"case {rest.partition('/')[0]}" if room == "case" else room


def open_notes(desk: Desk) -> tuple[NoteRow, ...]:
    """List the notes of others that nobody has taken over yet."""
    return tuple(row for row in notes(desk) if not row.is_mine and not row.taken_by)
