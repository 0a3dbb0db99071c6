"""DuckDB without files: what does not fit into memory is refused, and nothing of it touches the disk or the network."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tocsin.desk.aggregate import count_weeks, open_duckdb
from tocsin.desk.errors import TooMuchToCount
from tocsin.feeds import autumn_2017
from tocsin.terms import Day, week_of

SORT = """
select max(w) from (
  select i || repeat('x', 80) as w from range(600000) r(i) order by md5(w) limit 500000
)"""


def test_a_sort_larger_than_memory_is_refused_and_would_otherwise_lie_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    closed = open_duckdb(megabytes=24)
    with pytest.raises(duckdb.OutOfMemoryException):
        closed.execute(SORT).fetchall()
    closed.close()
    left = list(tmp_path.rglob("*"))

    spill = tmp_path / "spill"
    usual = duckdb.connect(
        ":memory:", config={"memory_limit": "24MB", "threads": 2, "temp_directory": str(spill)}
    )
    usual.execute(
        "create table t as select i, md5(i::varchar) || repeat('x', 80) as w from range(600000) r(i)"
    )
    spilled = [path for path in spill.rglob("*") if path.is_file()]
    usual.close()

    assert left == []
    assert spilled


@pytest.mark.parametrize(
    "asked",
    [
        "copy (select 1) to 'out.csv'",
        "select * from read_csv('/etc/hostname')",
        "attach 'other.duckdb'",
        "install httpfs",
        "load httpfs",
        "set temp_directory='spill'",
        "set enable_external_access=true",
    ],
)
def test_it_reaches_neither_disk_nor_network_and_cannot_be_talked_into_it(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    connection = open_duckdb()

    with pytest.raises(duckdb.Error):
        connection.execute(asked)

    connection.close()
    assert list(tmp_path.iterdir()) == []


def test_weeks_are_counted_as_the_program_numbers_them() -> None:
    claims = list(autumn_2017())
    by_hand = Counter((claim.place, week_of(claim.known_on)) for claim in claims)
    early = [("az", day) for day in range(-10, 10)]

    assert count_weeks((claim.place, claim.known_on) for claim in claims) == [
        (place, week, n) for (place, week), n in sorted(by_hand.items())
    ]
    assert {week for _, week, _ in count_weeks(early)} == {week_of(Day(day)) for _, day in early}


def test_too_many_events_are_refused_in_a_sentence() -> None:
    with pytest.raises(TooMuchToCount, match="never put aside on the disk"):
        count_weeks((("az" * 400 + str(n), n) for n in range(30_000)), megabytes=1)
