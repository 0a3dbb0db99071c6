"""The next roll: one function for each change that founders propose, and what it changes in plain sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec.structs import replace

from tocsin.core.ledger.kinds import Duties
from tocsin.core.ledger.roll import LAPSE_DAYS, DeviceEntry, Founder, RelayEntry, Roll, check_successor
from tocsin.core.ledger.standing import duties_hash
from tocsin.core.ledger.words import words_of
from tocsin.terms import Day


def next_roll(before: Roll, *, day: Day, **changed: object) -> Roll:
    """Write the roll to propose: the one before with some fields changed, lapsing in fourteen days.

    Raises
    ------
    BadRoll
        The roll before may not be followed by this one.
    """
    after = replace(
        before, version=before.version + 1, previous=before.hash, lapses_on=day + LAPSE_DAYS, **changed
    )
    check_successor(after, before)
    return after


def _pinned(before: Roll, duties: Duties | None) -> bytes:
    return before.duties_hash if duties is None else duties_hash(duties)


def add_device(
    before: Roll,
    *,
    organisation: int,
    key: bytes,
    day: Day,
    may_take_duty: bool,
    keeper: bool = False,
    duties: Duties | None = None,
) -> Roll:
    """Give a newcomer the next number; `duties` are the new ones, where the newcomer is to have any at once."""
    number = max(entry.number for entry in before.devices) + 1
    entry = DeviceEntry(number, organisation, key, may_take_duty, keeper)
    return next_roll(before, day=day, devices=(*before.devices, entry), duties_hash=_pinned(before, duties))


def remove_device(before: Roll, number: int, *, day: Day, duties: Duties | None = None) -> Roll:
    """Remove a device; its entry stays, so that its number is never given again.

    Raises
    ------
    NotOnRoll
        It is not there, or removed already.
    """
    gone = before.device(number)
    devices = tuple(replace(entry, removed=True) if entry == gone else entry for entry in before.devices)
    return next_roll(before, day=day, devices=devices, duties_hash=_pinned(before, duties))


def change_duties(before: Roll, duties: Duties, *, day: Day) -> Roll:
    """Pin other duties, which are written sealed into `people`."""
    return next_roll(before, day=day, duties_hash=duties_hash(duties))


def change_founders(before: Roll, founders: Sequence[Founder], *, threshold: int, day: Day) -> Roll:
    """Name other founders or another k; more than half of the present founders must sign."""
    return next_roll(before, day=day, founders=tuple(founders), threshold=threshold)


def change_relay(before: Roll, relays: Sequence[RelayEntry], *, day: Day) -> Roll:
    """Name other relays, as when a lost one was filled again elsewhere."""
    return next_roll(before, day=day, relays=tuple(relays))


def describe_changes(before: Roll | None, after: Roll) -> tuple[str, ...]:
    """Say what a founder would sign: every difference in a sentence of its own, by numbers."""
    if before is None:
        n_founders, n_devices = len(after.founders), len(after.devices)
        begins = f"A coalition begins: {n_devices} devices of {after.n_organisations} organisations; "
        return (begins + f"{after.threshold} of {n_founders} founders sign its changes.",)
    said = list(_device_changes(before, after))
    if (before.founders, before.threshold) != (after.founders, after.threshold):
        said.append(f"{after.threshold} of {len(after.founders)} founders sign from now on.")
        said += _founder_changes(before, after)
    if before.relays != after.relays:
        said.append("The relay changes: " + ", ".join(relay.address for relay in after.relays) + ".")
    if before.duties_hash != after.duties_hash:
        said.append("Duties change.")
    if before.offset_days != after.offset_days:
        said.append("The exercise's day changes.")
    return tuple(said)


def founder_words(founder: Founder) -> str:
    """Spell eight words (88 bits) of a founder's number and key: read aloud by whoever has it, seen by all who sign."""
    digest = sha256(b"tocsin/1 founder words\n" + founder.number.to_bytes(4, "big") + founder.key).digest()
    return " ".join(words_of(digest, n=8))


def _founder_changes(before: Roll, after: Roll) -> Iterable[str]:
    known = {founder.number: founder for founder in before.founders}
    left = known.keys() - {founder.number for founder in after.founders}
    yield from (f"Founder {number} leaves." for number in sorted(left))
    for founder in after.founders:
        if founder != known.get(founder.number):
            how = "has a new key" if founder.number in known else "joins"
            yield f"Founder {founder.number} {how}; their desk shows: {founder_words(founder)}."


def _device_changes(before: Roll, after: Roll) -> Iterable[str]:
    old = {entry.number: entry for entry in before.devices}
    for entry in after.devices:
        known = old.get(entry.number)
        if known is None:
            yield f"Device {entry.number} of organisation {entry.organisation} is added."
        elif entry.removed and not known.removed:
            yield f"Device {entry.number} is removed."
        elif entry != known:
            yield f"Device {entry.number} may take duty or keep copies otherwise than before."
