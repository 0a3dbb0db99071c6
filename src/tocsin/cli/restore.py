"""`tocsin restore`: lay a backup into a desk's folder, or into a relay's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def run(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The backup.")],
    folder: Annotated[Path, typer.Option(help="Folder of the desk, or of one to be.")] = Path(
        "~/tocsin-desk"
    ),
    relay: Annotated[
        Path | None, typer.Option(help="Restore a relay into this empty folder instead.")
    ] = None,
    database: Annotated[
        str, typer.Option(help="The relay's database: empty, and not necessarily of the kind it had.")
    ] = "",
) -> None:
    """Restore a desk's copy of the ledger, or a relay; every signature is checked."""
    os.umask(0o077)
    if relay is None:
        _restore_desk(source.expanduser(), folder.expanduser())
    else:
        _restore_relay(source.expanduser(), relay.expanduser(), database)


def _restore_desk(source: Path, folder: Path) -> None:
    from tocsin.desk.copies import restore_copy
    from tocsin.desk.keyfile import NAME as KEYRING
    from tocsin.terms import date_of

    state = restore_copy(source, folder)
    typer.echo(f"{state.size} records are back, up to {date_of(state.day)}; all were checked.")
    typer.echo(f"Head words: {state.words}")
    if (folder / KEYRING).exists():
        typer.echo("Start the desk and sync: it fetches what came since.")
    else:
        typer.echo(
            "There is no keyring here. Join the coalition anew in this folder: the first sync is spared."
        )
    if state.splits:
        raise state.splits[0]


def _restore_relay(source: Path, home: Path, database: str) -> None:
    from tocsin.relay.backups import restore

    ledgers = restore(source, home, database=database)
    typer.echo(f"{len(ledgers)} ledgers, {sum(found.size for found in ledgers)} records; all were checked.")
    typer.echo(
        "Started, the relay takes nothing new at first: each desk that syncs fills up what the backup lacks."
    )
    typer.echo("Once every desk that was at work since has synced, start it again with --open.")
