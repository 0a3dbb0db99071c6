"""Found a coalition: the first roll, signed by its founders, and the compartments that everybody holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tocsin.core.ledger.batch import Fresh, Moment, Outgoing
from tocsin.core.ledger.kinds import EVERYBODYS, PEOPLE, Duties
from tocsin.core.ledger.member import Member
from tocsin.core.ledger.record import FOUNDING, NO_HASH, NO_TAG, VERSION, Header, Record, make_record
from tocsin.core.ledger.roll import (
    LAPSE_DAYS,
    DeviceEntry,
    Founder,
    RelayEntry,
    Roll,
    SignedRoll,
    sign_roll,
)
from tocsin.core.ledger.standing import duties_hash
from tocsin.core.seal import SigningKey
from tocsin.terms import Day


def first_roll(
    *,
    founders: Sequence[Founder],
    threshold: int,
    devices: Sequence[DeviceEntry],
    relays: Sequence[RelayEntry],
    duties: Duties,
    day: Day,
    exercise: bool = False,
    offset_days: int = 0,
) -> Roll:
    """Write the roll that a coalition begins with."""
    return Roll(
        version=1,
        previous=NO_HASH,
        lapses_on=day + LAPSE_DAYS,
        threshold=threshold,
        founders=tuple(founders),
        devices=tuple(devices),
        relays=tuple(relays),
        duties_hash=duties_hash(duties),
        exercise=exercise,
        offset_days=offset_days,
    )


def found(
    roll: Roll, *, signers: Mapping[int, SigningKey], poster: int, key: SigningKey, day: Day, fresh: Fresh
) -> Record:
    """Make the founding record: signed by founders, posted by one device of the roll."""
    signed = SignedRoll(
        roll.to_bytes(), tuple(sign_roll(roll, signer, number=number) for number, signer in signers.items())
    )
    body = signed.to_bytes()
    header = Header(VERSION, FOUNDING, poster, 0, NO_HASH, 1, 0, NO_HASH, day, len(body), fresh(16))
    return make_record(header, tag=NO_TAG, body=body, key=key, coalition=bytes(32))


def change_roll(member: Member, signed: SignedRoll, moment: Moment) -> Record:
    """Post a roll that enough founders have signed."""
    batch = member.batch(moment)
    batch.post_roll(signed)
    (record,) = batch.outgoing.records
    return record


def open_everybodys(
    member: Member, duties: Duties, moment: Moment, *, without: Collection[int] = ()
) -> Outgoing:
    """Make the compartments that every device holds, grant them to all, and write down the duties.

    `without` names devices that have published no key yet; they are admitted once they have.
    """
    everybody = [
        entry.number for entry in member.world.history.now.roll.active if entry.number not in without
    ]
    batch = member.batch(moment)
    for name in EVERYBODYS:
        batch.open_epoch(name, everybody, parent=None)
    batch.say(duties, to=PEOPLE)
    return batch.outgoing
