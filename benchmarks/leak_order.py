"""How well a relay guesses who works with whom from order and author alone, by the way records leave.

Invented desks share cases; who answers whom is known here, and the attackers below know only what the relay sees. One has
the seized relay's order and days; the other watched it running and has the minute of each record. A figure is the chance
that a pair who share a case scores above one who do not (AUC): 0.5 is guessing, 1 is knowing. When records leave is decided
by the program's own rule (`choose_leaving`), so a change there shows here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from _table import Figure, main
from numpy.typing import NDArray

from tocsin.core.ledger import Waiting, choose_leaving

MINUTE, HOUR, DAY = 60, 3_600, 86_400
DESKS, CASES_A_DESK = 40, 2
LIVELY, ANSWER_MINUTES = 0.6, 10
"""How likely a case is talked about on a day, and the median minutes until an answer."""
URGENT_SHARE = 0.2
"""Of what is written in a case: opening, triage, legs."""
WINDOW = 6
"""Places in the order within which one record may answer another."""

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Said:
    """One record: its author's place, its compartment, when it was written, and whether it is urgent."""

    desk: int
    compartment: str
    at: int
    urgent: bool


@dataclass(frozen=True)
class Life:
    """What an invented coalition wrote, when its desks were open, and which pairs share a case."""

    said: list[Said]
    open_from: NDArray[np.int64]
    open_until: NDArray[np.int64]
    """Shape (desks, days): seconds at which each desk is opened and locked."""
    pairs: set[tuple[int, int]]


def live(rng: np.random.Generator, *, n_days: int) -> Life:
    """Let desks of three time zones work eight hours a day: one writes in a shared case, the other answers."""
    zone = rng.integers(0, 3, DESKS)[:, None] * 2.0
    opened = (np.arange(n_days) * DAY + (6 + zone) * HOUR + rng.normal(0, HOUR / 2, (DESKS, n_days))).astype(
        np.int64
    )
    closed = opened + (8 * HOUR + rng.normal(0, HOUR / 2, (DESKS, n_days))).astype(np.int64)
    cases = [
        (desk, int(rng.choice([each for each in range(DESKS) if each != desk])))
        for desk in range(DESKS)
        for _ in range(CASES_A_DESK)
    ]
    said: list[Said] = []
    for number, pair in enumerate(cases):
        for day in range(n_days):
            if rng.random() < LIVELY:
                said += talk(rng, pair, f"case/{number}/file", day, opened, closed)
    for desk in range(DESKS):
        for day in range(n_days):
            hours = rng.uniform(opened[desk, day], closed[desk, day], rng.poisson(2))
            said += [Said(desk, "watch", int(at), urgent=False) for at in hours]
    pairs = {(min(pair), max(pair)) for pair in cases}
    return Life(sorted(said, key=lambda each: each.at), opened, closed, pairs)


def talk(
    rng: np.random.Generator,
    pair: tuple[int, int],
    compartment: str,
    day: int,
    opened: NDArray[np.int64],
    closed: NDArray[np.int64],
) -> Iterator[Said]:
    """Some turns in a case, each a while after the last and while its desk is open."""
    at = rng.uniform(opened[pair[0], day], closed[pair[0], day])
    for turn in range(1 + rng.geometric(0.45)):
        desk = pair[turn % 2]
        at = max(at, opened[desk, day] + rng.exponential(10 * MINUTE))
        if at > closed[desk, day]:
            return
        yield Said(desk, compartment, int(at), urgent=bool(rng.random() < URGENT_SHARE))
        at += rng.lognormal(np.log(ANSWER_MINUTES * MINUTE), 0.8)


def leave(life: Life, rng: np.random.Generator, *, at_once: bool) -> list[tuple[int, int]]:
    """Let every desk sync once a minute while it is open: the moments and authors that the relay sees, in its order."""
    seen: list[tuple[int, float, int]] = []
    for desk in range(DESKS):
        mine = [each for each in life.said if each.desk == desk]
        waiting: list[Waiting] = []
        phase = int(rng.integers(0, MINUTE))
        for begin, end in zip(life.open_from[desk], life.open_until[desk], strict=True):
            for now in range(int(begin) + phase, int(end) + 2 * MINUTE, MINUTE):
                while mine and mine[0].at <= now:
                    each = mine.pop(0)
                    waiting.append(Waiting(each.compartment, each.at, urgent=at_once or each.urgent))
                if waiting:
                    gone = choose_leaving(waiting, now=now, below=lambda n: int(rng.integers(n)))
                    seen += [(now, rng.random(), desk) for _ in gone]
                    waiting = [each for place, each in enumerate(waiting) if place not in set(gone)]
    return [(at, desk) for at, _, desk in sorted(seen)]


