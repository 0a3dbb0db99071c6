"""Log-linear models: closed forms, existence, choice and bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.count.mse import BadChoice, CaptureTable, LogLinear, NotEstimable, loglinear
from tocsin.core.count.mse.existence import exists
from tocsin.core.count.mse.fitting import Space, fit
from tocsin.core.count.mse.models import all_models, name_model, read_model

SOUND = [60, 50, 20, 40, 15, 12, 8]
COUNTS = st.lists(st.integers(1, 60), min_size=7, max_size=7)


def three(counts: list[int]) -> CaptureTable:
    return CaptureTable.from_counts(
        {tuple(code >> at & 1 for at in range(3)): counts[code - 1] for code in range(1, 8)}, list("abc")
    )


def point(table: CaptureTable, **more: object) -> LogLinear:
    return loglinear(table, bootstrap=0, strict=False, **more)  # type: ignore[arg-type] # passed on as given


@pytest.mark.parametrize(
    ("n_lists", "order", "n"), [(3, 2, 8), (4, 2, 64), (4, 3, 113), (5, 2, 1024), (5, 3, 6212), (6, 2, 2**15)]
)
def test_there_are_as_many_hierarchical_models_as_counted_elsewhere(n_lists: int, order: int, n: int) -> None:
    assert len(all_models(n_lists, order)) == n


def test_where_there_are_millions_of_models_none_is_chosen_from_all() -> None:
    for n_lists, order in ((6, 3), (7, 2)):
        with pytest.raises(BadChoice, match="pairs"):
            all_models(n_lists, order)


def test_a_model_is_named_by_its_greatest_terms_and_read_again() -> None:
    for model in all_models(4, 3):
        assert read_model(name_model(model), 4) == model
    assert name_model(read_model("[34,123,14]", 4)) == "[123,14,34]"
    assert read_model("independence", 3) == (1, 2, 4)
    assert read_model("[1:10,2]", 10)[-1] == 513
    for wrong in ("[15]", "[x]", "[]", "[1234]"):
        with pytest.raises(BadChoice):
            read_model(wrong, 4)


@given(COUNTS)
@settings(max_examples=30)
def test_all_pairs_on_three_lists_have_a_closed_form(counts: list[int]) -> None:
    a, b, ab, c, ac, bc, abc = counts

    found = point(three(counts), model="[12,13,23]")

    assert found.n0 == pytest.approx(a * b * c * abc / (ab * ac * bc), rel=1e-6)
    assert found.deviance == pytest.approx(0, abs=1e-6)
    assert found.estimate >= found.n


@given(COUNTS)
@settings(max_examples=30)
def test_one_list_apart_is_a_pair_of_lists(counts: list[int]) -> None:
    """With c independent of a and b together the estimate is Lincoln and Petersen's of c and the two taken for one."""
    table = three(counts)

    merged = table.merge("a", "b").overlaps()

    assert point(table, model="[12,3]").estimate == pytest.approx(
        merged[0, 0] * merged[1, 1] / merged[0, 1], rel=1e-6
    )


@given(COUNTS, st.permutations("abc"))
@settings(max_examples=20)
def test_the_order_of_lists_changes_no_estimate(counts: list[int], order: list[str]) -> None:
    table = three(counts)

    assert point(table).bic == pytest.approx(point(table.reorder(order)).bic, rel=1e-9)
    assert point(table, model="independence").estimate == pytest.approx(
        point(table.reorder(order), model="independence").estimate, rel=1e-9
    )


def test_only_models_with_an_estimate_are_chosen_from() -> None:
    """Chan, Silverman and Vincent (2021), table 2: four of eight models have one."""
    table = three([40, 30, 6, 20, 0, 0, 0])

    found = point(table)

    assert (found.n_models, found.n_tried, found.model) == (4, 8, "[1,2,3]")
    with pytest.raises(NotEstimable):
        point(table, model="[12,3]")


@given(st.lists(st.sampled_from([0, 0, 1, 2, 9]), min_size=15, max_size=15))
@settings(max_examples=10)
def test_newtons_steps_and_the_linear_program_agree_on_what_exists(counts: list[int]) -> None:
    space = Space(4, tuple(range(1, 15)))
    masks = space.mask(list(all_models(4, 3)))
    tables = np.broadcast_to(np.array(counts, dtype=float), (len(masks), 15))

    fits = fit(space, masks, tables)

    for row in range(len(masks)):
        matrix = space.matrix[fits.cells[row]][:, np.append(True, fits.terms[row])]
        if matrix.shape[0] >= matrix.shape[1] == np.linalg.matrix_rank(matrix):
            assert fits.is_there[row] == exists(matrix, tables[row][fits.cells[row]] > 0)
        else:
            assert not fits.is_there[row]


def test_steps_stop_where_no_overlap_is_improbable() -> None:
    independent = three([60, 50, 20, 40, 16, 13, 5])
    shared = three([150, 150, 120, 400, 40, 40, 30])

    assert point(independent, select="stepwise").model == "[1,2,3]"
    assert point(shared, select="stepwise").terms == (1, 2, 4, 3)


def test_the_bootstraps_interval_is_the_same_for_the_same_chance_and_holds_the_estimate() -> None:
    table = three(SOUND)

    one, other = (loglinear(table, bootstrap=300, rng=np.random.default_rng(7)) for _ in range(2))

    assert one.interval() == other.interval()
    low, high = one.interval()
    assert table.n <= low < one.estimate < high
    assert one.interval(0.8)[0] >= low


def test_choosing_near_the_best_by_one_step_answers_as_fitting_every_model() -> None:
    rng = np.random.default_rng(11)
    counts = np.array([300, 200, 30, 150, 25, 40, 9, 90, 14, 11, 5, 12, 3, 6, 4], dtype=float)
    table = CaptureTable.from_counts(
        {tuple(code >> at & 1 for at in range(4)): counts[code - 1] for code in range(1, 16)}, list("abcd")
    )
    tables = rng.multinomial(int(counts.sum()), counts / counts.sum(), size=60).astype(float)
    space = Space(4, tuple(range(1, 15)))
    masks = space.mask(list(all_models(4, 3)))
    best = []
    for one in tables:
        fits = fit(space, masks, np.broadcast_to(one, (len(masks), 15)))
        at = int(np.argmin(-2 * fits.log_likelihood + np.log(one.sum()) * fits.n_parameters))
        best.append(one.sum() + fits.unlisted()[at])

    found = loglinear(table, bootstrap=60, rng=np.random.default_rng(11))

    assert np.allclose(found.boot, np.sort(best), rtol=1e-6)


def test_settings_out_of_range_are_refused() -> None:
    table = three(SOUND)

    for wrong in ({"select": "cp"}, {"bootstrap": -1}, {"p_threshold": 0.0}, {"bootstrap": 10}):
        with pytest.raises(BadChoice):
            loglinear(table, **wrong)
