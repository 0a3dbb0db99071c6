"""A large ledger for benchmarks: real records of real desks, in the kinds that make most of a coalition's after years.

Four desks of four organisations, founded, published, granted and written by the same code as in use; only the relay is left
out while the bulk is written. Desk 2 can read all of it, the dearest case: its replica is the one that is measured.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "desk")]

from coalition import PASSPHRASE, Coalition, environment_with, make_coalition  # noqa: E402
from sitekit import ALARM_DAY, OFFSET_DAYS, give_work, guide, offer  # noqa: E402

from tocsin.core.activate.records import Awake, DeadlineCode, DeadlineMet, DeadlineSet  # noqa: E402
from tocsin.core.ledger import Content, Load, case_compartments  # noqa: E402
from tocsin.core.ledger.batch import Batch, Moment, draft  # noqa: E402
from tocsin.core.ledger.head import cosign  # noqa: E402
from tocsin.core.ledger.kinds import Erased  # noqa: E402
from tocsin.core.protect import Case, CaseCode, GuideCode, OfferCode, Placement, Plan, Tier  # noqa: E402
from tocsin.core.protect.records import ArrivalCounted, Identity  # noqa: E402
from tocsin.core.watch import Claim, Panel  # noqa: E402
from tocsin.desk.desk import Desk  # noqa: E402
from tocsin.desk.keyfile import KeyFile  # noqa: E402
from tocsin.desk.outbox import remember_tip  # noqa: E402
from tocsin.terms import Day, Period, Place, Source  # noqa: E402

READER = 2
A_TURN = 2000
"""Records one desk writes before the next one does."""
CASES = 5
MOST_CLAIMS, MOST_NEEDS = 5_000, 10_000
"""Beyond these the ledger grows by what pages do not list: keys, loads, deadlines."""
PLACES = tuple(Place(f"x{letter}") for letter in "abcdefghijklmnopqrst")
ACTS = ("detained", "beaten", "killed", "raided")
VERSION = 1
"""Of the mix below: a kept ledger of another one is not used."""


@contextmanager
def large_ledger(n: int, *, keep: bool = False) -> Iterator[tuple[Path, dict[str, str]]]:
    """Give the folder of a desk with n records, and the environment in which to open it.

    `keep` leaves it in the system's temporary folder for the next run: making a million takes minutes.
    """
    if keep:
        home = Path(tempfile.gettempdir()) / f"tocsin-ledger-{VERSION}-{n}"
        if not (home / "whole").exists():
            shutil.rmtree(home, ignore_errors=True)
            make_ledger(home, n)
            (home / "whole").touch()
        yield home / "desk", environment_with(home / "exercise-clock")
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-speed-") as name:
        home = Path(name)
        make_ledger(home, n)
        yield home / "desk", environment_with(home / "exercise-clock")


def make_ledger(home: Path, n: int) -> None:
    """Write n records and leave the reader's folder in `home`, its keyring under a real passphrase's work."""
    with make_coalition(home / "coalition", n=4, offset_days=OFFSET_DAYS) as coalition:
        give_work(coalition)
        for at in range(CASES):
            names = case_compartments(f"c{at}")
            coalition.desks[0].do(
                lambda member, moment, names=names: member.open_compartments(names, [READER], moment)
            )
        coalition.sync_all(2)
        fill(coalition, n)
        reader = coalition.desks[READER - 1]
        KeyFile.create(reader.folder, reader.keyring, PASSPHRASE)
        reader.close()
        (coalition.clock_file).rename(home / "exercise-clock")
        coalition.folders[READER - 1].rename(home / "desk")
    shutil.rmtree(home / "coalition")


def fill(coalition: Coalition, n: int) -> None:
    """Let the desks write in turns, each on top of what the reader has; now and then all vouch for it."""
    reader = coalition.desks[READER - 1]
    writers = [coalition.desks[at] for at in (0, 1, 2, 3)]
    contents = bulk()
    turn = 0
    while reader.world.size < n:
        writer = writers[turn % len(writers)]
        write_turn(reader, writer, contents, min(A_TURN, n - reader.world.size))
        turn += 1
        if turn % 5 == 0:
            vouch(reader, writers)
    reader.keyfile.save()


def write_turn(reader: Desk, writer: Desk, contents: Iterator[tuple[Content, str]], n: int) -> None:
    """Write n records as one desk and let the reader check and take them."""
    world = reader.world
    keys = reader.moment().keys
    moment = Moment(reader.today, reader.now, keys, world.tips[writer.device])
    batch = Batch(writer.keyring, world, {}, moment, fresh=secrets.token_bytes)
    for _ in range(n):
        content, to = next(contents)
        if to not in writer.keyring.compartments:
            content, to = Load(held=0), "watch"
        batch.write(draft(content, to=to, at=moment.at, draft_id=secrets.token_bytes(16)))
    records = batch.outgoing.records
    remember_tip(writer.keyring, records)
    reader.take(records)


def vouch(reader: Desk, writers: list[Desk]) -> None:
    """Have all desks co-sign what the reader has, so that the firm head moves on."""
    world = reader.world
    words = [
        cosign(
            each.keyring.signing_key,
            world.coalition,
            device=each.device,
            size=world.size,
            root=world.tree.root(),
        )
        for each in writers
    ]
    world.take_cosignatures(words)
    with reader.replica.transaction():
        reader.replica.add_cosignatures(words)


# What is said ---


def bulk() -> Iterator[tuple[Content, str]]:
    """Yield contents and their compartments without end: first what rooms are set up with, then what goes on for years."""
    yield from set_up()
    n_claims = n_needs = 0
    at = 0
    while True:
        at += 1
        match at % 50:
            case 49 if n_claims < MOST_CLAIMS:
                yield claim(n_claims), "watch"
                n_claims += 1
            case 48 if n_needs < MOST_NEEDS:
                yield need(n_needs), "planning"
                n_needs += 1
            case 47:
                yield ArrivalCounted(arrived_on=Day(ALARM_DAY - at % 300), people=1 + at % 4), "planning"
            case 45 | 46:
                yield identity(at % CASES)
            case 44:
                yield Awake(), "clock"
            case slot if slot >= 35:
                yield DeadlineSet(code=code(at), due_at=1_500_000_000 + at), "clock"
            case slot if slot >= 26:
                yield DeadlineMet(code=code(at - 9)), "clock"
            case slot if slot >= 18:
                yield Erased(epochs=tuple(hashed(at // 6 + each) for each in range(3))), "watch"
            case _:
                yield Load(held=at % 9), "watch"


def set_up() -> Iterator[tuple[Content, str]]:
    """Panels, alarms, offers, guides and plans."""
    for at in range(2 * len(PLACES)):
        yield (
            Panel(
                place=PLACES[at % len(PLACES)],
                sources=tuple(f"invented source {each}" for each in range(4)),
                watched=Period(Day(ALARM_DAY - 800), Day(ALARM_DAY + 100)),
                basis="They publish whatever they see, and have for years.",
            ),
            "watch",
        )
    for at in range(300):
        yield offer_of(at), "offers"
    for at in range(150):
        yield guide_of(at), "offers"
    for at in range(30):
        placements = tuple(
            Placement(
                case=CaseCode(f"n{100 * at + each}"),
                offer=OfferCode(f"o{each % 300}"),
                people=2,
                arrive_by=Day(ALARM_DAY + 9),
                in_time=True,
            )
            for each in range(100)
        )
        yield (
            Plan(
                planned_on=ALARM_DAY,
                placements=placements,
                unplaced=(),
                seed=bytes(32),
                inputs_hash=bytes(32),
            ),
            "planning",
        )


def claim(at: int) -> Claim:
    """One statement of a stream of them: some repeat others, one in ten denies."""
    day = Day(ALARM_DAY - 600 + at * 600 // MOST_CLAIMS)
    return Claim(
        claim=f"b{at}.1",
        item=f"b{at}",
        published=day,
        known_on=day,
        place=PLACES[at * 7 % len(PLACES)],
        source=Source(name=f"invented source {at % 9}", kind="media", controller=f"publisher {at % 5}"),
        language="en",
        origin=f"observer {at // 2}",
        derives_from=(f"b{at - 1}",) if at % 3 == 2 else (),
        predicate=ACTS[at % len(ACTS)],
        number=1 + at % 40,
        window_first=Day(day - 7),
        window_last=day,
        first_hand=at % 5 == 0,
    )


def need(at: int) -> Case:
    """A household to place."""
    return Case(
        case=CaseCode(f"n{at}"),
        tier=tuple(Tier)[at % 3],
        deadline=Day(ALARM_DAY + at % 40),
        waiting_since=Day(ALARM_DAY - at % 60),
        people=1 + at % 5,
        n_children=at % 2,
        needs_step_free=None,
        languages=("az", "ru"),
        place=PLACES[at % len(PLACES)],
        handler=1 + at % 4,
        alternate=1 + (at + 1) % 4,
    )


def identity(at: int) -> tuple[Identity, str]:
    """Who a case is about, invented, in many words."""
    who = Identity(
        case=CaseCode(f"c{at}"),
        name=secrets.token_hex(20),
        reach=secrets.token_hex(500),
        locator=bytes(32),
        write_token=bytes(32),
        answer_key=bytes(32),
    )
    return who, case_compartments(f"c{at}")[0]


def offer_of(at: int) -> Content:
    """Beds somewhere."""
    from msgspec.structs import replace

    return replace(offer(), offer=OfferCode(f"o{at}"))


def guide_of(at: int) -> Content:
    """Somebody who accompanies."""
    from msgspec.structs import replace

    return replace(guide(), guide=GuideCode(f"g{at}"))


def code(at: int) -> DeadlineCode:
    """Some deadline's code."""
    return DeadlineCode(f"{at:x}")


def hashed(at: int) -> bytes:
    """Some epoch's id, reported by several devices."""
    return hashlib.sha256(b"%d" % at).digest()[:16]


__all__ = ["CASES", "PASSPHRASE", "claim", "large_ledger", "need"]
if __name__ == "__main__":
    raise SystemExit(f"A part of other benchmarks, in {os.path.basename(__file__)}.")
