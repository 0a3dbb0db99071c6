"""`tocsin verify`: check the copy of the ledger on this machine against what was signed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer


def run(
    folder: Annotated[Path, typer.Option(help="Folder of the desk.")] = Path("~/tocsin-desk"),
    every: Annotated[
        bool, typer.Option("--all", help="Check every signature again, also those checked before.")
    ] = False,
    passphrase_stdin: Annotated[
        bool, typer.Option("--passphrase-stdin", help="Read the passphrase from standard input.")
    ] = False,
) -> None:
    """Check a replica: numbers, bodies, chains, signatures, root.

    Its snapshot is left aside: every record is read.
    """
    from tocsin.core.ledger import head_words
    from tocsin.desk.desk import Desk

    passphrase = (
        sys.stdin.readline().rstrip("\r\n")
        if passphrase_stdin
        else typer.prompt("Passphrase", hide_input=True)
    )
    began = time.perf_counter()
    desk = Desk.open(folder.expanduser(), passphrase, verify_all=every, replay=True)
    try:
        seconds = time.perf_counter() - began
        size, firm, words = desk.world.size, desk.world.firm, head_words(desk.world.tree.root())
        forked, splits = sorted(desk.world.forked), desk.world.standing_splits
    finally:
        desk.close()
    checked = "every signature" if every else "root and chains, and signatures not checked before"
    typer.echo(f"{size} records are sound ({checked}) in {seconds:.1f} s; {firm} of them are firm.")
    typer.echo(f"Head words: {words}")
    for device in forked:
        typer.echo(f"note  device {device} has two chains; it was cloned or restored and should be barred.")
    if splits:
        raise splits[0]
