"""`tocsin count`: how many were never listed, from a table of lists; in the terminal, or as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tocsin.core.count.mse import MethodRow, Report


def run(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV: a column of 0 and 1 for each list, then count; other columns tell parts. `-`: the input.",
        ),
    ],
    seed: Annotated[int, typer.Option(min=0, help="What chance begins with; the same gives the same.")] = 1,
    bootstrap: Annotated[
        int, typer.Option(min=0, help="Resampled tables for the log-linear interval; 0 for none.")
    ] = 1000,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave the latent classes out: they take seconds.")
    ] = False,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help="Neither round to two figures nor leave small cells out: for your eyes only."
        ),
    ] = False,
    total: Annotated[
        int | None,
        typer.Option("--if-all", min=1, help="A total somebody claims: what would have to be true for it?"),
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write it as JSON into this file.")
    ] = None,
) -> None:
    """Estimate how many were never listed, by several methods side by side, or say why nobody can.

    Nothing is kept or sent. Figures are rounded to two unless `--exact` is given.
    """
    import numpy as np

    from tocsin import __version__
    from tocsin.core.count.mse import report
    from tocsin.feeds.lists import read_lists

    if str(table) != "-" and not table.is_file():
        raise typer.BadParameter("there is no such file")
    content = sys.stdin.buffer.read() if str(table) == "-" else table.read_bytes()
    said = report(
        read_lists(content),
        rng=np.random.default_rng(seed),
        bootstrap=bootstrap,
        with_latent=not quick,
        provenance={"tocsin": __version__, "seed": seed},
    )
    for line in _lines(said, exact=exact, total=total):
        typer.echo(line)
    if as_json is not None:
        as_json.write_text(
            json.dumps(said.to_json(rounded=not exact), indent=1, allow_nan=False) + "\n", "utf-8"
        )


def _lines(said: Report, *, exact: bool, total: int | None) -> list[str]:
    lines = [said.sentence, ""]
    if said.methods:
        lines.append(f"{'method':<26}{'middle':>10}{'95 % from':>12}{'to':>10}   what it rests on")
        lines += [_row(one, exact=exact) for one in said.methods]
        lines.append("")
    lines += [f"No number: {one.text} [{one.code}]" for one in said.refusals]
    lines += [f"Take care: {one.text} [{one.code}]" for one in said.warnings]
    if said.sensitivity is not None and not said.refusals:
        lines += _dial(said, exact=exact, total=total)
    lines += ["", "Taken for true, and not shown by any list:"]
    lines += [f"- {one}" for one in said.assumptions]
    lines += ["", "; ".join(f"{key} {value}" for key, value in said.provenance.items())]
    return lines


def _row(one: MethodRow, *, exact: bool) -> str:
    from tocsin.core.count.mse import two_figures

    if one.median is None or one.low is None or one.high is None:
        why = one.reasons[0].text if one.reasons else "not shown alone"
        return f"{one.title:<26}{'-':>10}{'-':>12}{'-':>10}   {why}"
    middle, low, high = ((round if exact else two_figures)(each) for each in (one.median, one.low, one.high))
    return f"{one.title:<26}{middle:>10,}{low:>12,}{high:>10,}   {one.note}"


def _dial(said: Report, *, exact: bool, total: int | None) -> list[str]:
    from tocsin.core.count.mse import two_figures

    show = round if exact else two_figures
    moved = said.sensitivity
    lines: list[str] = []
    if moved is None:
        return lines
    if moved.left_out:
        told = ", ".join(f"{show(one.median):,} without {one.what}" for one in moved.left_out)
        lines += ["", f"Exact averaging leaving one list out: {told}."]
    if total is not None:
        ratio = moved.ratio_for(total, said.n)
        lines.append(
            f"For {total:,} to be everybody, {ratio:.2g} times as many would be unlisted as these lists say by themselves."
        )
    return lines
