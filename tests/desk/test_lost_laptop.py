"""A lost device is contained: out within one sync of every desk online, and what it knew has new keys at the next write."""

from __future__ import annotations

from pathlib import Path

import pytest
from coalition import make_coalition
from deskkit import aside, note, said, said_aside

from tocsin.core.ledger import WATCH, BarLifted
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.ledger import actions
from tocsin.desk.ledger.lost import lost_page
from tocsin.desk.sync import sync

TWO, ALL = "response/two", "response/all"


def epoch_of(desk: Desk, name: str) -> bytes:
    """The epoch that a desk writes a compartment with."""
    current = desk.world.compartments[name].current()
    assert current is not None
    return current.id


def open_rooms(first: Desk) -> None:
    """Give the device that will be lost one compartment with the first desk, and one with everybody."""
    first.do(lambda member, moment: member.open_compartments([TWO], [3], moment))
    first.do(lambda member, moment: member.open_compartments([ALL], [2, 3], moment))


@pytest.mark.parametrize("is_offline", [False, True], ids=["online", "offline"])
def test_a_lost_device_is_out_within_one_sync_and_its_keys_change_at_the_next_write(
    tmp_path: Path, is_offline: bool
) -> None:
    with make_coalition(tmp_path) as coalition:
        first, second, lost = coalition.desks
        coalition.sync_all(2)
        open_rooms(first)
        coalition.sync_all(2)
        before = {name: epoch_of(first, name) for name in (TWO, ALL, WATCH)}
        if is_offline:
            # It sleeps through all of it, and holds what its last sync brought.
            first.append(aside("said while it slept, before the bar"), to=TWO)
            sync(first)

        actions.bar(second, 3, reason="lost")
        sync(second)
        one_sync = [second.sealed_to([3])]
        if not is_offline:
            sync(lost)
        sync(first)
        one_sync.append(first.sealed_to([3]))
        first.append(aside("canary two"), to=TWO)
        second.append(aside("canary all"), to=ALL)
        first.append(note("canary watch"), to=WATCH)
        coalition.sync_all(2)

        assert one_sync == [[], []]
        assert all(epoch_of(first, name) != before[name] for name in before)
        for name in before:
            assert 3 not in first.world.compartments[name].epochs[epoch_of(first, name)].members
        assert {"canary two", "canary all"} <= set(said_aside(first))
        assert "canary all" in said_aside(second)
        assert not [word for word in (*said_aside(lost), *said(lost)) if word.startswith("canary")]
        # What was said to it before stays readable to it: nobody can take that back.
        assert ("said while it slept, before the bar" in said_aside(lost)) == is_offline


def test_whoever_bars_changes_keys_at_once_and_founders_end_it_one_way_or_the_other(tmp_path: Path) -> None:
    with make_coalition(tmp_path) as coalition:
        first, second, lost = coalition.desks
        coalition.sync_all(2)
        open_rooms(first)
        coalition.sync_all(2)

        actions.bar(first, 3, reason="lost")
        sync(first)
        due = lost_page(first, 3).due
        actions.rotate(first, 3)
        coalition.sync_all(2)
        page = lost_page(second, 3)
        for founder in (first, second):
            actions.lift(founder, 3)
        lost.append(BarLifted(device=3), to=WATCH)
        coalition.sync_all(2)
        after = lost_page(first, 3)
        actions.let_back(first, 3)
        first.append(aside("and back"), to=TWO)
        coalition.sync_all(3)

        assert {TWO, ALL, WATCH} <= set(due)
        assert page.due == ()
        assert page.bar is not None
        assert (page.bar.by, page.bar.why, page.bar.is_own) == (1, "lost or taken", False)
        assert 72 <= page.bar.hours_left <= 96
        assert (ALL in page.rooms, TWO in page.rooms) == (True, False)
        assert after.bar is None
        assert {TWO, ALL} <= set(after.left_out)
        assert "and back" in said_aside(lost)
        with pytest.raises(NotHere):
            lost_page(first, 1)
