"""Is everybody shown the same ledger? How old the firm head is, and what a colleague's six words say.

A relay that holds records back breaks no chain: it shows as age, and in the words two people read to each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tocsin.core.ledger import confirm_words, head_words
from tocsin.core.ledger.errors import WordsDiffer
from tocsin.desk.desk import Desk
from tocsin.terms import Day

NOTICE_DAYS, ALARM_DAYS = 1, 3


class Compared(StrEnum):
    """What a colleague's words say beside ours."""

    SAME = "same"
    OLDER = "older"
    """They have an earlier part of this ledger."""
    NEWER = "newer"
    """They have more than this desk: nothing can be said before it has synced."""
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """An old firm head."""

    n_days: int
    since: Day
    n_not_firm: int
    """Records after it, which one organisation alone has seen."""

    @property
    def is_alarm(self) -> bool:
        """Say whether it is more than a notice."""
        return bool(self.n_not_firm) and self.n_days >= ALARM_DAYS


def old_head(desk: Desk) -> Age | None:
    """Say how old the firm head is, if that is worth saying.

    What one organisation alone has seen is said from the first day. Where all is firm and nothing new came, it is said from
    the third: after every quiet night people would learn not to read it.
    """
    world = desk.world
    if not world.firm or world.history.now.roll.n_organisations < 2:
        return None
    n_not_firm = world.size - world.firm
    since = Day(desk.replica.record(world.firm - 1).header.day)
    n_days = desk.today - since
    if n_days < (NOTICE_DAYS if n_not_firm else ALARM_DAYS):
        return None
    return Age(n_days=n_days, since=since, n_not_firm=n_not_firm)


def compare(desk: Desk, *, size: int, words: str) -> Compared:
    """Compare a colleague's number of records and six words with this desk's ledger."""
    with desk.lock:
        if size > desk.world.size:
            return Compared.NEWER
        if size < 1:
            return Compared.DIFFERENT
        ours = head_words(desk.world.tree.root(size))
        is_whole = size == desk.world.size
    try:
        confirm_words(words, ours)
    except WordsDiffer:
        return Compared.DIFFERENT
    return Compared.SAME if is_whole else Compared.OLDER
