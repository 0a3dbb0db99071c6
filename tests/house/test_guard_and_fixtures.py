"""The tools of the tests themselves: what they promise the other tests."""

from __future__ import annotations

import socket
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser

from loopback import OutboundRefused
from postgres import find_binaries, private_cluster
from wanting import go_without


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("relay.invalid", 443)])
def test_a_test_cannot_reach_another_machine(address: tuple[str, int]) -> None:
    with pytest.raises(OutboundRefused):
        socket.create_connection(address, timeout=1)


def test_a_test_can_reach_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


@pytest.mark.postgres
def test_the_database_is_real_and_this_run_s_own(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("SELECT current_database(), version()").fetchone()

    assert row is not None
    assert row[0].startswith("tocsin_test_")
    assert row[1].startswith("PostgreSQL")


@pytest.mark.postgres
def test_a_private_cluster_starts_and_leaves_nothing() -> None:
    binaries = find_binaries()
    if binaries is None:
        go_without("No PostgreSQL binaries on this machine.")

    with private_cluster(binaries) as url, psycopg.connect(url) as connection:
        folder = connection.execute("SHOW data_directory").fetchone()
        durable = connection.execute("SHOW synchronous_commit").fetchone()

    assert durable == ("on",)
    assert folder is not None
    assert not Path(folder[0]).exists()


@pytest.mark.browser
def test_the_browser_shows_a_page(browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content("<title>bell</title><p>heard</p>")

        assert page.title() == "bell"
        assert page.inner_text("p") == "heard"
