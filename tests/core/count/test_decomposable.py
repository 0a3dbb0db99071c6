"""Exact averaging over decomposable graphs: how many there are, laws, and one posterior summed by hand."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from tocsin.core.count.mse import BadChoice, CaptureTable, NotEstimable, PosteriorN, check, decomposable
from tocsin.core.count.mse.graphs import family, name_of, some

SOUND = [60, 50, 20, 40, 15, 12, 8]
COUNTS = st.lists(st.integers(1, 60), min_size=7, max_size=7)


def three(counts: list[int]) -> CaptureTable:
    return CaptureTable.from_counts(
        {tuple(code >> at & 1 for at in range(3)): counts[code - 1] for code in range(1, 8)}, list("abc")
    )


def loose(table: CaptureTable, **more: object) -> PosteriorN:
    return decomposable(table, strict=False, **more)  # type: ignore[arg-type] # passed on as given


@pytest.mark.parametrize(
    ("n_lists", "n_graphs"), [(2, 2), (3, 8), (4, 61), (5, 822), (6, 18154), (7, 617675)]
)
def test_there_are_as_many_decomposable_graphs_as_counted_elsewhere(n_lists: int, n_graphs: int) -> None:
    """OEIS A058862."""
    graphs = family(n_lists)

    assert len(graphs.codes) == len(np.unique(graphs.codes)) == n_graphs


def test_a_part_of_the_graphs_keeps_what_they_step_from() -> None:
    graphs = family(4)
    wanted = np.zeros(len(graphs.codes), dtype=bool)
    wanted[graphs.complete] = True

    kept, places = some(graphs, wanted)

    assert kept.codes[kept.complete] == graphs.codes[graphs.complete]
    assert np.array_equal(kept.codes, graphs.codes[places])
    assert all(parent < at for at, parent in enumerate(kept.parents) if at)


def test_graphs_are_named_by_their_cliques() -> None:
    assert {name_of(int(code), 3) for code in family(3).codes} == {
        "[1,2,3]", "[12,3]", "[13,2]", "[23,1]", "[12,13]", "[12,23]", "[13,23]", "[123]",
    }  # fmt: skip


def by_hand(counts: list[int], delta: float, n0: np.ndarray) -> np.ndarray:
    """Sum over the eight graphs on three lists, each marginal table written out."""

    def term(lists: tuple[int, ...]) -> np.ndarray:
        found = gammaln(8 * delta) - gammaln(sum(counts) + n0 + 8 * delta)
        for cell in product((0, 1), repeat=len(lists)):
            inside = sum(
                counts[code - 1]
                for code in range(1, 8)
                if all((code >> at & 1) == on for at, on in zip(lists, cell, strict=True))
            )
            weight = delta * 2 ** (3 - len(lists))
            found = found + gammaln(inside + (0 if any(cell) else n0) + weight) - gammaln(weight)
        return found

    one = [term((at,)) for at in range(3)]
    two = {pair: term(pair) for pair in combinations(range(3), 2)}
    graphs = [sum(one), term((0, 1, 2))]
    graphs += [two[pair] + one[3 - sum(pair)] for pair in two]
    graphs += [two[a] + two[b] - one[(set(a) & set(b)).pop()] for a, b in combinations(two, 2)]
    prior = gammaln(sum(counts) + n0 + 1) - gammaln(n0 + 1) - np.log(sum(counts) + n0)
    return np.exp(np.array(graphs) + prior - np.max(np.array(graphs) + prior))


@pytest.mark.parametrize("delta", [0.125, 0.5])
def test_three_lists_summed_by_hand(delta: float) -> None:
    n0 = np.arange(1, 1500)
    weights = by_hand(SOUND, delta, n0)

    found = loose(three(SOUND), delta=delta, complete_graph="include", n_missing=n0)

    assert np.allclose(found.mass, weights.sum(axis=0) / weights.sum(), rtol=1e-9, atol=0)
    assert found.complete_weight == pytest.approx(weights[1].sum() / weights.sum(), rel=1e-9)
    without = loose(three(SOUND), delta=delta, n_missing=n0)
    kept = np.delete(weights, 1, axis=0)
    assert np.allclose(without.mass, kept.sum(axis=0) / kept.sum(), rtol=1e-6, atol=1e-15)


def test_graphs_that_are_named_alone_answer_as_their_share_of_all() -> None:
    n0 = np.arange(1, 1500)
    weights = by_hand(SOUND, 0.125, n0)

    one = loose(three(SOUND), graphs=["[1,2,3]"], n_missing=n0)
    two = loose(three(SOUND), graphs=["[12,3]", "[1,2,3]"], n_missing=n0)

    assert np.allclose(one.mass, weights[0] / weights[0].sum(), rtol=1e-9)
    both = weights[0] + weights[2]
    assert np.allclose(two.mass, both / both.sum(), rtol=1e-9)
    assert [each.model for each in one.ranked] == ["[1,2,3]"]
    with pytest.raises(BadChoice):
        loose(three(SOUND), graphs=[])


@given(COUNTS)
@settings(max_examples=25)
def test_cells_that_follow_the_probability_answer_as_one_by_one(counts: list[int]) -> None:
    table = three(counts)
    fine = loose(table, n_missing=np.arange(1, 60 * table.n))
    assume(fine.mass[-1] * 60 * table.n < 1e-6)

    coarse = loose(table)

    assert coarse.mean == pytest.approx(fine.mean, rel=1e-3)
    for q in (0.025, 0.5, 0.975):
        assert coarse.quantile(q) == pytest.approx(fine.quantile(q), rel=2e-3, abs=1)


@given(COUNTS, st.permutations("abc"))
@settings(max_examples=25)
def test_the_order_of_lists_changes_nothing(counts: list[int], order: list[str]) -> None:
    table = three(counts)

    one, other = loose(table), loose(table.reorder(order))

    assert one.median == pytest.approx(other.median, abs=1)
    assert one.complete_weight == pytest.approx(other.complete_weight, rel=1e-6, abs=1e-12)


@given(COUNTS, st.floats(0.01, 2), st.floats(0, 1))
@settings(max_examples=25)
def test_no_estimate_is_below_the_documented(counts: list[int], delta: float, q: float) -> None:
    found = loose(three(counts), delta=delta)

    assert found.n <= found.quantile(q) <= found.quantile(1)
    assert found.mass.sum() == pytest.approx(1)


def test_draws_have_the_quantiles_of_what_they_are_drawn_from() -> None:
    found = loose(three(SOUND))
    rng = np.random.default_rng(5)

    drawn = PosteriorN.from_draws(found.n, found.draws(40_000, rng) - found.n, method="drawn")

    assert drawn.median == pytest.approx(found.median, rel=0.01)
    assert drawn.quantile(0.975) == pytest.approx(found.quantile(0.975), rel=0.03)
    assert drawn.mean == pytest.approx(found.mean, rel=0.02)


def test_a_great_weight_of_the_complete_graph_is_refused() -> None:
    table = three([69, 55, 21, 63, 17, 18, 28])

    with pytest.raises(NotEstimable) as caught:
        decomposable(table)

    assert check(table).is_estimable
    assert [reason.code for reason in caught.value.reasons] == ["graph.complete"]
    assert float(caught.value.reasons[0].evidence["weight"]) > 0.2


def test_two_humps_are_seen() -> None:
    low, high = np.arange(10, 3000, 10), np.arange(19, 3009, 10)
    middle = (low + high) / 2
    bell = lambda at: np.exp(-((middle - at) ** 2) / (2 * (at / 10) ** 2)) / at  # noqa: E731
    two = PosteriorN(
        n=50, low=low, high=high, mass=(bell(300) + bell(1200)) / (bell(300) + bell(1200)).sum(), method="x"
    )
    one = PosteriorN(n=50, low=low, high=high, mass=bell(300) / bell(300).sum(), method="x")

    assert two.n_humps() == 2
    assert one.n_humps() == 1


def test_settings_out_of_range_are_refused() -> None:
    table = three(SOUND)

    for wrong in (
        {"delta": 0.0},
        {"n_prior": "1/n"},
        {"n_missing": np.array([3, 2])},
        {"n_missing": np.array([-1])},
    ):
        with pytest.raises(BadChoice):
            decomposable(table, **wrong)
    with pytest.raises(BadChoice):
        loose(table.drop("a"))
