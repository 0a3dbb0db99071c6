"""Fetch what a feed publishes: one request, no more than so many bytes, nothing if it has not changed.

It goes where its keeper wrote and nowhere else: no redirect is followed, no proxy of the environment is used, and the
request says nothing of who asks.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import httpx

from tocsin.feeds.errors import FeedAway, FeedTooLarge

MOST_BYTES = 4 << 20
TIMEOUT_S = 20.0
"""For each step of a request."""
MOST_S = 60.0
"""For all of it: a server that sends a byte now and then shall not hold up a sentry."""


class Fetched(NamedTuple):
    """What came, and what to ask with the next time."""

    content: bytes
    etag: str
    modified: str


def fetch(address: str, *, etag: str = "", modified: str = "") -> Fetched | None:
    """Fetch a web address; None if the server says that nothing has changed.

    Raises
    ------
    FeedAway
        It was not reached, took too long, or did not answer with what it publishes.
    FeedTooLarge
        It sends more than `MOST_BYTES`.
    """
    headers = {"User-Agent": "", "Accept": "*/*", "Accept-Encoding": "identity"}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": modified} if modified else {}
    try:
        with (
            httpx.Client(trust_env=False, timeout=TIMEOUT_S, headers=headers) as client,
            client.stream("GET", address) as answer,
        ):
            if answer.status_code == httpx.codes.NOT_MODIFIED and (etag or modified):
                return None
            if answer.status_code != httpx.codes.OK:
                raise FeedAway
            content = _read(answer)
            return Fetched(content, answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        # What the library says repeats the address.
        raise FeedAway from None


def _read(answer: httpx.Response) -> bytes:
    content, until = bytearray(), time.monotonic() + MOST_S
    for part in answer.iter_raw():
        content += part
        if len(content) > MOST_BYTES:
            raise FeedTooLarge(most=MOST_BYTES)
        if time.monotonic() > until:
            raise FeedAway
    return bytes(content)


def read_file(path: Path) -> bytes:
    """Read a file that something else on this machine writes.

    Raises
    ------
    FeedAway, FeedTooLarge
    """
    try:
        with open(path, "rb") as source:
            content = source.read(MOST_BYTES + 1)
    except OSError:
        raise FeedAway from None
    if len(content) > MOST_BYTES:
        raise FeedTooLarge(most=MOST_BYTES)
    return content
