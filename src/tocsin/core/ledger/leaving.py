"""Which drafts leave now: urgent ones at once, the others when a fixed hour has struck since they were written.

Whoever watches order and authors alone guesses who works with whom (benchmarks/leak_order.py). Routine records of all desks
leave at the same four hours a day, each desk's compartments shuffled, so that an answer no longer follows its question.
Within a compartment the order stays: an urgent record takes along what was said there before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

FIXED_HOURS = (0, 6, 12, 18)
"""Hours of the coalition's UTC day at which routine records leave."""

_DAY = 86_400
_HOUR = 3_600


class Waiting(NamedTuple):
    """A draft that waits, as far as its leaving goes."""

    compartment: str
    at: int
    """UTC seconds of its writing."""
    urgent: bool


def last_fixed_hour(at: int) -> int:
    """Say when a fixed hour struck last, in UTC seconds."""
    day, second = divmod(at, _DAY)
    return day * _DAY + max(hour for hour in FIXED_HOURS if hour * _HOUR <= second) * _HOUR


def next_fixed_hour(at: int) -> int:
    """Say when a fixed hour strikes next, in UTC seconds."""
    day, second = divmod(at, _DAY)
    return day * _DAY + min((hour for hour in FIXED_HOURS if hour * _HOUR > second), default=24) * _HOUR


def leaves_now(draft: Waiting, *, now: int) -> bool:
    """Say whether a draft leaves now by itself.

    Written in another stretch between two fixed hours, a later one too: after a clock was set back nothing waits for years.
    """
    return draft.urgent or last_fixed_hour(draft.at) != last_fixed_hour(now)


def choose_leaving(drafts: Sequence[Waiting], *, now: int, below: Callable[[int], int]) -> list[int]:
    """Say which drafts leave now, and in which order.

    Parameters
    ----------
    drafts
        All that wait, oldest first.
    now
        UTC seconds of the coalition.
    below
        Draws a number from 0 to below its argument, to shuffle the compartments.

    Returns
    -------
    list of int
        Places in `drafts`. Of each compartment everything up to its last draft that is due, in order.
    """
    rooms: dict[str, list[int]] = {}
    n_due: dict[str, int] = {}
    for place, draft in enumerate(drafts):
        room = rooms.setdefault(draft.compartment, [])
        room.append(place)
        if leaves_now(draft, now=now):
            n_due[draft.compartment] = len(room)
    names = list(n_due)
    for last in range(len(names) - 1, 0, -1):
        other = below(last + 1)
        names[last], names[other] = names[other], names[last]
    return [place for name in names for place in rooms[name][: n_due[name]]]
