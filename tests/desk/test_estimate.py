"""How many were never listed, on a desk: asked on a page, estimated as a job, shown or refused, and sealed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import find_in_files
from msgspec.structs import replace
from sitekit import Visitor, protocol, start_site

from tocsin.core.activate import NotAssessed, QuorumNotMet
from tocsin.core.count import Estimate, NotItsTable, Table
from tocsin.core.count.mse import BadTable, MethodRow, two_figures
from tocsin.core.ledger import Duty, NotEntitled
from tocsin.desk.activate import actions as activating
from tocsin.desk.activate import releasing
from tocsin.desk.count import stating
from tocsin.desk.count.drawing import draw_dial, draw_intervals
from tocsin.desk.count.estimating import Asked, ask, estimate_here, estimate_page
from tocsin.desk.desk import Desk
from tocsin.desk.site.waiting import waiting_contents
from tocsin.terms import Day, Period, Place

TABLE = """canary-list-hollin,clinic,prison monitor,count
1,0,0,18
0,1,0,12
0,0,1,6
1,1,0,5
1,0,1,3
0,1,1,1
1,1,1,1
"""
LARGE = "a,b,c,count\n1,0,0,601\n0,1,0,503\n0,0,1,402\n1,1,0,207\n1,0,1,151\n0,1,1,128\n1,1,1,83\n"
APART = "a,b,c,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n"


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """A counter, an assessor, and a seat that may not read tables; the first two hold seats too."""
    seat_only = {3: (Duty.SEAT,)}
    with make_coalition(tmp_path_factory.mktemp("estimate"), n=3, duties=seat_only) as made:
        activating.write_protocol(made.desks[0], protocol())
        made.sync_all(2)
        yield made


def test_the_founding_case_is_46_documented_and_about_60_to_140(coalition: Coalition) -> None:
    desk = coalition.desks[1]

    said = estimate_here(desk, Asked(table=TABLE, claimed=83))

    exact = next(row for row in said.methods if row.method == "decomposable")
    assert (said.n, exact.median) == (46, 83)
    assert exact.low == pytest.approx(59, abs=1)
    assert exact.high == pytest.approx(141, abs=2)
    page = estimate_page(desk)
    assert page.ratio == pytest.approx(1, abs=0.05)
    assert {one.name for one in page.without} == {"canary-list-hollin", "clinic", "prison monitor"}
    assert find_in_files(coalition.folders[1], ["canary-list-hollin"]) == set()


def test_an_estimate_leaves_once_two_organisations_and_a_quorum_of_seats_say_so(coalition: Coalition) -> None:
    counter, assessor, seat = coalition.desks
    estimate_here(counter, Asked(table=TABLE))
    stating.state(counter, Place("az"), Period(Day(17_424), Day(17_437)))
    coalition.sync_all(2)
    row = stating.estimate_rows(seat)[-1]
    record, room = bytes.fromhex(row.id), stating.room_of(row.estimate.table)
    assert not row.may_assess

    with pytest.raises(NotAssessed):
        releasing.release(seat, row.number, is_exact=False)
    with pytest.raises(NotItsTable):
        stating.assess_here(seat, record)
    stating.assess_here(assessor, record)
    coalition.sync_all(2)
    releasing.release(counter, row.number, is_exact=True)
    releasing.release(seat, row.number, is_exact=False)
    with pytest.raises(QuorumNotMet):
        releasing.told_outside(seat, row.number)
    coalition.sync_all(3)

    told = releasing.told_outside(seat, row.number)
    assert told["sentence"].startswith("46 documented; about 59 to 1")
    assert [one["low"] for one in told["methods"]] == [two_figures(one["low"]) for one in told["methods"]]
    assert (room in counter.keyring.compartments, room in seat.keyring.compartments) == (True, False)
    assert seat.contents(Table) == []
    assert assessor.contents(Table, compartment=room) == counter.contents(Table, compartment=room) != []
    stating.close(counter, record)
    coalition.sync_all(2)
    assert not any(room in desk.keyring.compartments for desk in coalition.desks)
    assert releasing.told_outside(assessor, row.number) == told


def test_a_desk_that_does_not_count_states_nothing_and_opens_nothing(coalition: Coalition) -> None:
    seat = coalition.desks[2]
    estimate_here(seat, Asked(table=TABLE))
    rooms = set(seat.keyring.compartments)

    with pytest.raises(NotEntitled):
        stating.state(seat, Place("az"), Period(Day(17_424), Day(17_437)))

    assert not estimate_page(seat).may_state
    assert set(seat.keyring.compartments) == rooms


def test_figures_leave_unrounded_only_if_a_quorum_says_so(coalition: Coalition) -> None:
    counter, assessor, seat = coalition.desks
    estimate_here(counter, Asked(table=LARGE))
    stating.state(counter, Place("az"), Period(Day(17_424), Day(17_437)))
    coalition.sync_all(2)
    row = stating.estimate_rows(seat)[-1]
    stating.assess_here(assessor, bytes.fromhex(row.id))
    coalition.sync_all(2)
    for desk in (counter, assessor):
        releasing.release(desk, row.number, is_exact=True)
    coalition.sync_all(3)

    told = releasing.told_outside(seat, row.number)

    assert not told["rounded"]
    assert any(one["high"] != two_figures(one["high"]) for one in told["methods"])
    assert releasing.tell(row.estimate, is_exact=False)["rounded"]
    few = replace(row.estimate, documented=4, refusals=("few.people",), figures=())
    assert releasing.tell(few, is_exact=False)["documented"] is None
    assert releasing.tell(few, is_exact=False)["sentence"].startswith("Fewer than 5 documented")


def test_a_refusal_takes_the_place_of_the_number(coalition: Coalition) -> None:
    desk = coalition.desks[1]

    said = estimate_here(desk, Asked(table=APART, claimed=83))

    page = estimate_page(desk)
    assert [reason.code for reason in said.refusals] == ["list.alone"]
    assert (page.drawing, page.ratio, page.without, page.dial) == (None, None, (), ())
    with pytest.raises(BadTable):
        ask(desk, Asked(table="a,b\n1,1\n"))


def test_the_drawing_keeps_every_method_on_one_scale() -> None:
    rows = [
        MethodRow(method="a", median=80, low=60, high=140, note=""),
        MethodRow(method="b", median=900, low=100, high=2000, note=""),
        MethodRow(method="c", median=None, low=None, high=None, note=""),
    ]

    drawn = draw_intervals(46, rows, 83)

    for line in drawn.lines[:2]:
        assert line.from_x is not None
        assert line.dot_x is not None
        assert line.to_x is not None
        assert drawn.documented_x < line.from_x < line.dot_x < line.to_x <= drawn.width
    assert drawn.lines[2].said == "no number"
    assert drawn.claimed_x is not None
    assert drawn.lines[0].dot_x < drawn.claimed_x < drawn.lines[1].dot_x


def test_the_dial_is_drawn_from_half_to_twice_as_many_unlisted() -> None:
    odds = [
        (ratio, 46 + 40 * ratio, 46 + 15 * ratio, 46 + 95 * ratio)
        for ratio in (0.5, 0.6, 0.8, 1, 1.2, 1.6, 2)
    ]

    drawn = draw_dial(46, odds, 83)

    assert [line.title for line in drawn.lines] == [
        "half as many unlisted",
        "as the lists say",
        "twice as many unlisted",
    ]
    places = [line.dot_x for line in drawn.lines if line.dot_x is not None]
    assert places == sorted(places)
    assert len(places) == 3


def test_the_pages_ask_estimate_as_a_job_and_show_what_came_out(coalition: Coalition) -> None:
    folder = coalition.folders[0]
    coalition.desks[0].close()
    site = start_site(folder, coalition.environment())
    person = Visitor(site)
    try:
        person.come_in()
        odd = person.post(
            "count/never-listed/ask/", seen="count/never-listed/", pasted="a,b\n1,1", claimed=""
        )
        zero = person.post("count/never-listed/ask/", seen="count/never-listed/", pasted=TABLE, claimed="0")
        job = person.post(
            "count/never-listed/ask/", seen="count/never-listed/", pasted=TABLE, claimed="83", quick="on"
        )
        path = str(job.url).removeprefix(person.home)
        until = time.monotonic() + 60
        while "Done." not in (job := person.get(path)).text and time.monotonic() < until:
            time.sleep(0.1)
        shown, short = person.get("count/never-listed/").text, person.get("count/").text
        person.post(
            "count/never-listed/state/",
            seen="count/never-listed/",
            place="az-ba",
            first="2017-09-15",
            last="2017-09-28",
        )
        unread = person.get("activate/releases/1/")
        strange = person.post(
            "count/never-listed/ask/",
            seen="count/never-listed/",
            pasted=TABLE,
            claimed="",
            derived="clinic, nobody",
        )
    finally:
        person.close()
        said = site.stop()
    coalition.desks[0] = Desk.open(folder, PASSPHRASE, clock=coalition.clock)

    assert (odd.status_code, zero.status_code) == (400, 400)
    assert "cannot be read" in odd.text
    assert re.search(r"46 documented; about 59 to 1\d0 in all, by 2 methods\. 0 warnings", job.text)
    for page in (shown, short):
        drawing = page[page.index("<svg") : page.index("</svg>") + 6]
        assert len(ElementTree.fromstring(drawing).findall("circle")) == 2  # noqa: S314 - our own page
    assert "about the middle of what exact averaging says" in shown
    assert "twice as many unlisted" in shown
    assert "Without canary-list-hollin" in shown
    assert (unread.status_code, strange.status_code) == (404, 400)
    assert "no list of that name" in strange.text
    (draft,) = [each for each in waiting_contents(coalition.desks[0]) if isinstance(each, Estimate)]
    assert (draft.place, draft.documented, draft.refusals) == ("az-ba", 46, ())
    assert find_in_files(folder, ["canary-list-hollin"]) == set()
    assert "canary" not in said
