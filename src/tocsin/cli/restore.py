"""`tocsin restore`: lay a backup into a desk's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The backup.")],
    folder: Annotated[Path, typer.Option(help="Folder of the desk, or of one to be.")] = Path(
        "~/tocsin-desk"
    ),
) -> None:
    """Restore a desk's copy of the ledger; every signature is checked."""
    from tocsin.desk.copies import restore_copy
    from tocsin.desk.keyfile import NAME as KEYRING
    from tocsin.terms import date_of

    target = folder.expanduser()
    state = restore_copy(source.expanduser(), target)
    typer.echo(f"{state.size} records are back, the newest of {date_of(state.day)}; all were checked.")
    typer.echo(f"Head words: {state.words}")
    if (target / KEYRING).exists():
        typer.echo("Start the desk and sync: it fetches what came since.")
    else:
        typer.echo(
            "There is no keyring here. Join the coalition anew in this folder: the first sync is spared."
        )
    if state.splits:
        raise state.splits[0]
