"""Many places at once: which to read first, how many of them are chance, and from where on acting is worth it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.quantiles import nb_tail, poisson_tail
from tocsin.core.watch.surge import Floats, Surge


class Costs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an act costs a desk when it is done for nothing, and when it is left undone; in one unit, hours of work say."""

    look: tuple[float, float] = (0.25, 25.0)
    """(false alarm, miss): a person reads what is behind a signal."""
    verify: tuple[float, float] = (8.0, 100.0)
    """(false alarm, miss): sources are asked."""
    activate: tuple[float, float] = (200.0, 400.0)
    """(false alarm, miss): seats are called together. A person decides; no number activates by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The cells of one week worth reading, the most striking first."""

    places: NDArray[np.int64]
    """Columns, at most as many as the budget."""
    q: Floats
    """(places,) share of chance to expect among this signal and all before it (Benjamini and Hochberg); NaN without a p."""
    n_left_out: int
    """Signals beyond the budget: said, not dropped in silence."""
    n_silent: int
    """Places without an answer that week."""


def thresholds_from_costs(costs: Costs | None = None) -> dict[str, float]:
    """Say from which probability of a surge each act is worth it: cost of a false alarm over that and the cost of a miss."""
    told = msgspec.structs.asdict(costs if costs is not None else Costs())
    if any(min(pair) <= 0 for pair in told.values()):
        raise BadSettings("a cost is not above 0")
    return {act: false / (false + miss) for act, (false, miss) in told.items()}


def p_values(counts: Floats, mean: Floats, dispersion: Floats | float = 0.0) -> Floats:
    """Chance of a count as high or higher under a mean: negative binomial, variance mean + dispersion * mean**2.

    Parameters
    ----------
    counts, mean : arrays of one shape; NaN where there is no answer
    dispersion : fits them; 0 is Poisson
    """
    alpha = np.broadcast_to(np.asarray(dispersion, np.float64), counts.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        wide = nb_tail(counts, 1 / alpha, 1 / (1 + alpha * mean))
        p = np.where(alpha > 0, wide, poisson_tail(counts, mean))
    return np.where(np.isnan(counts) | np.isnan(mean), np.nan, p)


def rank_signals(surge: Surge, *, row: int = -1, budget: int = 5, p: Floats | None = None) -> Ranking:
    """Put the signals of a week in order, by how far each stands out, and keep what can be read.

    Parameters
    ----------
    surge : Surge
    row : the week
    budget : signals that can be read
    p : array, shape (weeks, places): `p_values` of the same cells, for the share of chance among the signals
    """
    if budget < 1:
        raise BadSettings("its budget is under one signal a week")
    score = surge.score[row]
    rung = np.flatnonzero(surge.alarm[row])
    order = rung[np.lexsort((rung, -score[rung]))]
    kept = order[:budget]
    q = np.full(len(score), np.nan) if p is None else false_shares(p[row])
    return Ranking(
        places=kept.astype(np.int64),
        q=q[kept],
        n_left_out=len(order) - len(kept),
        n_silent=int((~surge.answered[row]).sum()),
    )


def false_shares(p: Floats) -> Floats:
    """Turn p-values of many places into the share of chance to expect if all as striking are read: (places,).

    References
    ----------
    Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57, 289-300.
    """
    q = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    raised = p[order] * len(known) / np.arange(1, len(known) + 1)
    q[order] = np.minimum(1.0, np.minimum.accumulate(raised[::-1])[::-1])
    return q


def expected_false_alarms(*, alpha: float, n_places: int, n_series: int = 1, weeks: int = 52) -> float:
    """Say how many alarms are chance alone, if counts are as the method assumes: never fewer than this."""
    if not 0 < alpha < 1 or min(n_places, n_series, weeks) < 0:
        raise BadSettings("its alpha is not between 0 and 1, or places, series or weeks are below 0")
    return alpha * n_places * n_series * weeks
