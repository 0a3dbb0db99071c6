"""What may stand in a file of the repository, and what two commands a newcomer needs."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

# Put together here, so that this file does not itself name what it forbids.
REGISTRIES = ["pypi" + ".org", "files.python" + "hosted", "registry.npm" + "js", "registry.yarn" + "pkg"]
MACHINE_PATHS = re.compile(rb"(?<![\w.$}])/(?:work|root|home|Users)/\w")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
# Outside words may stand in data and in text that other people wrote.
TEXT = {
    ".py",
    ".toml",
    ".md",
    ".json",
    ".js",
    ".mjs",
    ".c",
    ".csv",
    ".sh",
    ".html",
    ".css",
    ".sql",
    ".svg",
    ".txt",
    ".ini",
    ".yml",
    "",
}


def list_files(checkout: Path) -> list[Path]:
    """List what is committed or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout
    paths = [checkout / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix in TEXT]


def test_no_file_names_a_registry(checkout: Path) -> None:
    naming = [
        path.relative_to(checkout).as_posix()
        for path in list_files(checkout)
        if any(registry.encode() in path.read_bytes() for registry in REGISTRIES)
    ]

    assert naming == []


def test_no_file_names_a_path_of_one_machine(checkout: Path) -> None:
    naming = [
        path.relative_to(checkout).as_posix()
        for path in list_files(checkout)
        if MACHINE_PATHS.search(path.read_bytes())
    ]

    assert naming == []


def test_nothing_under_src_is_left_for_later(checkout: Path) -> None:
    sources = [path for path in list_files(checkout) if path.is_relative_to(checkout / "src")]

    assert [path.name for path in sources if UNFINISHED.search(path.read_text(encoding="utf-8"))] == []


def test_core_neither_opens_files_nor_speaks(checkout: Path) -> None:
    banned = {"open", "print", "input", "breakpoint", "eval", "exec", "__import__"}
    calls = [
        f"{path.relative_to(checkout)}:{node.lineno}"
        for path in (checkout / "src" / "tocsin" / "core").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in banned
    ]

    assert calls == []


def test_the_npm_lock_has_integrity_and_no_addresses(checkout: Path) -> None:
    packages = json.loads((checkout / "package-lock.json").read_text())["packages"]

    locked = {name: entry for name, entry in packages.items() if name}
    assert [
        name for name, entry in locked.items() if not entry.get("integrity", "").startswith("sha512-")
    ] == []
    assert [name for name, entry in locked.items() if "resolved" in entry] == []


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_names_a_command_that_exists(checkout: Path, command: str) -> None:
    assert command in (checkout / "README.md").read_text(encoding="utf-8")
    assert f"\n{command.removeprefix('make ')}:" in (checkout / "Makefile").read_text()


def test_the_readme_stays_short(checkout: Path) -> None:
    assert len((checkout / "README.md").read_text(encoding="utf-8").splitlines()) <= 70
