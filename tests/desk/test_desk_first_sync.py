"""A long sync: in portions that let pages in, within a day's budget, cut off anywhere, and urgent words still leave."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import doubled, note, said
from sitekit import Visitor, start_site

from tocsin.core.ledger import Member, Moment, Outgoing
from tocsin.desk import budget
from tocsin.desk.budget import MEGABYTE
from tocsin.desk.desk import Desk
from tocsin.desk.errors import BudgetUsed
from tocsin.desk.machine.queries import fetched
from tocsin.desk.sync import sync, sync_portion

MANY = 900
"""More records than a megabyte holds, less than three."""


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Two desks, one of which has written much that the other has not fetched."""
    with make_coalition(tmp_path_factory.mktemp("first-sync"), n=2) as made:
        made.desks[0].do(write_many)
        sync(made.desks[0])
        yield made


def write_many(member: Member, moment: Moment) -> Outgoing:
    batch = member.batch(moment)
    for n in range(MANY):
        batch.say(note(f"entry {n}"), to="watch")
    return batch.outgoing


@pytest.fixture
def newcomer(coalition: Coalition) -> Desk:
    """Desk 2 with nothing but its keys and the founding record, and without any budget."""
    desk, folder = coalition.desks[1], coalition.folders[1]
    desk.close()
    for name in ("replica.sqlite3", "replica.sqlite3-wal", "replica.sqlite3-shm", "desk.json"):
        (folder / name).unlink(missing_ok=True)
    coalition.desks[1] = Desk.open(folder, PASSPHRASE, clock=coalition.clock)
    return coalition.desks[1]


def reopen(coalition: Coalition) -> Desk:
    """Lock desk 2 and unlock it."""
    coalition.desks[1].close()
    coalition.desks[1] = Desk.open(coalition.folders[1], PASSPHRASE, clock=coalition.clock)
    return coalition.desks[1]


def is_the_same(coalition: Coalition) -> bool:
    """Say whether desk 2 has what desk 1 has."""
    one, two = coalition.desks
    return two.world.size == one.world.size and two.world.tree.root() == one.world.tree.root()


def test_a_day_fetches_its_budget_and_the_next_day_goes_on_where_it_stopped(
    coalition: Coalition, newcomer: Desk
) -> None:
    newcomer.choose(daily_megabytes=1)
    with pytest.raises(BudgetUsed, match=r"of \d+ records are here so far"):
        sync(newcomer)
    day, size = newcomer.clock.real_day(), newcomer.world.size

    assert 1 < size < coalition.desks[0].world.size
    assert 0.9 * MEGABYTE < newcomer.replica.fetched_on(day) < 1.2 * MEGABYTE
    again = reopen(coalition)
    with pytest.raises(BudgetUsed):
        sync(again)
    assert again.world.size == size
    assert again.wire().n_fetched == 0
    n_days = 0
    while not is_the_same(coalition):
        # As if the note of what was fetched were of the day before.
        with again.replica.transaction():
            again.replica.note_fetched(day - 1, MEGABYTE)
        n_days += 1
        assert n_days < 6
        try:
            sync(again)
        except BudgetUsed:
            continue

    assert n_days > 0
    assert said(again) == said(coalition.desks[0])
    assert again.verify_all() == again.world.size


def test_what_is_urgent_leaves_although_the_budget_is_used_up_and_once(coalition: Coalition) -> None:
    one, two = coalition.desks
    one.do(write_many)
    sync(one)
    two.choose(daily_megabytes=1, sends_at_once=False)
    with two.replica.transaction():
        two.replica.note_fetched(two.clock.real_day(), MEGABYTE)
    two.append(note("can wait"), to="watch")
    two.append(two.member.bar(1, reason="suspect", day=two.today), to="watch")

    for _ in range(3):
        with pytest.raises(BudgetUsed):
            sync(two)
    sync(one)

    assert [bar.device for bar in one.world.history.now.bars] == [1]
    assert two.n_waiting == 2
    two.choose(daily_megabytes=None, sends_at_once=True)
    coalition.sync_all(2)
    assert two.n_waiting == 0
    assert doubled(two) == []
    assert said(two).count("can wait") == 1
    assert [bar.device for bar in two.world.history.now.bars] == [1]


def test_between_two_portions_pages_get_their_turn_and_a_lock_loses_nothing(
    coalition: Coalition, newcomer: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a link so slow that each page takes a whole portion.
    monkeypatch.setattr(budget, "PORTION_SECONDS", 0.0)
    seen, sizes = set(), []

    def look() -> None:
        with coalition.desks[1].lock:
            seen.add(coalition.desks[1].world.size)

    while not sync_portion(coalition.desks[1]):
        sizes.append(coalition.desks[1].world.size)
        page = threading.Thread(target=look)
        page.start()
        page.join(10)
        if len(sizes) == 3:
            row = fetched(coalition.desks[1])
            assert row.is_under_way
            assert (row.here, row.there) == (sizes[-1], coalition.desks[0].world.size)
            assert 0 < row.percent < 100
            assert row.megabytes > 0.1
            reopen(coalition)

    assert len(sizes) > 5
    assert sizes == sorted(set(sizes))
    assert seen == set(sizes)
    assert is_the_same(coalition)
    assert not fetched(coalition.desks[1]).is_under_way
    assert newcomer is not coalition.desks[1]


def test_the_page_of_this_desk_says_how_far_it_is_and_takes_a_budget(
    coalition: Coalition, newcomer: Desk
) -> None:
    newcomer.choose(daily_megabytes=1)
    with newcomer.replica.transaction():
        newcomer.replica.note_fetched(newcomer.clock.real_day(), MEGABYTE // 2)
    newcomer.close()
    site = start_site(coalition.folders[1], coalition.environment())
    visitor = Visitor(site)
    try:
        visitor.come_in()
        half = visitor.post("sync/").text
        machine = visitor.get("machine/").text
        whole = visitor.post("machine/budget/", seen="machine/choices/", megabytes="0").text
        done = visitor.post("sync/").text
        bad = visitor.post("machine/budget/", seen="machine/choices/", megabytes="-3")
    finally:
        visitor.close()
        said_by_it = site.stop()
        coalition.desks[1] = Desk.open(coalition.folders[1], PASSPHRASE, clock=coalition.clock)

    there = coalition.desks[0].world.size
    for text in (half, machine):
        assert f"of {there} records" in text
        assert "MB today of 1" in text
    assert "The 1 MB that this machine fetches a day are used up." in half
    assert 'value="0"' in whole
    assert f"{there} records; firm up to" in done
    assert bad.status_code == 400
    assert "entry" not in said_by_it
    assert coalition.desks[1].settings.daily_megabytes is None
