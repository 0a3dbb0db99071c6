"""Latent classes: the gradient, the posterior of a table small enough to integrate, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tocsin.core.count.mse import BadChoice, CaptureTable, NotEstimable, latent_class
from tocsin.core.count.mse.classes import Prior, State, Target
from tocsin.core.count.mse.latent import _Run
from tocsin.core.count.mse.mixing import mixing

TABLE = CaptureTable.from_counts(
    {(1, 0, 0): 22, (0, 1, 0): 18, (1, 1, 0): 9, (0, 0, 1): 15, (1, 0, 1): 7, (0, 1, 1): 6, (1, 1, 1): 4},
    ["hotline", "clinic", "monitor"],
)


def test_the_slope_is_that_of_the_value() -> None:
    rng = np.random.default_rng(1)
    target = Target(TABLE, Prior(4, 0.25, 0.25))
    at = target.start(3, rng)
    slope = target.slope(at.astype(np.float32))

    for row in range(len(at)):
        step = np.zeros_like(at)
        step[row] = 1e-5
        by_hand = (target.value(at + step) - target.value(at - step)) / 2e-5
        assert slope[row] == pytest.approx(by_hand, rel=1e-3, abs=2e-3)


@pytest.mark.parametrize("move", ["redraw", "relabel", "rescale", "step"])
def test_a_move_leaves_the_posterior_as_it_was(move: str) -> None:
    """States drawn from the prior, weighted by their likelihood, must weigh the same after one move of each."""
    rng = np.random.default_rng(2)
    cells = {(1, 0, 0): 3, (0, 1, 0): 2, (0, 0, 1): 3, (1, 1, 1): 4}
    table = CaptureTable.from_counts(cells, ["hotline", "clinic", "monitor"])
    prior, n_chains = Prior(4, 0.25, 0.25), 20_000
    run = _Run(Target(table, prior), n_chains, rng)
    alpha = rng.gamma(prior.a_alpha, 1 / prior.b_alpha, n_chains)
    breaks = np.log(rng.standard_exponential((3, n_chains)) / alpha)
    run.at = State(breaks, rng.logistic(size=(3, 4, n_chains))).packed()
    weight = np.exp(run.target.fit(run.target.unpack(run.at)))
    before = _looks(run)

    run.step() if move == "step" else getattr(run.target, move)(run.at, rng)

    changes = _looks(run) - before
    mean = changes @ weight / weight.sum()
    error = np.sqrt((changes - mean[:, None]) ** 2 @ weight**2) / weight.sum()
    assert error[0] > 0, "nothing moved"
    assert np.all(np.abs(mean) < 4.5 * error + 1e-9), (mean, error)


def _looks(run: _Run) -> np.ndarray:
    """Look at states where moves could go wrong: alphas near nothing, and which class is the largest."""
    breaks = run.target.unpack(run.at).breaks
    none = run.target.chance_of_none(run.at)
    return np.array([breaks[0] > 1, breaks[2] > 4, breaks[2] > 7, breaks[1] < -1, none > 0.5, none], float)


def test_it_answers_as_draws_from_the_prior_weighted_by_their_likelihood() -> None:
    """No chain at all: alpha, sticks and chances drawn from their priors, the total integrated out."""
    rng = np.random.default_rng(10)
    table = CaptureTable.from_counts(
        {(1, 0, 0): 18, (0, 1, 0): 12, (1, 1, 0): 5, (0, 0, 1): 6, (1, 0, 1): 3, (0, 1, 1): 1, (1, 1, 1): 1},
        ["hotline", "clinic", "monitor"],
    )
    alpha = np.maximum(rng.gamma(0.25, 4.0, 400_000), 1e-300)
    first = 1 - rng.random(len(alpha)) ** (1 / alpha)
    share, chance = np.stack((first, 1 - first)), rng.random((3, 2, len(alpha)))
    on_some = 1 - (share * np.prod(1 - chance, axis=0)).sum(axis=0)
    log_weight = -table.n * np.log(on_some)
    for on, count in zip(table.histories(), table.counts(), strict=True):
        joint = share * np.prod(np.where(on[:, None, None], chance, 1 - chance), axis=0)
        log_weight += count * np.log(joint.sum(axis=0))
    weight = np.exp(log_weight - log_weight.max())
    mean = float(weight @ (table.n / on_some)) / weight.sum()
    error = np.sqrt(weight**2 @ (table.n / on_some - mean) ** 2) / weight.sum()

    found = latent_class(
        table, max_classes=2, chains=16, max_steps=600, rng=rng, target_ess=1e9, strict=False
    )

    assert found.ess is not None
    assert abs(found.mean - mean) < 4 * np.hypot(error, found.sd / np.sqrt(found.ess))


def test_the_same_chance_gives_the_same_draws() -> None:
    one, other = (
        latent_class(TABLE, chains=4, max_steps=20, rng=np.random.default_rng(9), strict=False)
        for _ in range(2)
    )

    assert (one.rhat, one.median, one.ess) == (other.rhat, other.median, other.ess)


def test_chains_that_do_not_agree_are_refused() -> None:
    with pytest.raises(NotEstimable) as caught:
        latent_class(TABLE, chains=4, max_steps=8, rng=np.random.default_rng(5))

    assert "mcmc.unmixed" in {reason.code for reason in caught.value.reasons}


def test_independent_draws_are_worth_themselves_and_stuck_chains_little() -> None:
    rng = np.random.default_rng(6)
    free = rng.normal(size=(500, 8))
    stuck = free + np.arange(8) * 3

    rhat, ess = mixing(free)

    assert rhat == pytest.approx(1, abs=0.01)
    assert ess == pytest.approx(4000, rel=0.2)
    assert mixing(stuck)[0] > 2
    assert mixing(stuck)[1] < 100


def test_it_says_how_far_it_is_and_can_be_stopped() -> None:
    seen: list[tuple[int, int]] = []

    def told(done: int, total: int) -> None:
        seen.append((done, total))
        if done > 310:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        latent_class(TABLE, chains=4, max_steps=100, rng=np.random.default_rng(7), told=told)
    assert seen[-1] == (320, 400)


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"max_classes": 1}, {"chains": 3}, {"a_alpha": 0.0}, {"max_steps": 7}):
        with pytest.raises(BadChoice):
            latent_class(TABLE, rng=np.random.default_rng(8), **wrong)
