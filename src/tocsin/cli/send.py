"""`tocsin send`: what the witness's page does, without a browser; in two steps also without a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def run(
    address: Annotated[str, typer.Argument(help="Address of the witness's page, with its #.")],
    keep: Annotated[
        Path | None, typer.Option(help="Only fetch what sealing needs, into this file, and end.")
    ] = None,
    by: Annotated[
        Path | None, typer.Option("--with", help="Seal by a file that --keep wrote; nothing is sent.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="With --with: where the sealed text goes; else to the screen.")
    ] = None,
    place: Annotated[str, typer.Option(help="Place code, such as az or az-ba, if it is to be said.")] = "zz",
    language: Annotated[str, typer.Option(help="Language of the words, two letters.")] = "",
) -> None:
    """Seal words from standard input to who is on duty, and send them.

    The twelve words that are printed open the replies; they are kept nowhere.
    """
    from tocsin.core.intake import Account, Facts
    from tocsin.core.seal import armor
    from tocsin.desk.intake.witness_words import seal_words
    from tocsin.desk.outside import PageAddress, fetch, hand_in, read
    from tocsin.terms import Place

    where = PageAddress.parse(address)
    if keep is not None:
        data = fetch(where)
        read(data, where)
        keep.write_bytes(data)
        typer.echo("Kept. Seal by it with --with; it is good until the month after this one is over.")
        return
    witness = read(by.read_bytes() if by is not None else fetch(where), where)
    words = sys.stdin.read().strip()
    account = Account(text=words, language=language or None)
    receipt, file = seal_words(witness, account, Facts(place=Place(place)), offline=by is not None)
    if by is None:
        hand_in(where, file)
        typer.echo("Sent, sealed.")
    elif out is not None:
        out.write_text(armor(file), encoding="ascii")
        typer.echo("Sealed. Pass the file on by any way; only who was on duty opens it.")
    else:
        typer.echo(armor(file))
    if by is None and witness.days_without_duty:
        typer.echo(f"Nobody has been on duty for {witness.days_without_duty} days; they are rung.")
    typer.echo("Write these words down by hand. They open the replies on the page:", err=True)
    typer.echo("  " + " ".join(receipt.words), err=True)
