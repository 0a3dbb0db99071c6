"""`tocsin desk`: unlock this machine's desk and open its page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def run(
    folder: Annotated[Path, typer.Option(help="Folder in which the desk was set up.")] = Path(
        "~/tocsin-desk"
    ),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    passphrase_stdin: Annotated[
        bool, typer.Option("--passphrase-stdin", help="Read the passphrase from the first line of the input.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the link in a browser, or only print it.")] = True,
    sync_every: Annotated[float, typer.Option(help="Seconds between syncs; 0: by hand only.")] = 60.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no link.")] = False,
) -> None:
    """Unlock this machine's desk and open its page; the link it prints works once. If it runs already, open it again."""
    from tocsin.bundle import check_bundle
    from tocsin.desk.site.serve import serve

    # Founders sign the hashes of the page's files as they lie here.
    check_bundle()
    passphrase = sys.stdin.readline().rstrip("\r\n") if passphrase_stdin else None
    serve(
        folder.expanduser(),
        port=port,
        passphrase=passphrase,
        browser=browser,
        sync_every=sync_every,
        quiet=quiet,
    )
