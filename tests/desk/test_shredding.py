"""The file that a table came from: its copies are found where files usually lie, and nothing else is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tocsin.desk.errors import NotThatFile
from tocsin.desk.intake.shredding import DEEPEST, Source, copies, destroy

CONTENT = b"name,people\nInvented Heron canary-heron,2\n"
SOURCE = Source.of(CONTENT)


def lay(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_copies_of_the_same_bytes_are_found_whatever_they_are_called(tmp_path: Path) -> None:
    there = [lay(tmp_path / "Downloads" / "a.csv"), lay(tmp_path / "Documents" / "x" / "y" / "old.bin")]
    lay(tmp_path / "Desktop" / "same size.csv", CONTENT[::-1])
    lay(tmp_path / "Elsewhere" / "a.csv")
    lay(tmp_path.joinpath("Documents", *"d" * (DEEPEST + 1), "too deep.csv"))
    (tmp_path / "Downloads" / "link.csv").symlink_to(there[0])

    assert copies(SOURCE, tmp_path) == tuple(sorted(there))


def test_what_was_destroyed_is_overwritten_before_it_goes(tmp_path: Path) -> None:
    file = lay(tmp_path / "a.csv")
    held = os.open(file, os.O_RDONLY)

    destroy(SOURCE, file)

    assert not file.exists()
    left = os.read(held, 1000)
    os.close(held)
    assert len(left) == len(CONTENT)
    assert b"canary" not in left


@pytest.mark.parametrize("what", ["changed", "folder", "gone", "relative"])
def test_nothing_else_is_destroyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.chdir(tmp_path)
    lay(tmp_path / "a.csv")
    path = {
        "changed": lay(tmp_path / "b.csv", CONTENT + b"!"),
        "folder": tmp_path,
        "gone": tmp_path / "gone.csv",
        "relative": Path("a.csv"),
    }[what]

    with pytest.raises(NotThatFile):
        destroy(SOURCE, path)
    assert (tmp_path / "a.csv").read_bytes() == CONTENT
