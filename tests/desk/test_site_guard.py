"""Who gets in, and what every answer carries. A real `tocsin desk` in its own process, visited over its socket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from sitekit import Site, Visitor, serve_first, start_site

ROOMS = ("", "watch/", "intake/", "count/", "activate/", "protect/", "ledger/")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give one coalition for all tests here."""
    with make_coalition(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture(scope="module")
def site(town: Coalition) -> Iterator[Site]:
    """Give the page of desk 1, unlocked."""
    running = serve_first(town)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def visitor(site: Site) -> Iterator[Visitor]:
    """Give the one person who followed the link."""
    person = Visitor(site)
    person.come_in()
    yield person
    person.close()


@pytest.fixture
def locked(town: Coalition) -> Iterator[tuple[Site, Visitor]]:
    """Give the page of desk 2, locked, and who followed its link."""
    if len(town.desks) > 1:
        town.desks.pop(0).close()
    site = start_site(town.folders[1], town.environment(), passphrase=None)
    person = Visitor(site)
    person.come_in()
    yield site, person
    person.close()
    site.stop()


def test_the_link_opens_one_browser_once(site: Site, visitor: Visitor) -> None:
    second = httpx.get(site.link, trust_env=False)

    assert visitor.get("").status_code == 200
    assert second.status_code == 410
    assert "start it again: that opens a page by a new link" in second.text
    assert "set-cookie" not in second.headers


def test_a_guessed_link_opens_nothing(site: Site) -> None:
    assert httpx.get(f"{site.address}/open/guessed", trust_env=False).status_code == 410


def test_a_look_at_the_link_by_head_does_not_use_it_up(town: Coalition) -> None:
    site = start_site(town.folders[2], town.environment(), passphrase=None)
    try:
        looked = httpx.head(site.link, trust_env=False)
        came = httpx.get(site.link, trust_env=False)
    finally:
        site.stop()

    assert looked.status_code == 405
    assert came.status_code == 302


@pytest.mark.parametrize("path", ROOMS)
def test_without_the_cookie_no_page_is_shown(site: Site, visitor: Visitor, path: str) -> None:
    answer = httpx.get(visitor.home + path, trust_env=False)

    assert answer.status_code == 403
    assert "<" not in answer.text


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "tocsin.example", "127.0.0.1", "127.0.0.1.nip.example:{port}", ""]
)
def test_only_its_own_name_is_answered(site: Site, visitor: Visitor, host: str) -> None:
    named = {"Host": host.format(port=site.address.rpartition(":")[2])}

    assert visitor.http.get(visitor.home, headers=named).status_code == 400
    assert httpx.get(f"{site.address}/style.css", headers=named, trust_env=False).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://tocsin.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {},
        {"Origin": "own", "Sec-Fetch-Site": "same-site"},
        {"Origin": "own", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_from_elsewhere_does_nothing(site: Site, visitor: Visitor, headers: dict[str, str]) -> None:
    sent = {name: site.address if value == "own" else value for name, value in headers.items()}

    # Even where the token of our own form was stolen.
    form = {"csrfmiddlewaretoken": visitor.token()}
    answer = visitor.http.post(visitor.home + "lock/", data=form, headers=sent)
    assert (answer.status_code, answer.text.strip()) == (
        403,
        "This request came from another page, so nothing was done.",
    )
    assert "What needs you now" in visitor.get("").text


def test_a_form_without_its_token_does_nothing(site: Site, visitor: Visitor) -> None:
    answer = visitor.http.post(visitor.home + "lock/", headers={"Origin": site.address})

    assert answer.status_code == 403
    assert "What needs you now" in visitor.get("").text


@pytest.mark.parametrize("path", [*ROOMS, "nowhere/", "activate/999/", "protect/case/abcd/"])
def test_every_answer_is_neither_kept_nor_framed_nor_named(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)

    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert "python" not in answer.headers["server"].lower()
    assert "<title>Desk</title>" in answer.text
    assert "<script" not in answer.text
    assert "style=" not in answer.text


def test_refusals_are_not_kept_either(site: Site) -> None:
    for path in ("/open/guessed", "/style.css", "/", "/nowhere"):
        assert httpx.get(site.address + path, trust_env=False).headers["cache-control"] == "no-store"


def test_the_cookie_is_for_this_desk_alone(town: Coalition) -> None:
    site = start_site(town.folders[2], town.environment(), passphrase=None)
    try:
        cookie = httpx.get(site.link, trust_env=False).headers["set-cookie"].lower()
    finally:
        site.stop()

    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    # Cookies know no ports: without a path of its own every server on this machine would be shown it.
    assert "path=/;" not in cookie + ";"


def test_a_wrong_passphrase_is_said_plainly_and_costs_more_each_time(locked: tuple[Site, Visitor]) -> None:
    _, person = locked

    seconds = []
    for _ in range(2):
        began = time.monotonic()
        answer = person.post("unlock/", seen="unlock/", passphrase="kestrel ladder mosz")
        seconds.append(time.monotonic() - began)

    assert answer.status_code == 403
    assert "passphrase" in answer.text
    assert "Waits to leave" not in person.get("").text
    assert seconds[1] > seconds[0] > 0.4


def test_locking_shows_nothing_more_until_the_passphrase_is_given(locked: tuple[Site, Visitor]) -> None:
    _, person = locked

    before = person.get("ledger/").text
    opened = person.post("unlock/", seen="unlock/", passphrase=PASSPHRASE)
    inside = person.get("ledger/").text
    person.post("lock/")
    after = person.get("ledger/").text

    assert "Unlock this desk" in before
    assert "What needs you now" in opened.text
    assert "The roll, version" in inside
    assert "Unlock this desk" in after


def test_trouble_with_the_relay_is_said_on_the_page_and_loses_nothing(
    town: Coalition, tmp_path: Path
) -> None:
    with make_coalition(tmp_path / "apart", n=3) as apart:
        site = serve_first(apart)
        person = Visitor(site)
        try:
            person.come_in()
            apart.relay.terminate()
            apart.relay.wait(20)
            answer = person.post("sync/")
        finally:
            person.close()
            site.stop()

    assert answer.status_code == 200
    assert "The relay does not answer" in answer.text


def test_it_prints_the_link_and_nothing_else(town: Coalition) -> None:
    site = start_site(town.folders[2], town.environment(), passphrase=None)
    person = Visitor(site)
    person.come_in()
    person.get("nowhere/")
    person.post("unlock/", seen="unlock/", passphrase="")
    person.close()

    assert site.stop() == site.link + "\n"
