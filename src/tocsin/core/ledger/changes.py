"""Changes of the roll that founders propose and sign inside the ledger, each on their own desk.

A proposal is told by what it changes (`ChangeProposed`); every desk works out the same roll from it and from the roll in
force, checks founders' signatures on that roll, and knows what is still missing. Whoever completes the signatures posts it.
The same change can also travel as a file (`ceremony`), which is how a coalition begins and how a lost relay is replaced.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from tocsin.core.ledger.batch import Moment, Outgoing
from tocsin.core.ledger.ceremony import (
    Ground,
    Progress,
    Proposal,
    add_signature,
    combine_proposals,
    finish_proposal,
    progress_of,
)
from tocsin.core.ledger.content import Duty
from tocsin.core.ledger.errors import BadRoll, ChangeOvertaken
from tocsin.core.ledger.kinds import PEOPLE, ChangeProposed, ChangeSigned, ChangeWithdrawn, Duties
from tocsin.core.ledger.member import Member
from tocsin.core.ledger.roll import LAPSE_DAYS, DeviceEntry, Roll
from tocsin.core.ledger.standing import Standing, duties_hash
from tocsin.core.ledger.succession import describe_changes
from tocsin.core.seal import SigningKey
from tocsin.errors import LedgerError
from tocsin.terms import Day


class Proposed(NamedTuple):
    """A proposal as the ledger has it: its id, who made it, in which record (None while it waits to leave)."""

    id: bytes
    by: int
    number: int | None
    change: ChangeProposed


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChange:
    """A proposal that could still come into force, and how far it has come."""

    proposed: Proposed
    roll: Roll
    duties: Duties
    proposal: Proposal
    """The roll with the signatures that fit, in the form in which it can also be passed on as a file."""
    progress: Progress
    said: tuple[str, ...]
    """What it changes, in sentences."""
    rivals: tuple[bytes, ...]
    """Ids of other changes of the same roll: only one of them can come."""

    @property
    def is_signed(self) -> bool:
        """Say whether enough founders have signed."""
        return not self.progress.n_missing


class FallenChange(NamedTuple):
    """A proposal that can come into force no more, and why; it may be proposed again."""

    proposed: Proposed
    why: LedgerError
    is_done: bool
    """It is in force: nothing is left to do."""


class Changes(NamedTuple):
    """All proposals: those that stand, oldest first, and those that fell, newest first."""

    standing: tuple[StandingChange, ...]
    fallen: tuple[FallenChange, ...]


# proposing ---


def change_to(
    after: Roll, before: Roll, duties: Duties, duties_after: Duties | None = None
) -> ChangeProposed:
    """Tell a lawful next roll (`succession`) by what it changes.

    Parameters
    ----------
    after, before
        The roll to propose and the roll in force.
    duties, duties_after
        Those in force, and those that `after` names where it changes them.
    """
    old = {entry.number: entry for entry in before.devices}
    told = duties_after or duties
    numbers = told.duties.keys() | duties.duties.keys()
    speaking = told.languages.keys() | duties.languages.keys()
    return ChangeProposed(
        previous=after.previous,
        lapses_on=after.lapses_on,
        devices=tuple(entry for entry in after.devices if old.get(entry.number) != entry),
        duties={
            number: told.duties.get(number, ())
            for number in sorted(numbers)
            if set(told.duties.get(number, ())) != set(duties.duties.get(number, ()))
        },
        languages={
            number: told.languages.get(number, ())
            for number in sorted(speaking)
            if told.languages.get(number, ()) != duties.languages.get(number, ())
        },
        founders=after.founders if after.founders != before.founders else None,
        threshold=after.threshold if after.threshold != before.threshold else None,
        relays=after.relays if after.relays != before.relays else None,
        offset_days=after.offset_days if after.offset_days != before.offset_days else None,
    )


def duties_with(
    duties: Duties, changed: dict[int, tuple[Duty, ...]], languages: dict[int, tuple[str, ...]] | None = None
) -> Duties:
    """Write duties anew with some devices' changed, always in the same order, for the roll names their hash."""
    held = {**duties.duties, **{number: tuple(sorted(set(each))) for number, each in changed.items()}}
    spoken = {**duties.languages, **(languages or {})}
    if held == duties.duties and spoken == duties.languages:
        return duties
    return Duties(
        duties={number: held[number] for number in sorted(held) if held[number]},
        languages={number: spoken[number] for number in sorted(spoken) if spoken[number]},
    )


