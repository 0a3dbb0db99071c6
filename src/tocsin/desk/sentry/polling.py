"""Polling: a sentry reads the feeds that its keeper named, keeps what came as it came, and enters each claim once.

What came lies in `polled/` under its SHA-256, one file a version and none ever changed: raw items never enter the ledger.
The tables are small and read whole, so they are kept as they are instead of as Parquet.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

import httpx
import msgspec

from tocsin.core.watch import Claim, Report, claim_from
from tocsin.desk.keyfile import write_whole
from tocsin.desk.pings import is_inside
from tocsin.desk.sentry.errors import BadFeeds
from tocsin.errors import FeedError
from tocsin.feeds import fetch, read_crisis_file, read_file
from tocsin.terms import Day, Place

NAME = "feeds.toml"
STATE = "feeds.json"
STORE = "polled"
MOST_AT_ONCE = 200
"""Claims a round, so that a sentry goes on watching while it enters a long table."""


class Feed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One feed that the keeper named."""

    place: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}[a-z0-9]{0,8}(-[a-z0-9]{1,3})?\Z")]
    """What all of its statements are about, as a code."""
    address: str
    """A web address, or the path of a file."""
    format: Literal["crises"] = "crises"
    every_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 30


class Feeds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of them."""

    feed: tuple[Feed, ...] = ()


class Last(msgspec.Struct):
    """What is known of a feed between rounds and restarts."""

    etag: str = ""
    modified: str = ""
    digest: str = ""
    """SHA-256 of the newest version that could be read, in hexadecimal."""
    failing_since: int = 0
    """UTC seconds of the coalition; 0 while all is well."""


def read_feeds(path: Path) -> Feeds:
    """Read and check the file of feeds; none where it is not there.

    Raises
    ------
    BadFeeds
    """
    try:
        feeds = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), type=Feeds)
    except FileNotFoundError:
        return Feeds()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise BadFeeds("it is not TOML") from None
    except msgspec.ValidationError:
        raise BadFeeds("a field is missing, unknown or not of its kind") from None
    for number, feed in enumerate(feeds.feed, start=1):
        if _is_web(feed) and not _is_fit(feed.address):
            raise BadFeeds(f"feed {number} needs an address that begins with https://")
    return feeds


def _is_web(feed: Feed) -> bool:
    return "://" in feed.address


def _is_fit(address: str) -> bool:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return False
    return url.scheme == "https" or (url.scheme == "http" and is_inside(url.host))


class Poller:
    """The feeds of one sentry, and what they last said."""

    def __init__(self, feeds: Feeds, folder: Path, *, report: Callable[[str], None]) -> None:
        """Take up where the folder stands.

        Raises
        ------
        BadFeeds
            What it remembered cannot be read.
        """
        self._folder, self._report = folder, report
        self._feeds = {sha256(feed.address.encode()).hexdigest(): feed for feed in feeds.feed}
        try:
            known = msgspec.json.decode((folder / STATE).read_bytes(), type=dict[str, Last])
        except FileNotFoundError:
            known = {}
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise BadFeeds(f"the file {STATE} beside it is damaged; remove it") from None
        self._last = {mark: known.get(mark, Last()) for mark in self._feeds}
        for mark, last in self._last.items():
            if not (folder / STORE / last.digest).is_file():
                # Somebody tidied up: it is asked for anew.
                self._last[mark] = Last()
        self._due = dict.fromkeys(self._feeds, 0.0)
        self._tables: dict[tuple[str, str], list[Report]] = {}
        self._done: set[tuple[str, str]] = set()

    def poll(self, *, now: int) -> None:
        """Ask every feed whose turn it is; one that is away or cannot be read keeps no other from being read.

        Raises
        ------
        DiskFull
            What came could not be kept, so nothing is made of it.
        """
        for number, (mark, feed) in enumerate(self._feeds.items(), start=1):
            if time.monotonic() < self._due[mark]:
                continue
            self._due[mark] = time.monotonic() + feed.every_minutes * 60
            try:
                self._poll_one(mark, feed)
            except FeedError as trouble:
                if not self._last[mark].failing_since:
                    self._last[mark].failing_since = now
                    self._report(f"feed {number}: {trouble.code}")
            else:
                if self._last[mark].failing_since:
                    self._last[mark].failing_since = 0
                    self._report(f"feed {number}: all is well again")
            self._save()

    def _poll_one(self, mark: str, feed: Feed) -> None:
        last = self._last[mark]
        if _is_web(feed):
            came = fetch(feed.address, etag=last.etag, modified=last.modified)
            if came is None:
                return
            content, etag, modified = came
        else:
            content, etag, modified = read_file(Path(feed.address)), "", ""
        digest = sha256(content).hexdigest()
        if digest != last.digest:
            # Kept first, also what cannot be read: somebody may want to see why.
            self._keep(digest, content)
            self._tables[mark, digest] = read_crisis_file(content, place=Place(feed.place))
        last.etag, last.modified, last.digest = etag, modified, digest

    def _keep(self, digest: str, content: bytes) -> None:
        store = self._folder / STORE
        store.mkdir(mode=0o700, exist_ok=True)
        if not (store / digest).exists():
            write_whole(store / digest, content)

    def _save(self) -> None:
        write_whole(self._folder / STATE, msgspec.json.encode(self._last))

    def versions(self) -> list[tuple[str, str]]:
        """Name the newest version of every feed that has claims still to enter: the feed's mark and the version's digest."""
        newest = [(mark, last.digest) for mark, last in self._last.items() if last.digest]
        return [version for version in newest if version not in self._done]

    def new_claims(self, version: tuple[str, str], known: dict[str, Claim], *, today: Day) -> list[Claim]:
        """Make claims of what a version says and the ledger does not have; a few hundred at once.

        Parameters
        ----------
        known
            The ledger's claims by their code. One that says something else under the same code is left to an analyst:
            a feed shall not rewrite what others entered.
        today
            The day on which the coalition came to know what is new.
        """
        reports = self._table(version)
        new = [report for report in reports if report.claim not in known]
        if not new:
            self._done.add(version)
            self._tables.pop(version, None)
            if n_other := sum(_differs(report, known[report.claim]) for report in reports):
                self._report(f"{n_other} rows of a feed differ from what was entered; an analyst decides")
        return [claim_from(report, known_on=today) for report in islice(new, MOST_AT_ONCE)]

    def _table(self, version: tuple[str, str]) -> list[Report]:
        if version not in self._tables:
            mark, digest = version
            content = read_file(self._folder / STORE / digest)
            self._tables[version] = read_crisis_file(content, place=Place(self._feeds[mark].place))
        return self._tables[version]

    def failing(self, *, now: int, limit_s: int) -> list[tuple[str, int]]:
        """List the feeds that could not be read for so long, and since when."""
        found = [(mark, last.failing_since) for mark, last in self._last.items() if last.failing_since]
        return [(mark, since) for mark, since in found if now - since >= limit_s]


def _differs(report: Report, claim: Claim) -> bool:
    return claim_from(report, known_on=claim.known_on) != claim
