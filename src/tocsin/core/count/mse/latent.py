"""Sampling the latent class model: chains from scattered starts, run until they agree, and refused where they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np

from tocsin.core.count.mse.checks import check
from tocsin.core.count.mse.classes import Prior, Target
from tocsin.core.count.mse.errors import BadChoice, NotEstimable, Reason
from tocsin.core.count.mse.mixing import worst_mixing
from tocsin.core.count.mse.posterior import GOOD_RHAT, PosteriorN
from tocsin.core.count.mse.reasons import because
from tocsin.core.count.mse.table import CaptureTable, Ints

Told = Callable[[int, int], None]

MOST_RHAT, LEAST_ESS = 1.05, 100.0
MOST_AT_CAP = 0.01
CAP = 20
"""Draws of more unlisted than this many times the documented are dropped, as the peer program does; their share is told."""
WARM, SWEEPS, BLOCK = 300, 60, 200
"""Steps that only set sizes of steps; Gibbs sweeps before them; steps between two looks at whether chains agree."""
ACCEPTED, PATH, SHORTEST = 0.8, 2.0, 0.7


def latent_class(
    table: CaptureTable,
    *,
    max_classes: int = 10,
    a_alpha: float = 0.25,
    b_alpha: float = 0.25,
    chains: int = 32,
    target_ess: float = 400.0,
    max_steps: int = 4000,
    rng: np.random.Generator,
    told: Told | None = None,
    strict: bool = True,
) -> PosteriorN:
    """Say how many there are in all if people fall into classes within which lists are independent.

    Parameters
    ----------
    table : CaptureTable
        Three lists or more.
    max_classes : truncation; others stay empty
    a_alpha, b_alpha : gamma prior of the sticks' concentration, shape and rate
    chains : at least 4
    target_ess : effective draws after which it ends, if R-hat is under 1.01
    max_steps : steps of each chain after which it ends in any case
    told : called with steps done and the most there can be; may raise to stop
    strict : raise what must not be published

    Returns
    -------
    PosteriorN
        With `rhat` and `ess`, the worst of the log of the unlisted and of four of its quantiles.

    Raises
    ------
    NotEstimable
        Also where chains disagree: R-hat over 1.05, or fewer than 100 effective draws.
    BadChoice

    References
    ----------
    Manrique-Vallier (2016), Biometrics 72, 1246-1254; Neal (2011), Handbook of MCMC, ch. 5.
    """
    if strict and (refusals := check(table).refusals):
        raise NotEstimable(refusals)
    if (
        max_classes < 2
        or chains < 4
        or not (a_alpha > 0 and b_alpha > 0)
        or max_steps < 8
        or table.n_lists < 2
    ):
        raise BadChoice(
            "it takes two classes, four chains, eight steps and two lists at least, and a prior above 0"
        )
    drawing = draw_chains(
        table, Prior(max_classes, a_alpha, b_alpha), chains=chains, max_steps=max_steps, rng=rng, told=told
    )
    kept: list[Ints] = []
    while True:
        kept += islice(drawing, min(BLOCK, max_steps - len(kept)))
        rhat, ess = worst_mixing(np.log(np.array(kept) + 0.5))
        if len(kept) >= max_steps or (rhat < GOOD_RHAT and ess >= target_ess):
            break
    n0 = np.array(kept)
    is_far = n0 > CAP * table.n
    reasons = _reasons(rhat, ess, float(is_far.mean()))
    if strict and reasons:
        raise NotEstimable(reasons)
    return PosteriorN.from_draws(
        table.n,
        n0[~is_far] if not is_far.all() else n0,
        method="latent class",
        settings={
            "max_classes": max_classes,
            "a_alpha": a_alpha,
            "b_alpha": b_alpha,
            "chains": chains,
            "steps": len(kept),
        },
        mass_at_cap=float(is_far.mean()),
        rhat=rhat,
        ess=ess,
        table_hash=table.hash,
        refusals=reasons,
    )


def draw_chains(
    table: CaptureTable,
    prior: Prior,
    *,
    chains: int,
    max_steps: int,
    rng: np.random.Generator,
    told: Told | None = None,
) -> Iterator[Ints]:
    """Warm chains up, then yield how many are unlisted, one number a chain and step."""
    run = _Run(Target(table, prior), chains, rng)
    run.warm_up(told, WARM + max_steps)
    for step in range(max_steps):
        run.step()
        if told is not None and (step + 1) % 10 == 0:
            told(WARM + step + 1, WARM + max_steps)
        yield run.draw()


def _reasons(rhat: float, ess: float, far: float) -> tuple[Reason, ...]:
    found = []
    if not rhat <= MOST_RHAT or ess < LEAST_ESS:
        found.append(
            because("mcmc.unmixed", {"rhat": rhat, "most": MOST_RHAT, "ess": ess, "least": LEAST_ESS})
        )
    if far > MOST_AT_CAP:
        found.append(because("posterior.cap", {"mass": far, "most": MOST_AT_CAP}))
    return tuple(found)


class _Run:
    """All chains and how they step."""

    def __init__(self, target: Target, chains: int, rng: np.random.Generator) -> None:
        self.target, self.chains, self.rng = target, chains, rng
        self.at = target.start(chains, rng)
        self.log_size = np.full(chains, np.log(0.05))
        self.scale = np.ones_like(self.at)
        self.accepted = np.zeros(chains)

    def warm_up(self, told: Told | None, total: int) -> None:
        """Let chains find where the probability is, and learn how far to step."""
        for _ in range(SWEEPS):
            self.target.jump(self.at, self.rng)
        sums, squares, n = np.zeros_like(self.at), np.zeros_like(self.at), 0
        for step in range(WARM):
            self.step()
            self.log_size += 0.2 * (self.accepted.mean() - ACCEPTED)
            sums += self.at
            squares += self.at * self.at
            n += 1
            if (step + 1) % (WARM // 4) == 0 and step + 1 < WARM:
                spread = np.maximum(squares / n - (sums / n) ** 2, 1e-6).mean(axis=1, keepdims=True)
                self.scale = np.sqrt((n * spread + 0.05) / (n + 5))
                sums, squares, n = np.zeros_like(self.at), np.zeros_like(self.at), 0
            if told is not None and step % 10 == 0:
                told(step, total)

    def step(self) -> None:
        """Take one Hamiltonian trajectory in each chain, then jump to where none leads."""
        target, rng = self.target, self.rng
        value = target.value(self.at)
        n = int(np.clip(rng.uniform(0.5, 1.0) * PATH / np.exp(self.log_size).mean(), 4, 80))
        # Now and then short steps, for a chain that came to where its own are too long.
        shrink = np.exp(rng.uniform(np.log(SHORTEST), 0.1, self.chains))
        shrink[rng.random(self.chains) < 0.1] *= SHORTEST**2
        size = (np.exp(self.log_size) * shrink * self.scale).astype(np.float32)
        push = rng.standard_normal(self.at.shape, dtype=np.float32)
        energy = value - 0.5 * (push.astype(np.float64) ** 2).sum(axis=0)
        there = self.at.astype(np.float32)
        half = np.float32(0.5) * size
        with np.errstate(
            over="ignore", invalid="ignore", divide="ignore"
        ):  # a path that ran away is turned down below
            push += half * target.slope(there)
            for left in range(n, 0, -1):
                there += size * push
                push += (size if left > 1 else half) * target.slope(there)
            found = there.astype(np.float64)
            gain = target.value(found) - 0.5 * (push.astype(np.float64) ** 2).sum(axis=0) - energy
        self.accepted = np.exp(np.minimum(np.where(np.isfinite(gain), gain, -np.inf), 0.0))
        takes = rng.random(self.chains) < self.accepted
        self.at[:, takes] = found[:, takes]
        target.jump(self.at, rng)

    def draw(self) -> Ints:
        """Draw how many are unlisted, one number a chain."""
        on_some = np.maximum(1.0 - self.target.chance_of_none(self.at), 1e-12)
        return np.asarray(self.rng.negative_binomial(self.target.n, on_some), dtype=np.int64)
