"""How fast a desk starts, checks, syncs and shows a large ledger, and how much memory that takes.

The ledger is real (`_ledger.py`): desks of four organisations, found, published, granted and written by the same code as in
use. Every figure is taken in a process of its own, which unlocks the desk as a worker does. Bars are for seconds that pass;
on a machine that others use too, the CPU seconds beside them say more.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from _ledger import CASES, PASSPHRASE, claim, large_ledger, need
from _table import Figure, main

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "desk")]

from coalition import make_coalition  # noqa: E402
from deskkit import note  # noqa: E402

from tocsin.core.ledger import Member, Moment, Outgoing, case_compartments  # noqa: E402
from tocsin.desk.clock import Clock  # noqa: E402
from tocsin.desk.desk import Desk  # noqa: E402
from tocsin.desk.keyfile import KeyFile  # noqa: E402
from tocsin.desk.outbox import remember_tip  # noqa: E402
from tocsin.desk.sync import sync  # noqa: E402

QUICK, FULL, MILLION = 10_000, 100_000, 1_000_000
SYNCED = 10_000
START_SECONDS, OPEN_SECONDS, VERIFY_SECONDS, SYNC_SECONDS, DEMO_SECONDS = 2.0, 10.0, 20.0, 3.0, 30.0
MEGABYTES, PAGE_MS = 700.0, 300.0
PAGES = ("", "ledger/", "watch/", "protect/", "activate/", "count/", "intake/")
LOADS, LOADS_A_CHANGE = 20, 5
"""How often each page is loaded, and after how many loads something new has come that it shows."""


def measure(quick: bool) -> Iterator[Figure]:
    """Time the command line, then ledgers of a hundred thousand and a million records, then a sync and the demo."""
    yield Figure(name="tocsin --help (median of 5)", value=help_seconds(), unit="s", bar=0.2, at_most=True)
    yield from measure_ledger(QUICK if quick else FULL, share=QUICK / FULL if quick else 1.0)
    with tempfile.TemporaryDirectory(prefix="tocsin-speed-") as name:
        yield from measure_sync(Path(name), SYNCED // 5 if quick else SYNCED)
    if not quick:
        yield from measure_ledger(MILLION, share=None)
        yield Figure(
            name="tocsin demo --exit", value=demo_seconds(), unit="s", bar=DEMO_SECONDS, at_most=True
        )


def measure_ledger(n: int, *, share: float | None) -> Iterator[Figure]:
    """Time a desk that has n records and reads all of them.

    `share` scales the bars that go by the number of records; without one these figures are stated only, since nobody
    promised them for a million.
    """
    began = time.perf_counter()
    with large_ledger(n, keep=n == MILLION) as (folder, environment):
        made = f"{time.perf_counter() - began:.0f} s to make or find"
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        yield Figure(name=f"{n:,} records: folder on disk", value=round(size), unit="MB", note=made)
        yield from measure_openings(n, folder, environment, share)
        yield from measure_pages(n, folder, environment)


def measure_openings(
    n: int, folder: Path, environment: dict[str, str], share: float | None
) -> Iterator[Figure]:
    """Time every way to open a desk; the last goes on from the snapshot that the others left."""
    scaled = f"bar scaled to {share:.0%}; " if share not in (None, 1.0) else ""
    ways = [
        ("verified, every signature", VERIFY_SECONDS, ["--all"]),
        ("opened, decrypted, projected", OPEN_SECONDS, ["--replay"]),
        ("started from the snapshot, passphrase included", START_SECONDS, []),
    ]
    for what, bar, options in ways if share is not None else ways[1:]:
        run = in_own_process("open", folder, environment, *options)
        is_start = not options
        if is_start and not run["resumed"]:
            raise SystemExit("The desk did not go on from its snapshot.")
        scaled_bar = bar if is_start else bar * share if share is not None else None
        yield Figure(
            name=f"{n:,} records {what}",
            value=round(run["seconds"], 2),
            unit="s",
            # For a million, nobody promised a time.
            bar=scaled_bar if share is not None else None,
            at_most=True,
            note=f"{'' if is_start else scaled}{run['cpu']:.1f} s of CPU",
        )
        yield Figure(
            name="  peak memory",
            value=round(run["megabytes"]),
            unit="MB",
            bar=MEGABYTES if share is not None else None,
            at_most=True,
        )


def measure_pages(n: int, folder: Path, environment: dict[str, str]) -> Iterator[Figure]:
    """Time pages as a browser asks for them, while something new comes now and then."""
    run = in_own_process("pages", folder, environment)
    yield Figure(name=f"{n:,} records: memory when idle", value=round(run["megabytes"]), unit="MB")
    for page, times in run["pages"].items():
        cold, p95, p95_cpu = times
        yield Figure(
            name=f"{n:,} records: page {page.rstrip('/') or 'home'}, p95 of {LOADS}",
            value=round(p95),
            unit="ms",
            bar=PAGE_MS,
            at_most=True,
            note=f"{p95_cpu:.0f} ms of CPU; first after unlocking {cold:.0f} ms",
        )


def measure_sync(folder: Path, n: int) -> Iterator[Figure]:
    """Time a desk that fetches records from a real relay in another process."""
    share = n / SYNCED
    with make_coalition(folder, n=2) as coalition:
        writer = coalition.desks[0]
        for at in range(CASES):
            names = case_compartments(f"c{at}")
            writer.do(lambda member, moment, names=names: member.open_compartments(names, [2], moment))
        coalition.sync_all(2)
        coalition.desks[1].close()
        for at in range(0, n, 2000):
            writer.do(lambda member, moment, at=at: write_notes(member, moment, min(2000, n - at)))
            sync(writer)
        run = in_own_process("sync", coalition.folders[1], coalition.environment())
        if run["taken"] < n:
            raise SystemExit("The reader did not get all that was written.")
        scaled = f"bar scaled to {share:.0%}; " if share < 1 else ""
        yield Figure(
            name=f"{run['taken']:,} new records synced from a relay",
            value=round(run["seconds"], 2),
            unit="s",
            bar=SYNC_SECONDS * share,
            at_most=True,
            note=f"{scaled}{run['cpu']:.1f} s of CPU",
        )


def write_notes(member: Member, moment: Moment, n: int) -> Outgoing:
    """Write n records of about a kilobyte."""
    batch = member.batch(moment)
    for at in range(n):
        batch.say(note(f"{at:x}" * 200), to="watch")
    return batch.outgoing


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


def in_own_process(what: str, folder: Path, environment: dict[str, str], *options: str) -> dict[str, Any]:
    """Run a measurement of one desk in a fresh process."""
    command = [sys.executable, __file__, "--child", what, str(folder), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise SystemExit(f"the measured process failed:\n{done.stderr}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def child(what: str, folder: Path, *options: str) -> None:
    """Be that process, and print what was measured."""
    measured = time_pages(folder) if what == "pages" else time_opening(what, folder, options)
    print(json.dumps(measured))


def time_opening(what: str, folder: Path, options: tuple[str, ...]) -> dict[str, Any]:
    """Open a desk, or open and sync it. What a passphrase costs is measured only with a start from the snapshot."""
    began, cpu = time.perf_counter(), time.process_time()
    keyfile = KeyFile.open(folder, PASSPHRASE)
    if options:
        began, cpu = time.perf_counter(), time.process_time()
    clock, verify_all = Clock.of_machine(), "--all" in options
    with closing(Desk(folder, keyfile, clock=clock, verify_all=verify_all, replay=bool(options))) as desk:
        before = desk.world.size
        if what == "sync":
            began, cpu = time.perf_counter(), time.process_time()
            sync(desk)
        return {
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time() - cpu,
            "taken": desk.world.size - before,
            "resumed": desk.has_resumed,
            "megabytes": peak_megabytes(),
        }


def time_pages(folder: Path) -> dict[str, Any]:
    """Unlock a desk and load its pages through the whole site, as a browser does."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.desk.site.settings"
    import django

    django.setup()
    from django.test import Client

    from tocsin.desk.site.entrance import entrance
    from tocsin.desk.site.session import session
    from tocsin.desk.site.settings import DOOR

    session.begin(folder, sync_every=0)
    session.unlock(PASSPHRASE)
    if session.desk is None:
        raise SystemExit("The desk is not open.")
    idle = now_megabytes()
    browser = Client(HTTP_HOST="127.0.0.1:8000")
    browser.get(entrance.make_link("127.0.0.1:8000").removeprefix("http://127.0.0.1:8000"))
    pages = {page: load(session.desk, browser, f"/{DOOR}/{page}") for page in PAGES}
    session.lock()
    return {"pages": pages, "megabytes": idle}


