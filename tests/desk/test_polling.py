"""A sentry polls feeds: each claim is entered once, also by two sentries, after restarts and whatever the server does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from coalition import Coalition, make_coalition
from sentrykit import make_sentry, write_pings

from tocsin.core.ledger import Duty
from tocsin.core.watch import Claim
from tocsin.desk.desk import Desk
from tocsin.desk.sentry.errors import BadFeeds
from tocsin.desk.sentry.polling import NAME, STORE, Poller, read_feeds
from tocsin.desk.sentry.sentry import Pace, Sentry
from tocsin.desk.sync import sync
from tocsin.feeds import FeedAway, FeedTooLarge, fetch
from tocsin.feeds.crises import COLUMNS
from tocsin.feeds.fetching import MOST_BYTES

HEAD = ",".join(COLUMNS)
ROW = "{code},2017-09-{day:02d},Invented Wire,media,nobody,en,callers {code},,detained,exact,3,,,asserts,,no"


def table(*codes: str, day: int = 20) -> str:
    return "\n".join([HEAD, *(ROW.format(code=code, day=day) for code in codes)]) + "\n"


@dataclass
class Publisher:
    """A web server that publishes one table, and what it was asked."""

    port: int = 0
    body: str = ""
    status: int = 200
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/table.csv"


@contextmanager
def publisher() -> Iterator[Publisher]:
    """Publish a table under an ETag."""
    made = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(str(self.headers))
            etag = f'"{hash(made.body)}"'
            body = made.body.encode()
            status = 304 if self.headers.get("If-None-Match") == etag else made.status
            self.send_response(status)
            self.send_header("ETag", etag)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body) if status != 304 else 0))
            self.end_headers()
            if status != 304:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give an analyst and two sentries."""
    duties = {2: (Duty.SENTRY,), 3: (Duty.SENTRY,)}
    with make_coalition(tmp_path_factory.mktemp("polled"), 3, duties=duties) as made:
        yield made


def poller_of(desk: Desk, *addresses: str, words: list[str] | None = None) -> Poller:
    """Read a file of feeds in a desk's folder, as `tocsin sentry` does."""
    feeds = "\n".join(f'[[feed]]\nplace = "az"\naddress = "{address}"' for address in addresses)
    (desk.folder / NAME).write_text(feeds, encoding="utf-8")
    said = words if words is not None else []
    return Poller(read_feeds(desk.folder / NAME), desk.folder, report=said.append)


def sentry_of(desk: Desk, poller: Poller) -> Sentry:
    """Make a sentry that polls."""
    watch = make_sentry(desk, write_pings(desk.folder), pace=Pace(turn_s=0))
    watch.sentry.poller = poller
    return watch.sentry


def codes(desk: Desk, prefix: str) -> list[str]:
    """List the claims an analyst reads, each as often as it was entered."""
    sync(desk)
    return sorted(claim.claim for claim in desk.contents(Claim) if claim.item.startswith(prefix))


def test_what_a_feed_publishes_becomes_claims_once_each_and_what_is_added_too(polled: Coalition) -> None:
    analyst, desk, _ = polled.desks
    with publisher() as feed:
        feed.body = table("aa1", "aa2")
        sentry = sentry_of(desk, poller_of(desk, feed.address))
        sentry.round()
        sentry.round()
        first = codes(analyst, "aa")
        feed.body = table("aa1", "aa2", "aa3")
        again = sentry_of(desk, poller_of(desk, feed.address))
        again.round()
        again.round()

    assert first == ["aa1.1", "aa2.1"]
    assert codes(analyst, "aa") == ["aa1.1", "aa2.1", "aa3.1"]
    assert {claim.known_on for claim in analyst.contents(Claim)} == {analyst.today}


def test_two_sentries_that_poll_the_same_enter_each_claim_once(polled: Coalition) -> None:
    analyst, one, two = polled.desks
    with publisher() as feed:
        feed.body = table("bb1", "bb2")
        sentries = [sentry_of(desk, poller_of(desk, feed.address)) for desk in (one, two)]
        for sentry in sentries * 2:
            sentry.round()

    assert codes(analyst, "bb") == ["bb1.1", "bb2.1"]


