"""`tocsin count`: how many were never listed, from a table of lists; in the terminal, or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tocsin.core.count.mse import CaptureTable, Look, MethodRow, Report

Show = Callable[[float], int]


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
    derived: Annotated[
        list[str] | None, typer.Option(help="A list, a comma, the list it was made from; may be given again.")
    ] = None,
    missed: Annotated[
        int,
        typer.Option(min=0, max=100, help="Of a hundred shared people, how many linking may have missed."),
    ] = 0,
    linked: Annotated[
        list[Path] | None,
        typer.Option(help="The same records linked in another way that is as good; may be given again."),
    ] = None,
    looks: Annotated[
        str | None,
        typer.Option(help="Column of days: estimate at each what was known by then, and leave none out."),
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
    from tocsin.core.count.mse import report, two_figures

    lists = _read(table, by=None if looks is None else [looks])
    said = report(
        lists,
        rng=np.random.default_rng(seed),
        derived=[_pair(each) for each in derived or ()],
        missed_matches=missed / 100,
        linkages=[_read(each) for each in linked or ()],
        bootstrap=bootstrap,
        with_latent=not quick,
        provenance={"tocsin": __version__, "seed": seed},
    )
    days = _look(lists, seed, bootstrap) if looks is not None else ()
    show: Show = round if exact else two_figures
    for line in (*_lines(said, show, total=total, exact=exact), *_day_lines(days, show)):
        typer.echo(line)
    if as_json is not None:
        told = said.to_json(rounded=not exact)
        if looks is not None:
            told["looks"] = [_day_row(one, show) for one in days]
        as_json.write_text(json.dumps(told, indent=1, allow_nan=False) + "\n", "utf-8")


def _read(path: Path, *, by: Sequence[str] | None = None) -> CaptureTable:
    from tocsin.feeds.lists import read_lists

    if str(path) == "-":
        return read_lists(sys.stdin.buffer.read(), by=by)
    if not path.is_file():
        raise typer.BadParameter("there is no such file")
    return read_lists(path.read_bytes(), by=by)


def _pair(text: str) -> tuple[str, str]:
    one, comma, other = text.partition(",")
    if not comma:
        raise typer.BadParameter("name a list, a comma, and the list it was made from")
    return one.strip(), other.strip()


def _look(table: CaptureTable, seed: int, bootstrap: int) -> tuple[Look, ...]:
    import numpy as np

    from tocsin.core.count.mse import known_by, report, sequence

    def estimate(known: CaptureTable) -> Report:
        return report(known, rng=np.random.default_rng(seed), bootstrap=bootstrap, with_latent=False)

    tables = known_by(table)
    return sequence(tables, estimate, schedule=sorted(tables))


def _lines(said: Report, show: Show, *, total: int | None, exact: bool) -> list[str]:
    lines = [said.sentence, ""]
    if said.methods:
        lines.append(f"{'method':<29}{'middle':>10}{'95 % from':>12}{'to':>10}   what it rests on")
        lines += [_row(one, show) for one in said.methods]
        lines.append("")
    lines += [f"No number: {one.text} [{one.code}]" for one in said.refusals]
    lines += [f"Take care: {one.text} [{one.code}]" for one in said.warnings]
    lines += _dial(said, show, total)
    lines += ["", "Taken for true, and not shown by any list:"]
    lines += [f"- {one}" for one in said.assumptions]
    provenance = said.to_json(rounded=not exact)["provenance"]
    return [*lines, "", "; ".join(f"{key} {value}" for key, value in provenance.items())]


def _row(one: MethodRow, show: Show) -> str:
    if one.median is None or one.low is None or one.high is None:
        why = one.reasons[0].text if one.reasons else "not shown alone"
        return f"{one.title:<29}{'-':>10}{'-':>12}{'-':>10}   {why}"
    middle, low, high = (show(each) for each in (one.median, one.low, one.high))
    return f"{one.title:<29}{middle:>10,}{low:>12,}{high:>10,}   {one.note}"


def _dial(said: Report, show: Show, total: int | None) -> list[str]:
    moved = said.sensitivity
    lines: list[str] = []
    if moved is None:
        return lines
    if moved.left_out:
        told = ", ".join(f"{show(one.median):,} without {one.what}" for one in moved.left_out)
        lines += ["", f"Exact averaging leaving one list out: {told}."]
    if moved.odds:
        lines += ["", "Were the lists more or less dependent than they show, by exact averaging:"]
        lines += [
            f"{ratio:>5.2g} times as many unlisted: {show(middle):,}, from {show(low):,} to {show(high):,}"
            for ratio, middle, low, high in moved.odds[::3]
        ]
    if total is not None:
        ratio = moved.ratio_for(total, said.n)
        lines.append(
            f"For {total:,} to be everybody, {ratio:.2g} times as many would be unlisted as these lists say by themselves."
        )
    return lines


def _day_lines(days: Sequence[Look], show: Show) -> list[str]:
    if not days:
        return []
    lines = ["", "Every day of the schedule, of what was known by then and without latent classes:"]
    for one in days:
        if one.low is None or one.high is None:
            lines.append(f"{one.day:<12}{one.n:>10,} documented; no number: {one.reasons[0].text}")
        else:
            lines.append(
                f"{one.day:<12}{one.n:>10,} documented; {show(one.low):,} to {show(one.high):,} in all"
            )
    return lines


def _day_row(one: Look, show: Show) -> dict[str, Any]:  # what json takes
    ends = {name: None if end is None else show(end) for name, end in (("low", one.low), ("high", one.high))}
    return {
        "day": one.day,
        "documented": one.n,
        **ends,
        "reasons": [reason.code for reason in one.reasons],
    }
