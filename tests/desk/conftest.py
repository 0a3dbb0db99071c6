"""A coalition of three desks and a real relay, one for each test that asks for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from coalition import Coalition, make_coalition


@pytest.fixture
def coalition(tmp_path: Path) -> Iterator[Coalition]:
    """Give three desks of three organisations that have synced, and their relay."""
    with make_coalition(tmp_path) as made:
        yield made
