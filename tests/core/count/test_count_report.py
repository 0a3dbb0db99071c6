"""The report: what bad tables get, what is warned of, how estimates are combined, what may leave."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.count.mse import (
    BadChoice,
    CaptureTable,
    NotEstimable,
    PosteriorN,
    Report,
    combine_replicates,
    combine_strata,
    decomposable,
    linkage_average,
    report,
    sensitivity,
    sequence,
    stratified,
    two_figures,
)

SOUND = [60, 50, 20, 40, 15, 12, 8]
CELLS = {tuple(code >> at & 1 for at in range(3)): SOUND[code - 1] for code in range(1, 8)}


def three(counts: list[int]) -> CaptureTable:
    return CaptureTable.from_counts(
        {tuple(code >> at & 1 for at in range(3)): counts[code - 1] for code in range(1, 8)},
        ["hotline", "clinic", "monitor"],
    )


def quick(table: CaptureTable, **more: object) -> Report:
    given = {"bootstrap": 50, "with_latent": False} | more
    return report(table, rng=np.random.default_rng(1), **given)  # type: ignore[arg-type] # passed on as given


def spread(n: int, middle: float, sd: float) -> PosteriorN:
    n0 = np.arange(0, 3000)
    mass = np.exp(-((n0 - middle) ** 2) / (2 * sd**2))
    return PosteriorN(n=n, low=n0, high=n0, mass=mass / mass.sum(), method="made")


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["1,0,0,40", "0,1,0,30", "1,1,0,9"], "list.empty"),
        (["1,0,0,40", "1,0,0,30", "0,1,1,9", "1,1,1,9"], "table.duplicate"),
        (["1,0,0,40", "0,1,1,-3", "1,1,1,30"], "table.negative"),
        (["1,0,0,40", "0,1,1,2.5", "1,1,1,30"], "table.fraction"),
        (["0,0,0,100", "1,0,0,40", "0,1,1,20", "1,1,1,30"], "table.nobody"),
        (["1,0,0,40", "0,1,0,30", "1,1,0,9", "0,0,1,20"], "list.alone"),
        (["1,0,0,40", "0,1,0,30", "1,1,0,9", "1,0,1,20", "1,1,1,9"], "list.inside"),
        (["1,0,0,4", "0,1,0,3", "1,1,0,2", "1,0,1,2", "0,0,1,5"], "few.people"),
    ],
)
def test_a_bad_table_gets_its_code_and_never_a_number(rows: list[str], code: str) -> None:
    said = quick(CaptureTable.read_csv(["a,b,c,count", *rows]))

    assert code in {reason.code for reason in said.refusals}
    assert said.methods == ()
    assert said.span is None
    assert said.sentence.endswith("no estimate of the total is possible.")


@pytest.mark.parametrize("n_lists", [1, 2])
def test_one_or_two_lists_are_refused(n_lists: int) -> None:
    cells = {(1,): 50} if n_lists == 1 else {(1, 0): 50, (0, 1): 40, (1, 1): 20}

    said = quick(CaptureTable.from_counts(cells, list("ab")[:n_lists]))

    assert "few.lists" in {reason.code for reason in said.refusals}


def test_what_one_method_alone_answers_is_not_shown() -> None:
    said = quick(three([69, 55, 21, 63, 17, 18, 28]))

    assert {reason.code for reason in said.refusals} == {"graph.complete", "method.alone"}
    assert all(row.median is None for row in said.methods)
    assert "median" not in str([row for row in said.to_json()["methods"] if row["median"] is not None])


def test_a_sound_table_is_answered_by_all_methods_side_by_side() -> None:
    said = report(three(SOUND), rng=np.random.default_rng(2), bootstrap=100, chains=8, max_steps=400)

    assert [row.method for row in said.methods] == ["decomposable", "loglinear", "latent-class"]
    assert all(row.low is not None and row.low >= said.n for row in said.methods if row.has_number)
    assert said.is_publishable
    assert said.provenance["table"] == three(SOUND).hash
    assert said.sentence.startswith("205 documented; about ")


@given(st.lists(st.integers(0, 40), min_size=7, max_size=7))
@settings(max_examples=15, deadline=None)
def test_no_report_is_below_the_documented(counts: list[int]) -> None:
    said = quick(three(counts), bootstrap=20)

    for row in said.methods:
        if row.low is not None and row.median is not None and row.high is not None:
            assert said.n <= row.low <= row.high
            assert said.n <= row.median


@given(st.lists(st.integers(3, 40), min_size=7, max_size=7))
@settings(max_examples=10, deadline=None)
def test_an_empty_list_is_named_and_leaving_it_out_gives_the_same_again(counts: list[int]) -> None:
    table = three(counts)
    cells = {tuple(code >> at & 1 for at in range(4)): n for code, n in table.cells}
    wider = CaptureTable.from_counts(cells, [*table.lists, "nobody's"])

    assert "list.empty" in {reason.code for reason in quick(wider).refusals}
    assert wider.drop("nobody's") == table


def test_what_leaves_has_two_figures_and_no_small_cells() -> None:
    small = three([60, 50, 1, 1, 1, 1, 1])
    told, exact = quick(three(SOUND)).to_json(), quick(three(SOUND)).to_json(rounded=False)

    assert all(row["median"] == two_figures(row["median"]) for row in told["methods"])
    assert any(row["median"] != two_figures(row["median"]) for row in exact["methods"])
    assert [two_figures(value) for value in (7.4, 46, 83.5, 1034.2, 9999)] == [7, 46, 84, 1000, 10000]
    assert quick(small).to_json()["lists"]["monitor"] is None


def test_parts_are_added_by_their_draws() -> None:
    rng = np.random.default_rng(3)
    parts = [spread(50, 300, 40), spread(70, 500, 30)]

    found = combine_strata(parts, n_without=5, rng=rng)

    assert found.total.n == 125
    assert found.total.mean == pytest.approx(50 + 300 + 70 + 500 + 5, rel=0.01)
    assert found.total.sd == pytest.approx(50, rel=0.05)
    assert not found.is_floor
    assert combine_strata(parts, n_without=50, rng=rng).is_floor


def test_replicates_follow_rubin_and_the_other_rule_is_wider() -> None:
    replicates = [spread(50, middle, 20) for middle in (290, 310, 300, 330)]

    rubin, verdata = combine_replicates(replicates), combine_replicates(replicates, rule="verdata")

    between = np.var([290, 310, 300, 330], ddof=1)
    assert rubin.mean == pytest.approx(50 + 307.5, rel=1e-3)
    assert rubin.sd == pytest.approx(np.sqrt(400 + 1.25 * between), rel=1e-3)
    assert rubin.degrees == pytest.approx(3 * (1 + 4 * 400 / (5 * between)) ** 2, rel=1e-2)
    assert verdata.interval[1] > rubin.interval[1]
    assert combine_replicates(replicates, rule="mixture").mean == pytest.approx(rubin.mean, rel=1e-6)


def test_ways_of_linking_are_mixed_by_their_weights() -> None:
    tables = [three(SOUND), three([62, 51, 19, 41, 14, 12, 7])]

    found = linkage_average(tables, [3, 1], decomposable)

    one, other = (decomposable(table) for table in tables)
    assert found.mean == pytest.approx((3 * one.mean + other.mean) / 4, rel=1e-3)
    assert min(one.interval()[0], other.interval()[0]) <= found.interval()[0]
    with pytest.raises(NotEstimable) as caught:
        linkage_average([three(SOUND), three([40, 30, 6, 20, 0, 0, 0])], None, decomposable)
    assert caught.value.reasons[0].code == "linkage.refused"


def test_a_single_best_linkage_misses_the_truth_that_the_average_over_linkages_holds() -> None:
    """A truth of 1,000; half of those on two lists come apart, and as many strangers look as alike as they do."""
    rng = np.random.default_rng(4)
    names = ["a", "b", "c"]

    def table(rows: np.ndarray) -> CaptureTable:
        kept = rows[rows.any(axis=1)]
        return CaptureTable.from_records(
            [dict(zip(names, one, strict=True)) for one in kept.tolist()], lists=names
        )

    on = rng.random((1000, 3)) < np.array([0.35, 0.3, 0.4])
    single = np.flatnonzero(on.sum(axis=1) == 1)
    pairs = []
    for person in np.flatnonzero((on.sum(axis=1) == 2) & (rng.random(1000) < 0.5)):
        second = int(np.flatnonzero(on[person])[1])
        on[person, second] = False
        pairs.append((int(person), len(on)))
        on = np.vstack((on, np.eye(3, dtype=bool)[second]))
    lone = [single[on[single, at]].tolist() for at in range(3)]
    for n, (keeps, goes) in enumerate(list(pairs)):
        one, other = (int(np.flatnonzero(on[row])[0]) for row in (keeps, goes))
        if n < min(len(lone[one]), len(lone[other])):
            pairs.append((lone[one].pop(), lone[other].pop()))

    def link(chosen: list[tuple[int, int]]) -> CaptureTable:
        rows = on.copy()
        for keeps, goes in chosen:
            rows[keeps] |= rows[goes]
            rows[goes] = False
        return table(rows)

    tables = [link([pair for pair in pairs if rng.random() < 0.5]) for _ in range(20)]

    averaged = linkage_average(tables, None, lambda one: decomposable(one, strict=False))

    assert decomposable(link([]), strict=False).interval()[0] > 1000
    assert averaged.interval()[0] < 1000 < averaged.interval()[1]


def test_parts_of_a_table_are_estimated_by_themselves_and_refused_ones_make_a_floor() -> None:
    north = {tuple(code >> at & 1 for at in range(3)): SOUND[code - 1] for code in range(1, 8)}
    lines = ["a,b,c,where,count", *(f"{a},{b},{c},north,{n}" for (a, b, c), n in north.items())]
    lines += [f"{a},{b},{c},south,{2 * n}" for (a, b, c), n in north.items()]
    table = CaptureTable.read_csv([*lines, "1,0,0,west,90", "0,1,0,west,30"])

    found = stratified(table, decomposable, rng=np.random.default_rng(6))

    assert set(found.refused) == {("west",)}
    assert found.sum.total.n == table.n
    assert found.sum.is_floor
    middle = sum(part.mean for part in found.parts.values()) + 120
    assert found.sum.total.mean == pytest.approx(middle, rel=0.02)


def test_every_day_of_a_schedule_is_answered_for() -> None:
    looks = sequence(
        {"2017-09-20": three([3, 2, 1, 2, 1, 1, 0]), "2017-09-24": three(SOUND)},
        decomposable,
        schedule=["2017-09-20", "2017-09-22", "2017-09-24"],
    )

    assert [look.reasons[0].code if look.reasons else "" for look in looks] == [
        "few.people",
        "sequence.missing",
        "",
    ]
    assert looks[2].low is not None
    with pytest.raises(BadChoice):
        sequence({"2017-09-24": three(SOUND)}, decomposable, schedule=["2017-09-20"])


def expected(total: int, first: float, second: tuple[float, float], third: float) -> CaptureTable:
    """Three lists: the second holds another share of those on the first than of the others."""
    counts = []
    for code in range(1, 8):
        a, b, c = (code >> at & 1 for at in range(3))
        share = second[0] if a else second[1]
        chances = (first if a else 1 - first, share if b else 1 - share, third if c else 1 - third)
        counts.append(round(total * float(np.prod(chances))))
    return three(counts)


def test_a_pair_that_the_estimate_holds_dependent_does_not_speak_against_it_by_itself() -> None:
    said = quick(expected(2000, 0.3, (0.45, 0.15), 0.25))

    assert said.warnings == ()
    assert said.sensitivity is not None
    assert [one.is_alike for one in said.sensitivity.left_out] == [True, True, False]
    assert abs(said.sensitivity.left_out[2].median / said.sensitivity.base.median - 1) > 0.25


def test_parts_are_added_up_beside_the_whole_and_are_no_second_opinion() -> None:
    rows = [f"{a},{b},{c},{where},{n}" for (a, b, c), n in CELLS.items() for where in ("north", "south")]
    table = CaptureTable.read_csv(["a,b,c,where,count", *rows])
    refused = CaptureTable.read_csv(["a,b,c,where,count", *rows, "1,0,0,west,90", "0,1,0,west,30"])

    said, silent = quick(table), quick(refused)

    part = next(row for row in said.methods if row.method == "parts")
    assert part.median is not None
    assert part.median > table.n == 410
    assert said.sentence.endswith("by 2 methods.")
    (reason,) = next(row for row in silent.methods if row.method == "parts").reasons
    assert reason.code == "strata.refused"


def test_other_ways_of_linking_are_averaged_beside_the_table_itself() -> None:
    other = three([62, 51, 19, 41, 14, 12, 7])

    said = quick(three(SOUND), linkages=[other])

    row = next(row for row in said.methods if row.method == "linked")
    assert row.median == pytest.approx(linkage_average([three(SOUND), other], None, decomposable).median)
    assert said.sentence.endswith("by 2 methods.")


@pytest.mark.parametrize("missed", [-0.1, 1.1, float("nan")])
def test_missed_matches_are_a_share_and_derived_lists_are_there(missed: float) -> None:
    with pytest.raises(BadChoice):
        quick(three(SOUND), missed_matches=missed)
    with pytest.raises(BadChoice):
        quick(three(SOUND), derived=[("clinic", "nobody")])


def test_nothing_that_may_leave_tells_of_a_small_cell_or_lets_the_table_be_tried() -> None:
    table = three([12, 5, 4, 4, 3, 1, 1])
    told = [quick(table), quick(three([8, 2, 3, 4, 3, 1, 1]))]

    for said in told:
        leaving = json.dumps(said.to_json())
        assert "evidence" not in leaving
        assert table.hash not in leaving
        assert said.provenance["table"] not in leaving
    assert told[1].refusals[0].evidence["n"] == 22


def test_the_dial_says_what_a_claimed_total_would_need() -> None:
    table = three(SOUND)
    found = sensitivity(table)

    assert found.ratio_for(found.base.median, table.n) == pytest.approx(1)
    assert found.ratio_for(table.n, table.n) == 0
    assert [one.what for one in found.left_out] == list(table.lists)
    assert found.odds[0][0] == pytest.approx(0.5)
    assert found.odds[-1][1] == pytest.approx(table.n + 2 * (found.base.median - table.n))
