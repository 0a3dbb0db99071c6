"""How far an estimate moves if what nobody can test were a little different."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tocsin.core.count.mse.averaging import decomposable
from tocsin.core.count.mse.errors import BadChoice, NotEstimable
from tocsin.core.count.mse.models import read_model
from tocsin.core.count.mse.pairs import chapman
from tocsin.core.count.mse.posterior import PosteriorN
from tocsin.core.count.mse.table import CaptureTable

Over = Literal["delta", "leave_one_out", "odds_ratio"]

LEAST_RATIO, MOST_RATIO, N_RATIOS = 0.5, 2.0, 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An estimate under another choice."""

    what: str
    median: float
    low: float
    high: float
    is_alike: bool = True
    """Whether it could say the same: two lists that the estimate itself holds dependent cannot without a third."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What exact averaging answers as it stands, and under other choices."""

    base: Moved
    delta: tuple[Moved, ...] = ()
    """The prior's weight halved and doubled."""
    left_out: tuple[Moved, ...] = ()
    """Without each list, where that has an answer; of three lists two are left, and Chapman's estimate is taken."""
    odds: tuple[tuple[float, float, float, float], ...] = ()
    """Ratio, median, low and high: the unlisted as many times what the lists alone would say."""

    def ratio_for(self, total: float, n: int) -> float:
        """Say how many times the unlisted of the estimate a total would mean: 0 where the documented are everybody.

        It is the one odds ratio of all lists that no table shows. Under 1, being on one list must go with being on others
        more than the lists themselves show.
        """
        return max(0.0, total - n) / max(self.base.median - n, 1e-9)

    @property
    def most_moved(self) -> float:
        """The largest change of the median by leaving a list out, as a share, that neither chance nor the model explains."""
        beyond = [
            one for one in self.left_out if one.is_alike and not one.low <= self.base.median <= one.high
        ]
        return max((abs(one.median / self.base.median - 1) for one in beyond), default=0.0)

    @property
    def moved_by_delta(self) -> float:
        """The largest change of the median by halving or doubling the prior's weight, as a share."""
        return max((abs(one.median / self.base.median - 1) for one in self.delta), default=0.0)


def sensitivity(
    table: CaptureTable,
    over: Iterable[Over] = ("delta", "leave_one_out", "odds_ratio"),
    *,
    base: PosteriorN | None = None,
) -> Sensitivity:
    """Estimate anew by exact averaging under other choices.

    Parameters
    ----------
    table : CaptureTable
        Three to seven lists.
    over : what to change
    base : its posterior, if it was computed already

    Raises
    ------
    NotEstimable, BadChoice

    References
    ----------
    Aleshin-Guendel, Sadinle and Wakefield (2023), arXiv 2101.09304, for the odds ratio.
    """
    asked = set(over)
    if not asked <= {"delta", "leave_one_out", "odds_ratio"}:
        raise BadChoice("sensitivity is over delta, leave_one_out and odds_ratio")
    base = base or decomposable(table)
    delta = float(base.settings.get("delta", 2.0**-table.n_lists))
    low, high = base.interval()
    odds = np.geomspace(LEAST_RATIO, MOST_RATIO, N_RATIOS).tolist() if "odds_ratio" in asked else []
    return Sensitivity(
        base=_moved("as it stands", base),
        delta=tuple(
            _moved(f"delta x {times:g}", decomposable(table, delta=delta * times, strict=False))
            for times in ((0.5, 2.0) if "delta" in asked else ())
        ),
        left_out=tuple(_without_each(table, base)) if "leave_one_out" in asked else (),
        odds=tuple(
            (
                ratio,
                base.n + ratio * base.n0,
                base.n + ratio * (low - base.n),
                base.n + ratio * (high - base.n),
            )
            for ratio in odds
        ),
    )


def _moved(what: str, found: PosteriorN) -> Moved:
    low, high = found.interval()
    return Moved(what=what, median=found.median, low=low, high=high)


def _without_each(table: CaptureTable, base: PosteriorN) -> Iterable[Moved]:
    for at, name in enumerate(table.lists):
        fewer = table.drop(name)
        try:
            if fewer.n_lists > 2:
                yield _moved(name, decomposable(fewer, strict=False))
            else:
                pair = chapman(fewer)
                low, high = pair.interval
                is_alike = not _are_held_dependent({0, 1, 2} - {at}, base)
                yield Moved(what=name, median=pair.estimate, low=low, high=high, is_alike=is_alike)
        except NotEstimable:
            continue


def _are_held_dependent(pair: Iterable[int], base: PosteriorN) -> bool:
    """Say whether graphs with an edge between two lists have more than half of the weight."""
    one, other = sorted(1 << at for at in pair)
    with_edge = (each.weight for each in base.ranked if one | other in read_model(each.model, 3))
    return sum(with_edge) > 0.5
