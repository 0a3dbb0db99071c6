"""CUSUM: small excesses, week after week, add up."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve
from scipy.special import hyp2f1, pdtr

from tocsin.core.watch.errors import BadSettings
from tocsin.core.watch.seasonal import fit_seasonal
from tocsin.core.watch.surge import Floats, Reason, Surge, as_counts

Transformation = Literal[
    "standard", "rossi", "anscombe", "anscombe2nd", "pearsonNegBin", "anscombeNegBin", "none"
]
TRANSFORMATIONS: Final = frozenset(Transformation.__args__)  # type: ignore[attr-defined]  # typing's own field


def cusum(
    counts: ArrayLike,
    *,
    start: int,
    k: float = 1.04,
    h: float = 2.26,
    mean: ArrayLike | Literal["seasonal"] | None = None,
    transformation: Transformation = "standard",
    dispersion: float = 0.1,
    freq: int = 52,
) -> Surge:
    """Add up what each week has above `k` spreads over its mean; a week rings while the sum is `h` or more.

    Parameters
    ----------
    counts : array, shape (weeks, places)
        Reports a week, oldest first; NaN where nobody watched.
    start : row
        The first week monitored; those before give the mean.
    k, h : spreads
        Reference value and decision limit; `average_run_length` says what they cost.
    mean : None, "seasonal", a number, or array that fits (weeks - start, places)
        Reports a week in control: the mean of the weeks before `start`, a yearly wave fitted to them, or given.
    transformation : how a count becomes a number with mean 0 and spread 1
        As in R; `none` compares the counts themselves.
    dispersion : of the two negative binomial transformations, variance m + dispersion * m**2
    freq : rows a year

    Returns
    -------
    Surge
        threshold: the count that would bring this week's sum to `h`. score: the sum over `h`. A missing week leaves
        the sum as it was.

    Raises
    ------
    BadSettings, BadCounts

    References
    ----------
    Rossi, Lampugnani and Marchi (1999), Stat. Med. 18, 2111-2122; function `algo.cusum`.
    """
    counts = as_counts(counts)
    if not 0 < start <= len(counts) or h <= 0 or dispersion <= 0 or transformation not in TRANSFORMATIONS:
        raise BadSettings(
            "it starts before its first or after its last week, or h or the dispersion is not above 0"
        )
    m = _means(counts, start, mean, freq)
    x = counts[start:]
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = _standardised(x, m, transformation, dispersion) - k
    sums = np.zeros((len(x) + 1, x.shape[1]))
    for row, step in enumerate(steps):
        sums[row + 1] = np.where(np.isnan(step), sums[row], np.maximum(0.0, sums[row] + step))
    with np.errstate(invalid="ignore", divide="ignore"):
        threshold = _needed(h + k - sums[:-1], h - sums[1:], m, transformation, dispersion)
    return _surge(counts, start, m, np.maximum(0.0, threshold), sums[1:] / h, transformation)


def _surge(
    counts: Floats, start: int, m: Floats, threshold: Floats, score: Floats, transformation: str
) -> Surge:
    expected, limit, told = (np.full_like(counts, np.nan) for _ in range(3))
    reason = np.full(counts.shape, np.uint8(Reason.NOT_STARTED))
    nothing = np.where(np.isnan(m), np.uint8(Reason.GAPS), np.uint8(Reason.ANSWERED))
    if transformation != "none":
        nothing[m == 0] = Reason.NEVER_SEEN
    reason[start:] = np.where(np.isnan(counts[start:]), np.uint8(Reason.NOT_WATCHED), nothing)
    has_answer = reason == Reason.ANSWERED
    expected[start:], limit[start:], told[start:] = m, threshold, score
    return Surge(
        expected=np.where(has_answer, expected, np.nan),
        threshold=np.where(has_answer, limit, np.nan),
        alarm=has_answer & (np.nan_to_num(told) >= 1),
        score=np.where(has_answer, told, np.nan),
        reason=reason,
    )


def _means(counts: Floats, start: int, mean: object, freq: int) -> Floats:
    shape = (len(counts) - start, counts.shape[1])
    if isinstance(mean, str):
        return fit_seasonal(counts, start=start, waves=1, freq=freq).mean[start:]
    if mean is not None:
        given = np.broadcast_to(np.asarray(mean, np.float64), shape)
        return np.array(given)
    known = ~np.isnan(counts[:start])
    with np.errstate(invalid="ignore"):
        level = np.where(known, counts[:start], 0.0).sum(axis=0) / known.sum(axis=0)
    return np.broadcast_to(level, shape).copy()


def _standardised(x: Floats, m: Floats, how: str, alpha: float) -> Floats:
    match how:
        case "standard":
            return np.asarray((x - m) / np.sqrt(m))
        case "rossi":
            return np.asarray((x - 3 * m + 2 * np.sqrt(x * m)) / (2 * np.sqrt(m)))
        case "anscombe":
            return np.asarray(1.5 * (x ** (2 / 3) - m ** (2 / 3)) / m ** (1 / 6))
        case "anscombe2nd":
            return np.asarray((x ** (2 / 3) - (m ** (2 / 3) - m ** (-1 / 3) / 9)) / (2 / 3 * m ** (1 / 6)))
        case "pearsonNegBin":
            return np.asarray((x - m) / np.sqrt(m + alpha * m**2))
        case "anscombeNegBin":
            return np.asarray(
                (_anscombe_nb(x, alpha) - _anscombe_nb(m, alpha)) / (m + alpha * m**2) ** (1 / 6)
            )
        case _:
            return np.asarray(x + 0.0 * m)


def _anscombe_nb(y: Floats, alpha: float) -> Floats:
    return np.asarray(1.5 * y ** (2 / 3) * hyp2f1(1 / 3, 2 / 3, 5 / 3, -alpha * y))


def _needed(room: Floats, left: Floats, m: Floats, how: str, alpha: float) -> Floats:
    """Turn the room up to the limit back into a count, as R does for each transformation."""
    match how:
        case "standard":
            return np.asarray(np.ceil(np.sqrt(m) * room + m))
        case "rossi":
            root = np.sqrt(4 * m**2 + 2 * m**1.5 * room)
            return np.asarray(2 * np.sqrt(m) * room + 5 * m - 2 * root)
        case "anscombe":
            return np.asarray(np.maximum(0.0, 2 / 3 * m ** (1 / 6) * room + m ** (2 / 3)) ** 1.5)
        case "anscombe2nd":
            return np.asarray(
                np.maximum(0.0, 2 / 3 * m ** (1 / 6) * room + m ** (2 / 3) - m ** (1 / 3) / 9) ** 1.5
            )
        case "pearsonNegBin":
            return np.asarray(np.sqrt(m + alpha * m**2) * room + m)
        case _:
            return np.asarray(left)


def average_run_length(*, k: float, h: float, mean: float, decimals: int = 1) -> float:
    """Say how many weeks pass on average until a Poisson CUSUM that starts at 0 rings.

    Parameters
    ----------
    k, h : reports a week
        Reference value and decision limit of the counts themselves, rounded to so many decimals.
    mean : reports a week

    References
    ----------
    Hawkins (1992), Commun. Stat. Simul. Comput. 21, 1001-1020: the sum is a Markov chain on multiples of the
    common denominator of k and h; function `arlCusum`.
    """
    denominator = next((n for n in range(1, 10**decimals + 1) if _is_whole(k * n) and _is_whole(h * n)), None)
    if denominator is None or h <= 0 or k <= 0 or mean < 0:
        raise BadSettings("k and h are not above 0 with so many decimals, or the mean is below 0")
    states, reference = round(h * denominator), round(k * denominator)
    now = np.arange(states)
    # From sum s to sum s' by the count (s' - s + k): chance that the count lies within one step of the chain.
    reach = (now[None, :] - now[:, None] + reference) / denominator
    chance = _at_most(reach, mean) - _at_most(reach - 1 / denominator, mean)
    chance[:, 0] = _at_most(reach[:, 0], mean)
    return float(solve(np.eye(states) - chance, np.ones(states))[0])


def _at_most(counts: Floats, mean: float) -> Floats:
    """Chance of a Poisson count of at most so much."""
    return np.where(counts < 0, 0.0, pdtr(np.floor(np.maximum(counts, 0)), mean))


def _is_whole(number: float) -> bool:
    return abs(number - round(number)) < 1e-9
