"""How fast a desk opens, checks and syncs a large ledger, and how much memory that takes.

The ledger is real: four desks of two organisations, found, published, granted and written by the same code as in use, in
`watch` and in five open cases; only the relay is left out while it is written, and each desk's chain goes on in turns.
Every figure of a replica is taken in a process of its own, which unlocks the desk as a worker does.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "desk")]

from _table import Figure, main  # noqa: E402
from coalition import PASSPHRASE, Coalition, make_coalition  # noqa: E402

from tocsin.core.ledger import Record, case_compartments  # noqa: E402
from tocsin.core.ledger.batch import Moment, Outgoing, draft  # noqa: E402
from tocsin.core.protect.records import CaseClosed, CaseCode, Identity, Outcome  # noqa: E402
from tocsin.core.watch import Panel  # noqa: E402
from tocsin.desk.desk import Desk  # noqa: E402
from tocsin.desk.outbox import remember_tip  # noqa: E402
from tocsin.desk.sync import sync  # noqa: E402
from tocsin.terms import Day, Period, Place  # noqa: E402

FULL, QUICK = 100_000, 10_000
SYNCED = 10_000
A_TURN = 250
"""Records one desk writes before the next one does."""
CASES = 5
OPEN_SECONDS, VERIFY_SECONDS, SYNC_SECONDS, DEMO_SECONDS, MEGABYTES = 10.0, 20.0, 3.0, 30.0, 700.0


def measure(quick: bool) -> Iterator[Figure]:
    """Time the command line, then a ledger."""
    yield Figure(name="tocsin --help (median of 5)", value=help_seconds(), unit="s", bar=0.2, at_most=True)
    n, share = (QUICK, QUICK / FULL) if quick else (FULL, 1.0)
    scaled = f"bar scaled to {share:.0%} of the records" if quick else ""
    with tempfile.TemporaryDirectory(prefix="tocsin-speed-") as name:
        with make_coalition(Path(name), n=4) as coalition:
            prepare(coalition)
            began = time.perf_counter()
            mean = write_ledger(coalition, n)
            yield Figure(
                name=f"{n:,} records made, mean content",
                value=round(mean),
                unit="bytes",
                note=f"{time.perf_counter() - began:.0f} s",
            )
            folder = coalition.folders[1]
            coalition.desks[1].close()
            size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
            yield Figure(name="replica on disk", value=round(size), unit="MB")
            for what, bar, options in (
                ("opened", OPEN_SECONDS, []),
                ("verified, every signature", VERIFY_SECONDS, ["--all"]),
            ):
                run = in_own_process("open", folder, coalition, *options)
                name_ = f"{n:,} records {what}, decrypted, projected"
                yield Figure(
                    name=name_,
                    value=round(run["seconds"], 2),
                    unit="s",
                    bar=bar * share,
                    at_most=True,
                    note=scaled,
                )
                yield Figure(
                    name="  peak memory",
                    value=round(run["megabytes"]),
                    unit="MB",
                    bar=MEGABYTES,
                    at_most=True,
                )
        yield from measure_sync(Path(name) / "sync", SYNCED // 5 if quick else SYNCED)
    if not quick:
        yield Figure(
            name="tocsin demo --exit", value=demo_seconds(), unit="s", bar=DEMO_SECONDS, at_most=True
        )


def measure_sync(folder: Path, n: int) -> Iterator[Figure]:
    """Time a desk that fetches records from a real relay in another process."""
    share = n / SYNCED
    with make_coalition(folder, n=2) as coalition:
        prepare(coalition)
        coalition.desks[1].close()
        writer = coalition.desks[0]
        for at in range(0, n, 2000):
            writer.do(lambda _member, _moment, at=at: turn(writer, min(2000, n - at)))
            sync(writer)
        run = in_own_process("sync", coalition.folders[1], coalition)
        if run["taken"] < n:
            raise SystemExit("The reader did not get all that was written.")
        note = f"bar scaled to {share:.0%} of the records" if share < 1 else ""
        name = f"{run['taken']:,} new records synced from a relay"
        yield Figure(
            name=name,
            value=round(run["seconds"], 2),
            unit="s",
            bar=SYNC_SECONDS * share,
            at_most=True,
            note=note,
        )


# The ledger ---


def prepare(coalition: Coalition) -> None:
    """Open cases between desk 1 and each other desk, so that some of what all write is everybody's and some is not."""
    one, others = coalition.desks[0], range(2, len(coalition.desks) + 1)
    for at in range(CASES):
        names, alternate = case_compartments(f"c{at}"), list(others)[at % len(others)]
        one.do(
            lambda member, moment, names=names, alternate=alternate: member.open_compartments(
                names, [alternate], moment
            )
        )
    coalition.sync_all(2)


