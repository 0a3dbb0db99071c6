"""How fast the relay takes records, fully durable, over real sockets; and that it lost and doubled none of
them.

Sixteen writers send requests that were made beforehand, each on its own connection, one after the other; the
relay checks every request's and every record's signature, keeps the tree, and answers after the commit. Once
on this machine's disk, once on one whose fsync takes 3 ms longer (tests/relay/disk_shim.c), on SQLite and on
a PostgreSQL cluster of our own.
"""

from __future__ import annotations

import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psycopg

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS / "relay"), str(TESTS / "house" / "plugins")]

from _table import Figure, main  # noqa: E402
from relaykit import Desk, RunningRelay, Town, build_shim, send  # noqa: E402

from postgres import find_binaries, private_cluster  # noqa: E402
from tocsin.core.ledger import Tree  # noqa: E402

WRITERS = 16
SLOW_MS = 3
SINGLE_BAR, BATCH_BAR = 300, 2000
BATCH = 10


@dataclass
class Run:
    """One timed run."""

    n_records: int
    seconds: float
    cpu_seconds: float
    slowest_ms: float

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.n_records / self.seconds


def measure(quick: bool) -> Iterator[Figure]:
    """Go through both databases, both disks and both ways of sending."""
    with tempfile.TemporaryDirectory(prefix="tocsin-speed-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # The PostgreSQL cluster runs as another account and loads the shim from here.
        yield Figure(name="fsync here (median of 200)", value=fsync_ms(folder), unit="ms")
        shim = build_shim(folder)
        for database in ("SQLite", "PostgreSQL"):
            if database == "PostgreSQL" and find_binaries() is None:
                print("PostgreSQL left out: no initdb on this machine.")
                continue
            for slow in (False, True):
                if slow and shim is None:
                    print("The 3 ms fsync is left out: no C compiler on this machine.")
                    continue
                yield from measure_one(folder, database, shim if slow else None, quick)


def measure_one(folder: Path, database: str, shim: Path | None, quick: bool) -> Iterator[Figure]:
    """Measure one database on one disk."""
    disk = {"LD_PRELOAD": str(shim), "TOCSIN_SHIM_FSYNC_MS": str(SLOW_MS)} if shim else {}
    place = f"{database}, fsync +{SLOW_MS} ms" if shim else f"{database}, this disk"
    single, batches, repeats = (60, 12, 1) if quick else (250, 60, 3)
    with ExitStack() as stack:
        address = ""
        if database == "PostgreSQL":
            with environment(disk):
                address = stack.enter_context(private_cluster(find_binaries()))
            yield Figure(
                name=f"{place}: commit of one row (median of 20)", value=commit_ms(address), unit="ms"
            )
        home = folder / secrets.token_hex(4)
        relay = RunningRelay(home, database=address, codes=2 * repeats, env={} if address else disk)
        stack.callback(shutil.rmtree, home)
        stack.callback(relay.stop)
        singles = [run_once(relay, single, 1) for _ in range(repeats)]
        yield from describe(f"{place}: single 2 KiB appends", singles, SINGLE_BAR)
        tens = [run_once(relay, batches, BATCH) for _ in range(repeats)]
        yield from describe(f"{place}: batches of {BATCH}", tens, BATCH_BAR)


def describe(name: str, runs: list[Run], bar: float) -> Iterator[Figure]:
    """State the median rate of some runs, and what it cost."""
    middle = sorted(runs, key=lambda run: run.rate)[len(runs) // 2]
    spent = f"relay CPU {middle.cpu_seconds:.1f} s of {middle.seconds:.1f} s"
    note = f"{spent}; slowest answer {middle.slowest_ms:.0f} ms"
    rate = statistics.median(run.rate for run in runs)
    yield Figure(name=name, value=round(rate), unit="records/s", bar=bar, note=note)


def run_once(relay: RunningRelay, n_requests: int, n_each: int) -> Run:
    """Time sixteen writers into a fresh coalition, then check that its ledger is what they were told."""
    town = Town.found(n_devices=WRITERS)
    town.lodge(relay)
    desks = [town.desk(relay, number) for number in town.keys]
    prepared = [[prepare(desk, n_each) for _ in range(n_requests)] for desk in desks]
    cpu, began = cpu_seconds(relay.process.pid), time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as threads:
        answered = list(threads.map(write, desks, prepared))
    seconds = time.perf_counter() - began
    cpu = cpu_seconds(relay.process.pid) - cpu
    check(desks[0], [number for numbers, _ in answered for number in numbers], WRITERS * n_requests * n_each)
    for desk in desks:
        desk.connection.close()
    return Run(WRITERS * n_requests * n_each, seconds, cpu, 1000 * max(slowest for _, slowest in answered))


def prepare(desk: Desk, n_records: int) -> tuple[bytes, dict[str, str]]:
    """Make a finished request: real records, really sealed and signed."""
    body = b"".join(desk.make(secrets.token_bytes(1000)).to_bytes() for _ in range(n_records))
    return body, desk.sign("POST", f"{desk.town.path}/records", body)


def write(desk: Desk, prepared: list[tuple[bytes, dict[str, str]]]) -> tuple[list[int], float]:
    """Send one request after the other; say which numbers came back, and how long the slowest took."""
    numbers: list[int] = []
    slowest, path = 0.0, f"{desk.town.path}/records"
    connection = HTTPConnection("127.0.0.1", desk.port, timeout=60)
    for body, headers in prepared:
        began = time.perf_counter()
        answer = send(connection, "POST", path, body, headers)
        slowest = max(slowest, time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"refused: {answer.value}")
        numbers += answer.value["numbers"]
    connection.close()
    return numbers, slowest


def check(desk: Desk, acknowledged: list[int], n_sent: int) -> None:
    """Insist that nothing was lost or doubled, numbers are dense and the root is that of a recomputation."""
    desk.connection.close()  # Unused since lodging: the relay may have let it go.
    records = desk.read_all()
    tree = Tree()
    for record in records:
        tree.append(record.leaf)
    head = desk.ask("GET", "/head", signed=False).value
    distinct = {(record.header.device, record.header.chain) for record in records}
    sound = (
        sorted(acknowledged) == list(range(1, n_sent + 1))
        and len(records) == len(distinct) == n_sent + 1
        and (head["size"], head["root"]) == (tree.size, tree.root())
    )
    if not sound:
        raise SystemExit("The ledger is not what was acknowledged.")


def fsync_ms(folder: Path) -> float:
    """Time what a durable commit has to wait for."""
    times = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 3)


def commit_ms(address: str) -> float:
    """Time a durable commit of PostgreSQL, to show which disk it stands on."""
    times = []
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE probe (n int)")
        for n in range(20):
            began = time.perf_counter()
            connection.execute("INSERT INTO probe VALUES (%s)", [n])
            times.append(time.perf_counter() - began)
        connection.execute("DROP TABLE probe")
    return round(1000 * statistics.median(times), 3)


def cpu_seconds(group: int) -> float:
    """Say how much the relay's processes have computed so far; nothing where there is no /proc."""
    ticks = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def environment(more: dict[str, str]) -> Iterator[None]:
    """Set variables for the processes started meanwhile."""
    before = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    main("speed_relay", measure, left_out="two of three runs each, and three quarters of the records")
