"""Founders on machines of their own, before there is a coalition, and a relay with lodging codes for them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from coalition import LOW_WORK, PASSPHRASE, environment_with, stop_relay

from nursery import popen
from tocsin.core.ledger import Duty
from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.start import cards, founding, proposing
from tocsin.desk.start.state import Founding, Stage, Start, stage_of
from tocsin.desk.sync import sync
from tocsin.relay.serve import free_port, wait_until_ready
from tocsin.terms import date_of


@dataclass
class Lodgings:
    """A running relay and the codes its keeper gave out."""

    process: subprocess.Popen[str]
    home: Path
    address: str
    clock: Clock
    codes: list[str] = field(default_factory=list)


@contextmanager
def lodgings(folder: Path, *, codes: int = 20) -> Iterator[Lodgings]:
    """Run a relay that coalitions can move into; an exercise's time is moved by the file `clock`."""
    folder.mkdir(parents=True, exist_ok=True)
    clock_file = folder / "clock"
    clock_file.write_text("0", encoding="ascii")
    made = Lodgings(serve(folder / "relay", clock_file, codes), folder / "relay", "", Clock(clock_file))
    assert made.process.stdout is not None
    made.codes += [made.process.stdout.readline().split()[-1] for _ in range(codes)]
    made.address = made.process.stdout.readline().split()[-1]
    wait_until_ready("127.0.0.1", int(made.address.rsplit(":", 1)[1]))
    try:
        yield made
    finally:
        stop_relay(made.process)


def serve(home: Path, clock_file: Path, codes: int = 0, *, port: int = 0) -> subprocess.Popen[str]:
    """Start a relay process."""
    command = [sys.executable, "-m", "tocsin.relay.serve", "--home", str(home), "--lodge", str(codes)]
    command += ["--port", str(port or free_port())]
    environment = environment_with(clock_file)
    return popen(command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True)


def founder(folder: Path, number: int, clock: Clock, *, organisation: int | None = None) -> Start:
    """Begin as a founder on an empty machine."""
    start = Start.create(folder, PASSPHRASE, clock=clock, log_n=LOW_WORK)
    cards.make_own_card(start, number=number, organisation=organisation or number)
    return start


def three_founders(folder: Path, clock: Clock) -> list[Start]:
    """Three of them, of three organisations."""
    return [founder(folder / f"founder-{number}", number, clock) for number in (1, 2, 3)]


def compare_all(start: Start) -> None:
    """Compare everybody's words by voice and find them the same."""
    setup = cards.setup_of(start)
    cards.confirm(start, {card.number: card.words for card in cards.other_cards(setup)})


def give_cards(start: Start, others: list[Start]) -> None:
    """Send a founder the others' cards, all in one text, and compare."""
    founding.take_text(start, "\n".join(cards.card_text(cards.setup_of(each)) for each in others))
    compare_all(start)


def propose(lead: Start, lodgings: Lodgings, *, code: str | None = None, threshold: int = 2) -> None:
    """Propose an exercise coalition with everybody's usual duties."""
    numbers = sorted(card.number for card in cards.other_cards(cards.setup_of(lead)))
    numbers = sorted([*numbers, cards.own_card(cards.setup_of(lead)).number])
    proposing.make_proposal(
        lead,
        threshold=threshold,
        address=lodgings.address,
        code=lodgings.codes.pop(0) if code is None else code,
        duties={number: proposing.usual_duties(place) for place, number in enumerate(numbers)},
        exercise_date=day_as_date(lead.clock),
    )


def day_as_date(clock: Clock) -> date:
    """Say today's date on the machine."""
    return date_of(clock.real_day())


def proposal(start: Start) -> str:
    """What a founder passes on after signing."""
    return proposing.proposal_text(cards.setup_of(start))


def carry_on(base: Path, lodgings: Lodgings, code: str) -> list[Desk]:
    """Let three founders do whatever comes next until all are desks that read what everybody reads.

    Called again after a cut anywhere, it goes on from what lies on the disks.
    """
    folders = [base / f"founder-{number}" for number in (1, 2, 3)]
    starts: dict[int, Start] = {}
    for number, folder in enumerate(folders, 1):
        stage = stage_of(folder)
        if stage is Stage.DESK:
            continue
        start = (
            Start.create(folder, PASSPHRASE, clock=lodgings.clock, log_n=LOW_WORK)
            if stage is Stage.EMPTY
            else Start.open(folder, PASSPHRASE, clock=lodgings.clock)
        )
        if start.setup is None:
            cards.make_own_card(start, number=number, organisation=number)
        starts[number] = start
    lead = starts.get(1)
    if lead is not None:
        others = [start for number, start in starts.items() if number != 1]
        setup = cards.setup_of(lead)
        if not setup.proposal:
            give_cards(lead, others)
            propose(lead, lodgings, code=code)
        elif not setup.is_signed:
            proposing.sign(lead)
        for other in others:
            founding.take_text(other, proposal(lead))
            compare_all(other)
            proposing.sign(other)
            founding.take_text(lead, proposal(other))
    desks = []
    for number, folder in enumerate(folders, 1):
        start = starts.get(number)
        if start is None:
            desks.append(Desk.open(folder, PASSPHRASE, clock=lodgings.clock))
        else:
            desk = founding.lodge_founding(start) if number == 1 else founding.look(start)
            assert desk is not None
            desks.append(desk)
    for _ in range(3):
        for desk in desks:
            sync(desk)
    return desks


def holds(desk: Desk, *names: str) -> bool:
    """Say whether a desk holds keys of all these compartments."""
    return all(name in desk.keyring.compartments for name in names)


def duties_of(desk: Desk, device: int) -> frozenset[Duty]:
    """Say which duties a desk reads for a device."""
    return desk.world.history.now.duties.get(device, frozenset())


def steps_of(start: Start) -> Founding:
    """A founder's steps so far."""
    return cards.setup_of(start)
