"""Tests shared among processes (`make test`): whole files, the long ones first; and one process at a time where need be."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LONG = ("journeys", "laws", "page", "desk", "relay")
"""Folders whose files take long, the longest first: whoever begins one last keeps everybody waiting."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: tests wait for browsers, disks and one another's programs."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long files first; within a folder the random order stays, and without sharing it stays as it is."""
    if is_shared():
        tests = config.rootpath / "tests"
        items.sort(key=lambda item: _place(item.path.relative_to(tests).parts[0]))


def _place(folder: str) -> int:
    return LONG.index(folder) if folder in LONG else len(LONG)


def is_shared() -> bool:
    """Say whether this process is one of several that share the tests."""
    return "PYTEST_XDIST_WORKER" in os.environ


@contextmanager
def alone(factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the processes that share the tests do something one after the other."""
    if not is_shared():
        yield
        return
    taken = Path(factory.getbasetemp()).parent / "taken"
    while not _make(taken):
        time.sleep(0.2)
    try:
        yield
    finally:
        taken.rmdir()


def _make(folder: Path) -> bool:
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True
