"""What every detector answers: a threshold, an expectation, a verdict and a score per cell, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tocsin.core.watch.errors import BadCounts

Floats = NDArray[np.float64]

MOST_IN_A_WEEK = 10**9
"""No place has more reports in a week; beyond it squares of counts would no longer be exact."""


class Reason(IntEnum):
    """Why a cell has no answer: silence that is not quiet. The number is what `Surge.reason` holds."""

    ANSWERED = 0
    NOT_WATCHED = 1
    """Nobody watched the place that week."""
    NOT_STARTED = 2
    """The weeks before monitoring begins: the detector learns from them."""
    SHORT_HISTORY = 3
    """The place has too few weeks behind it."""
    GAPS = 4
    """Weeks that the baseline needs were not watched."""
    NO_SPREAD = 5
    """All weeks of the baseline are equal, and the method divides by their spread."""
    NEVER_SEEN = 6
    """Nothing was ever reported in the baseline, and the method divides by its mean."""
    TOO_FEW_CASES = 7
    """Fewer reports in the last weeks than `limit54` asks for: set on purpose, said aloud."""
    NO_FIT = 8
    """The model did not settle; R returns nothing here either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """What a detector says of every week and place; all arrays have the shape of the counts, (weeks, places)."""

    expected: Floats
    """Reports a week; NaN where there is no answer, or where the method has no expectation."""
    threshold: Floats
    """Reports a week that may pass without an alarm; NaN where there is no answer."""
    alarm: NDArray[np.bool_]
    """Whether the week stands out. False where there is no answer: ask `reason` before calling it quiet."""
    score: Floats
    """How far the week stands out, 0 at the expectation and 1 at the threshold: ranks weeks across places."""
    reason: NDArray[np.uint8]
    """A `Reason` per cell; 0 where the cell has an answer."""
    onset: NDArray[np.int64] | None = None
    """Row of the most likely change, -1 where none is dated; None for methods that date nothing."""

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Where there is an answer."""
        return np.asarray(self.reason == Reason.ANSWERED)

    def why_silent(self, row: int, column: int) -> Reason | None:
        """Say why there is no answer for a week, `None` if there is one."""
        reason = Reason(int(self.reason[row, column]))
        return None if reason is Reason.ANSWERED else reason


def as_counts(counts: ArrayLike) -> Floats:
    """Check counts once, at the door of a detector.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched.

    Returns
    -------
    float64 array, shape (weeks, places)

    Raises
    ------
    BadCounts
        Not two-dimensional, negative, fractional, infinite, or beyond 10**9 a week.
    """
    try:
        made = np.ascontiguousarray(counts, dtype=np.float64)
    except (TypeError, ValueError) as trouble:
        raise BadCounts("they are not numbers in rows of equal length") from trouble
    if made.ndim != 2:
        raise BadCounts("they are not a table of weeks by places")
    # Minima and maxima of numpy pass NaN on, those of `fmin` and `fmax` leave it out.
    if np.fmin.reduce(made, axis=None, initial=0.0) < 0:
        raise BadCounts("some are negative; a week that nobody watched is NaN")
    if np.fmax.reduce(made, axis=None, initial=0.0) > MOST_IN_A_WEEK:
        raise BadCounts("some are beyond a billion in a week")
    if ((made != np.rint(made)) & (made == made)).any():
        raise BadCounts("some are no whole numbers")
    return made


def judge(
    counts: Floats,
    *,
    expected: Floats,
    threshold: Floats,
    reason: NDArray[np.uint8],
    scale: Floats | None = None,
) -> Surge:
    """Compare counts with thresholds; a cell that nobody watched has no answer whatever its baseline says.

    `scale` is what a score of 1 stands for, in reports; threshold less expectation if not given.
    """
    silent = reason.copy()
    silent[np.isnan(counts)] = Reason.NOT_WATCHED
    has_answer = silent == Reason.ANSWERED
    with np.errstate(invalid="ignore", divide="ignore"):
        alarm = has_answer & (counts > threshold)
        score = (counts - expected) / (threshold - expected if scale is None else scale)
    # A threshold at its expectation (no spread at all) has no scale: below it nothing, above it everything.
    score[np.isnan(score)] = 0.0
    expected, threshold = expected.copy(), threshold.copy()
    none = ~has_answer
    expected[none], threshold[none], score[none] = np.nan, np.nan, np.nan
    return Surge(expected=expected, threshold=threshold, alarm=alarm, score=score, reason=silent)
