"""Intake on the desk: open what was sealed to this desk's day keys, once, and write down what may be written."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from tocsin.core.intake import Call, Quarantined, Submission, Taken, read_submission, take_submission
from tocsin.core.ledger import Duty
from tocsin.core.protect import Identity
from tocsin.core.seal import Identity as DayKey
from tocsin.core.seal import WrongKey, open_sealed
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.site.waiting import waiting_contents
from tocsin.terms import Day, Week, week_of


@dataclass(frozen=True, slots=True)
class Sealed:
    """A submission in a folder that this desk can open."""

    digest: bytes
    day: Day
    file: bytes

    def open_at(self, desk: Desk) -> bytes:
        """Open it: 16384 bytes."""
        return open_sealed(self.file, desk.keyring.identities("intake"))


def compartment_of(week: Week) -> str:
    """Name the compartment of the desks on duty in a week."""
    return f"intake/{week}"


def waiting(desk: Desk) -> list[Sealed]:
    """Open what lies in the folders for this desk and was taken by nobody, nor here while the relay was away."""
    _leave_to_colleagues(desk)
    said = [*desk.contents(Taken), *waiting_contents(desk)]
    taken = {each.submission for each in said if isinstance(each, Taken)}
    return [sealed for sealed in _openable(desk) if sealed.digest not in taken]


def _leave_to_colleagues(desk: Desk) -> None:
    """Drop this desk's copies of what colleagues took."""
    here = {sha256(file).digest() for _, file in desk.replica.submissions()}
    for version in desk.versions(Taken):
        if version.entry.device != desk.device and version.content.submission in here:
            desk.replica.finish_submission(version.content.submission)


def _openable(desk: Desk) -> list[Sealed]:
    """What lies here for this desk; each file is tried once, and only that it is ours is remembered."""
    identities = None
    found = []
    for day, file in desk.replica.submissions():
        digest = sha256(file).digest()
        if digest not in desk.is_ours:
            identities = identities or desk.keyring.identities("intake")
            desk.is_ours[digest] = _opens(file, identities)
        if desk.is_ours[digest]:
            found.append(Sealed(digest, Day(day), file))
    return found


def _opens(file: bytes, identities: list[DayKey]) -> bool:
    try:
        open_sealed(file, identities)
    except WrongKey:
        # Sealed to colleagues on duty, not to us.
        return False
    return True


def take_calls(desk: Desk, *, most: int = 1000) -> int:
    """Take the oldest submissions in: drills are noted, trouble is set apart, calls and testimony are written down."""
    sealed = waiting(desk)[:most]
    if not sealed:
        return 0
    to = _open_compartment(desk)
    locators = {identity.locator for identity in desk.contents(Identity)}
    for each in sealed:
        submission, contents = take_submission(
            each.open_at(desk), digest=each.digest, day=each.day, locators=locators
        )
        if submission is not None:
            locators.add(submission.locator)
        # As one: taken without its call, a call for help would be lost.
        desk.append_all(contents, to=to)
    return len(sealed)


def _open_compartment(desk: Desk) -> str:
    name = compartment_of(week_of(desk.today))
    if name not in desk.keyring.compartments:
        on_duty = desk.sealed_to(desk.world.history.now.devices_with(Duty.INTAKE))
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
            return read_submission(sealed.open_at(desk))
    raise NotHere


def finish(desk: Desk, submission: bytes) -> None:
    """Drop a submission that became a case, and every day key whose folders are drained."""
    desk.replica.finish_submission(submission)
    forget_drained(desk)


def forget_drained(desk: Desk) -> None:
    """Erase the day keys whose own folder and the two after hold nothing more for this desk."""
    over = [day for day in desk.keyring.intake_keys if day + 2 < desk.today]
    if not over:
        return
    _leave_to_colleagues(desk)
    apart = {each.submission for each in desk.contents(Quarantined)}
    drills = {each.submission for each in desk.contents(Taken) if each.drill}
    left = {sealed.day for sealed in _openable(desk) if sealed.digest not in apart | drills}
    drained = [day for day in over if not left & {Day(day), Day(day + 1), Day(day + 2)}]
    if not drained:
        return
    with desk.all_or_nothing():
        for day in drained:
            desk.keyring.forget_intake(day)
        desk.keyfile.save()
