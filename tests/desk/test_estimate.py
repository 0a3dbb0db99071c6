"""How many were never listed, on a desk: asked on a page, estimated as a job, shown or refused, and sealed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import find_in_files
from sitekit import Visitor, start_site

from tocsin.core.count.mse import BadTable, MethodRow
from tocsin.desk.count.drawing import draw_intervals
from tocsin.desk.count.estimating import Asked, ask, estimate_here, estimate_page
from tocsin.desk.desk import Desk

TABLE = """canary-list-hollin,clinic,prison monitor,count
1,0,0,18
0,1,0,12
0,0,1,6
1,1,0,5
1,0,1,3
0,1,1,1
1,1,1,1
"""
APART = "a,b,c,count\n1,0,0,40\n0,1,0,30\n0,0,1,20\n1,1,0,6\n"


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Two desks."""
    with make_coalition(tmp_path_factory.mktemp("estimate"), n=2) as made:
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
        MethodRow(method="a", title="One", median=80, low=60, high=140, note=""),
        MethodRow(method="b", title="Two", median=900, low=100, high=2000, note=""),
        MethodRow(method="c", title="None", median=None, low=None, high=None, note=""),
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


def test_the_pages_ask_estimate_as_a_job_and_show_what_came_out(coalition: Coalition) -> None:
    folder = coalition.folders[0]
    coalition.desks[0].close()
    site = start_site(folder, coalition.environment())
    person = Visitor(site)
    try:
        person.come_in()
        nothing = person.get("count/").text
        no_note = person.get("count/never-listed/note/").text
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
        note, leaving = person.get("count/never-listed/note/").text, person.get("count/never-listed/leaving/")
    finally:
        person.close()
        said = site.stop()
    coalition.desks[0] = Desk.open(folder, PASSPHRASE, clock=coalition.clock)

    assert "No estimate yet" in nothing
    assert "no estimate on this desk" in no_note
    assert (odd.status_code, zero.status_code) == (400, 400)
    assert "cannot be read" in odd.text
    assert re.search(r"46 documented; about 59 to 1\d0 in all, by 2 methods\. 0 warnings", job.text)
    for page in (shown, short):
        drawing = page[page.index("<svg") : page.index("</svg>") + 6]
        assert len(ElementTree.fromstring(drawing).findall("circle")) == 2  # noqa: S314 - our own page
    assert "Could 83 be everybody?" in shown
    assert "Without canary-list-hollin" in shown
    assert "between 59 and 140" in note
    told = json.loads(leaving.content)
    assert told["documented"] == 46
    assert all(row["high"] % 10 == 0 for row in told["methods"])
    assert "sensitivity" not in told
    assert find_in_files(folder, ["canary-list-hollin"]) == set()
    assert "canary" not in said
