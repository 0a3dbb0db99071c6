"""Tables of lists from files, and `tocsin count` on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import nursery
from tocsin.core.count.mse import BadTable
from tocsin.feeds.lists import read_lists

TABLE = (
    "hotline,clinic,prison monitor,count\n1,0,0,18\n0,1,0,12\n0,0,1,6\n1,1,0,5\n1,0,1,3\n0,1,1,1\n1,1,1,1\n"
)


def count(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a table."""
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "tocsin", "count", str(path), "--quick", *words]
    return nursery.run(command, env=os.environ)


def test_a_file_may_begin_with_a_mark_and_end_its_lines_in_any_way() -> None:
    plain = read_lists(TABLE.encode())

    assert read_lists(b"\xef\xbb\xbf" + TABLE.replace("\n", "\r\n").encode()) == plain
    assert plain.n == 46


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"a,b\n1,1", b"a,count\n1,1,1", b"\x00" * 9, b"a" * 20_000_001]
)
def test_what_is_no_table_of_lists_is_refused(content: bytes) -> None:
    with pytest.raises(BadTable):
        read_lists(content)


def test_the_terminal_says_documented_first_and_each_method_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text(TABLE.replace("1,1,0,5", "1,1,0,6"), encoding="utf-8")
    linked = ("--linked", str(tmp_path / "other.csv"), "--missed", "30")
    answer = count(tmp_path, TABLE, "--if-all", "60", *linked, "--json", str(tmp_path / "out.json"))

    told = json.loads((tmp_path / "out.json").read_text())
    assert answer.returncode == 0
    assert answer.stdout.startswith("46 documented; about 59 to 1")
    assert "in all, by 2 methods." in answer.stdout
    assert "Exact averaging over linkages" in answer.stdout
    assert "Log-linear" in answer.stdout
    assert "[linkage.weak]" in answer.stdout
    assert "For 60 to be everybody" in answer.stdout
    assert told["publishable"] is True
    assert {row["low"] for row in told["methods"]} <= {58, 59, 60, 61, 62, 63}
    assert "table" not in told["provenance"]
    assert "evidence" not in str(told)


def test_every_day_of_a_column_is_told_with_what_was_known_by_then(tmp_path: Path) -> None:
    rows = [line.rsplit(",", 1) for line in TABLE.splitlines()[1:]]
    days = [f"{on},{day},{int(n) * times}" for day, times in (("09-20", 1), ("09-24", 2)) for on, n in rows]

    answer = count(
        tmp_path,
        "\n".join(["hotline,clinic,prison monitor,day,count", *days, "1,0,0,09-22,20"]),
        *("--looks", "day", "--exact", "--json", str(tmp_path / "out.json")),
    )

    told = json.loads((tmp_path / "out.json").read_text())
    assert [(one["day"], one["documented"]) for one in told["looks"]] == [
        ("09-20", 46),
        ("09-22", 66),
        ("09-24", 158),
    ]
    assert "66 documented; 88 to " in answer.stdout
    assert told["provenance"]["table"]


def test_the_terminal_gives_a_reason_and_no_number_where_lists_tell_nothing(tmp_path: Path) -> None:
    answer = count(tmp_path, "a,b,c,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n", "--derived", "b, a")

    assert answer.returncode == 0
    assert answer.stdout.startswith("96 documented; no estimate of the total is possible.")
    assert "[list.alone]" in answer.stdout
    assert "[lists.derived]" in answer.stdout
    assert "95 %" not in answer.stdout


def test_a_table_may_come_by_the_input_and_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tocsin", "count", "--quick"]

    piped = nursery.run([*command, "-"], env=os.environ, said=TABLE)
    missing = nursery.run([*command, str(tmp_path / "no.csv")], env=os.environ)

    assert piped.stdout.startswith("46 documented;")
    assert (missing.returncode, "no such file" in missing.stderr) == (2, True)


def test_a_bad_file_is_refused_in_a_sentence_that_quotes_nothing(tmp_path: Path) -> None:
    answer = count(tmp_path, "canary,b\n1,canary\n")

    assert answer.returncode == 1
    assert "[count.table]" in answer.stderr
    assert "canary" not in answer.stderr + answer.stdout
