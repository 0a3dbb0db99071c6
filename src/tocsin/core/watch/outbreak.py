"""OutbreakP: has the level risen at all, with no shape assumed but that it never falls?"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.surge import Floats, Reason, Surge, as_counts


def outbreak_p(counts: ArrayLike, *, k: float = 100.0) -> Surge:
    """Compare the best never-falling Poisson mean with a constant one, over all weeks up to each week.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched. Begin it where a season begins: a long series that
        rose once rings for ever.
    k : likelihood ratio at which it rings, above 1

    Returns
    -------
    Surge
        score: log of the ratio over log k (the ratio itself passes what a number can hold). expected: the constant
        mean so far. No threshold in reports. A missing week is skipped.

    Raises
    ------
    BadSettings, BadCounts

    References
    ----------
    Frisén and Andersson (2009), Biometrika 96, 903-911; function `algo.outbreakP`.
    """
    counts = as_counts(counts)
    if k <= 1:
        raise BadSettings("its ratio is not above 1")
    ratio, mean = np.full_like(counts, np.nan), np.full_like(counts, np.nan)
    for place in range(counts.shape[1]):
        ratio[:, place], mean[:, place] = _log_ratios(counts[:, place])
    reason = np.where(np.isnan(counts), np.uint8(Reason.NOT_WATCHED), np.uint8(Reason.ANSWERED))
    score = ratio / math.log(k)
    return Surge(
        expected=mean,
        threshold=np.full_like(counts, np.nan),
        alarm=np.nan_to_num(score) > 1,
        score=score,
        reason=reason,
    )


def _log_ratios(x: Floats) -> tuple[Floats, Floats]:
    """Pool neighbours that fall, week by week; each pool brings its sum times the log of its mean."""
    ratios, means = np.full(len(x), np.nan), np.full(len(x), np.nan)
    pools: list[tuple[float, int, float]] = []
    total, n = 0.0, 0
    for at, count in enumerate(x):
        if math.isnan(count):
            continue
        total, n = total + count, n + 1
        height, width = float(count), 1
        while pools and height / width <= pools[-1][0] / pools[-1][1]:
            height, width = height + pools[-1][0], width + pools.pop()[1]
        gain = height * math.log(height / width) if height else 0.0
        pools.append((height, width, gain + (pools[-1][2] if pools else 0.0)))
        means[at] = total / n
        ratios[at] = pools[-1][2] - (total * math.log(total / n) if total else 0.0)
    return ratios, means
