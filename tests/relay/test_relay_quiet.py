"""What a seized relay holds: no plain text, no address, no agent, no time of day; and it called nobody."""

from __future__ import annotations

import re
import secrets
import socket
import sys
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from relaydb import DATABASES, address_of
from relaykit import Desk, RunningRelay, Town, send

from nursery import run
from tocsin.core.seal import Identity, frame, seal

AGENT = "canary-agent-turnstone/7"
ADDRESS = "203.0.113.77"
SOURCE_ADDRESS = "127.0.0.9"
NAMES = [b"Gunel Canary-Wagtail", b"Seymur Canary-Dunnock"]
CLOCK_TIME = re.compile(rb"(?<!\d)\d\d:\d\d:\d\d(?!\d)")


def all_bytes_of(relay: RunningRelay) -> bytes:
    """Seize everything: the home, what it printed, and all rows where they lie elsewhere."""
    files = [path for path in relay.home.rglob("*") if path.is_file()]
    found = [
        relay.output.read_bytes(),
        *(path.read_bytes() for path in files),
        *(path.name.encode() for path in files),
    ]
    if relay.database:
        with psycopg.connect(relay.database) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            for (table,) in tables:
                rows = connection.execute(
                    sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)), binary=True
                )
                found += [
                    value if isinstance(value, bytes) else str(value).encode()
                    for row in rows
                    for value in row
                ]
    return b"\n".join(found)


def what_leaks(seized: bytes) -> list[bytes]:
    """Search for what was planted, and for any time of day but midnight."""
    planted = [*NAMES, AGENT.encode(), ADDRESS.encode(), SOURCE_ADDRESS.encode(), socket.inet_aton(ADDRESS)]
    times = [time for time in CLOCK_TIME.findall(seized) if time != b"00:00:00"]
    return [needle for needle in planted if needle in seized] + times


def be_busy(relay: RunningRelay, town: Town) -> None:
    """Do everything once, from a planted address, with planted headers, also what goes wrong."""
    desk = town.desk(relay)
    desk.connection = HTTPConnection("127.0.0.1", relay.port, timeout=30, source_address=(SOURCE_ADDRESS, 0))
    loud = {"User-Agent": AGENT, "X-Forwarded-For": ADDRESS, "Forwarded": f"for={ADDRESS}", "Referer": AGENT}
    file = seal(frame(NAMES[1], 16384), [Identity.fresh().recipient])
    record = desk.make(NAMES[0]).to_bytes()
    asked = [
        ("POST", "/records", record, True),
        ("POST", "/submissions", file, False),
        ("POST", "/submissions", NAMES[0] * 900, False),
        ("GET", "/records?since=0", b"", True),
        ("GET", "/head", b"", False),
        ("GET", f"/attachment/{secrets.token_hex(32)}", b"", False),
        ("GET", "/" + NAMES[0].decode().replace(" ", "-"), b"", False),
        ("POST", "/records", NAMES[0] * 50, True),
    ]
    for method, path, body, signed in asked:
        path = town.path + path
        headers = loud | (desk.sign(method, path, body) if signed else {})
        send(desk.connection, method, path, body, headers)
    desk.connection.close()


@pytest.mark.parametrize("database", DATABASES)
def test_a_seized_relay_holds_no_word_address_agent_or_time(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    relay = RunningRelay(tmp_path / "home", database=address_of(database, request))
    town = Town.found()
    town.lodge(relay)
    be_busy(relay, town)

    running = all_bytes_of(relay)
    relay.stop()

    assert town.founding.body in running, "the search looks where the records are"
    assert what_leaks(running) == []
    assert what_leaks(all_bytes_of(relay)) == []
    assert all(path.stat().st_mtime % 86_400 == 0 for path in relay.home.rglob("*"))


def test_a_planted_leak_is_found(tmp_path: Path) -> None:
    relay = RunningRelay(tmp_path / "home")
    relay.stop()
    (relay.home / "access.log").write_text(f"12:34:56 {ADDRESS} {AGENT} {NAMES[0].decode()}")

    assert what_leaks(all_bytes_of(relay)) == [NAMES[0], AGENT.encode(), ADDRESS.encode(), b"12:34:56"]


def test_a_fault_is_logged_by_its_class_and_a_random_code_only(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    relay = RunningRelay(tmp_path / "home", env={"TOCSIN_EXERCISE_CLOCK": str(clock)})
    town = Town.found(exercise=True)
    town.lodge(relay)
    clock.write_text(NAMES[0].decode())

    answer = town.desk(relay).ask("GET", "/head", signed=False, User_Agent=AGENT)
    relay.stop()

    assert (answer.status, answer.code) == (500, "relay.fault")
    code = re.search(r"code: (\w+)\.", str(answer.value["sentence"])).group(1)
    assert f"ERROR ValueError {code}" in relay.printed().splitlines()
    assert what_leaks(all_bytes_of(relay)) == []


RECORDER = """
import os, sys
def note(event):
    with open(os.environ["TOCSIN_TEST_CALLS"], "a") as file:
        file.write(event + "\\n")
def hook(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        note(event)
note("listening")
sys.addaudithook(hook)
"""


@pytest.fixture
def recorder(tmp_path: Path) -> dict[str, str]:
    """Give the environment in which Python notes whomever a program calls, from its first line on."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(RECORDER)
    source = str(Path(__file__).parents[2] / "src")
    return {"PYTHONPATH": f"{site}:{source}", "TOCSIN_TEST_CALLS": str(tmp_path / "calls")}


def test_the_relay_calls_nobody(tmp_path: Path, recorder: dict[str, str]) -> None:
    relay = RunningRelay(tmp_path / "home", env=recorder)
    town = Town.found()
    town.lodge(relay)

    be_busy(relay, town)
    sockets = internet_sockets(relay.process.pid)
    relay.stop()

    assert set((tmp_path / "calls").read_text().splitlines()) == {"listening"}
    assert sockets == ({relay.port} if sys.platform == "linux" else set())


def test_a_relay_that_called_somebody_would_be_noticed(tmp_path: Path, recorder: dict[str, str]) -> None:
    caller = tmp_path / "caller.py"
    caller.write_text("import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 9))")

    run([sys.executable, str(caller)], env=recorder)

    assert (tmp_path / "calls").read_text().splitlines() == ["listening", "socket.connect"]


def internet_sockets(group: int) -> set[int]:
    """List the local ports of all internet sockets of a process group, as the kernel knows them."""
    if sys.platform != "linux":
        return set()
    inodes, ports = set(), set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int((process / "stat").read_text().rsplit(")", 1)[1].split()[2]) == group:
                links = [str(link.readlink()) for link in (process / "fd").iterdir()]
                inodes |= {link[8:-1] for link in links if link.startswith("socket:[")}
        except (FileNotFoundError, ProcessLookupError):
            continue
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


def test_no_answer_may_be_kept_by_a_cache_or_sets_a_cookie(desk: Desk, relay: RunningRelay) -> None:
    answers = [
        desk.ask("GET", "/head", signed=False),
        desk.ask("GET", "/records?since=0"),
        relay.ask("GET", "/nowhere"),
        relay.ask("GET", "/"),
    ]

    assert all(answer.headers["cache-control"] == "no-store" for answer in answers)
    assert not any("set-cookie" in answer.headers for answer in answers)