def test_what_has_not_changed_is_not_sent_again_and_what_came_is_kept_as_it_came(polled: Coalition) -> None:
    analyst, desk, _ = polled.desks
    with publisher() as feed:
        feed.body = table("cc1")
        for _ in range(2):
            sentry_of(desk, poller_of(desk, feed.address)).round()

    assert ["If-None-Match" in asked for asked in feed.asked] == [False, True]
    assert not [asked for asked in feed.asked if "python" in asked.lower() or "httpx" in asked.lower()]
    assert table("cc1").encode() in [path.read_bytes() for path in (desk.folder / STORE).iterdir()]
    assert codes(analyst, "cc") == ["cc1.1"]


def test_a_file_is_read_as_a_web_address_is(polled: Coalition, tmp_path: Path) -> None:
    analyst, desk, _ = polled.desks
    (tmp_path / "table.csv").write_text(table("dd1"), encoding="utf-8")

    sentry_of(desk, poller_of(desk, (tmp_path / "table.csv").as_posix())).round()

    assert codes(analyst, "dd") == ["dd1.1"]


def test_a_feed_that_fails_keeps_no_other_from_being_read_and_no_round_from_being_made(
    polled: Coalition,
) -> None:
    analyst, desk, _ = polled.desks
    words: list[str] = []
    with publisher() as broken, publisher() as moved, publisher() as good:
        broken.body, good.body = HEAD + "\nnonsense,row\n", table("ee1")
        moved.body, moved.status = table("ee9"), 302
        poller = poller_of(
            desk, broken.address, moved.address, "http://127.0.0.1:9/x", good.address, words=words
        )
        sentry = sentry_of(desk, poller)
        sentry.round()

    assert words == ["feed 1: feed.row", "feed 2: feed.away", "feed 3: feed.away"]
    assert codes(analyst, "ee") == ["ee1.1"]
    assert len(moved.asked) == 1
    assert sentry.notebook.pages.trouble == ""
    assert len(poller.failing(now=desk.now + 86_400, limit_s=86_400)) == 3


def test_a_feed_does_not_rewrite_what_was_entered(polled: Coalition) -> None:
    analyst, desk, _ = polled.desks
    words: list[str] = []
    with publisher() as feed:
        feed.body = table("ff1", day=20)
        sentry_of(desk, poller_of(desk, feed.address)).round()
        sync(analyst)
        before = [claim for claim in analyst.contents(Claim) if claim.item == "ff1"]
        feed.body = table("ff1", day=1)
        sentry_of(desk, poller_of(desk, feed.address, words=words)).round()
        sync(analyst)

    assert [claim for claim in analyst.contents(Claim) if claim.item == "ff1"] == before
    assert words == ["1 rows of a feed differ from what was entered; an analyst decides"]


def test_more_than_a_table_is_not_read() -> None:
    with publisher() as feed:
        feed.body = "x" * (MOST_BYTES + 1)
        with pytest.raises(FeedTooLarge):
            fetch(feed.address)


def test_an_address_that_is_none_is_said_without_repeating_it() -> None:
    with pytest.raises(FeedAway) as refusal:
        fetch("http://127.0.0.1:9/canary-feed-osier")

    assert "osier" not in str(refusal.value)


BAD = {
    "no TOML": "osier",
    "no address": "[[feed]]\nplace = 'az'",
    "in clear": "[[feed]]\nplace = 'az'\naddress = 'http://osier.example/'",
    "another scheme": "[[feed]]\nplace = 'az'\naddress = 'ftp://osier.example/'",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_file_of_feeds_that_would_tell_or_fail_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text, encoding="utf-8")

    with pytest.raises(BadFeeds) as refusal:
        read_feeds(tmp_path / NAME)

    assert "osier" not in str(refusal.value)


def test_without_a_file_nothing_is_polled(tmp_path: Path) -> None:
    assert read_feeds(tmp_path / NAME).feed == ()
