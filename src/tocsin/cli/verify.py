"""`tocsin verify`: check this machine's copy of the ledger, or the witness's page at an address, against what was signed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer


def run(
    address: Annotated[
        str, typer.Argument(help="Address of a witness's page with its #: that page is checked instead.")
    ] = "",
    folder: Annotated[Path, typer.Option(help="Folder of the desk.")] = Path("~/tocsin-desk"),
    every: Annotated[
        bool, typer.Option("--all", help="Check every signature again, also those checked before.")
    ] = False,
    passphrase_stdin: Annotated[
        bool, typer.Option("--passphrase-stdin", help="Read the passphrase from standard input.")
    ] = False,
) -> None:
    """Check a replica: numbers, bodies, chains, signatures, root.

    Its snapshot is left aside: every record is read. With an address, the page there is fetched and every file held
    against the hash that founders signed.
    """
    if address:
        check_address(address)
        return
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


def check_address(text: str) -> None:
    """Check the page at an address, and say what a browser there would be told."""
    from tocsin.desk.outside import PageAddress, check_page

    found = check_page(PageAddress.parse(text))
    witness = found.witness
    typer.echo(f"Charter {witness.charter.serial} is signed by the founders that this address names.")
    typer.echo(f"{found.n_files - len(found.other)} of {found.n_files} files are what they signed.")
    typer.echo(
        f"Sealed to {len(witness.recipients)} devices"
        + (
            f"; nobody has been on duty for {witness.days_without_duty} days."
            if witness.days_without_duty
            else "."
        )
    )
    typer.echo(
        "The ledger's head is firm." if witness.firm else "note  the ledger's newest head is not firm yet."
    )
    if found.signed_parts or found.drafts:
        typer.echo(
            f"Words signed: {', '.join(found.signed_parts) or 'none'}; drafts: {', '.join(found.drafts) or 'none'}."
        )
    for name in found.other:
        typer.echo(f"CHANGED  {name}", err=True)
    if found.other:
        typer.echo("Do not use this page, and tell the coalition by another channel.", err=True)
        raise typer.Exit(1)
