"""`tocsin watch`: weekly counts, or events, from a table; alarms, settings and what has no answer as JSON."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tocsin.core.watch import Acute, Surge, Table
    from tocsin.terms import Place, Week


def run(
    series: Annotated[
        Path,
        typer.Argument(
            help="CSV: place, week, count; or place, day with a row an event. `-`: the input.",
        ),
    ],
    method: Annotated[
        str, typer.Option(help="acute, ears, bayes, rki, farrington, farrington-flexible, cusum, ...")
    ] = "acute",
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting that differs, as name=value. May be repeated."),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet-between", help="Between a place's first and last week, a week without a row is 0."
        ),
    ] = False,
    budget: Annotated[int, typer.Option(min=1, help="Signals of the newest week that can be read.")] = 5,
) -> None:
    """Run a detector on a table and write what it says as JSON: nothing is kept or sent.

    A week without a row is missing, never quiet, unless `--quiet-between` says that somebody watched.
    """
    import msgspec

    from tocsin import __version__
    from tocsin.core.watch import AcuteSettings, acute, detect_by_name, settings_of

    table = _table(_read(series), quiet=quiet)
    told = dict(_setting(text) for text in setting or ())
    if "first_day" in settings_of(method):
        told.setdefault("first_day", _first_day(table.first))
    surge, settings = detect_by_name(method, table.counts, told)
    dates = acute(table.counts, msgspec.convert(settings, AcuteSettings)) if method == "acute" else None
    answer = {
        "tocsin": __version__,
        "method": method,
        "settings": settings,
        "data_hash": _hash(table),
        "weeks": [_name(table.first), _name(_newest(table))],
        "n_places": len(table.places),
        "alarms": list(_alarms(table, surge, dates)),
        "newest_week": _ranking(table, surge, budget),
        "no_answer": list(_silent(table, surge)),
    }
    typer.echo(json.dumps(answer, indent=1, allow_nan=False))


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    if not path.is_file():
        raise typer.BadParameter("there is no such file")
    return path.read_bytes()


def _table(content: bytes, *, quiet: bool) -> Table:
    from tocsin.core.watch import tabulate
    from tocsin.feeds.series import is_of_events, read_events_file, read_series_file

    if not is_of_events(content):
        rows = sorted(read_series_file(content), key=lambda row: (row[1], row[0]))
        return tabulate(rows, watched=_spans(rows) if quiet else None)
    counted = _count_weeks(read_events_file(content))
    # Who hands in events watched: a week between the first and the last of all without one had none.
    weeks = [week for week, _, _ in counted]
    places = {place for _, place, _ in counted}
    return tabulate(counted, watched={place: (min(weeks), max(weeks)) for place in places})


def _count_weeks(events: Iterable[tuple[Place, int]]) -> list[tuple[Week, Place, float]]:
    """Count events by week: by DuckDB where it is installed, which takes millions; else one by one."""
    from tocsin.desk.aggregate import count_weeks
    from tocsin.desk.errors import NoDuckDB
    from tocsin.terms import Day, Place, Week, week_of

    told = list(events)
    try:
        return [(Week(week), Place(place), float(n)) for place, week, n in count_weeks(told)]
    except NoDuckDB:
        counted = Counter((place, week_of(Day(day))) for place, day in told)
        return [(week, place, float(n)) for (place, week), n in sorted(counted.items())]


def _spans(rows: Iterable[tuple[Week, Place, float]]) -> dict[Place, tuple[Week, Week]]:
    spans: dict[Place, tuple[Week, Week]] = {}
    for week, place, _ in rows:
        first, last = spans.get(place, (week, week))
        spans[place] = (min(first, week), max(last, week))
    return spans


def _setting(text: str) -> tuple[str, object]:
    name, _, value = text.partition("=")
    try:
        return name.strip().replace("-", "_"), json.loads(value)
    except ValueError:
        return name.strip().replace("-", "_"), value


def _first_day(week: Week) -> int:
    from tocsin.terms import first_day_of

    return first_day_of(week)


def _newest(table: Table) -> Week:
    from tocsin.terms import Week

    return Week(table.first + len(table.counts) - 1)


def _name(week: Week) -> str:
    from tocsin.terms import date_of, first_day_of

    year, number, _ = date_of(first_day_of(week)).isocalendar()
    return f"{year}-W{number:02d}"


def _hash(table: Table) -> str:
    """Name the counts that were judged."""
    told = [table.first, table.places, [[_number(count) for count in row] for row in table.counts.tolist()]]
    return sha256(json.dumps(told).encode()).hexdigest()


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _alarms(table: Table, surge: Surge, dates: Acute | None) -> Iterable[dict[str, object]]:
    for row, column in zip(*surge.alarm.nonzero(), strict=True):
        yield _cell(table, surge, dates, int(row), int(column))


def _cell(table: Table, surge: Surge, dates: Acute | None, row: int, column: int) -> dict[str, object]:
    from tocsin.terms import Week

    told: dict[str, object] = {
        "place": table.places[column],
        "week": _name(Week(table.first + row)),
        "count": _number(float(table.counts[row, column])),
        "expected": _number(float(surge.expected[row, column])),
        "threshold": _number(float(surge.threshold[row, column])),
        "score": _number(float(surge.score[row, column])),
    }
    if surge.onset is not None and surge.onset[row, column] >= 0:
        told["onset"] = _name(Week(table.first + int(surge.onset[row, column])))
    if dates is not None:
        told["p"] = _number(float(dates.p[row, column]))
        told["begins"] = bool(dates.begins[row, column])
        if dates.onset_from[row, column] >= 0:
            ends = (dates.onset_from[row, column], dates.onset_to[row, column])
            told["onset_between"] = [_name(Week(table.first + int(end))) for end in ends]
    return told


def _ranking(table: Table, surge: Surge, budget: int) -> dict[str, object]:
    from tocsin.core.watch import rank_signals

    ranking = rank_signals(surge, budget=budget)
    return {
        "read_first": [table.places[column] for column in ranking.places],
        "n_left_out": ranking.n_left_out,
        "n_silent": ranking.n_silent,
    }


def _silent(table: Table, surge: Surge) -> Iterable[dict[str, object]]:
    """Say for each place how many weeks have no answer, by the reason."""
    from tocsin.core.watch import Reason

    for column, place in enumerate(table.places):
        counted = Counter(surge.reason[:, column].tolist())
        for reason in sorted(set(counted) - {int(Reason.ANSWERED)}):
            yield {"place": place, "because": Reason(reason).name.lower(), "n_weeks": counted[reason]}
