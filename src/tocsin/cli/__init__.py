"""The command line: one module per verb, loaded only when that verb is asked for.

`tocsin.cli.<verb>` defines `run`, whose annotated parameters are the verb's options. `VERBS` shows a verb
in the help without importing it, so that `tocsin --help` stays quick and no Django is loaded for it.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from tocsin import __version__
from tocsin.desk.hardening import keep_memory_private
from tocsin.errors import TocsinError

VERBS = {
    "demo": "Replay autumn 2017 through every room, in a temporary folder.",
    "desk": "Unlock this machine's desk and open its page.",
    "starter": "Put a file on the desktop that opens the desk.",
    "relay": "Run the relay: the one machine others reach.",
    "keys": "Found, join, sign, bar and release by commands, for scripts.",
    "watch": "Run a detector on a table of weekly counts; JSON out.",
    "count": "Say from a table of lists how many were never listed.",
    "sentry": "Stay awake: ring, watch deadlines, ping the seats.",
    "exposure": "Say what is lost if one of us is taken.",
    "verify": "Check a replica, or the witness's page at an address.",
    "send": "Seal words to a coalition and send them, or seal them without a network.",
    "backup": "Write a desk's copy of the ledger into one file.",
    "restore": "Lay a backup into a desk's folder.",
    "check": "Say whether this machine is fit to run tocsin.",
}


def build_app(asked: str | None = None) -> typer.Typer:
    """Build the command line with the asked verb loaded and the others only named."""
    app = typer.Typer(
        name="tocsin",
        help="Hear the purge, count honestly, get a quorum to act, bring people to safety.",
        rich_markup_mode=None,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(show_version)
    for verb, line in VERBS.items():
        run = import_module(f"tocsin.cli.{verb}").run if verb == asked else stand_by
        app.command(verb, short_help=line)(run)
    return app


def stand_by() -> None:
    """Hold a verb's place in the help; the verb asked for is always loaded, so this is never run."""


def show_version(version: bool = typer.Option(False, "--version", help="Show the version and end.")) -> None:
    """Hear the purge, count honestly, get a quorum to act, bring people to safety."""
    if version:
        typer.echo(f"tocsin {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the verb asked for; expected trouble is said in one sentence with its code, and ends with 1."""
    keep_memory_private()
    asked = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        build_app(asked)()
    except TocsinError as trouble:
        typer.echo(f"tocsin: {trouble} [{trouble.code}]", err=True)
        raise SystemExit(1) from None
