"""Laws of activation: only signed votes of the same brief, under a firm head, of two organisations, in time."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.activate import (
    ActivationCode,
    AlarmNeeded,
    Assessed,
    BadProtocol,
    Brief,
    Clocks,
    Entry,
    NoSuchSeat,
    OtherBrief,
    Protocol,
    Quorum,
    QuorumNotMet,
    Raised,
    Refusal,
    Seat,
    Stage,
    State,
    StoodDown,
    announce,
    cast_vote,
    check_protocol,
    raise_activation,
    state_of,
    takes_alarm,
)
from tocsin.core.seal import SigningKey
from tocsin.terms import DeviceNumber, OrganisationNumber, Place

COALITION = b"c" * 32
CODE = ActivationCode("k7")
T0 = 1_506_000_000
HOUR = 3600
KEYS = {DeviceNumber(n): SigningKey.from_seed(bytes([n]) * 32) for n in range(1, 5)}
PUBLIC = {device: key.public for device, key in KEYS.items()}
SEATS = tuple(
    Seat(seat=f"seat-{device}", organisation=OrganisationNumber(organisation), device=device)
    for device, organisation in zip(KEYS, (1, 1, 2, 3), strict=True)
)
PROTOCOL = Protocol(
    name="exercise",
    version=1,
    seats=SEATS,
    quorum=Quorum(seats=2, organisations=2),
    clocks=Clocks(assess_hours=12, vote_hours=24, active_hours=240),
    needs_alarm=(),
)
BRIEF = Brief(text="An invented brief.\n")


def raised(brief: Brief = BRIEF, protocol: Protocol = PROTOCOL) -> Raised:
    return raise_activation(
        CODE, brief, protocol, place=Place("az"), alarm=None, alarm_record=None, tally_record=None, at=T0
    )


def vote(n: int, *, on: Raised | None = None, at: int = T0 + HOUR, key: SigningKey | None = None) -> object:
    return cast_vote(
        on or raised(),
        PROTOCOL,
        seat=f"seat-{n}",
        key=key or KEYS[DeviceNumber(n)],
        coalition=COALITION,
        at=at,
    )


def state(*contents: object, now: int = T0 + 2 * HOUR, firm: int | None = None, by: int = 4) -> State:
    entries = [
        Entry(number=number, author=DeviceNumber(by), content=content)  # type: ignore[arg-type]
        for number, content in enumerate((raised(), *contents))
    ]
    firm_size = len(entries) if firm is None else firm
    return state_of(entries, CODE, PROTOCOL, firm_size=firm_size, keys=PUBLIC, coalition=COALITION, now=now)


def test_two_seats_of_two_organisations_activate() -> None:
    now = state(vote(1), vote(3))

    assert now.stage is Stage.ACTIVE
    assert announce(now).seats == ("seat-1", "seat-3")


def test_one_seat_never_activates() -> None:
    now = state(vote(1))

    assert now.stage is Stage.RAISED
    with pytest.raises(QuorumNotMet):
        announce(now)


def test_two_seats_of_one_organisation_never_activate() -> None:
    assert state(vote(1), vote(2)).stage is Stage.RAISED


def test_a_seat_that_votes_twice_counts_once() -> None:
    now = state(vote(1), vote(1, at=T0 + 2 * HOUR))

    assert (len(now.seats), now.refused) == (1, ((2, Refusal.SAME_SEAT),))


def test_a_vote_counts_once_its_record_is_firm() -> None:
    before, after = state(vote(1), vote(3), firm=2), state(vote(1), vote(3), firm=3)

    assert (before.stage, before.refused) == (Stage.RAISED, ((2, Refusal.NOT_FIRM),))
    assert after.stage is Stage.ACTIVE


def test_a_vote_on_another_brief_does_not_count() -> None:
    other = raised(Brief(text="Another brief.\n"))

    assert state(vote(1), vote(3, on=other)).refused == ((2, Refusal.OTHER_BRIEF),)


def test_a_vote_signed_by_another_device_does_not_count() -> None:
    forged = vote(3, key=KEYS[DeviceNumber(1)])

    assert state(vote(1), forged).refused == ((2, Refusal.BAD_SIGNATURE),)


def test_a_vote_moved_to_another_seat_does_not_count() -> None:
    moved = msgspec.structs.replace(vote(1), seat="seat-3")  # type: ignore[type-var]

    assert state(vote(1), moved).refused == ((2, Refusal.BAD_SIGNATURE),)


def test_a_seat_that_is_not_of_the_protocol_does_not_count() -> None:
    stranger = msgspec.structs.replace(vote(1), seat="seat-9")  # type: ignore[type-var]

    assert state(stranger).refused == ((1, Refusal.NO_SUCH_SEAT),)


def test_a_late_vote_does_not_count_and_the_activation_lapses() -> None:
    late = state(vote(1), vote(3, at=T0 + 25 * HOUR), now=T0 + 26 * HOUR)

    assert (late.stage, late.refused) == (Stage.LAPSED, ((2, Refusal.TOO_LATE),))


def test_an_activation_ends_by_itself() -> None:
    assert state(vote(1), vote(3), now=T0 + HOUR + 240 * HOUR).stage is Stage.EXPIRED


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(-1, 30), st.booleans(), st.booleans()), max_size=7),
    st.integers(0, 8),
)
def test_no_sequence_of_votes_activates_without_a_quorum(
    votes: list[tuple[int, int, bool, bool]], firm: int
) -> None:
    other = raised(Brief(text="Another brief.\n"))
    cast = [
        vote(
            n,
            on=other if wrong else None,
            at=T0 + hours * HOUR,
            key=KEYS[DeviceNumber(n % 4 + 1)] if forged else None,
        )
        for n, hours, wrong, forged in votes
    ]

    now = state(*cast, firm=firm)

    good = {
        n
        for number, (n, hours, wrong, forged) in enumerate(votes, start=1)
        if number < firm and 0 <= hours <= 24 and not wrong and not forged
    }
    organisations = {{1: 1, 2: 1, 3: 2, 4: 3}[n] for n in good}
    assert (now.stage is Stage.ACTIVE) == (len(good) >= 2 and len(organisations) >= 2)


def test_nobody_assesses_what_they_raised() -> None:
    mark = Assessed(activation=CODE, brief_hash=BRIEF.hash, assessed_at=T0 + HOUR)
    entries = [Entry(number=0, author=DeviceNumber(4), content=raised())]

    stages = [
        state_of(
            [*entries, Entry(number=1, author=DeviceNumber(by), content=mark)],
            CODE,
            PROTOCOL,
            firm_size=2,
            keys=PUBLIC,
            coalition=COALITION,
            now=T0 + 2 * HOUR,
        ).stage
        for by in (4, 1)
    ]

    assert stages == [Stage.RAISED, Stage.ASSESSED]


def test_a_clock_that_ran_out_is_missed() -> None:
    clocks = {clock.name: clock for clock in state(vote(1), vote(3), now=T0 + 13 * HOUR).clocks}

    assert clocks["assess"].is_missed
    assert clocks["vote"].is_stopped
    assert not clocks["vote"].is_missed
    assert clocks["first_leg"].due_at == T0 + 72 * HOUR


def test_one_organisation_cannot_call_an_activation_off() -> None:
    def ended(*devices: int) -> Stage:
        downs = [
            StoodDown(activation=CODE, seat=f"seat-{n}", stood_down_at=T0 + 3 * HOUR, reason="invented")
            for n in devices
        ]
        entries = [
            Entry(number=0, author=DeviceNumber(4), content=raised()),
            *(
                Entry(number=n, author=DeviceNumber(n), content=content)  # type: ignore[arg-type]
                for n, content in ((1, vote(1)), (3, vote(3)))
            ),
            *(
                Entry(number=10 + n, author=DeviceNumber(n), content=down)
                for n, down in zip(devices, downs, strict=True)
            ),
        ]
        return state_of(
            entries, CODE, PROTOCOL, firm_size=99, keys=PUBLIC, coalition=COALITION, now=T0 + 4 * HOUR
        ).stage

    assert (ended(1, 2), ended(1, 3)) == (Stage.ACTIVE, Stage.STOOD_DOWN)


def test_a_changed_text_is_not_signed() -> None:
    swapped = msgspec.structs.replace(raised(), brief="Another text.\n")

    with pytest.raises(OtherBrief):
        vote(1, on=swapped)


def test_a_seat_nobody_has_cannot_sign() -> None:
    with pytest.raises(NoSuchSeat):
        cast_vote(raised(), PROTOCOL, seat="seat-9", key=KEYS[DeviceNumber(1)], coalition=COALITION, at=T0)


def test_a_protocol_that_asks_for_an_alarm_takes_none_without() -> None:
    strict = msgspec.structs.replace(PROTOCOL, needs_alarm=("ears_c1",))

    with pytest.raises(AlarmNeeded):
        raised(protocol=strict)


@pytest.mark.parametrize(
    ("named", "method", "takes"),
    [
        (("acute",), "acute", True),
        (("ears_c1",), "ears_c1", True),
        # Written when alarms rang by EARS C1 only.
        (("ears_c1",), "acute", True),
        (("acute",), "ears_c1", False),
        (("ears_c1", "acute"), "of_tomorrow", False),
    ],
)
def test_an_older_protocol_takes_the_alarms_that_ring_in_place_of_those_it_names(
    named: tuple[str, ...], method: str, takes: bool
) -> None:
    protocol = msgspec.structs.replace(PROTOCOL, needs_alarm=named)

    assert takes_alarm(protocol, method) is takes


@pytest.mark.parametrize(
    "change",
    [
        {"seats": (*SEATS, SEATS[0])},
        {"seats": SEATS[:1]},
        {"seats": SEATS[:2]},
        {"quorum": Quorum(seats=5, organisations=2)},
        {"quorum": Quorum(seats=2, organisations=1)},
    ],
)
def test_a_protocol_that_cannot_work_or_needs_one_organisation_only_is_refused(
    change: dict[str, object],
) -> None:
    with pytest.raises(BadProtocol):
        check_protocol(msgspec.structs.replace(PROTOCOL, **change))