def by_order(seen: list[tuple[int, int]]) -> Scores:
    """The seized relay: how much oftener than by chance two authors stand close together."""
    authors = np.array([desk for _, desk in seen])
    near = np.zeros((DESKS, DESKS))
    for distance in range(1, WINDOW + 1):
        np.add.at(near, (authors[:-distance], authors[distance:]), 0.7**distance)
    return _above_chance(near, authors)


def by_minute(seen: list[tuple[int, int]]) -> Scores:
    """The watched relay: how much oftener than by chance one author follows another within three quarters of an hour."""
    times, authors = np.array([at for at, _ in seen]), np.array([desk for _, desk in seen])
    near = np.zeros((DESKS, DESKS))
    for place in range(len(seen)):
        until = np.searchsorted(times, times[place] + 45 * MINUTE, "right")
        after = slice(place + 1, int(until))
        weights = np.exp(-(times[after] - times[place]) / (20 * MINUTE))
        np.add.at(near, (np.full(len(weights), authors[place]), authors[after]), weights)
    return _above_chance(near, authors)


def by_stretch(seen: list[tuple[int, int]]) -> Scores:
    """Either, where records come in waves: whose amounts rise and fall together, six hours by six hours."""
    stretches = np.array([at // (6 * HOUR) for at, _ in seen])
    amounts = np.zeros((DESKS, int(stretches.max()) + 1))
    np.add.at(amounts, (np.array([desk for _, desk in seen]), stretches), 1)
    busy = amounts - amounts.mean(axis=0, keepdims=True)
    together: Scores = np.corrcoef(busy)
    return together


def _above_chance(near: Scores, authors: NDArray[np.int64]) -> Scores:
    both: Scores = near + near.T
    share = np.bincount(authors, minlength=DESKS) / len(authors)
    return both / (np.outer(share, share) * both.sum() + 1)


def auc(scores: Scores, pairs: set[tuple[int, int]]) -> float:
    """The chance that a pair who share a case scores above one who do not."""
    everybody = list(combinations(range(DESKS), 2))
    values = np.array([scores[pair] for pair in everybody])
    truth = np.array([pair in pairs for pair in everybody])
    above = (values[truth][:, None] > values[~truth]).mean()
    even = (values[truth][:, None] == values[~truth]).mean()
    return float(above + even / 2)


def measure(quick: bool) -> Iterator[Figure]:
    """Attack the same lives, sent at once and sent at fixed hours."""
    n_days, seeds = (20, 1) if quick else (60, 5)
    lives = [live(np.random.default_rng(seed), n_days=n_days) for seed in range(seeds)]
    records = np.mean([len(life.said) for life in lives])
    yield Figure(name=f"records of {DESKS} desks in {n_days} days", value=round(records), unit="records")
    ways = (("at once", True), ("at fixed hours, urgent ones at once", False))
    attacks = (("order alone", by_order), ("minutes", by_minute), ("amounts a stretch", by_stretch))
    for way, at_once in ways:
        views = [leave(life, np.random.default_rng(seed), at_once=at_once) for seed, life in enumerate(lives)]
        for attack, score in attacks:
            found = [auc(score(seen), life.pairs) for seen, life in zip(views, lives, strict=True)]
            spread = f"{min(found):.2f} to {max(found):.2f}" if seeds > 1 else ""
            yield Figure(
                name=f"sent {way}: by {attack}",
                value=round(float(np.mean(found)), 3),
                unit="AUC",
                note=spread,
            )


if __name__ == "__main__":
    main(
        "Who works with whom, guessed from order and author",
        measure,
        left_out="most days and all seeds but one",
    )
