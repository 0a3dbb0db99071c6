"""`tocsin backup`: write a desk's copy of the ledger into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    to: Annotated[Path, typer.Argument(help="File to write.")],
    folder: Annotated[Path, typer.Option(help="Folder of the desk.")] = Path("~/tocsin-desk"),
) -> None:
    """Back up a desk that is not open: its ciphertext, no keyring."""
    from tocsin.desk.copies import back_up_folder
    from tocsin.terms import date_of

    state, n_unsent = back_up_folder(folder.expanduser(), to.expanduser())
    typer.echo(
        f"{state.size} records are in the backup, the newest of {date_of(state.day)}; all were checked."
    )
    typer.echo(f"Head words: {state.words}")
    typer.echo("It holds no key: who finds it learns what the relay knows. Keep the passphrase elsewhere.")
    if n_unsent:
        typer.echo(
            f"note  {n_unsent} things said here have not left yet and are not in it: sync, then back up again."
        )
    if state.splits:
        raise state.splits[0]
