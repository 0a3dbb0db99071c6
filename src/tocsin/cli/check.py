"""`tocsin check`: say in plain words whether this machine is fit, and end with 1 if it is not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer

from tocsin.bundle import check_bundle
from tocsin.errors import TocsinError

OLDEST_PYTHON = (3, 11)


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


def swap_devices(table: str) -> list[str]:
    """List the swap devices that are not in memory themselves, as /proc/swaps shows them."""
    rows = [line.split() for line in table.splitlines()[1:] if line.strip()]
    return [row[0] for row in rows if not row[0].startswith("/dev/zram")]


def warn_of_swap() -> None:
    """Warn where memory, with opened records in it, may be written to disk."""
    table = Path("/proc/swaps")
    if not table.is_file():
        typer.echo("note  this system may write memory to disk; encrypt the disk (FileVault, BitLocker).")
    elif swap_devices(table.read_text(encoding="ascii", errors="replace")):
        typer.echo("note  swap is on: records may reach the disk opened. Encrypt it, or run `swapoff -a`.")


def run() -> None:
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
    warn_of_swap()
    if unfit:
        raise typer.Exit(1)