def roll_after(change: ChangeProposed, before: Roll, duties: Duties) -> tuple[Roll, Duties]:
    """Work out the roll and the duties that a proposal leads to; every desk comes to the same bytes.

    Raises
    ------
    ChangeOvertaken
        It builds on another roll than this one.
    """
    if change.previous != before.hash:
        raise ChangeOvertaken(is_in_force=False)
    after = duties_with(duties, change.duties, change.languages)
    entries = {entry.number: entry for entry in (*before.devices, *change.devices)}
    kept = {
        "founders": change.founders,
        "threshold": change.threshold,
        "relays": change.relays,
        "offset_days": change.offset_days,
    }
    roll = replace(
        before,
        version=before.version + 1,
        previous=before.hash,
        lapses_on=change.lapses_on,
        devices=tuple(entries[number] for number in sorted(entries)),
        duties_hash=before.duties_hash if after is duties else duties_hash(after),
        **{name: value for name, value in kept.items() if value is not None},
    )
    return roll, after


def change_again(change: ChangeProposed, before: Roll, *, day: Day) -> ChangeProposed:
    """Propose the same anew on the roll as it is now; a newcomer gets the next number that is free.

    Raises
    ------
    BadRoll
        A device that it speaks of has left, or a newcomer is on the roll already.
    """
    known = {entry.key: entry for entry in before.devices}
    entries: list[DeviceEntry] = []
    numbers: dict[int, int] = {}
    free = max(entry.number for entry in before.devices) + 1
    by_number = {entry.number: entry for entry in before.devices}
    for entry in change.devices:
        if by_number.get(entry.number, entry).key == entry.key and entry.number in by_number:
            entries.append(entry)
            continue
        if entry.key in known:
            raise BadRoll("who was to be added is on it already")
        numbers[entry.number] = free
        entries.append(replace(entry, number=free))
        free += 1
    return replace(
        change,
        previous=before.hash,
        lapses_on=day + LAPSE_DAYS,
        devices=tuple(entries),
        duties={numbers.get(number, number): held for number, held in change.duties.items()},
        languages={numbers.get(number, number): spoken for number, spoken in change.languages.items()},
    )


# looking ---


def read_changes(
    proposals: Iterable[Proposed],
    signed: Iterable[ChangeSigned],
    withdrawn: Iterable[tuple[int, ChangeWithdrawn]],
    *,
    standing: Standing,
    duties: Duties,
    coalition: bytes,
    today: Day,
) -> Changes:
    """Say which proposals stand and how far they have come, and which fell and why.

    Parameters
    ----------
    proposals
        As the ledger has them, oldest first.
    signed
        All signatures; those that do not fit are nobody's.
    withdrawn
        Who withdrew which; it counts from the device that proposed.
    standing, duties
        What is in force now.
    """
    ground = Ground(coalition, standing.roll)
    gone = {(by, each.change) for by, each in withdrawn}
    signatures: dict[bytes, list[tuple[int, bytes]]] = {}
    for each in signed:
        signatures.setdefault(each.change, []).append((each.number, each.signature))
    stand: list[StandingChange] = []
    fallen: list[FallenChange] = []
    for proposed in proposals:
        if (proposed.by, proposed.id) in gone:
            continue
        try:
            stand.append(
                _stand(proposed, signatures.get(proposed.id, []), ground, standing.roll, duties, today)
            )
        except LedgerError as why:
            fallen.append(FallenChange(proposed, why, _is_in_force(proposed.change, standing, duties)))
    ids = [each.proposed.id for each in stand]
    rivals = {own: tuple(other for other in ids if other != own) for own in ids}
    return Changes(
        tuple(dataclasses.replace(each, rivals=rivals[each.proposed.id]) for each in stand),
        tuple(reversed(fallen)),
    )


