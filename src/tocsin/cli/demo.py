"""`tocsin demo`: autumn 2017 through every room, then the desks to look around in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    exit_: Annotated[
        bool, typer.Option("--exit", help="End after the run instead of serving the desks.")
    ] = False,
    calls: Annotated[int, typer.Option(help="How many invented people call for help.")] = 40,
    beds: Annotated[int, typer.Option(help="How many beds are offered.")] = 54,
    guides: Annotated[int, typer.Option(help="How many guides there are.")] = 16,
    folder: Annotated[
        Path | None, typer.Option(help="An empty folder to work in; default: a temporary one.")
    ] = None,
) -> None:
    """Replay autumn 2017 with invented people, from first report to last arrival.

    Everything goes through a real relay and real desks, sealed. Nothing leaves this machine.
    """
    from tocsin.bundle import check_bundle
    from tocsin.cli.replay.scenario import Scenario
    from tocsin.cli.replay.show import show

    check_bundle()
    show(Scenario(n_calls=calls, n_beds=beds, n_guides=guides), folder=folder, serve=not exit_)
