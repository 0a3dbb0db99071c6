"""Whoever took devices: reads bytes alone, and tries every key it finds on everything.

It is given the relay's bytes, all there ever were, and for each device taken its keyring file and passphrase, and what
else lies on its disk. It shares no code with `World` and `Member` and knows none of their rules: any 32 bytes found
anywhere may be a compartment key or an identity, whatever they were kept for; shares are joined wherever there are
enough. Snapshots, old ones that a disk has kept too, it tries with each keyring. It returns every word it can read.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from typing import NamedTuple

import msgspec

from tocsin.core.seal import (
    SNAPSHOT_LEAD,
    Identity,
    Keyring,
    PassphraseFile,
    Share,
    fits_snapshot,
    join,
    open_body,
    open_sealed,
    open_snapshot,
    tag_and_key,
)
from tocsin.desk.keyfile import read_kept
from tocsin.errors import SealError

HEADER, TAG, SIGNATURE = 110, 32, 64
SIZE_AT = 90

Sealed = tuple[bytes, bytes, bytes]
"""A header, the tag that tells its key, and the body."""


class Disk(NamedTuple):
    """What one device taken gives: its sealed keyring as it lies there, and what its holder was made to say."""

    keyring: bytes
    passphrase: str


class Loot(NamedTuple):
    """What some bytes hold, once opened."""

    words: frozenset[str]
    keys: frozenset[bytes]
    shares: frozenset[Share]


NOTHING = Loot(frozenset(), frozenset(), frozenset())


class Adversary:
    """Remembers what each key opened, so that asking again after every step stays quick."""

    def __init__(self) -> None:
        self._records: list[Sealed] = []
        self._hashes: set[bytes] = set()
        self._grants: list[bytes] = []
        self._snapshots: list[bytes] = []
        self._by_key: dict[bytes, tuple[int, Loot]] = {}
        self._by_identity: dict[bytes, tuple[int, Loot]] = {}
        self._disks: dict[Disk, Loot] = {}

    def watch(self, log: bytes, grants: Iterable[bytes]) -> None:
        """Take all bytes the relay ever had: its records joined, and every grant."""
        n_known = len(self._records)
        self._records += list(split(log))[n_known:]
        self._grants += list(grants)[len(self._grants) :]

    def keep(self, records: Iterable[Sealed], files: Iterable[bytes], snapshots: Iterable[bytes]) -> None:
        """Take whatever else is sealed: records and drafts, age files, snapshots. What is the hash of a file is no key."""
        self._records += records
        self._grants += files
        self._snapshots += snapshots
        self._hashes |= {sha256(file).digest() for file in self._grants}

    def read(self, disks: Iterable[Disk]) -> frozenset[str]:
        """Say every word that these devices together open."""
        words: set[str] = set()
        shares: set[Share] = set()
        waiting = [self._open_disk(disk) for disk in disks]
        tried: set[bytes] = set()
        joined: set[bytes] = set()
        while waiting:
            loot = waiting.pop()
            words |= loot.words
            shares |= loot.shares
            for key in loot.keys - tried - self._hashes:
                tried.add(key)
                waiting += [self._try_on_records(key), self._try_on_grants(key)]
            waiting += self._join(shares, joined)
        return frozenset(words)

    def _open_disk(self, disk: Disk) -> Loot:
        if disk not in self._disks:
            _, plain = PassphraseFile.open(disk.keyring, disk.passphrase)
            kept = read_kept(plain)
            # A desk that travels has none.
            words = frozenset() if kept.away else self.words_in_snapshots(keyring_of(disk))
            self._disks[disk] = add(sift(out_of_frame(plain)), Loot(words, frozenset(), frozenset()))
        return self._disks[disk]

    def words_in_snapshots(self, keyring: Keyring) -> frozenset[str]:
        """Say every word in the snapshots that a keyring opens. Hashes abound there; that no key does has its own test."""
        words: frozenset[str] = frozenset()
        for sealed in self._snapshots:
            if fits_snapshot(keyring, sealed[:SNAPSHOT_LEAD]):
                plain = io.BytesIO()
                open_snapshot(keyring, io.BytesIO(sealed), plain)
                # After the 32 bytes that name the program.
                words |= sift(plain.getvalue()[32:]).words
        return words

    def _try_on_records(self, key: bytes) -> Loot:
        done, loot = self._by_key.get(key, (0, NOTHING))
        for header, tag, body in self._records[done:]:
            expected, once = tag_and_key(key, header)
            if expected == tag:
                loot = add(loot, sift(open_body(once, header, tag, body)))
        self._by_key[key] = len(self._records), loot
        return loot

    def _try_on_grants(self, seed: bytes) -> Loot:
        done, loot = self._by_identity.get(seed, (0, NOTHING))
        if done < len(self._grants):
            identity = Identity.from_seed(seed)
            for file in self._grants[done:]:
                try:
                    framed = open_sealed(file, [identity])
                except SealError:
                    # For somebody else.
                    continue
                loot = add(loot, sift(framed[4 : 4 + int.from_bytes(framed[:4], "big")]))
        self._by_identity[seed] = len(self._grants), loot
        return loot

    def _join(self, shares: set[Share], joined: set[bytes]) -> list[Loot]:
        found = []
        for deal in {share.deal_id for share in shares} - joined:
            parts = [share for share in shares if share.deal_id == deal]
            if len({share.number for share in parts}) >= parts[0].threshold:
                joined.add(deal)
                found.append(sift(join(parts)))
        return found


def keyring_of(disk: Disk) -> Keyring:
    """Read the keyring of a device taken."""
    _, plain = PassphraseFile.open(disk.keyring, disk.passphrase)
    return Keyring.from_bytes(bytes(read_kept(plain).keyring))


def out_of_frame(plain: bytes) -> bytes:
    """Take off the padding, if it has any: a desk's files are padded, a keyring by itself is not."""
    return plain if plain[0] else plain[4 : 4 + int.from_bytes(plain[:4], "big")]