def _stand(
    proposed: Proposed,
    signatures: list[tuple[int, bytes]],
    ground: Ground,
    before: Roll,
    duties: Duties,
    today: Day,
) -> StandingChange:
    roll, after = roll_after(proposed.change, before, duties)
    bare = Proposal(ground.coalition, roll.to_bytes())
    progress_of(bare, ground, today=today)
    copies = [replace(bare, signatures=(signature,)) for signature in signatures]
    whole = combine_proposals([bare, *copies], ground)
    return StandingChange(
        proposed=proposed,
        roll=roll,
        duties=after,
        proposal=whole,
        progress=progress_of(whole, ground, today=today),
        said=tuple(_say(before, roll, duties, after)),
        rivals=(),
    )


def _is_in_force(change: ChangeProposed, standing: Standing, duties: Duties) -> bool:
    """Say whether all that a proposal wants is so by now."""
    roll = standing.roll
    wanted = {
        (change.founders, roll.founders),
        (change.threshold, roll.threshold),
        (change.relays, roll.relays),
        (change.offset_days, roll.offset_days),
    }
    return (
        all(entry in roll.devices for entry in change.devices)
        and all(set(duties.duties.get(number, ())) == set(held) for number, held in change.duties.items())
        and all(value in (None, now) for value, now in wanted)
    )


def _say(before: Roll, after: Roll, duties: Duties, duties_after: Duties) -> Iterator[str]:
    """Say what a change does, duties and languages by name: whoever reads `people` may know them."""
    entries = {entry.number: entry for entry in before.devices}
    told = sorted(_changed(duties.duties, duties_after.duties))
    # That a device may take duty or keeps copies follows from its duties, which are said.
    devices = tuple(
        replace(entry, may_take_duty=old.may_take_duty, keeper=old.keeper)
        if entry.number in told and (old := entries.get(entry.number))
        else entry
        for entry in after.devices
    )
    yield from describe_changes(before, replace(after, devices=devices, duties_hash=before.duties_hash))
    removed = {entry.number for entry in after.devices if entry.removed}
    for number in told:
        if number not in removed:
            had, has = set(duties.duties.get(number, ())), set(duties_after.duties.get(number, ()))
            new, lost = ", ".join(sorted(has - had)), ", ".join(sorted(had - has))
            parts = [f"gets {new}" if new else "", f"loses {lost}" if lost else ""]
            yield f"Device {number} {' and '.join(filter(None, parts))}."
    for number in sorted(_changed(duties.languages, duties_after.languages) - removed):
        spoken = ", ".join(duties_after.languages.get(number, ())) or "no language that is written down"
        yield f"Device {number} speaks {spoken}."


def _changed(before: Mapping[int, Sequence[str]], after: Mapping[int, Sequence[str]]) -> set[int]:
    numbers = before.keys() | after.keys()
    return {number for number in numbers if tuple(before.get(number, ())) != tuple(after.get(number, ()))}


# signing and posting ---


def sign_change(
    change: StandingChange, key: SigningKey, *, number: int, ground: Ground, today: Day
) -> ChangeSigned:
    """Sign a proposed roll as one founder.

    Raises
    ------
    NotAFounder
        The roll in force has another key under that number.
    """
    whole = add_signature(change.proposal, key, ground, number=number, today=today)
    signature = dict(whole.signatures)[number]
    return ChangeSigned(change=change.proposed.id, number=number, signature=signature)


def post_change(member: Member, change: StandingChange, moment: Moment) -> Outgoing:
    """Bring a change into force: write its duties where they are new, then the roll.

    Raises
    ------
    TooFewSigned, ChangeOvertaken
        Nothing is posted.
    """
    world = member.world
    ground = Ground(world.coalition, world.history.now.roll)
    signed = finish_proposal(change.proposal, ground, today=moment.day)
    batch = member.batch(moment)
    if change.roll.duties_hash != world.history.now.roll.duties_hash:
        batch.say(change.duties, to=PEOPLE)
    batch.post_roll(signed)
    return batch.outgoing
