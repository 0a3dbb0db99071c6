"""`tocsin relay`: run the relay on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    home: Annotated[Path, typer.Option(help="Folder of the relay's key, attachments and database.")] = Path(
        "relay"
    ),
    port: Annotated[int, typer.Option(help="Port to answer on; 0 takes a free one.")] = 8440,
    host: Annotated[
        str, typer.Option(help="Address to answer on; put TLS or an onion service in front.")
    ] = "127.0.0.1",
    database: Annotated[
        str, typer.Option(help="SQLite file or postgres:// address; default: in the folder.")
    ] = "",
    lodge: Annotated[
        bool, typer.Option("--lodge", help="Print a code with which one coalition may move in.")
    ] = False,
    opens: Annotated[
        bool, typer.Option("--open", help="Take new records again in ledgers that were restored here.")
    ] = False,
) -> None:
    """Run the relay: it keeps sealed records in order, and can open none of them."""
    from tocsin.bundle import check_bundle
    from tocsin.relay.serve import serve

    check_bundle()

    serve(home, port=port, host=host, lodge=int(lodge), database=database, opens=opens)
