"""What the activate pages show: every activation this desk has a seat in, and where one stands."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.activate import (
    Activated,
    ActivationCode,
    Assessed,
    Clock,
    Protocol,
    Raised,
    Refusal,
    Seat,
    Stage,
    State,
    Vote,
    hash_brief,
)
from tocsin.core.watch import Alarm
from tocsin.desk.activate.deadlines import CheckIn, check_ins, may_set
from tocsin.desk.activate.reading import activation_state, compartment_of, protocol_in_force
from tocsin.desk.count.queries import TallyRow, tally_rows
from tocsin.desk.desk import Desk, Version
from tocsin.desk.errors import NotHere
from tocsin.desk.site.waiting import waiting_contents
from tocsin.terms import Place

REFUSED = {
    Refusal.NOT_FIRM: "signed; counts once two organisations vouch for it",
    Refusal.OTHER_BRIEF: "signed another brief",
    Refusal.NO_SUCH_SEAT: "no such seat",
    Refusal.BAD_SIGNATURE: "its signature does not hold",
    Refusal.SAME_SEAT: "this seat has signed already",
    Refusal.TOO_LATE: "outside the hours for signing",
}
CLOCKS = {
    "assess": "somebody else checks the evidence",
    "vote": "the quorum signs",
    "first_leg": "the first person is on the way",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRow:
    """One line of the list."""

    number: int
    place: Place
    stage: Stage
    n_signed: int
    n_needed: int
    raised_at: int
    may_sign: bool
    next_clock: ClockRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow:
    """One clock in words."""

    what: str
    due_at: int
    hours_left: int
    state: str
    """`done`, `late`, `missed` or `running`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRow:
    """One seat at the table."""

    seat: Seat
    is_mine: bool
    word: str
    has_signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationPage:
    """One activation."""

    number: int
    code: ActivationCode
    state: State
    brief: str
    clocks: tuple[ClockRow, ...]
    seats: tuple[SeatRow, ...]
    refused: tuple[str, ...]
    alarm_number: int | None
    tally: TallyRow | None
    may_sign: bool
    may_assess: bool
    may_announce: bool
    may_stand_down: bool
    is_announced: bool
    compartment: str
    check_ins: tuple[CheckIn, ...]
    may_set: bool
    """Whether this desk may set a check-in here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseRow:
    """A tally, signed by two organisations, that may be put before the seats, with the newest alarm of its place."""

    tally: TallyRow
    alarm_number: int | None
    alarm_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """All activations, and what could be raised."""

    protocol: Protocol | None
    activations: tuple[ActivationRow, ...]
    to_raise: tuple[RaiseRow, ...]


def list_page(desk: Desk) -> ListPage:
    """Gather the list."""
    raised = desk.versions(Raised)
    protocol = find_protocol(desk)
    rows = [_row(desk, version) for version in reversed(raised)] if protocol else []
    return ListPage(
        protocol=protocol, activations=tuple(rows), to_raise=_to_raise(desk, raised) if protocol else ()
    )


def find_protocol(desk: Desk) -> Protocol | None:
    """Find the protocol in force, if one was written."""
    try:
        return protocol_in_force(desk)
    except NotHere:
        return None


def _to_raise(desk: Desk, raised: list[Version[Raised]]) -> tuple[RaiseRow, ...]:
    if not desk.world.history.now.may_write(desk.device, Raised.WRITERS):
        return ()
    used = {version.content.tally for version in raised}
    used |= {said.tally for said in waiting_contents(desk) if isinstance(said, Raised)}
    newest = {version.content.place: version.entry for version in desk.versions(Alarm)}
    rows = [
        RaiseRow(
            tally=row,
            alarm_number=newest[row.tally.place].number if row.tally.place in newest else None,
            alarm_id=newest[row.tally.place].draft.hex() if row.tally.place in newest else "",
        )
        for row in tally_rows(desk)
        if row.signed.assessors and bytes.fromhex(row.id) not in used
    ]
    return tuple(reversed(rows))


def _row(desk: Desk, version: Version[Raised]) -> ActivationRow:
    state = activation_state(desk, version.content.activation)
    running = [clock for clock in state.clocks if not clock.is_stopped]
    due = min(running, key=lambda clock: clock.due_at, default=None)
    return ActivationRow(
        number=version.entry.number,
        place=version.content.place,
        stage=state.stage,
        n_signed=len(state.seats),
        n_needed=state.protocol.quorum.seats,
        raised_at=version.content.raised_at,
        may_sign=_may_sign(desk, state),
        next_clock=_clock(due, desk.now) if due else None,
    )


def activation_page(desk: Desk, number: int) -> ActivationPage:
    """Gather one activation by the number of the record that raised it.

    Raises
    ------
    NotHere
    """
    version = next((each for each in desk.versions(Raised) if each.entry.number == number), None)
    if version is None or find_protocol(desk) is None:
        raise NotHere
    raised, state = version.content, activation_state(desk, version.content.activation)
    announced = _said(desk, raised.activation, Activated)
    alarm = next((each for each in desk.versions(Alarm) if each.entry.draft == raised.alarm), None)
    tally = next((row for row in tally_rows(desk) if bytes.fromhex(row.id) == raised.tally), None)
    return ActivationPage(
        number=number,
        code=raised.activation,
        state=state,
        brief=raised.brief,
        clocks=tuple(_clock(clock, desk.now) for clock in state.clocks),
        seats=_seats(desk, state),
        refused=tuple(f"record {at}: {REFUSED[why]}" for at, why in state.refused),
        alarm_number=alarm.entry.number if alarm else None,
        tally=tally,
        may_sign=_may_sign(desk, state),
        may_assess=_may_assess(desk, version, state),
        may_announce=state.active_from is not None and not announced and state.stage is Stage.ACTIVE,
        may_stand_down=state.stage is Stage.ACTIVE and _my_seat(desk, state) is not None,
        is_announced=bool(announced),
        compartment=compartment_of(raised.activation),
        check_ins=check_ins(desk, compartment=compartment_of(raised.activation)),
        may_set=may_set(desk),
    )


def _my_seat(desk: Desk, state: State) -> Seat | None:
    return next((seat for seat in state.protocol.seats if seat.device == desk.device), None)


def _my_vote(desk: Desk, state: State) -> str:
    """Say whether this desk's vote is `absent`, `waiting` to leave, or `sent`."""
    activation = state.raised.activation if state.raised else None
    sent = [
        version
        for version in desk.versions(Vote)
        if version.content.activation == activation and version.entry.device == desk.device
    ]
    if sent:
        return "sent"
    waiting = [each for each in waiting_contents(desk) if isinstance(each, Vote)]
    return "waiting" if any(vote.activation == activation for vote in waiting) else "absent"