def turn(desk: Desk, n: int) -> Outgoing:
    """Have a desk write n records at once, among all compartments it holds."""
    keys = desk.moment().keys
    batch = desk.member.batch(Moment(desk.today, desk.now, keys, desk.moment().tip))
    cases = sorted(desk.keyring.open_cases())
    for at in range(n):
        content, to = note(), "watch"
        if cases and at % 4 == 1:
            case = cases[at // 4 % len(cases)]
            content, to = closing_words(case) if at % 8 == 1 else identity(case)
        batch.write(draft(content, to=to, at=desk.now, draft_id=secrets.token_bytes(16)))
    return batch.outgoing


def words(n: int) -> str:
    """Some text of n letters."""
    return secrets.token_hex(n // 2)


def note() -> Panel:
    """A record of `watch` whose content has about 1.3 KB."""
    sources = tuple(f"invented source {at}" for at in range(4))
    return Panel(
        place=Place("az"), sources=sources, watched=Period(Day(17_000), Day(17_100)), basis=words(1100)
    )


def identity(case: str) -> tuple[Identity, str]:
    """Who a case is about, invented."""
    who = Identity(
        case=CaseCode(case),
        name=words(40),
        reach=words(1000),
        locator=bytes(32),
        write_token=bytes(32),
        answer_key=bytes(32),
    )
    return who, case_compartments(case)[0]


def closing_words(case: str) -> tuple[CaseClosed, str]:
    """A short record of a case's file."""
    return CaseClosed(
        case=CaseCode(case), closed_on=Day(17_500), outcome=Outcome.WITHDRAWN
    ), case_compartments(case)[1]


@dataclass
class Writer:
    """One desk while the ledger is written without a relay."""

    desk: Desk

    def write(self, n: int) -> list[Record]:
        """Write records on top of what all have."""
        records = turn(self.desk, n).records
        remember_tip(self.desk.keyring, records)
        return records


def write_ledger(coalition: Coalition, n: int) -> float:
    """Let the desks write in turns until there are n records; every desk takes what each wrote; return the mean content.

    Only desk 2's replica is kept up to date, for that is the one to be measured; firm heads move on as desks co-sign.
    """
    writers = [Writer(desk) for desk in coalition.desks]
    reader = coalition.desks[1]
    total, counted = 0, 0
    at = 0
    while reader.world.size < n:
        writer = writers[at % len(writers)]
        records = writer.write(min(A_TURN, n - reader.world.size))
        reader.take(records)
        for each in writers:
            if each.desk is not reader:
                # Their own disks are not measured: what they need to go on is the tree, the chains and the keys.
                for record in records:
                    each.desk.world.take(record, verified=True)
        if at % 5 == 4:
            cosignatures = [each.desk.member.cosign() for each in writers]
            for each in writers:
                each.desk.world.take_cosignatures(cosignatures)
            with reader.replica.transaction():
                reader.replica.add_cosignatures(cosignatures)
        if at < len(writers):
            contents = [
                len(reader.world.peek(record)[0].content) for record in records if opens(reader, record)
            ]
            total, counted = total + sum(contents), counted + len(contents)
        at += 1
    reader.keyfile.save()
    return total / counted


def opens(desk: Desk, record: Record) -> bool:
    """Say whether a desk can open a record."""
    from tocsin.core.ledger import NoKey

    try:
        desk.world.peek(record)
    except NoKey:
        return False
    return True


# Other processes ---


def help_seconds() -> float:
    """Time `tocsin --help`."""
    times = []
    for _ in range(6):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "tocsin", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return round(statistics.median(times[1:]), 3)


def demo_seconds() -> float:
    """Time the whole replay."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output:  # Not a pipe: a relay left behind would hold it open.
        demo = [sys.executable, "-m", "tocsin", "demo", "--exit"]
        done = subprocess.run(  # noqa: S603 - our own command
            demo, stdout=output, stderr=subprocess.STDOUT, timeout=6 * DEMO_SECONDS, check=False
        )
        if done.returncode:
            output.seek(0)
            raise SystemExit(f"the demo failed:\n{output.read().decode()[-2000:]}")
    return round(time.perf_counter() - began, 1)


def in_own_process(what: str, folder: Path, coalition: Coalition, *options: str) -> dict[str, Any]:
    """Run a measurement of one desk in a fresh process."""
    command = [sys.executable, __file__, "--child", what, str(folder), *options]
    done = subprocess.run(  # noqa: S603 - our own command
        command, env=coalition.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the measured process failed:\n{done.stderr}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def child(what: str, folder: Path, *options: str) -> None:
    """Open a desk, or open and sync it, and print what that took."""
    began = time.perf_counter()
    with closing(Desk.open(folder, PASSPHRASE, verify_all="--all" in options)) as desk:
        before = desk.world.size
        if what == "sync":
            began = time.perf_counter()
            sync(desk)
        seconds = time.perf_counter() - began
        records = sum(desk.store.counts_by_kind().values())
        taken = desk.world.size - before
    print(json.dumps({"seconds": seconds, "records": records, "taken": taken, "megabytes": peak_megabytes()}))


def peak_megabytes() -> float:
    """Say how much memory this process had at most."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
    else:
        left_out = f"the demo, and all but {QUICK:,} of {FULL:,} records (bars are scaled)"
        main("speed_desk", measure, left_out=left_out)
