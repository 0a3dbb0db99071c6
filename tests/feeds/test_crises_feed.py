"""Reading tables of claims: what is refused, in which words; and what the packaged tables hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.watch import Qualifier
from tocsin.errors import FeedError
from tocsin.feeds import (
    BadRow,
    MissingColumns,
    NotText,
    autumn_2017,
    panels_of_2017,
    read_crisis_file,
    reports_of_2017,
)
from tocsin.feeds.crises import COLUMNS
from tocsin.feeds.packaged import TABLES
from tocsin.terms import Place

CANARY = "kestrelcanary"
GOOD = {
    "item": "XX01",
    "published": "2017-09-18",
    "source": "Outlet One",
    "source_kind": "media",
    "controller": "Outlet One",
    "language": "az",
    "origin": "callers",
    "derives_from": "",
    "predicate": "detained",
    "qualifier": "between",
    "quantity": "50-100",
    "window_start": "2017-09-15",
    "window_end": "2017-09-18",
    "stance": "asserts",
    "about": "",
    "first_hand": "no",
}


def table(*rows: dict[str, str]) -> bytes:
    lines = [",".join(COLUMNS), *(",".join(row[column] for column in COLUMNS) for row in rows)]
    return "\n".join(lines).encode()


def read(*rows: dict[str, str]) -> list[object]:
    return list(read_crisis_file(table(*rows), place=Place("az")))


def test_a_row_becomes_a_report() -> None:
    [report] = read_crisis_file(table(GOOD), place=Place("az"))

    assert (report.claim, report.qualifier, report.number, report.number_to) == (
        "xx01.1",
        Qualifier.BETWEEN,
        50,
        100,
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("item", ""),
        ("published", CANARY),
        ("published", "2017-13-01"),
        ("source", ""),
        ("predicate", CANARY),
        ("qualifier", CANARY),
        ("quantity", CANARY),
        ("quantity", ""),
        ("quantity", "100-50"),
        ("quantity", "50"),
        ("quantity", "9" * 5000 + "-1"),
        ("window_end", "2017-09-01"),
        ("window_start", CANARY),
        ("stance", CANARY),
        ("first_hand", CANARY),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column_and_never_quoted(column: str, value: str) -> None:
    good = GOOD | {"item": "XX00"}

    with pytest.raises(BadRow) as trouble:
        read(good, GOOD | {column: value})

    assert (trouble.value.row, trouble.value.column) == (3, column)
    assert CANARY not in str(trouble.value)
    assert trouble.value.__cause__ is None


def test_a_number_without_a_qualifier_is_refused() -> None:
    with pytest.raises(BadRow, match="needs a qualifier"):
        read(GOOD | {"qualifier": "", "quantity": "5"})


def test_a_row_that_repeats_another_is_refused() -> None:
    with pytest.raises(BadRow, match="Row 3, column item: the row repeats an earlier one"):
        read(GOOD, GOOD)


def test_a_row_with_too_many_cells_is_refused() -> None:
    with pytest.raises(BadRow, match="too many cells"):
        read_crisis_file(table(GOOD) + b",more", place=Place("az"))


def test_missing_columns_are_named() -> None:
    with pytest.raises(MissingColumns) as trouble:
        read_crisis_file(b"item,published\nXX01,2017-09-18\n", place=Place("az"))

    assert "origin" in trouble.value.columns
    assert "item" not in trouble.value.columns


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(NotText):
        read_crisis_file(b"\xff\xfe\x00", place=Place("az"))


@given(st.binary(max_size=300))
def test_whatever_the_bytes_the_trouble_is_one_of_ours(content: bytes) -> None:
    try:
        read_crisis_file(",".join(COLUMNS).encode() + b"\n" + content, place=Place("az"))
    except FeedError as trouble:
        assert trouble.code.startswith("feed.")  # noqa: PT017  # any outcome but a foreign error is right


def test_the_packaged_claims_come_in_the_order_they_became_known() -> None:
    claims = autumn_2017()

    assert [claim.known_on for claim in claims] == sorted(claim.known_on for claim in claims)
    assert len({claim.claim for claim in claims}) == len(claims)


def test_each_panel_names_the_sources_of_its_table() -> None:
    for panel in panels_of_2017():
        assert set(panel.sources) == {report.source.name for report in reports_of_2017(panel.place)}


@pytest.mark.parametrize(("place", "file"), list(TABLES.items()))
def test_the_packaged_tables_say_what_the_shared_ones_say(place: Place, file: str, shared: Path) -> None:
    reports = read_crisis_file((shared / "data" / "crises" / file).read_bytes(), place=place)

    assert reports_of_2017(place) == reports
