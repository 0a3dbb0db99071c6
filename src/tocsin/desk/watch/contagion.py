"""How much of a place's week came from its neighbours: a network that the desk defines, a fit as a job, a result that stays.

What was asked and what came out lie sealed beside the keyring. The fit runs in a child process that is given counts alone:
no place, no claim, no key.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from tocsin.core.watch import Series, fit_contagion
from tocsin.desk.children import Step, answer, run_in_child
from tocsin.desk.desk import Desk
from tocsin.desk.jobs import Progress, Work
from tocsin.desk.sealed_file import Notes
from tocsin.desk.watch.many import known_series
from tocsin.errors import DeskError, WatchError
from tocsin.terms import Day, Place, Week

NAME = "contagion.sealed"
WEEKS_SHOWN = 8
SHOWN = 0.05
"""Origins expected from neighbours below which a quiet week is not listed."""
LEAST_WEEKS = 20
"""Watched weeks in all places together without which a fit would only repeat what it was told."""


class BadNetwork(DeskError):
    """What was typed is no network."""

    code = "desk.network"

    def __init__(self, *, line: int) -> None:
        super().__init__(
            f"Line {line} is no pair of neighbours: write two places a line, as az-ba az-ga, and a weight if they differ."
        )
        self.line = line


class TooFewWeeks(DeskError):
    """There is too little to fit."""

    code = "desk.too-few-weeks"

    def __init__(self, *, have: int) -> None:
        super().__init__(
            f"{have} watched weeks of places are known, and {LEAST_WEEKS} at least are needed. Declare the panels first: "
            "without one, a week is missing."
        )
        self.have = have


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the fit is to go by."""

    neighbours: str = ""
    """Two places a line, each to the other, and a weight if not 1; empty: no place has any."""
    has_season: bool = False
    has_trend: bool = False


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Origins expected in a place and week, by where they come from."""

    place: Place
    week: Week
    count: int
    own: float
    near: float
    elsewhere: float

    @property
    def percent_near(self) -> int:
        """Share that came from the neighbours."""
        return round(100 * self.near / max(self.own + self.near + self.elsewhere, 1e-12))


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """What a fit came to."""

    as_of: Day
    n_weeks: int
    places: tuple[Place, ...]
    settled: bool
    log_likelihood: float
    coefficients: tuple[tuple[str, float, float | None], ...]
    """Name as in R's `hhh4`, value, standard error where there is one."""
    shares: tuple[Share, ...]
    """The newest weeks, newest first."""

    @property
    def newest(self) -> list[Share]:
        """The newest week, what came from neighbours first."""
        week = self.shares[0].week if self.shares else None
        return sorted((share for share in self.shares if share.week == week), key=lambda share: -share.near)

    @property
    def older(self) -> list[Share]:
        """The weeks before, as far as something was heard or came from neighbours."""
        week = self.shares[0].week if self.shares else None
        return [share for share in self.shares if share.week != week and (share.count or share.near >= SHOWN)]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The file."""

    asked: Asked = Asked()
    fitted: Fitted | None = None


NOTES = Notes(NAME, Kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContagionPage:
    """The whole page."""

    asked: Asked
    fitted: Fitted | None
    places: tuple[Place, ...]
    """That may be named."""
    unknown: tuple[Place, ...]
    """Named in the network, and watched or heard of nowhere."""


def contagion_page(desk: Desk) -> ContagionPage:
    """Gather the page."""
    kept, places = NOTES.read(desk), known_series(desk, desk.today)[0].places
    named = {place for pair in read_network(kept.asked.neighbours) for place in pair[:2]}
    return ContagionPage(
        asked=kept.asked, fitted=kept.fitted, places=places, unknown=tuple(sorted(named - set(places)))
    )


def ask(desk: Desk, asked: Asked) -> None:
    """Keep what the next fit is to go by; raises BadNetwork."""
    read_network(asked.neighbours)
    NOTES.change(desk, asked=asked)


def read_network(text: str) -> list[tuple[Place, Place, float]]:
    """Read pairs of neighbours, a line each.

    Raises
    ------
    BadNetwork
    """
    pairs = []
    for line, words in enumerate(map(str.split, text.lower().splitlines()), start=1):
        if not words:
            continue
        try:
            weight = float(words[2]) if len(words) == 3 else 1.0
        except ValueError:
            raise BadNetwork(line=line) from None
        if not 2 <= len(words) <= 3 or words[0] == words[1] or not 0 < weight < math.inf:
            raise BadNetwork(line=line)
        pairs.append((Place(words[0]), Place(words[1]), weight))
    return pairs


def network_of(pairs: Iterable[tuple[Place, Place, float]], places: tuple[Place, ...]) -> np.ndarray:
    """Make the array that a fit takes: (places, places), each pair both ways."""
    at = {place: column for column, place in enumerate(places)}
    network = np.zeros((len(places), len(places)))
    for one, other, weight in pairs:
        if one in at and other in at:
            network[at[one], at[other]] = network[at[other], at[one]] = weight
    return network


def fit(desk: Desk, progress: Progress, _asked: Mapping[str, str]) -> str:
    """Fit what was asked last to all that is known today.

    Raises
    ------
    TooFewWeeks
    """
    with desk.lock:
        asked, today = NOTES.read(desk).asked, desk.today
        series, _, _ = known_series(desk, today)
    n_known = int((~np.isnan(series.counts)).sum())
    if n_known < LEAST_WEEKS:
        raise TooFewWeeks(have=n_known)
    network = network_of(read_network(asked.neighbours), series.places)
    question = Question(series.counts.tolist(), network.tolist(), int(asked.has_season), asked.has_trend)
    told = run_in_child(__name__, [msgspec.msgpack.encode(question)], progress)
    if told is None:
        raise TooFewWeeks(have=n_known)
    fitted = _fitted(series, today, msgspec.convert(told, Found))
    with desk.lock:
        NOTES.change(desk, fitted=fitted)
    return _said(fitted)


def _said(fitted: Fitted) -> str:
    """Say it in numbers, without a place."""
    expected = sum(share.own + share.near + share.elsewhere for share in fitted.newest)
    percent = round(100 * sum(share.near for share in fitted.newest) / max(expected, 1e-12))
    settled = "" if fitted.settled else " It did not settle: leave out season or trend, or take fewer places."
    return (
        f"Fitted to {fitted.n_weeks} weeks of {len(fitted.places)} places. {percent} % of what was expected in the newest "
        f"week came from neighbours; the page of contagion shows each place.{settled}"
    )


class Question(msgspec.Struct, frozen=True, array_like=True):
    """What the child is given; counts are NaN where nobody watched."""

    counts: list[list[float]]
    network: list[list[float]]
    waves: int
    trend: bool


class Found(msgspec.Struct, frozen=True, array_like=True):
    """What it answers."""

    names: list[str]
    values: list[float]
    errors: list[float]
    log_likelihood: float
    settled: bool
    own: list[list[float]]
    near: list[list[float]]
    elsewhere: list[list[float]]


def fit_counts(pieces: Iterator[bytes], step: Step) -> Found | None:
    """Be the child: fit; None where there is too little to."""
    question = msgspec.msgpack.decode(b"".join(pieces), type=Question)
    step(0)
    try:
        found = fit_contagion(
            np.array(question.counts),
            network=np.array(question.network),
            waves=question.waves,
            trend=question.trend,
        )
    except WatchError:
        return None
    return Found(
        names=list(found.names),
        values=found.coefficients.tolist(),
        errors=found.errors.tolist(),
        log_likelihood=found.log_likelihood,
        settled=found.settled,
        own=found.own.tolist(),
        near=found.near.tolist(),
        elsewhere=found.elsewhere.tolist(),
    )


def _fitted(series: Series, today: Day, found: Found) -> Fitted:
    n_weeks = len(series.counts)
    shares = [
        Share(
            place=place,
            week=Week(series.first + row),
            count=int(series.counts[row, column]),
            own=found.own[row][column],
            near=found.near[row][column],
            elsewhere=found.elsewhere[row][column],
        )
        for row in range(n_weeks - 1, max(0, n_weeks - 1 - WEEKS_SHOWN), -1)
        for column, place in enumerate(series.places)
        if not math.isnan(found.own[row][column])
    ]
    errors = [None if math.isnan(error) else error for error in found.errors]
    return Fitted(
        as_of=today,
        n_weeks=n_weeks,
        places=series.places,
        settled=found.settled,
        log_likelihood=found.log_likelihood,
        coefficients=tuple(zip(found.names, found.values, errors, strict=True)),
        shares=tuple(shares),
    )


CONTAGION = Work(
    name="contagion",
    title="Fit what came from the neighbours",
    run=fit,
    page="watch_contagion",
    is_offered=False,
)

if __name__ == "__main__":
    answer(fit_counts)
