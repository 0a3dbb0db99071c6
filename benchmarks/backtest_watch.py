"""Would `acute` have heard what is known to have happened, and how often would it have rung besides?

    python benchmarks/backtest_watch.py DIR

DIR holds `ucdp_week_adm1.csv`, `onset_labels.csv` and, if R is to stand beside, `ref_ucdp_alarms.json` (its README says how
they look). Weekly one-sided events, each week judged by what was there up to that week (final counts: real delays are not
known). The settings are those of AcuteSettings, the same for every place; they were chosen on Myanmar with the rows of
Mexico in view.

An alarm in the week of a labelled onset or the four after it belongs to that onset; delay is counted in weeks from the week
of the onset. All others are "other", not false: many are smaller atrocities. Bars: every labelled one-sided onset of an
admin-1 place in the countries of the reference rows within a week, and at most 0.3 other alarms per place-year over the
reference rows.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from tocsin.core.watch import acute, chronic

BELONGS_WEEKS = 4
MOST_OTHER = 0.3
LATEST_WEEKS = 1
HDX_WEEKS, HDX_YEAR, HDX_LEAST = 4, 52, 100
"""HDX Signals' rule for conflict: deaths of 30 days (here 4 weeks) at the maximum of a year, and at least 100."""

Key = tuple[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Onset:
    """A label."""

    key: Key
    on: date
    kind: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one method did in one place."""

    key: Key
    method: str
    delays: tuple[int | None, ...]
    n_other: int
    years: float

    @property
    def rate(self) -> float:
        return self.n_other / self.years


class Events:
    """Weekly tables of a folder, by place; a country is all its places."""

    def __init__(self, folder: Path) -> None:
        self.cells: dict[tuple[Key, str, str], dict[date, float]] = defaultdict(lambda: defaultdict(float))
        self.keys: set[Key] = set()
        spans: dict[str, list[date]] = defaultdict(list)
        with (folder / "ucdp_week_adm1.csv").open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                week = date.fromisoformat(row["week"])
                spans[row["country"]].append(week)
                for key in ((row["country"], row["adm_1"]), (row["country"], None)):
                    if row["type"] == "one_sided":
                        self.keys.add(key)
                    self.cells[key, row["type"], "events"][week] += float(row["events"])
                    self.cells[key, row["type"], "deaths"][week] += float(row["deaths_best"])
        # A country's series covers the weeks in which anything at all was recorded of it.
        self.first = {country: min(weeks) for country, weeks in spans.items()}
        self.last = {country: max(weeks) for country, weeks in spans.items()}

    def widen(self, country: str, first: date, last: date) -> None:
        """Take the weeks that a reference result covers, where it covers more."""
        self.first[country] = min(self.first[country], first)
        self.last[country] = max(self.last[country], last)

    def weeks(self, country: str) -> list[date]:
        first, last = self.first[country], self.last[country]
        return [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]

    def counts(self, key: Key, kind: str, what: str = "events") -> np.ndarray:
        seen = self.cells.get((key, kind, what), {})
        return np.array([seen.get(week, 0.0) for week in self.weeks(key[0])])


def main() -> None:
    """Print the tables; end with 1 under a bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument(
        "--quick", action="store_true", help="says only that a folder is needed, if none is given"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    given = parser.parse_args()
    if given.folder is None:
        print("No folder of events given: nothing tried.")
        sys.exit(0 if given.quick else 2)
    events, onsets = Events(given.folder), read_onsets(given.folder)
    path = given.folder / "ref_ucdp_alarms.json"
    references = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    for told in references:
        events.widen(told["country"], monday(date(1989, 1, 2)), date.fromisoformat(told["last_week"]))
    keys = list(dict.fromkeys((told["country"], told["adm1"]) for told in references)) or sorted(
        {onset.key for onset in onsets if onset.kind == "acute" and onset.type == "one_sided"}, key=str
    )
    rows = [_acute(events, key, onsets) for key in keys]
    print("acute, the rows of the reference")
    _print(rows)
    print("\nR's settings, and HDX Signals' rule, on the same rows")
    others = [_reference(told, onsets) for told in references] + [_hdx(events, key, onsets) for key in keys]
    for method in dict.fromkeys(row.method for row in others):
        _print([row for row in others if row.method == method], is_short=True)
    print("\nacute, every admin-1 place with a one-sided event")
    places = sorted((key for key in events.keys if key[1] is not None), key=str)
    every = [_acute(events, key, onsets) for key in places]
    for country in sorted({key[0] for key in places}):
        _print([row for row in every if row.key[0] == country], is_short=True)
    _print_chronic(events, onsets)
    is_met = _judge(rows, every, {key[0] for key in keys})
    if given.json:
        given.json.write_text(
            json.dumps([vars(row) for row in [*rows, *others, *every]], indent=1, default=str) + "\n"
        )
    sys.exit(0 if is_met else 1)


def monday(day: date) -> date:
    """Give the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def read_onsets(folder: Path) -> list[Onset]:
    """Read the labels of a folder."""
    with (folder / "onset_labels.csv").open(encoding="utf-8", newline="") as table:
        return [
            Onset(
                key=(row["country"], row["adm_1"] or None),
                on=date.fromisoformat(row["onset_date"]),
                kind=row["kind"],
                type=row["type"],
            )
            for row in csv.DictReader(table)
        ]


def _mine(onsets: Sequence[Onset], key: Key) -> list[Onset]:
    return [one for one in onsets if one.key == key and one.kind == "acute" and one.type == "one_sided"]


def _score(
    key: Key, method: str, rung: list[date], onsets: Sequence[Onset], years: float, since: date
) -> Row:
    belongs: set[date] = set()
    delays: list[int | None] = []
    for onset in _mine(onsets, key):
        week = monday(onset.on)
        if week < since:
            continue
        near = sorted(at for at in rung if 0 <= (at - week).days // 7 <= BELONGS_WEEKS)
        belongs |= set(near)
        delays.append((near[0] - week).days // 7 if near else None)
    return Row(key=key, method=method, delays=tuple(delays), n_other=len(set(rung) - belongs), years=years)


def _acute(events: Events, key: Key, onsets: Sequence[Onset]) -> Row:
    weeks = events.weeks(key[0])
    begins = acute(events.counts(key, "one_sided")[:, None]).begins[:, 0]
    rung = [week for week, rings in zip(weeks, begins, strict=True) if rings]
    return _score(key, "acute", rung, onsets, len(weeks) * 7 / 365.25, weeks[0])


def _reference(told: dict[str, object], onsets: Sequence[Onset]) -> Row:
    key = (str(told["country"]), told["adm1"] if told["adm1"] is None else str(told["adm1"]))
    weeks: list[str] = (
        list(told["alarm_weeks"]) if isinstance(told["alarm_weeks"], list) else [str(told["alarm_weeks"])]
    )
    first = date.fromisoformat(str(told["first_week"]))
    years = int(str(told["n_weeks"])) * 7 / 365.25
    return _score(
        key, f"R {told['setting']}", [date.fromisoformat(week) for week in weeks], onsets, years, first
    )


def _hdx(events: Events, key: Key, onsets: Sequence[Onset]) -> Row:
    weeks, deaths = events.weeks(key[0]), events.counts(key, "one_sided", "deaths")
    month = np.convolve(deaths, np.ones(HDX_WEEKS))[: len(deaths)]
    top = np.array([month[max(0, at - HDX_YEAR) : at].max(initial=0.0) for at in range(len(month))])
    high = (month >= HDX_LEAST) & (month > top)
    rung = [week for at, week in enumerate(weeks) if high[at] and not high[max(0, at - HDX_WEEKS) : at].any()]
    return _score(key, "HDX Signals' rule", rung, onsets, len(weeks) * 7 / 365.25, weeks[0])


def _print(rows: list[Row], *, is_short: bool = False) -> None:
    if not rows:
        return
    for row in [] if is_short else rows:
        told = ", ".join("miss" if delay is None else str(delay) for delay in row.delays) or "no label"
        print(f"  {_named(row.key):<34} weeks late: {told:<16} other alarms a year: {row.rate:.2f}")
    delays = [delay for row in rows for delay in row.delays]
    hit = sum(delay is not None and delay <= LATEST_WEEKS for delay in delays)
    rate = sum(row.n_other for row in rows) / sum(row.years for row in rows)
    late = ", ".join("miss" if delay is None else str(delay) for delay in delays)
    name = f"{rows[0].method}, {rows[0].key[0]}" if is_short and rows[0].method == "acute" else rows[0].method
    worst = max(row.rate for row in rows)
    print(
        f"  {name:<34} {len(rows)} rows: {hit} of {len(delays)} onsets within {LATEST_WEEKS} week ({late or '-'}); "
        f"{rate:.2f} other alarms per place-year, most in one place {worst:.2f}"
    )


def _named(key: Key) -> str:
    return f"{key[0]}, {key[1]}" if key[1] else f"{key[0]}, whole"


def _print_chronic(events: Events, onsets: Sequence[Onset]) -> None:
    print("\nchronic labels, as of two years after")
    for onset in onsets:
        if onset.kind != "chronic" or onset.key[0] not in events.first:
            continue
        weeks, counts = events.weeks(onset.key[0]), events.counts(onset.key, onset.type)
        row = (monday(onset.on) - weeks[0]).days // 7 + 104
        if not 104 <= row < len(weeks):
            continue
        found = chronic(counts[:, None], row=row)
        since = weeks[int(found.changed[0])] if found.changed[0] >= 0 else None
        said = f"chronic since {since}" if found.is_chronic[0] else f"not chronic (changed {since})"
        rung = acute(counts[:, None]).begins[row - 104 : row + 1, 0].sum()
        print(
            f"  {_named(onset.key):<34} {onset.on}: {said}, {found.before[0]:.2f} to {found.after[0]:.2f} a week;"
            f" acute rang {rung} times in the two years"
        )


def _judge(rows: list[Row], every: list[Row], countries: set[str]) -> bool:
    found = [delay for row in every if row.key[0] in countries for delay in row.delays]
    in_time = sum(delay is not None and delay <= LATEST_WEEKS for delay in found)
    rate = sum(row.n_other for row in rows) / sum(row.years for row in rows)
    all_rate = sum(row.n_other for row in every) / sum(row.years for row in every)
    print(f"\nadmin-1 onsets within {LATEST_WEEKS} week: {in_time} of {len(found)} (bar: all)")
    print(f"other alarms per place-year over the reference rows: {rate:.2f} (bar: at most {MOST_OTHER})")
    print(f"other alarms per place-year over all {len(every)} admin-1 rows: {all_rate:.2f}")
    return in_time == len(found) and rate <= MOST_OTHER


if __name__ == "__main__":
    main()
