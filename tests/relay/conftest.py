"""A running relay on each database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from relaydb import DATABASES, address_of
from relaykit import OPENED, Desk, RunningRelay, Town


@pytest.fixture(scope="session", params=DATABASES)
def relay(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRelay]:
    """Run one relay per database for all tests that do not break it."""
    home = tmp_path_factory.mktemp("relay") / "home"
    running = RunningRelay(home, database=address_of(request.param, request), codes=100)
    yield running
    running.stop()


@pytest.fixture
def other_postgres(postgres_url: str) -> Iterator[str]:
    """Give an empty database of its own, for what must not meet what other tests left."""
    name = urlsplit(postgres_url).path[1:] + "_other"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]  # our own name
        try:
            yield urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]  # our own name


@pytest.fixture
def town(relay: RunningRelay) -> Town:
    """Found a coalition and lodge it."""
    town = Town.found()
    assert town.lodge(relay).status == 200
    return town


@pytest.fixture
def desk(relay: RunningRelay, town: Town) -> Desk:
    """Give the desk of device 1, which posted the founding record."""
    return town.desk(relay)


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    """Close what desks left open."""
    yield
    while OPENED:
        OPENED.pop().close()
