"""`tocsin check`: say in plain words whether this machine is fit, and end with 1 if it is not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tocsin.bundle import check_bundle
from tocsin.errors import TocsinError

OLDEST_PYTHON = (3, 11)
MARKS = {"yes": "yes", "no": "no", "cannot tell": "?"}
"""What a desk can do without does not make `tocsin check` end with 1."""


class PythonTooOld(TocsinError):
    """The interpreter lacks what tocsin is written in."""

    code = "check.python"

    def __init__(self) -> None:
        have = f"{sys.version_info[0]}.{sys.version_info[1]}"
        super().__init__(f"Python {have} is too old; install Python 3.11 or newer.")


def check_python() -> None:
    """Refuse an interpreter older than 3.11."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        raise PythonTooOld


def check_seal() -> None:
    """Seal and open something with the hybrid keys that everything stands on."""
    from tocsin.core import seal

    seal.self_test()


def say_fitness(folder: Path) -> None:
    """Say of each thing that a desk's machine should be whether it is so, and what to do if not."""
    from tocsin.desk.machine.fitness import Machine, Verdict

    for finding in Machine(folder).findings():
        typer.echo(f"{MARKS[finding.verdict]:<6}{finding.what}")
        if finding.verdict is not Verdict.YES:
            typer.echo(f"      {finding.why} {finding.to_do}")


def run(
    folder: Annotated[Path, typer.Option(help="Folder of the desk, or where it shall be.")] = Path(
        "~/tocsin-desk"
    ),
) -> None:
    """Say whether this machine is fit to run tocsin."""
    checks: dict[str, Callable[[], None]] = {
        "Python 3.11 or newer": check_python,
        "hybrid keys (ML-KEM-768 with X25519)": check_seal,
        "browser bundle whole and fresh": check_bundle,
    }
    unfit = False
    for what, test in checks.items():
        try:
            test()
        except TocsinError as trouble:
            unfit = True
            typer.echo(f"no    {what}: {trouble} [{trouble.code}]")
        else:
            typer.echo(f"yes   {what}")
    say_fitness(folder.expanduser())
    if unfit:
        raise typer.Exit(1)
