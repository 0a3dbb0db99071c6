"""The documents say what is so: what they name exists, and what exists is named."""

from __future__ import annotations

import re
import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tocsin.cli import VERBS
from tocsin.core.ledger import ANYBODY, LEDGER_KINDS, Content
from tocsin.desk.kinds import ROOMS, declared_in

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
MAKE = re.compile(r"^ {4}make ([a-z]+)|`make ([a-z]+)", re.M)
TOCSIN = re.compile(r"`tocsin ([a-z]+)|^ {4}tocsin ([a-z]+)", re.M)
TEST_NAME = re.compile(r"`(test_\w+)`")
REPOSITORY_FOLDERS = ("src/", "tests/", "docs/", "tools/", "benchmarks/", "js/")


@pytest.fixture(scope="module")
def documents(checkout: Path) -> dict[Path, str]:
    """Give every page of ours."""
    paths = [*checkout.glob("*.md"), *(checkout / "docs").rglob("*.md"), *(checkout / "src").rglob("*.md")]
    return {path: path.read_text(encoding="utf-8") for path in paths}


@pytest.fixture(scope="module")
def errors(checkout: Path) -> dict[str, Any]:
    """Give the tool that lists the errors."""
    return runpy.run_path(str(checkout / "tools" / "list_errors.py"))


def words_of(documents: dict[Path, str]) -> str:
    return "\n".join(documents.values())


def test_every_link_between_pages_leads_somewhere(documents: dict[Path, str]) -> None:
    dead = [
        f"{path.name}: {target}"
        for path, text in documents.items()
        for target in LINK.findall(text)
        if "://" not in target and not (path.parent / target.partition("#")[0]).exists()
    ]

    assert dead == []


def test_every_path_that_a_page_names_exists(documents: dict[Path, str], checkout: Path) -> None:
    named = {
        (path.name, word)
        for path, text in documents.items()
        for word in IN_BACKTICKS.findall(text)
        if word.startswith(REPOSITORY_FOLDERS) and not set(word) & set("<>* ")
    }

    assert [(page, word) for page, word in named if not (checkout / word).exists()] == []


def test_the_folders_of_the_readme_exist(checkout: Path) -> None:
    text = (checkout / "README.md").read_text(encoding="utf-8").partition("## Where things are")[2]
    folders = re.findall(r"^ {4}(\w[\w/]*)/ ", text, re.M)

    assert len(folders) >= 9
    assert [folder for folder in folders if not (checkout / folder).is_dir()] == []


def test_every_folder_of_tests_is_in_the_readme(checkout: Path) -> None:
    listed = re.search(r"^ {4}tests/ .*$", (checkout / "README.md").read_text(encoding="utf-8"), re.M)
    folders = {path.name for path in (checkout / "tests").iterdir() if any(path.rglob("test_*.py"))}

    assert listed is not None
    assert [folder for folder in sorted(folders) if f" {folder}/" not in listed[0]] == []


def test_the_readme_is_at_most_seventy_lines(checkout: Path) -> None:
    assert len((checkout / "README.md").read_text(encoding="utf-8").splitlines()) <= 70


def test_every_make_command_of_a_page_is_a_target(documents: dict[Path, str], checkout: Path) -> None:
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    named = {one or other for one, other in MAKE.findall(words_of(documents))}

    assert {"demo", "test", "check"} <= named
    assert named - targets == set()


def test_every_verb_is_in_the_pages(documents: dict[Path, str]) -> None:
    named = {one or other for one, other in TOCSIN.findall(words_of(documents))}

    assert set(VERBS) - named == set()


def test_the_tour_walks_through_every_verb(checkout: Path) -> None:
    tour = (checkout / "docs" / "tour.md").read_text(encoding="utf-8")

    assert [verb for verb in VERBS if f"src/tocsin/cli/{verb}.py" not in tour] == []


def test_the_list_of_errors_is_current(checkout: Path, errors: dict[str, Any]) -> None:
    page = errors["render"](errors["listed_errors"]())

    assert (checkout / "docs" / "errors.md").read_text(encoding="utf-8") == page


def test_an_error_has_a_name_and_a_code_that_no_other_has(errors: dict[str, Any]) -> None:
    listed = errors["listed_errors"]()

    for what in ("name", "code"):
        n_of = Counter(getattr(error, what) for error in listed)
        assert [word for word, n in n_of.items() if n > 1] == []


def test_every_error_says_what_it_means(errors: dict[str, Any]) -> None:
    assert [error.name for error in errors["listed_errors"]() if not error.meaning.endswith(".")] == []


def test_every_test_that_a_page_names_exists(documents: dict[Path, str], checkout: Path) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (checkout / "tests").rglob("test_*.py")]
    written = {name for source in sources for name in re.findall(r"def (test_\w+)", source)}

    assert {name for text in documents.values() for name in TEST_NAME.findall(text)} - written == set()


def test_every_package_of_core_and_desk_is_on_the_tour(checkout: Path) -> None:
    tour = (checkout / "docs" / "tour.md").read_text(encoding="utf-8")
    packages = [path.parent for room in ("core", "desk") for path in _packages(checkout, room)]
    folders = [package.relative_to(checkout).as_posix() for package in packages]

    assert len(folders) >= 14
    assert [folder for folder in folders if f"{folder}/" not in tour] == []


def _packages(checkout: Path, room: str) -> list[Path]:
    return sorted((checkout / "src" / "tocsin" / room).glob("*/__init__.py"))


def test_every_module_of_core_is_named_by_its_door(checkout: Path) -> None:
    """The tour leads to a package, the package's docstring to its modules."""
    missing = []
    for door in _packages(checkout, "core"):
        text = door.read_text(encoding="utf-8").split('"""')[1]
        modules = [path.stem for path in door.parent.glob("*.py") if path.stem not in ("__init__", "errors")]
        missing += [f"{door.parent.name}.{module}" for module in modules if f"`{module}`" not in text]

    assert [name for name in missing if name not in NOT_WORTH_A_STOP] == []


NOT_WORTH_A_STOP = {"ledger.batch", "ledger.founding", "ledger.words"}
"""Named by the tour's own table, or too small."""


def test_every_kind_stands_in_the_formats_as_it_is(checkout: Path) -> None:
    formats = (checkout / "docs" / "formats.md").read_text(encoding="utf-8")
    kinds = (*LEDGER_KINDS, *(kind for room in ROOMS for kind in declared_in(room)))

    assert [row for row in map(_row_of, kinds) if row not in formats] == []
    assert len(re.findall(r"^\| `[\w.-]+` \| \d+ \| ", formats, re.M)) == len(kinds)


def _row_of(kind: type[Content]) -> str:
    writers = "any device" if kind.WRITERS == ANYBODY else ", ".join(sorted(kind.WRITERS))
    urgent = "yes" if kind.URGENT else ""
    return f"| `{kind.KIND}` | {kind.SCHEMA} | `{kind.WHERE}` | {writers} | {urgent} |"


def test_the_glossary_explains_a_word_once(checkout: Path) -> None:
    text = (checkout / "GLOSSARY.md").read_text(encoding="utf-8")
    n_of = Counter(re.findall(r"\*\*(.+?)\*\*", text))

    assert len(n_of) > 100
    assert [word for word, n in n_of.items() if n > 1] == []


def test_every_decision_is_listed(checkout: Path) -> None:
    folder = checkout / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")

    written = sorted(path.name for path in folder.glob("0*.md"))
    assert [name for name in written if f"({name})" not in listed] == []
    assert [int(name[:4]) for name in written] == list(range(1, len(written) + 1))
