"""Feeds: the only code that reads the outside world. Bytes come in, `Report`s (tocsin.core.watch) go out.

One module per format: `crises` reads tables of dated claims, `packaged` the two that travel with tocsin. `fetching` gets the
bytes of either from a web address or a file.
"""

from tocsin.feeds.crises import read_crisis, read_crisis_file
from tocsin.feeds.errors import BadRow, FeedAway, FeedTooLarge, MissingColumns, NotText
from tocsin.feeds.fetching import Fetched, fetch, read_file
from tocsin.feeds.packaged import autumn_2017, panels_of_2017, reports_of_2017

__all__ = [
    "BadRow",
    "FeedAway",
    "FeedTooLarge",
    "Fetched",
    "MissingColumns",
    "NotText",
    "autumn_2017",
    "fetch",
    "panels_of_2017",
    "read_crisis",
    "read_crisis_file",
    "read_file",
    "reports_of_2017",
]
