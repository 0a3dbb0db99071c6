"""`tocsin exposure`: say what is lost if one of us is taken, from what every desk last said of itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tocsin.core.ledger import Hand

COLUMNS = ("device", "people", "cases", "given up", "calls", "nameless", "legs", "shares", "as of")


def run(
    folder: Annotated[Path, typer.Option(help="Folder of the desk.")] = Path("~/tocsin-desk"),
    passphrase_stdin: Annotated[
        bool, typer.Option("--passphrase-stdin", help="Read the passphrase from standard input.")
    ] = False,
) -> None:
    """Say what is lost if one of us is taken.

    Nothing is sent; the numbers are as of this desk's last sync.
    """
    from tocsin.desk.desk import Desk
    from tocsin.desk.ledger.exposure import exposure_page

    passphrase = (
        sys.stdin.readline().rstrip("\r\n")
        if passphrase_stdin
        else typer.prompt("Passphrase", hide_input=True)
    )
    desk = Desk.open(folder.expanduser(), passphrase)
    try:
        page = exposure_page(desk)
    finally:
        desk.close()
    for sentence in page.sentences:
        typer.echo(sentence)
    typer.echo("")
    rows = [COLUMNS, *map(_row, page.hands)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    for row in rows:
        typer.echo("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _row(hand: Hand) -> tuple[str, ...]:
    numbers, days = hand.numbers, hand.days_old
    device = f"{hand.device} (removed)" if hand.is_off_roll else str(hand.device)
    as_of = "never" if days is None else "today" if days == 0 else f"{days} d ago"
    if numbers is None:
        return (device, *["?"] * 7, as_of)
    said = (
        numbers.people,
        numbers.cases,
        numbers.fading,
        numbers.calls,
        numbers.accounts,
        numbers.legs,
        numbers.shares,
    )
    return (device, *map(str, said), as_of)