def _may_sign(desk: Desk, state: State) -> bool:
    is_open = state.stage in (Stage.RAISED, Stage.ASSESSED)
    return is_open and _my_seat(desk, state) is not None and _my_vote(desk, state) == "absent"


def _may_assess(desk: Desk, version: Version[Raised], state: State) -> bool:
    if state.stage not in (Stage.RAISED, Stage.ASSESSED) or version.entry.device == desk.device:
        return False
    if not desk.world.history.now.may_write(desk.device, Assessed.WRITERS):
        return False
    waiting = [each for each in waiting_contents(desk) if isinstance(each, Assessed)]
    said = [*_said(desk, version.content.activation, Assessed), *waiting]
    return not any(each.brief_hash == hash_brief(version.content.brief) for each in said)


def _said(
    desk: Desk, activation: ActivationCode, kind: type[Activated] | type[Assessed]
) -> list[Activated | Assessed]:
    return list(desk.contents(kind, compartment=compartment_of(activation)))


def _seats(desk: Desk, state: State) -> tuple[SeatRow, ...]:
    signed = {seat.seat for seat in state.seats}
    votes = {version.content.seat: version.entry.number for version in desk.versions(Vote)}
    refused = dict(state.refused)
    mine = _my_vote(desk, state)
    rows = []
    for seat in state.protocol.seats:
        is_mine = seat.device == desk.device
        word = "signed" if seat.seat in signed else "missing"
        if word == "missing" and votes.get(seat.seat) in refused:
            word = REFUSED[refused[votes[seat.seat]]]
        elif word == "missing" and is_mine and mine == "waiting":
            word = "signed here; leaves with the next sync"
        rows.append(SeatRow(seat=seat, is_mine=is_mine, word=word, has_signed=seat.seat in signed))
    return tuple(rows)


def _clock(clock: Clock, now: int) -> ClockRow:
    words = ("late", "done") if clock.is_stopped else ("missed", "running")
    return ClockRow(
        what=CLOCKS.get(clock.name, clock.name),
        due_at=clock.due_at,
        hours_left=max(0, clock.due_at - now) // 3600,
        state=words[0] if clock.is_missed else words[1],
    )
