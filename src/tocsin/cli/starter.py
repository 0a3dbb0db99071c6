"""`tocsin starter`: put a file on the desktop that opens the desk by a double click."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    folder: Annotated[Path, typer.Option(help="Folder of the desk.")] = Path("~/tocsin-desk"),
    to: Annotated[
        Path | None, typer.Option(help="Folder to put the starter into; default: the desktop.")
    ] = None,
) -> None:
    """Put a file on the desktop that opens this desk by a double click, without a terminal."""
    from tocsin.desk.starter import desktop_folder, make_starter

    made = make_starter(desktop_folder() if to is None else to.expanduser(), folder.expanduser())
    typer.echo(f"Double-click {made.name} to open the desk.")
