"""A desk's page with something to do, and a browser in front of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "desk"))
sys.path.insert(0, str(Path(__file__).parents[1] / "page"))

from coalition import make_coalition
from sitekit import OFFSET_DAYS, give_work, serve_first
from walkkit import Walk


@pytest.fixture(scope="module")
def walk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Come in by the one-time link on the morning on which the seats are asked and the first call is there."""
    with make_coalition(
        tmp_path_factory.mktemp("morning"), offset_days=OFFSET_DAYS, custodians=5
    ) as coalition:
        give_work(coalition)
        site = serve_first(coalition)
        context = browser.new_context(viewport={"width": 1100, "height": 800})
        walk = Walk(coalition, site, context.new_page())
        walk.page.goto(site.link)
        yield walk
        context.close()
        site.stop()
