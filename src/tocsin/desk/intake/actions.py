"""Intake on the desk: open what was sealed to this desk's day keys, once, and write down what may be written."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from tocsin.core.intake import Call, Quarantined, Submission, Taken, read_submission, take_submission
from tocsin.core.ledger import Duty
from tocsin.core.protect import Identity
from tocsin.core.seal import WrongKey, open_sealed
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.terms import Day, Week, week_of


@dataclass(frozen=True, slots=True)
class Sealed:
    """A submission in a folder that this desk can open, and its plaintext."""

    digest: bytes
    day: Day
    plaintext: bytes


def compartment_of(week: Week) -> str:
    """Name the compartment of the desks on duty in a week."""
    return f"intake/{week}"


def waiting(desk: Desk) -> list[Sealed]:
    """Open what lies in the folders for this desk and was taken by nobody."""
    taken = desk.versions(Taken)
    for version in taken:
        if version.entry.device != desk.device:
            # A colleague has it: this desk's copy goes.
            desk.replica.finish_submission(version.content.submission)
    here = {version.content.submission for version in taken}
    return [sealed for sealed in _openable(desk) if sealed.digest not in here]


def _openable(desk: Desk) -> list[Sealed]:
    identities = desk.keyring.identities("intake")
    found = []
    for day, file in desk.replica.submissions():
        try:
            plaintext = open_sealed(file, identities)
        except WrongKey:
            # Sealed to colleagues on duty, not to us.
            continue
        found.append(Sealed(sha256(file).digest(), Day(day), plaintext))
    return found


def take_calls(desk: Desk, *, most: int = 1000) -> int:
    """Take the oldest submissions in: drills are noted, trouble is set apart, calls and testimony are written down."""
    sealed = waiting(desk)[:most]
    if not sealed:
        return 0
    to = _open_compartment(desk)
    locators = {identity.locator for identity in desk.contents(Identity)}
    for each in sealed:
        submission, contents = take_submission(
            each.plaintext, digest=each.digest, day=each.day, locators=locators
        )
        if submission is not None:
            locators.add(submission.locator)
        for content in contents:
            desk.append(content, to=to)
    return len(sealed)


def _open_compartment(desk: Desk) -> str:
    name = compartment_of(week_of(desk.today))
    if name not in desk.keyring.compartments:
        on_duty = desk.world.history.now.devices_with(Duty.INTAKE)
        desk.do(lambda member, moment: member.open_compartments([name], on_duty, moment))
    return name


def calls_without_case(desk: Desk) -> list[Call]:
    """List the calls that this desk took and can still make a case of, oldest first."""
    here = {sealed.digest for sealed in _openable(desk)}
    mine = [version.content for version in desk.versions(Call) if version.entry.device == desk.device]
    return [call for call in mine if call.submission in here]


def reread(desk: Desk, submission: bytes) -> Submission:
    """Read a submission again, to move its identity into a case.

    Raises
    ------
    NotHere
        It is not here any more, or not for this desk.
    """
    for sealed in _openable(desk):
        if sealed.digest == submission:
            return read_submission(sealed.plaintext)
    raise NotHere


def finish(desk: Desk, submission: bytes) -> None:
    """Drop a submission that became a case, and every day key whose folders are drained."""
    desk.replica.finish_submission(submission)
    forget_drained(desk)


def forget_drained(desk: Desk) -> None:
    """Erase the day keys whose own folder and the two after hold nothing more for this desk."""
    apart = {each.submission for each in desk.contents(Quarantined)}
    drills = {each.submission for each in desk.contents(Taken) if each.drill}
    left = {sealed.day for sealed in _openable(desk) if sealed.digest not in apart | drills}
    before = len(desk.keyring.intake_keys)
    for day in list(desk.keyring.intake_keys):
        if day + 2 < desk.today and not left & {Day(day), Day(day + 1), Day(day + 2)}:
            desk.keyring.forget_intake(day)
    if len(desk.keyring.intake_keys) < before:
        desk.keyfile.save()
