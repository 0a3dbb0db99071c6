"""`tocsin backup`: write a desk's copy of the ledger into one file, or a relay into a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def run(
    to: Annotated[Path, typer.Argument(help="File to write; for a relay, a folder.")],
    folder: Annotated[Path, typer.Option(help="Folder of the desk.")] = Path("~/tocsin-desk"),
    relay: Annotated[
        Path | None, typer.Option(help="Back up the relay of this folder instead; it may be running.")
    ] = None,
    database: Annotated[str, typer.Option(help="The relay's database, as `tocsin relay` was told.")] = "",
) -> None:
    """Back up a desk that is not open, without its keyring; or a relay."""
    os.umask(0o077)
    if relay is None:
        _back_up_desk(folder.expanduser(), to.expanduser())
    else:
        _back_up_relay(relay.expanduser(), to.expanduser(), database)


def _back_up_desk(folder: Path, to: Path) -> None:
    from tocsin.desk.copies import back_up_folder
    from tocsin.terms import date_of

    state, n_unsent = back_up_folder(folder, to)
    typer.echo(f"{state.size} records are in the backup, up to {date_of(state.day)}; all were checked.")
    typer.echo(f"Head words: {state.words}")
    typer.echo("It holds no key: who finds it learns what the relay knows. Keep the passphrase elsewhere.")
    if n_unsent:
        what = (
            "thing said here has not left yet and is"
            if n_unsent == 1
            else "things said here have not left yet and are"
        )
        typer.echo(f"note  {n_unsent} {what} not in it: sync, and do it again.")
    if state.splits:
        raise state.splits[0]


def _back_up_relay(home: Path, to: Path, database: str) -> None:
    from tocsin.relay.backups import back_up

    ledgers = back_up(home, to, database=database)
    typer.echo(f"{len(ledgers)} ledgers, {sum(found.size for found in ledgers)} records; all were checked.")
    typer.echo(
        "It holds the relay's signing key and the day folders of today: keep it as you keep the relay, for at most"
    )
    typer.echo("14 days, and destroy it when there is a newer one.")
