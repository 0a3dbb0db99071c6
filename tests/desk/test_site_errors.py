"""Every error a page can meet has a status, and its sentence alone reaches the page."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import tocsin
from tocsin.desk.site.errors import STATUS, status_of
from tocsin.errors import TocsinError

COMMAND_LINE_ONLY = {"check", "bundle"}


def all_errors(kind: type[TocsinError]) -> Iterator[type[TocsinError]]:
    """Walk the tree of errors."""
    yield kind
    for below in kind.__subclasses__():
        yield from all_errors(below)


def test_every_error_has_a_status() -> None:
    for module in pkgutil.walk_packages(tocsin.__path__, "tocsin."):
        if module.name.endswith(".errors"):
            import_module(module.name)

    codes = {kind.code for kind in all_errors(TocsinError)}

    assert len(codes) > 40
    shown = {code for code in codes if code.partition(".")[0] not in COMMAND_LINE_ONLY}
    assert all(400 <= status_of(code) < 600 for code in shown)
    assert set(STATUS) - {"desk.field", "desk.busy"} <= codes | {code.partition(".")[0] for code in codes}
