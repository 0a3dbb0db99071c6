"""Weekly counts and events from a table, and `tocsin watch` over them; what cannot be read is named by row and column."""

from __future__ import annotations

import json
import math
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import nursery
from tocsin.feeds.errors import BadRow, MissingColumns, NotText
from tocsin.feeds.series import is_of_events, read_events_file, read_series_file
from tocsin.terms import day_from_date, week_of

HEAD = "place,week,count\n"
QUIET_THEN_NINE = "".join(
    f"az,2017-W{week:02d},{9 if week == 30 else week % 3 == 0:d}\n" for week in range(1, 31)
)


def run(path: Path | str, *words: str, said: str = "") -> dict[str, Any]:
    """Run the verb and read its JSON."""
    command = [sys.executable, "-m", "tocsin", "watch", str(path), *words]
    done = nursery.run(command, env=os.environ, said=said)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_weeks_are_named_or_told_by_a_date_and_an_empty_count_is_not_watched() -> None:
    rows = read_series_file(f"{HEAD}AZ,2017-W38,3\naz,2017-09-29,\n".encode())

    week = week_of(day_from_date(date(2017, 9, 20)))
    assert [(row[0], row[1]) for row in rows] == [(week, "az"), (week + 1, "az")]
    assert rows[0][2] == 3
    assert math.isnan(rows[1][2])


@pytest.mark.parametrize(
    ("table", "trouble"),
    [
        (b"\xff\xfe", NotText),
        (b"place,count\naz,1\n", MissingColumns),
        (f"{HEAD}az,2017-W60,1\n".encode(), BadRow),
        (f"{HEAD}az,soon,1\n".encode(), BadRow),
        (f"{HEAD}az,2017-W38,-1\n".encode(), BadRow),
        (f"{HEAD}az,2017-W38,1.5\n".encode(), BadRow),
        (f"{HEAD},2017-W38,1\n".encode(), BadRow),
        (f"{HEAD}az,2017-W38,1,2,3\n".encode(), BadRow),
    ],
)
def test_a_bad_table_is_refused_and_nothing_of_it_is_said(table: bytes, trouble: type[Exception]) -> None:
    with pytest.raises(trouble) as told:
        read_series_file(table)

    assert not [word for word in ("soon", "1.5", "az") if word in str(told.value).split()]


def test_a_table_of_events_is_told_by_its_columns() -> None:
    table = b"place,day\naz,2017-09-20\naz,2017-09-21\n"

    assert is_of_events(table)
    assert not is_of_events(HEAD.encode())
    assert [place for place, _ in read_events_file(table)] == ["az", "az"]


def test_the_verb_rings_dates_and_says_what_has_no_answer(tmp_path: Path) -> None:
    (tmp_path / "series.csv").write_text(HEAD + QUIET_THEN_NINE.replace("az,2017-W20,0", "az,2017-W20,"))

    told = run(tmp_path / "series.csv")

    (alarm,) = told["alarms"]
    assert (alarm["place"], alarm["week"], alarm["count"], alarm["begins"]) == ("az", "2017-W30", 9, True)
    assert alarm["onset"] == "2017-W30"
    assert alarm["p"] > 0.9
    assert told["newest_week"] == {"read_first": ["az"], "n_left_out": 0, "n_silent": 0}
    assert {"place": "az", "because": "not_watched", "n_weeks": 1} in told["no_answer"]
    assert (told["method"], told["settings"]["recent_weeks"]) == ("acute", 39)
    assert len(told["data_hash"]) == 64


def test_events_are_counted_into_the_same_weeks_and_settings_are_taken(tmp_path: Path) -> None:
    days = ["2017-03-06", "2017-03-20", "2017-05-01", *["2017-07-25"] * 9]
    (tmp_path / "events.csv").write_text("place,day\n" + "".join(f"az,{day}\n" for day in days))

    told = run(tmp_path / "events.csv", "--method", "ears", "--set", "min_sigma=0.5", "--set", "baseline=7")

    assert [(alarm["week"], alarm["count"]) for alarm in told["alarms"]] == [("2017-W30", 9)]
    assert told["weeks"] == ["2017-W10", "2017-W30"]
    assert told["settings"] == {"method": "C1", "baseline": 7, "alpha": None, "min_sigma": 0.5}


def test_a_table_may_come_by_the_input_and_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "series.csv").write_text(HEAD + QUIET_THEN_NINE)
    command = [sys.executable, "-m", "tocsin", "watch", str(tmp_path / "no.csv")]

    missing = nursery.run(command, env=os.environ)

    assert run("-", said=HEAD + QUIET_THEN_NINE) == run(tmp_path / "series.csv")
    assert (missing.returncode, "no such file" in missing.stderr) == (2, True)
