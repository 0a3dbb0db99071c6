"""How fast a relay takes submissions in, and a desk opens and orders them.

Relay: 50 clients, each on a connection of its own, hand in ready-sealed submissions of three recipients, one after the
other; every answer is awaited, and afterwards the folder is fetched and compared. Work against floods is switched off, or
the clients here would be measured: what it costs at the worst is stated. Desk: a folder of submissions sealed to its day
key (a flood of three families, and twenty true ones); the first page as a person sees it, then all opened and ordered.

Beside the bars, on comparable work: Hush Line took 6.8-7.4 submissions a second, GlobaLeaks 0.14-0.24.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS / name) for name in ("relay", "desk", "core/intake", "house/plugins")]

from _table import Figure, main  # noqa: E402
from coalition import make_coalition  # noqa: E402
from floodkit import Sent, flood, seeded  # noqa: E402
from relaykit import RunningRelay, Town, send  # noqa: E402

from postgres import find_binaries, private_cluster  # noqa: E402
from tocsin.core.intake import write_submission  # noqa: E402
from tocsin.core.seal import Identity, seal  # noqa: E402
from tocsin.core.seal.work import MOST_BITS, solve  # noqa: E402
from tocsin.desk.desk import Desk  # noqa: E402
from tocsin.desk.intake import queries  # noqa: E402
from tocsin.desk.intake.actions import ordered  # noqa: E402
from tocsin.desk.intake.opening import openable  # noqa: E402

CLIENTS = 50
RATE_BAR, P95_BAR_MS = 100, 1000
FIRST_SCREEN_BAR_S, ALL_OPENED_BAR_S = 1.0, 20.0
N_TRUE_SHOWN = 200
_NO_WORK = {"TOCSIN_RELAY_FLOW": "[1000000, 1000000]"}
_NO_QUOTA = {"TOCSIN_RELAY_QUOTAS": json.dumps({"submissions": [10_000_000, 1 << 40]})}


def measure(quick: bool) -> Iterator[Figure]:
    """Measure the relay on both databases, the work, and the desk."""
    with tempfile.TemporaryDirectory(prefix="tocsin-speed-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # The PostgreSQL cluster runs as another account.
        yield from measure_relay(folder, "SQLite", "", 1_000 if quick else 6_000)
        binaries = find_binaries()
        if binaries is None:
            print("PostgreSQL left out: no initdb on this machine.")
        else:
            with ExitStack() as stack:
                address = stack.enter_context(private_cluster(binaries))
                yield from measure_relay(folder, "PostgreSQL", address, 1_000 if quick else 6_000)
        yield Figure(name=f"work at the worst ({MOST_BITS} bits), in Python here", value=work_ms(), unit="ms")
        yield from measure_desk(folder, 2_000 if quick else 10_000)


def measure_relay(folder: Path, database: str, address: str, n: int) -> Iterator[Figure]:
    """Hand in so many submissions and compare what lies in the folder."""
    relay = RunningRelay(folder / secrets.token_hex(4), database=address, codes=1, env=_NO_WORK | _NO_QUOTA)
    try:
        town = Town.found()
        town.lodge(relay)
        keys = [Identity.fresh().recipient for _ in range(3)]
        files = [seal(bytes(16_384), keys) for _ in range(n)]
        parts = [files[at::CLIENTS] for at in range(CLIENTS)]
        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as threads:
            waits = [
                ms for listed in threads.map(lambda part: hand_in(relay, town, part), parts) for ms in listed
            ]
        seconds = time.perf_counter() - began
        compare(relay, town, files)
    finally:
        relay.stop()
    p95 = statistics.quantiles(waits, n=20)[-1]
    what = f"relay, {database}, {CLIENTS} clients"
    yield Figure(name=f"{what}: accepted", value=round(n / seconds), unit="per s", bar=RATE_BAR)
    yield Figure(name=f"{what}: p95", value=round(p95), unit="ms", bar=P95_BAR_MS, at_most=True)


def hand_in(relay: RunningRelay, town: Town, files: list[bytes]) -> list[float]:
    """Hand in one after the other; say how long each took, in ms."""
    connection, waits = HTTPConnection("127.0.0.1", relay.port, timeout=60), []
    for file in files:
        began = time.perf_counter()
        answer = send(connection, "POST", f"{town.path}/submissions", file, {})
        waits.append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            raise SystemExit(f"refused: {answer.value}")
    connection.close()
    return waits


def compare(relay: RunningRelay, town: Town, files: list[bytes]) -> None:
    """Insist that the folder holds what was handed in, each once."""
    desk = town.desk(relay)
    data, found, at = desk.ask("GET", f"/folder/{desk.day}/submissions").body, [], 0
    desk.connection.close()
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if sorted(found) != sorted(files):
        raise SystemExit("The folder is not what was handed in.")


def work_ms() -> float:
    """Time the most work that a relay asks of a sender; the median of five."""
    times = []
    for _ in range(5):
        challenge, body = secrets.token_bytes(40), secrets.token_bytes(100)
        began = time.perf_counter()
        solve(challenge, body, MOST_BITS)
        times.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(times))


def measure_desk(folder: Path, n: int) -> Iterator[Figure]:
    """Fill a desk's folder, look at the first page, then open and order all."""
    with make_coalition(folder / "coalition", 3) as coalition:
        desk, sent = coalition.desks[0], flood(n, seeded(7))
        digests = fill(desk, sent)
        began = time.perf_counter()
        page = queries.intake_page(desk)
        first = time.perf_counter() - began
        here = openable(desk)
        order = ordered(desk, here)
        seconds = time.perf_counter() - began
    true = {digests[number] for number, each in enumerate(sent) if each.is_true}
    place = max(number for number, digest in enumerate(order.digests, start=1) if digest in true)
    what = f"desk, {len(sent):,} submissions queued"
    note = f"{page.n_waiting:,} of them opened by then"
    yield Figure(
        name=f"{what}: first screen",
        value=round(first, 2),
        unit="s",
        bar=FIRST_SCREEN_BAR_S,
        at_most=True,
        note=note,
    )
    yield Figure(
        name=f"{what}: all opened and ordered",
        value=round(seconds, 1),
        unit="s",
        bar=ALL_OPENED_BAR_S,
        at_most=True,
    )
    yield Figure(
        name=f"{what}: last of the {len(true)} true ones",
        value=place,
        unit="th",
        bar=N_TRUE_SHOWN,
        at_most=True,
    )
    if len(order.digests) != len(sent):
        raise SystemExit("The queue dropped something.")


def fill(desk: Desk, sent: list[Sent]) -> list[bytes]:
    """Seal everything to the desk's day key and two others', and lay it into its folder; give the hashes, in order."""
    own = Identity.from_seed(desk.keyring.intake_keys[desk.today]).recipient
    others = [Identity.fresh().recipient for _ in range(2)]
    files = [seal(write_submission(each.submission), [others[0], own, others[1]]) for each in sent]
    with desk.replica.transaction():
        desk.replica.add_submissions(desk.today, files)
    known = {digest for digest, _, _ in desk.replica.submission_days()}
    digests = [hashlib.sha256(file).digest() for file in files]
    if not known.issuperset(digests):
        raise SystemExit("The replica did not keep what was laid into it.")
    return digests


if __name__ == "__main__":
    main("Intake", measure, left_out="5,000 of 6,000 submissions a database, 8,000 of the desk's 10,000")
