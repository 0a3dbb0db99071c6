"""`tocsin sentry`: a desk that stays awake, on a machine of its own."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer


def run(
    folder: Annotated[Path, typer.Option(help="Folder in which the sentry's desk was set up.")] = Path(
        "~/tocsin-sentry"
    ),
    passphrase_stdin: Annotated[
        bool, typer.Option("--passphrase-stdin", help="Read the passphrase from the first line of the input.")
    ] = False,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Read it from the first line of a file, such as a systemd credential.",
        ),
    ] = None,
    pings: Annotated[
        Path | None,
        typer.Option(
            help="Mail server, and whom to ping beside those who chose; pings.toml in the folder unless given."
        ),
    ] = None,
    every: Annotated[
        float, typer.Option(min=1.0, help="Seconds between rounds, give or take a quarter.")
    ] = 60.0,
    turn: Annotated[
        int, typer.Option(min=0, help="Seconds that each sentry leaves to the ones before it.")
    ] = 180,
    silence_hours: Annotated[
        float,
        typer.Option(
            min=0.0, help="Hours without a word of another sentry, or of the relay, until seats are pinged."
        ),
    ] = 6.0,
    once: Annotated[
        bool, typer.Option("--once", help="Make one round, try each ping once, and end.")
    ] = False,
) -> None:
    """Stay awake: ring, watch deadlines, ping the seats."""
    from tocsin.desk.desk import Desk
    from tocsin.desk.pings import NAME, Pinger, Pings, read_pings
    from tocsin.desk.sentry.notebook import Notebook
    from tocsin.desk.sentry.polling import NAME as FEEDS
    from tocsin.desk.sentry.polling import Poller, read_feeds
    from tocsin.desk.sentry.sentry import Pace, Sentry

    folder = folder.expanduser()
    is_there = pings is not None or (folder / NAME).exists()
    whom = read_pings(pings or folder / NAME) if is_there else Pings()
    which = read_feeds(folder / FEEDS)
    desk = Desk.open(folder, _passphrase(passphrase_file, from_stdin=passphrase_stdin))
    try:
        notebook = Notebook(folder, desk.replica_secret)
        pinger = Pinger(whom, notebook, report=_report)
        pace = Pace(every_s=every, turn_s=turn, silence_s=int(silence_hours * 3600))
        poller = Poller(which, folder, report=_report)
        sentry = Sentry(desk, notebook, pinger, pace, _report, poller=poller)
        if once:
            sentry.round()
            raise typer.Exit(1 if pinger.pay_once() or notebook.pages.trouble else 0)
        for told_to_end in (signal.SIGINT, signal.SIGTERM):
            signal.signal(told_to_end, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            sentry.run(threading.Event())
    finally:
        desk.close()


def _passphrase(path: Path | None, *, from_stdin: bool) -> str:
    if path is not None:
        return path.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = typer.prompt("Passphrase", hide_input=True)
    return answer


def _report(words: str) -> None:
    """Say codes and counts only: a journal is read by others."""
    print(f"sentry: {words}", file=sys.stderr, flush=True)
