"""What a page keeps in memory between two of its answers: one thing, of the desk that is unlocked, gone with it."""

from __future__ import annotations

import secrets
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class Between(Generic[T]):
    """Keeps the newest thing of each owner, a desk, under a code that is new each time; locked, it leaves nothing here."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[object, tuple[str, T]] = WeakKeyDictionary()

    def keep(self, owner: object, thing: T) -> str:
        """Keep something in the place of what was kept; give its code."""
        code = secrets.token_hex(8)
        self._kept[owner] = (code, thing)
        return code

    def look(self, owner: object, code: str) -> T | None:
        """Give what is kept under a code, if it is still the newest."""
        kept = self._kept.get(owner)
        return kept[1] if kept is not None and kept[0] == code else None

    def take(self, owner: object, code: str) -> T | None:
        """Give it and keep it no longer."""
        thing = self.look(owner, code)
        if thing is not None:
            del self._kept[owner]
        return thing
