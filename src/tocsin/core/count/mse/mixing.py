"""Whether chains tell the same story: split R-hat, and how many independent draws theirs are worth."""

from __future__ import annotations

import numpy as np

from tocsin.core.count.mse.table import Floats


def mixing(draws: Floats) -> tuple[float, float]:
    """Give split R-hat and the effective number of draws.

    Parameters
    ----------
    draws : shape (steps, chains), at least 8 steps and 2 chains

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., 11.4-11.5; Geyer (1992), Stat. Sci. 7, 473-483.
    """
    half = len(draws) // 2
    parts = np.concatenate((draws[:half], draws[-half:]), axis=1)
    n = len(parts)
    within = float(parts.var(axis=0, ddof=1).mean())
    if within == 0:
        return 1.0 if np.ptp(parts) == 0 else 1e9, float(draws.size)
    total = (n - 1) / n * within + float(parts.mean(axis=0).var(ddof=1))
    apart = parts - parts.mean(axis=0)
    waves = np.fft.rfft(apart, n=2 * n, axis=0)
    covariance = np.fft.irfft(waves * np.conj(waves), axis=0)[:n].real.mean(axis=1) / n
    kept = 1 - (within - covariance * n / (n - 1)) / total
    pairs = kept[: n - n % 2].reshape(-1, 2).sum(axis=1)
    below = np.flatnonzero(pairs < 0)
    positive = np.minimum.accumulate(pairs[: below[0] if len(below) else len(pairs)])
    worth = parts.size / max(2 * float(positive.sum()) - 1, 1 / np.log10(parts.size))
    return float(np.sqrt(total / within)), float(worth)


def worst_mixing(draws: Floats) -> tuple[float, float]:
    """Give the highest R-hat and the lowest number of effective draws of the draws and of being below four quantiles.

    Chains may agree in the mean and not in how often they visit a far hump.

    References
    ----------
    Vehtari et al. (2021), Bayesian Anal. 16, 667-718.
    """
    ends = np.quantile(draws, [0.05, 0.25, 0.75, 0.95])
    found = [mixing(draws), *(mixing((draws <= end).astype(np.float64)) for end in ends)]
    return max(rhat for rhat, _ in found), min(ess for _, ess in found)
