"""What a sentry must still know after a restart: whom it owes a ping, what it pinged for, since when others are silent.

The file lies beside the keyring in clear, so it holds no reason and no address, only marks: HMACs under a secret of the
keyring. Device numbers and sizes stand in it, which the relay knows too.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tocsin.desk.keyfile import write_whole
from tocsin.desk.sentry.errors import DamagedNotebook

NAME = "sentry.json"
KEPT_S = 60 * 86_400
"""Longer than any reason can come up again."""


class Unseen(msgspec.Struct, frozen=True):
    """The ledger had this size at this time, and a device has not vouched for it."""

    size: int
    since: int


class Pages(msgspec.Struct):
    """The notebook as it lies on disk; times are UTC seconds of the coalition."""

    serial: int = 0
    """How many reasons there were."""
    reasons: dict[str, int] = {}
    """Marks of the reasons that seats were pinged for, and when they came up."""
    owed: dict[str, int] = {}
    """Marks of the addresses that are owed a ping: the serial of the newest reason."""
    noticed: dict[str, int] = {}
    """Marks of what is to be said in the ledger, and when this sentry saw it first."""
    unseen: dict[int, Unseen] = {}
    """By device: what it has not vouched for."""
    size: int = 0
    grew_at: int = 0
    """How large the ledger was when it was seen to grow, and when that was."""
    trouble: str = ""
    trouble_since: int = 0
    """The code of what the rounds run into, and since when; empty if all is well."""


class Notebook:
    """The pages, read once and written whole. Rounds and the threads that ping share it."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        """Open the notebook in a folder, or begin one; raises DamagedNotebook."""
        self._path, self._secret = folder / NAME, secret
        self._lock = threading.Lock()
        try:
            self.pages = msgspec.json.decode(self._path.read_bytes(), type=Pages)
        except FileNotFoundError:
            self.pages = Pages()
        except msgspec.MsgspecError as trouble:
            raise DamagedNotebook from trouble

    def mark(self, words: str) -> str:
        """Turn words into a mark that says nothing without the keyring."""
        return hmac.digest(self._secret, b"tocsin/1 sentry\n" + words.encode(), "sha256").hex()

    def save(self) -> None:
        """Write the pages.

        Raises
        ------
        DiskFull
        """
        with self._lock:
            self._write()

    def _write(self) -> None:
        write_whole(self._path, msgspec.json.encode(self.pages))

    def first_noticed(self, words: str, *, now: int) -> int:
        """Say when this was noticed first: now, if never before."""
        return self.pages.noticed.setdefault(self.mark(words), now)

    def knows(self, reason: str) -> bool:
        """Say whether seats were pinged for that, or are owed it."""
        with self._lock:
            return self.mark(reason) in self.pages.reasons

    def owe(self, reasons: Iterable[str], targets: Iterable[str], *, now: int) -> bool:
        """Owe every target one ping for whatever reason is new, and say whether any is; known reasons change nothing."""
        marks = {self.mark(reason) for reason in reasons}
        with self._lock:
            pages = self.pages
            new = marks - pages.reasons.keys()
            pages.reasons.update(dict.fromkeys(new, now))
            if new:
                pages.serial += 1
                pages.owed.update(dict.fromkeys(targets, pages.serial))
            return bool(new)

    def owed(self, target: str) -> int | None:
        """Say the serial of the newest reason a target was not pinged for, if there is one."""
        with self._lock:
            return self.pages.owed.get(target)

    def pinged(self, target: str, serial: int) -> None:
        """A ping arrived; if a new reason came up meanwhile, another one is owed.

        Nobody reads that nothing is owed before the disk says so too: whoever ends then and starts again owes nothing.

        Raises
        ------
        DiskFull
            Nothing is owed until a restart.
        """
        with self._lock:
            if self.pages.owed.get(target) == serial:
                del self.pages.owed[target]
            self._write()

    def forget_old(self, *, targets: Iterable[str], now: int) -> None:
        """Drop what is long past, and addresses that are pinged no more."""
        kept = set(targets)
        with self._lock:
            pages = self.pages
            pages.reasons = {mark: at for mark, at in pages.reasons.items() if at > now - KEPT_S}
            pages.noticed = {mark: at for mark, at in pages.noticed.items() if at > now - KEPT_S}
            pages.owed = {target: serial for target, serial in pages.owed.items() if target in kept}
