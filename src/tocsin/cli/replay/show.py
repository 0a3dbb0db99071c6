"""Show a replay in a terminal: progress, the table, and the desks to look around in."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table

from tocsin.cli.replay.days import Replay
from tocsin.cli.replay.exercise import DESKS, PASSPHRASE, Exercise, end, found_exercise
from tocsin.cli.replay.outcome import Outcome
from tocsin.cli.replay.page import open_page
from tocsin.cli.replay.scenario import Scenario
from tocsin.cli.replay.seizure import what_it_shows, words_found
from tocsin.terms import Day, date_of


def replay(scenario: Scenario, exercise: Exercise, *, say: object = None) -> Outcome:
    """Run a scenario in an exercise and seize its relay at the end."""
    lived = Replay(scenario, exercise, say=say if callable(say) else lambda _day, _words: None)
    outcome = lived.run()
    with outcome.stage("seized relay") as row:
        canaries = [canary for person in lived.people for canary in person.canaries]
        outcome.n_canaries = row.came_in = len(canaries)
        row.went_out = len(words_found(exercise.relay_home, canaries))
        outcome.relay_shows = what_it_shows(exercise.relay_home)
    return outcome


def show(scenario: Scenario, *, folder: Path | None, serve: bool) -> None:
    """Replay with progress, print the table, then serve the desks until interrupted."""
    console = Console(highlight=False)
    # Whoever ends us politely ends the relay and the desks that we started, too.
    for told_to_end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told_to_end, signal.default_int_handler)
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-")))
        place.mkdir(parents=True, exist_ok=True)
        begun = perf_counter()
        with console.status("founding a coalition of three organisations"):
            exercise = found_exercise(place, last_day=scenario.last_day)
            stack.callback(exercise.close)
            founded = perf_counter() - begun

        def say(day: Day, words: str) -> None:
            console.print(f"  {date_of(day)}  {words}")

        console.print("[bold]Autumn 2017, replayed as an exercise with invented people[/bold]")
        console.print(
            f"  founded: 3 organisations, 3 desks, a sentry, 5 custodians, a relay ({founded:.1f} s)"
        )
        outcome = replay(scenario, exercise, say=say)
        console.print(_table(outcome))
        console.print(_shown(outcome))
        console.print(f"  {perf_counter() - begun:.1f} s in all")
        if serve:
            page = open_page(exercise)
            exercise.close_desks()
            _serve(console, exercise, page)


def _table(outcome: Outcome) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("stage")
    table.add_column("in", justify="right")
    table.add_column("out", justify="right")
    table.add_column("what went out")
    table.add_column("seconds", justify="right")
    for name, row in outcome.stages.items():
        table.add_row(name, str(row.came_in), str(row.went_out), outcome.sentence(name), f"{row.seconds:.1f}")
    return table


def _shown(outcome: Outcome) -> str:
    facts = ", ".join(f"{name}: {value}" for name, value in outcome.relay_shows.items())
    return f"  What a seized relay does show: {facts}."


def _serve(console: Console, exercise: Exercise, page: str) -> None:
    """Serve the three desks, each in a process of its own, until interrupted."""
    servers: list[subprocess.Popen[str]] = []
    try:
        servers.extend(_start_desk(exercise, number) for number in DESKS)
        console.print(f"\n  The desks are open. Passphrase, should one ask: [bold]{PASSPHRASE}[/bold]")
        for number, server in zip(DESKS, servers, strict=True):
            assert server.stdout is not None  # noqa: S101 - we asked for it
            console.print(f"  desk {number}: {server.stdout.readline().split()[-1]}")
        console.print(f"  the witness's page: {page}", soft_wrap=True)
        console.print("  Ctrl-C ends the exercise.")
        servers[0].wait()
    except KeyboardInterrupt:
        console.print("  The exercise is over.")
    finally:
        for server in servers:
            end(server)


def _start_desk(exercise: Exercise, number: int) -> subprocess.Popen[str]:
    folder = str(exercise.folder / f"desk-{number}")
    command = [sys.executable, "-m", "tocsin", "desk", "--folder", folder, "--port", "0"]
    command += ["--passphrase-stdin", "--no-browser"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    assert server.stdin is not None  # noqa: S101 - we asked for it
    server.stdin.write(PASSPHRASE + "\n")
    server.stdin.close()
    return server