def split(log: bytes) -> Iterator[Sealed]:
    """Cut joined records into header, tag and body."""
    at = 0
    while at < len(log):
        size = int.from_bytes(log[at + SIZE_AT : at + SIZE_AT + 4], "big")
        tag_at = at + HEADER
        yield log[at:tag_at], log[tag_at : tag_at + TAG], log[tag_at + TAG : tag_at + TAG + size]
        at = tag_at + TAG + size + SIGNATURE


def add(one: Loot, other: Loot) -> Loot:
    """Put two finds together."""
    return Loot(one.words | other.words, one.keys | other.keys, one.shares | other.shares)


def rows_of(database: bytes) -> list[object]:
    """Give every value of a database."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(database)
        tables = db.execute("select name from sqlite_master where type = 'table'").fetchall()
        values: list[object] = []
        for (table,) in tables:
            rows = db.execute(f'select * from "{table}"')  # noqa: S608 - the database's own names
            values += [value for row in rows for value in row]
        return values


def sift(plain: bytes) -> Loot:
    """Find words, possible keys and shares in opened msgpack or JSON, however deep."""
    words: set[str] = set()
    keys: set[bytes] = set()
    shares: set[Share] = set()

    def look(thing: object) -> None:
        match thing:
            case str():
                words.add(thing)
            case bytes() if len(thing) == 32:
                keys.add(thing)
            case bytes() if thing.startswith(b"SQLite format 3"):
                look(rows_of(thing))
            case {"number": int(number), "threshold": int(k), "deal_id": bytes(deal), "value": bytes(value)}:
                shares.add(Share(number, k, deal, value))
            case dict():
                for name, inner in thing.items():
                    look(name)
                    look(inner)
            case list() | tuple():
                for inner in thing:
                    look(inner)

    look(
        msgspec.json.decode(plain) if plain.startswith(b"{") else msgspec.msgpack.decode(plain, strict=False)
    )
    return Loot(frozenset(words), frozenset(keys), frozenset(shares))
