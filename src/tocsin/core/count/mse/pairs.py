"""Two lists only: Lincoln and Petersen's estimate and Chapman's, never to be published alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import gammaln, ndtri

from tocsin.core.count.mse.errors import BadChoice, NotEstimable, Reason
from tocsin.core.count.mse.reasons import because
from tocsin.core.count.mse.table import CaptureTable

LEAST_SHARED = 7
"""Robson and Regier (1964): with fewer shared people Chapman's estimate is biased by more than a few per cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEstimate:
    """What two lists say if they know nothing of each other: an assumption that two lists cannot test."""

    n: int
    n1: int
    n2: int
    shared: int
    estimate: float
    sd: float
    interval: tuple[float, float]
    """95 %."""
    method: str
    is_publishable: bool = False
    """Never: dependence of two lists shows nowhere in their numbers."""
    reasons: tuple[Reason, ...] = ()


def lincoln_petersen(table: CaptureTable) -> PairEstimate:
    """Estimate n1 n2 / m, with Wald's interval on Chapman's variance.

    Raises
    ------
    NotEstimable
        Nobody is on both lists, or a list is empty or faulty.
    """
    n, n1, n2, m = _numbers(table)
    if m == 0:
        raise NotEstimable((_few(m),))
    sd = float(np.sqrt(_seber(n1, n2, m)))
    return _estimate(n1 * n2 / m, sd, "lincoln-petersen", interval=None, numbers=(n, n1, n2, m))


def chapman(
    table: CaptureTable, *, interval: Literal["wald", "transformed-logit", "bayes"] = "transformed-logit"
) -> PairEstimate:
    """Estimate (n1 + 1)(n2 + 1) / (m + 1) - 1.

    Parameters
    ----------
    table : CaptureTable
        Two lists.
    interval : how the 95 % are found
        "wald" is symmetric; "transformed-logit" never falls below the documented; "bayes" is the posterior under 1/N and
        uniform catchabilities.

    Raises
    ------
    NotEstimable, BadChoice

    References
    ----------
    Chapman (1951); Seber (1970), Biometrika 57, 313-318; Sadinle (2009), Commun. Stat. Simul. Comput. 38, 1909-1924.
    """
    numbers = _numbers(table)
    n, n1, n2, m = numbers
    estimate = (n1 + 1) * (n2 + 1) / (m + 1) - 1
    if interval not in ("wald", "transformed-logit", "bayes"):
        raise BadChoice("its interval is none of wald, transformed-logit and bayes")
    ends = None
    if interval == "bayes":
        ends = _bayes(n, n1, n2)
    elif interval == "transformed-logit":
        ends = _logit(n, n1, n2, m)
    return _estimate(estimate, float(np.sqrt(_seber(n1, n2, m))), "chapman", ends, numbers)


def _numbers(table: CaptureTable) -> tuple[int, int, int, int]:
    if table.n_lists != 2:
        raise BadChoice("this estimate takes two lists")
    shared = table.overlaps()
    if table.faults or not shared[0, 0] or not shared[1, 1]:
        few = because("few.lists")
        raise NotEstimable(table.faults or (few,))
    return table.n, int(shared[0, 0]), int(shared[1, 1]), int(shared[0, 1])


def _few(m: int) -> Reason:
    return because("few.shared", {"shared": m, "least": LEAST_SHARED})


def _seber(n1: int, n2: int, m: int) -> float:
    return (n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ** 2 * (m + 2))


def _estimate(
    estimate: float,
    sd: float,
    method: str,
    interval: tuple[float, float] | None,
    numbers: tuple[int, int, int, int],
) -> PairEstimate:
    n, n1, n2, m = numbers
    half = float(ndtri(0.975)) * sd
    alone = because("two.lists")
    return PairEstimate(
        n=n,
        n1=n1,
        n2=n2,
        shared=m,
        estimate=estimate,
        sd=sd,
        interval=interval or (estimate - half, estimate + half),
        method=method,
        reasons=(alone, *((_few(m),) if m < LEAST_SHARED else ())),
    )


def _logit(n: int, n1: int, n2: int, m: int) -> tuple[float, float]:
    both, one, other = m + 0.5, n1 - m + 0.5, n2 - m + 0.5
    spread = float(np.sqrt(1 / both + 1 / one + 1 / other + both / (one * other))) * float(ndtri(0.975))
    unlisted = one * other / both
    return n - 0.5 + unlisted * float(np.exp(-spread)), n - 0.5 + unlisted * float(np.exp(spread))


def _bayes(n: int, n1: int, n2: int) -> tuple[float, float]:
    total = np.unique(n + np.rint(np.expm1(np.linspace(0, np.log1p(1e4 * n), 20_000))))
    log = gammaln(total) - gammaln(total - n + 1) - 2 * gammaln(total + 2)
    log += gammaln(total - n1 + 1) + gammaln(total - n2 + 1)
    share = np.exp(log - log.max()) * np.gradient(total)
    below = np.cumsum(share) / share.sum()
    return float(total[np.searchsorted(below, 0.025)]), float(total[np.searchsorted(below, 0.975)])
