"""Exposure: what this desk would give away if it were taken now, said to all in numbers; and what all of them add up to.

Counted is what the keys here really open, with what the relay's folders hold: cases, calls by their day keys, and cases
given up whose grant still opens (`given_up`).
"""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.intake import Call, Testimony
from tocsin.core.ledger import (
    STALE_DAYS,
    WATCH,
    Exposure,
    Hand,
    Said,
    Worst,
    case_compartments,
    is_due,
    weigh,
)
from tocsin.core.protect import CaseOpened
from tocsin.core.seal import CASELOAD_CAP
from tocsin.desk.desk import Desk
from tocsin.desk.intake.actions import calls_without_case
from tocsin.desk.intake.opening import named_by_day_keys, waiting
from tocsin.desk.ledger.given_up import Households, cases_given_up, rooms_given_up
from tocsin.desk.protect.queries import cases_away
from tocsin.desk.site.waiting import waiting_contents
from tocsin.terms import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposurePage:
    """The page, and what the command line prints."""

    sentences: tuple[str, ...]
    hands: tuple[Hand, ...]
    me: int


def measure(desk: Desk) -> Exposure:
    """Say what this desk would give away now, each household once, and how many people it counts for everybody."""
    with desk.lock:
        calls, given_up = named_by_day_keys(desk), cases_given_up(desk)
        fading = _joined(given_up)
        cases = {case.submission: case.facts.people for case in _cases(desk)}
        named = calls | fading | cases
        accounts = {call.submission for call in desk.contents(Call)}
        accounts |= {testimony.submission for testimony in desk.contents(Testimony)}
        rooms = [name.partition("/")[0] for name in (*desk.keyring.compartments, *rooms_given_up(desk))]
        return Exposure(
            cases=len(desk.keyring.open_cases()),
            fading=len(given_up),
            calls=len(calls.keys() - fading.keys() - cases.keys()),
            people=sum(named.values()),
            accounts=len(accounts - named.keys()),
            legs=rooms.count("leg"),
            hosts=rooms.count("host"),
            lists=rooms.count("lists"),
            shares=len(desk.keyring.shares),
            counted=_counted(desk),
            waiting=sum(calls.get(sealed.digest, 0) for sealed in waiting(desk)),
        )


def _joined(given_up: dict[str, Households]) -> Households:
    return {submission: people for each in given_up.values() for submission, people in each.items()}


def _cases(desk: Desk) -> list[CaseOpened]:
    held = desk.keyring.open_cases()
    return [case for case in desk.contents(CaseOpened) if case.case in held]


def _counted(desk: Desk) -> int:
    """A case is counted by its handler, or where that one gave it up by the first of its holders; a call by who took it."""
    people = sum(call.facts.people for call in calls_without_case(desk))
    for case in _cases(desk):
        known = desk.world.compartments.get(case_compartments(case.case)[1])
        current = known.current() if known else None
        # Nobody, while a case that was parked is being taken up here.
        holders = (current.members if current else None) or {desk.device}
        if desk.device == (case.handler if case.handler in holders else min(holders)):
            people += case.facts.people
    return people


# said to all ---


def say_exposure(desk: Desk) -> None:
    """Say this desk's numbers to all, if they are due; a sync asks for it every time."""
    if desk.keyring.is_quiet:
        # What it held it held: others must go on counting it.
        return
    before = said_by(desk, desk.device)
    waiting = [content for content in waiting_contents(desk) if isinstance(content, Exposure)]
    if waiting:
        # Until the fixed hour at which it leaves, only a leap is worth a second record.
        before = Said(numbers=waiting[-1], day=desk.today, at=desk.now)
    numbers = measure(desk)
    if is_due(numbers, before, at=desk.now, today=desk.today):
        desk.append(numbers, to=WATCH)


def said_by(desk: Desk, device: int) -> Said | None:
    """Look up what a device said last of what it would give away."""
    return _said(desk, device=device).get(device)


def _said(desk: Desk, *, device: int | None = None) -> dict[int, Said]:
    with desk.lock:
        entries = desk.store.newest_of_each(Exposure.KIND, compartment=WATCH, device=device)
        if desk.keyring.is_quiet:
            # What it once held is nothing for its own pages.
            entries = [entry for entry in entries if entry.device != desk.device]
        return {entry.device: _read(desk, entry.number, Day(entry.day), entry.at) for entry in entries}


def _read(desk: Desk, number: int, day: Day, at: int) -> Said:
    numbers = desk.world.peek(desk.replica.record(number))[1]
    assert isinstance(numbers, Exposure)  # noqa: S101 - the store found it by this kind
    return Said(numbers=numbers, day=day, at=at)


# what all of them add up to ---


def exposure_page(desk: Desk) -> ExposurePage:
    """Gather what every device said."""
    devices = desk.world.history.now.roll.devices
    worst = weigh(
        _said(desk),
        on_roll=[entry.number for entry in devices if not entry.removed],
        removed=[entry.number for entry in devices if entry.removed],
        today=desk.today,
    )
    return ExposurePage(
        sentences=tuple(_sentences(worst, n_parked=len(cases_away(desk)))),
        hands=worst.hands,
        me=desk.device,
    )


def _sentences(worst: Worst, *, n_parked: int) -> list[str]:
    said = []
    if worst.one_people or worst.one_cases:
        cases = _many(worst.one_cases, "open case")
        of = f"{worst.one_people} of {_many(worst.of_people, 'person', 'people')}"
        what = f"{cases}, {of}," if worst.one_cases else of
        said.append(f"If any one of us is taken, at most {what} can be named.")
        said.append(f"If any two of us are taken, at most {_many(worst.two_people, 'person', 'people')}.")
    else:
        said.append("If any one of us is taken, nobody can be named.")
    if worst.unknown:
        devices = ", ".join(map(str, worst.unknown))
        said.append(
            f"Not counted: {'device' if len(worst.unknown) == 1 else 'devices'} {devices}, silent for more than "
            f"{STALE_DAYS} days. Each may hold {CASELOAD_CAP} open cases, and calls."
        )
    if n_parked:
        said.append(
            f"Beside these {_many(n_parked, 'case')} {'is' if n_parked == 1 else 'are'} parked: "
            "one or two custodians open none of them, three together all."
        )
    said.append("Whoever takes the relay can name nobody.")
    return said


def _many(n: int, what: str, whats: str = "") -> str:
    return f"{n} {what}" if n == 1 else f"{n} {whats or what + 's'}"