def load(desk: Desk, browser: Any, path: str) -> tuple[float, float, float]:  # Any: Django is set up later
    """Load one page again and again; give the first, and of the others the 95th of a hundred, in ms and in ms of CPU."""
    taken, cpu = [], []
    for at in range(LOADS + 1):
        if at and at % LOADS_A_CHANGE == 0:
            come(desk, at)
        began, cpu_began = time.perf_counter(), time.process_time()
        answer = browser.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - cpu_began) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"a page answered {answer.status_code}")
    at_95 = -(-LOADS * 95 // 100) - 1
    return taken[0], sorted(taken[1:])[at_95], sorted(cpu[1:])[at_95]


def come(desk: Desk, at: int) -> None:
    """Let something new come, as if a sync had brought it: a claim and a household's need."""
    batch = desk.member.batch(desk.moment())
    for content, to in ((claim(10_000_000 + at), "watch"), (need(10_000_000 + at), "planning")):
        batch.say(content, to=to)
    records = batch.outgoing.records
    remember_tip(desk.keyring, records)
    desk.keyfile.save()
    desk.take(records)


def now_megabytes() -> float:
    """Say how much memory this process has now; its peak where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_megabytes()
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


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
        left_out = f"the demo, the million, and all but {QUICK:,} of {FULL:,} records (bars are scaled)"
        main("speed_desk", measure, left_out=left_out)
