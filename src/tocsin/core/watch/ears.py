"""EARS C1: a week against the mean and spread of the weeks right before it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.records import EarsSettings


class NoAnswer(StrEnum):
    """Why a detector says nothing: silence that is not quiet."""

    NOT_WATCHED = "not_watched"
    SHORT_BASELINE = "short_baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the detector says of every week and place; all arrays have the shape of the counts."""

    expected: NDArray[np.float64]
    """Origins a week; NaN where there is no answer."""
    threshold: NDArray[np.float64]
    """Origins a week; NaN where there is no answer."""
    alarm: NDArray[np.bool_]
    """Whether the week is above its threshold."""
    watched: NDArray[np.bool_]
    """Whether the week itself was watched."""

    def why_silent(self, row: int, column: int) -> NoAnswer | None:
        """Say why there is no answer for a week, `None` if there is one."""
        if not self.watched[row, column]:
            return NoAnswer.NOT_WATCHED
        return NoAnswer.SHORT_BASELINE if np.isnan(self.threshold[row, column]) else None


def ears_c1(counts: NDArray[np.float64], settings: EarsSettings) -> Verdict:
    """Compare each week with the `baseline` weeks before it.

    Parameters
    ----------
    counts : float64 array, shape (weeks, places)
        Distinct origins a week, oldest first; NaN where nobody watched.
    settings : EarsSettings
        `baseline` weeks (>= 2), `alpha` above 0 and at most 0.5 (else an empty week could ring), `min_sigma` in
        origins a week (>= 0).

    Returns
    -------
    Verdict
        threshold = mean + z(1 - alpha) * max(sd, min_sigma), with the sd of n - 1; a week rings when above.
        A baseline with a week that was not watched gives no answer rather than a guess.

    Raises
    ------
    BadSettings

    References
    ----------
    Hutwagner et al. (2003), J. Urban Health 80, i89-i96; Salmon, Schumacher and Höhle (2016), J. Stat. Softw.
    70(10), function `earsC` with method C1 and `minSigma`.
    """
    if settings.baseline < 2 or not 0 < settings.alpha <= 0.5 or settings.min_sigma < 0:
        raise BadSettings(
            "its baseline is under two weeks, its alpha not between 0 and one half, or its spread below 0"
        )
    expected = np.full(counts.shape, np.nan)
    sigma = np.full(counts.shape, np.nan)
    if len(counts) > settings.baseline:
        windows = np.lib.stride_tricks.sliding_window_view(counts[:-1], settings.baseline, axis=0)
        expected[settings.baseline :] = windows.mean(axis=-1)
        sigma[settings.baseline :] = windows.std(axis=-1, ddof=1)
    z = NormalDist().inv_cdf(1 - settings.alpha)
    threshold = expected + z * np.maximum(sigma, settings.min_sigma)
    return Verdict(
        expected=expected, threshold=threshold, alarm=counts > threshold, watched=~np.isnan(counts)
    )
