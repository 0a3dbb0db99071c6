"""Many places: what to read first by one's own costs, levels that changed, and a fit of what came from the neighbours."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import find_in_files
from sitekit import Visitor, start_site

from tocsin.core.watch import BadSettings, Claim, Costs, Panel, fit_contagion
from tocsin.desk.desk import Desk
from tocsin.desk.sync import sync
from tocsin.desk.watch.contagion import BadNetwork, contagion_page, network_of, read_network
from tocsin.desk.watch.many import choose_costs, known_series, many_page
from tocsin.desk.watch.queries import watch_page
from tocsin.terms import Day, Period, Place, Source, first_day_of, week_of

WEEKS = 80
HERE, NEXT, QUIET = Place("az-ba"), Place("az-ga"), Place("az-la")
NETWORK = "az-ba az-ga\n\nAZ-GA az-la 0.5\n"


def invented_counts() -> dict[Place, list[int]]:
    """A place with a purge this week, a neighbour whose level rose a year ago, and one that is quiet."""
    rng = np.random.default_rng(2017)
    here = [*rng.poisson(0.3, WEEKS - 1).tolist(), 9]
    near = [*rng.poisson(0.2, WEEKS - 40).tolist(), *rng.poisson(2.0, 40).tolist()]
    return {HERE: here, NEXT: near, QUIET: [0] * WEEKS}


def claims_of(today: Day) -> list[Claim]:
    """Make claims of the counts, known on the first day of each week."""
    first = week_of(today) - WEEKS + 1
    return [
        Claim(
            claim=f"{place}-{row}-{n}.1", item=f"{place}-{row}-{n}", published=Day(first_day_of(first + row)),
            known_on=Day(first_day_of(first + row)), place=place, source=Source("invented wire", "wire", "nobody"),
            language="en", origin=f"canary-origin {place} {row} {n}", predicate="detained", number=1,
        )
        for place, counts in invented_counts().items()
        for row, count in enumerate(counts)
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Two desks that have read all of it."""
    with make_coalition(tmp_path_factory.mktemp("many"), n=2) as made:
        desk = made.desks[0]
        watched = Period(Day(first_day_of(week_of(desk.today) - WEEKS + 1)), Day(desk.today + 30))
        panels = [
            Panel(place=place, sources=("invented wire",), watched=watched, basis="invented")
            for place in (HERE, NEXT, QUIET)
        ]
        desk.append_all(panels, to="watch")
        desk.append_all(claims_of(desk.today), to="watch")
        sync(desk)
        yield made


def test_what_to_read_first_follows_from_what_acts_cost_here(coalition: Coalition) -> None:
    desk = coalition.desks[0]
    first, *others = many_page(desk).signals

    assert (first.place, first.count, first.rings) == (HERE, 9, True)
    assert first.acts == ("look", "verify", "activate")
    assert all(row.p <= first.p for row in others)
    page = many_page(desk)
    assert page.by_chance == pytest.approx(sum(1 - row.p for row in page.signals))

    choose_costs(desk, Costs(activate=(1e5, 1e-3)), reads_a_week=1)
    narrow = many_page(desk)
    assert [row.place for row in narrow.signals] == [HERE]
    assert narrow.signals[0].acts == ("look", "verify")
    assert narrow.n_left_out == len(others)
    with pytest.raises(BadSettings):
        choose_costs(desk, Costs(look=(0.0, 1.0)), reads_a_week=1)
    choose_costs(desk, Costs(), reads_a_week=5)


def test_a_level_that_rose_and_stayed_is_told_with_the_week_it_began(coalition: Coalition) -> None:
    desk = coalition.desks[0]

    (level,) = many_page(desk).levels

    assert (level.place, level.is_chronic) == (NEXT, True)
    assert level.before < 0.5 < level.after
    assert level.since_from <= week_of(desk.today) - 39 <= level.since_to
    assert level.since_from <= level.since <= level.since_to


def test_neighbours_are_pairs_both_ways_and_anything_else_is_named_by_its_line() -> None:
    network = network_of(read_network(NETWORK), (HERE, NEXT, QUIET))

    assert network.tolist() == [[0, 1, 0], [1, 0, 0.5], [0, 0.5, 0]]
    for text, line in (
        ("az-ba", 1),
        ("az-ba az-ga\naz-ba az-ba", 2),
        ("a b c d", 1),
        ("a b x", 1),
        ("a b -1", 1),
    ):
        with pytest.raises(BadNetwork, match=f"Line {line} "):
            read_network(text)


def test_the_pages_show_it_and_the_fit_runs_as_a_job_whose_result_stays_sealed(coalition: Coalition) -> None:
    folder = coalition.folders[0]
    coalition.desks[0].close()
    site = start_site(folder, coalition.environment())
    person = Visitor(site)
    try:
        person.come_in()
        many = person.get("watch/many/").text
        fields = {
            f"{act}-{what}": "10" for act in ("look", "verify", "activate") for what in ("false", "miss")
        }
        chosen = person.post("watch/many/choose/", seen="watch/many/", reads="3", **fields).text
        odd = person.post(
            "watch/many/choose/", seen="watch/many/", reads="3", **(fields | {"look-miss": "nan"})
        )
        refused = person.post("watch/contagion/fit/", seen="watch/contagion/", neighbours="az-ba")
        job = person.post("watch/contagion/fit/", seen="watch/contagion/", neighbours=NETWORK + "az-ba zz-zz")
        path = str(job.url).removeprefix(person.home)
        until = time.monotonic() + 60
        while "Done." not in (job := person.get(path)).text and time.monotonic() < until:
            time.sleep(0.1)
        shown = person.get("watch/contagion/").text
    finally:
        person.close()
        said = site.stop()
    coalition.desks[0] = desk = Desk.open(folder, PASSPHRASE, clock=coalition.clock)

    assert "AZ-BA" in many
    assert "chronic" in many
    assert re.search(r'name="reads"[^>]* value="3"', chosen)
    assert "0.50" in chosen
    assert odd.status_code == 400
    assert (refused.status_code, "Line 1 is no pair" in refused.text) == (409, True)
    assert "80 weeks of 3 places" in job.text
    assert "zz-zz" in shown
    assert "az-ba" not in said
    fitted = contagion_page(desk).fitted
    assert fitted is not None
    counts = known_series(desk, desk.today)[0].counts
    again = fit_contagion(counts, network=network_of(read_network(NETWORK), fitted.places))
    assert [value for _, value, _ in fitted.coefficients] == pytest.approx(
        again.coefficients.tolist(), rel=1e-6
    )
    assert fitted.shares[0].near == pytest.approx(float(again.near[-1, 0]), rel=1e-6)
    assert find_in_files(folder, ["az-ga", "zz-zz"]) == set()
    assert json.loads((folder / "desk.json").read_bytes())["reads_a_week"] == 3


def test_a_desk_that_knows_nothing_says_so(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2) as made, closing(made.desks[1]) as desk:
        page = many_page(desk)

        assert (page.signals, page.levels, page.n_places) == ((), (), 0)
        assert contagion_page(desk).fitted is None
        assert watch_page(desk).series == ()
