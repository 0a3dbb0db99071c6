"""Intake on the desk: open what was sealed to this desk's day keys, once, and write down what may be written."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.intake import (
    Call,
    Quarantined,
    Submission,
    Taken,
    UnreadableSubmission,
    read_submission,
    take_submission,
)
from tocsin.core.ledger import Duty
from tocsin.core.protect import Identity
from tocsin.core.seal import Identity as DayKey
from tocsin.core.seal import WrongKey, open_sealed
from tocsin.desk.desk import Desk, OpenCall
from tocsin.desk.errors import NotHere
from tocsin.desk.site.waiting import waiting_contents
from tocsin.terms import Day, Week, week_of


@dataclass(frozen=True, slots=True)
class Sealed:
    """A submission in a folder that this desk can open."""

    digest: bytes
    day: Day

    def open_at(self, desk: Desk) -> bytes:
        """Open it: 16384 bytes."""
        return open_sealed(desk.replica.submission(self.digest), desk.keyring.identities("intake"))


def compartment_of(week: Week) -> str:
    """Name the compartment of the desks on duty in a week."""
    return f"intake/{week}"


def waiting(desk: Desk) -> list[Sealed]:
    """Open what lies in the folders for this desk and was taken by nobody, nor here while the relay was away."""
    here = openable(desk)
    _leave_to_colleagues(desk)
    said = [*desk.contents(Taken), *waiting_contents(desk)]
    taken = {each.submission for each in said if isinstance(each, Taken)}
    return [sealed for sealed in here if sealed.digest not in taken]


def _leave_to_colleagues(desk: Desk) -> None:
    """Drop this desk's copies of what colleagues took."""
    here = {digest for digest, _, is_finished in desk.replica.submission_days() if not is_finished}
    for version in desk.versions(Taken):
        if version.entry.device != desk.device and version.content.submission in here:
            desk.replica.finish_submission(version.content.submission)


def openable(desk: Desk) -> list[Sealed]:
    """What lies here for this desk; each file is tried once, and only by which day's key it opens is remembered."""
    day_keys: dict[int, DayKey] = {}
    found = []
    for digest, day, is_finished in desk.replica.submission_days():
        if is_finished:
            continue
        if digest not in desk.tried:
            day_keys = day_keys or _day_keys(desk)
            desk.tried[digest] = _try(desk.replica.submission(digest), day, day_keys)
        if desk.tried[digest] is not None:
            found.append(Sealed(digest, Day(day)))
    return found


def _day_keys(desk: Desk) -> dict[int, DayKey]:
    return {day: DayKey.from_seed(seed) for day, seed in desk.keyring.intake_keys.items()}


def _try(file: bytes, filed_on: int, day_keys: dict[int, DayKey]) -> OpenCall | None:
    """Try the day keys, that of the folder's day first: the likeliest."""
    for day in sorted(day_keys, key=lambda day: abs(day - filed_on)):
        try:
            plain = open_sealed(file, [day_keys[day]])
        except WrongKey:
            # Sealed to another day's key, or to colleagues on duty.
            continue
        return OpenCall(day, _people_in(plain))
    return None


def _people_in(plain: bytes) -> int:
    try:
        submission = read_submission(plain)
    except UnreadableSubmission:
        # Whoever wrote it may have said who they are.
        return 1
    return 0 if submission.drill else submission.facts.people


def named_by_day_keys(desk: Desk) -> dict[bytes, int]:
    """Say which calls a day key held here opens, finished ones too: by hash, for how many people."""
    # A finished one still lies in the relay's folder.
    openable(desk)
    keys, tried = desk.keyring.intake_keys, desk.tried
    drills = {each.submission for each in desk.contents(Taken) if each.drill}
    known = {call.submission: call.facts.people for call in desk.contents(Call)}
    named: dict[bytes, int] = {}
    for digest, day, _ in desk.replica.submission_days():
        call = tried.get(digest)
        if call is not None and call.people and call.day_key in keys:
            named[digest] = call.people
        elif digest not in tried and digest not in drills and {day, day - 1, day - 2} & keys.keys():
            # Finished before this desk was unlocked: whether it was for us is not known any more.
            named[digest] = known.get(digest, 1)
    return named


def take_calls(desk: Desk, *, most: int = 1000) -> int:
    """Take the oldest submissions in: drills are noted, trouble is set apart, calls and testimony are written down."""
    sealed = waiting(desk)[:most]
    if not sealed:
        return 0
    to = open_week(desk)
    marks = {identity.locator for identity in desk.contents(Identity)}
    for each in sealed:
        submission, contents = take_submission(
            each.open_at(desk), digest=each.digest, day=each.day, marks=marks
        )
        if submission is not None:
            marks.add(submission.mark)
        # As one: taken without its call, a call for help would be lost.
        desk.append_all(contents, to=to)
    return len(sealed)


def open_week(desk: Desk) -> str:
    """Name this week's compartment; open it if this desk has no key of it."""
    name = compartment_of(week_of(desk.today))
    if name not in desk.keyring.compartments:
        on_duty = desk.sealed_to(desk.world.history.now.devices_with(Duty.INTAKE))
        desk.do(lambda member, moment: member.open_compartments([name], on_duty, moment))
    return name


def calls_without_case(desk: Desk) -> list[Call]:
    """List the calls that this desk took and can still make a case of, oldest first."""
    here = {sealed.digest for sealed in openable(desk)}
    mine = [version.content for version in desk.versions(Call) if version.entry.device == desk.device]
    return [call for call in mine if call.submission in here]


def reread(desk: Desk, submission: bytes) -> Submission:
    """Read a submission again, to move its identity into a case.

    Raises
    ------
    NotHere
        It is not here any more, or not for this desk.
    """
    for sealed in openable(desk):
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
    openable(desk)
    _leave_to_colleagues(desk)
    apart = {each.submission for each in desk.contents(Quarantined)}
    drills = {each.submission for each in desk.contents(Taken) if each.drill}
    left = {sealed.day for sealed in openable(desk) if sealed.digest not in apart | drills}
    drained = [day for day in over if not left & {Day(day), Day(day + 1), Day(day + 2)}]
    if not drained:
        return
    with desk.all_or_nothing():
        for day in drained:
            desk.keyring.forget_intake(day)
        desk.keyfile.save()
