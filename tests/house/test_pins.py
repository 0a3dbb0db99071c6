"""Every package of every platform is pinned, so that today's tests are tomorrow's too."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wanting import go_without


@pytest.fixture
def pins(checkout: Path) -> list[Requirement]:
    table = tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]["uv"]
    return [Requirement(pin) for pin in table["constraint-dependencies"]]


def test_every_pin_is_one_exact_version(pins: list[Requirement]) -> None:
    assert [str(pin) for pin in pins if not re.fullmatch(r"==[^*,]+", str(pin.specifier))] == []


def test_no_resolved_package_is_unpinned(checkout: Path, pins: list[Requirement]) -> None:
    lock = checkout / "uv.lock"
    if not lock.is_file():
        go_without("No uv.lock: this environment was not made by uv.")
    resolved = {(p["name"], p.get("version")) for p in tomllib.loads(lock.read_text())["package"]}

    pinned = {(canonicalize_name(pin.name), str(pin.specifier).removeprefix("==")) for pin in pins}

    assert resolved - pinned == {("tocsin", resolved and "0.1.0")}
    assert pinned - resolved == set()


def test_the_environment_holds_the_pinned_versions(pins: list[Requirement]) -> None:
    installed = {canonicalize_name(found.name): found.version for found in distributions()}

    wrong = [
        f"{pin} but {installed[name]}"
        for pin in pins
        if (name := canonicalize_name(pin.name)) in installed
        and (pin.marker is None or pin.marker.evaluate())
        and installed[name] not in pin.specifier
    ]

    assert wrong == []
