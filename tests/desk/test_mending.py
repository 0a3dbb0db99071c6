"""A damaged file is put aside by the page, and nothing that was said here is lost by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import note, said
from sitekit import Visitor, start_site

from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere
from tocsin.desk.mending import FILES, mends_of, put_aside
from tocsin.desk.settings_file import read_settings
from tocsin.desk.sync import sync

SENT, LATER, WAITS = "was sent before", "was sent then", "waited while the disk was damaged"


@pytest.fixture
def coalition(tmp_path: Path) -> Iterator[Coalition]:
    """Two desks; at the first one something waits, and the snapshot is fresh."""
    with make_coalition(tmp_path, n=2) as made:
        desk = made.desks.pop(0)
        for words in (SENT, LATER):
            desk.append(note(words), to="watch")
            sync(desk)
        desk.append(note(WAITS), to="watch")
        desk.seal_snapshot()
        desk.close()
        yield made
        for each in made.desks:
            each.close()


def no_database(folder: Path) -> None:
    """Write over the replica as a dying disk would."""
    (folder / "replica.sqlite3").write_bytes(b"no database at all" * 1000)


def no_choices(folder: Path) -> None:
    """Cut the file of choices short."""
    (folder / "desk.json").write_bytes(b"{")


@pytest.mark.parametrize(
    ("damage", "consolation"), [(no_database, "Nothing is lost"), (no_choices, "defaults")]
)
def test_the_door_offers_to_put_the_damaged_file_aside_and_takes_the_right_passphrase_for_it(
    coalition: Coalition, damage: Callable[[Path], None], consolation: str
) -> None:
    folder = coalition.folders[0]
    damage(folder)
    site = start_site(folder, coalition.environment(), passphrase=None)
    person = Visitor(site)
    try:
        person.come_in()
        told = person.post("unlock/", seen="unlock/", passphrase=PASSPHRASE)
        code = next(code for code in FILES if f'value="{code}"' in told.text)
        guessed = person.post("unlock/", seen="unlock/", passphrase="a guess", mends=code)
        before = {path.name for path in folder.iterdir()}
        home = person.post("unlock/", seen="unlock/", passphrase=PASSPHRASE, mends=code)
        synced = person.post("sync/")
    finally:
        person.close()
        site.stop()

    assert told.status_code == 409
    assert consolation in told.text
    assert guessed.status_code == 403
    assert not [name for name in before if "damaged" in name]
    assert ">Home</h1>" in home.text
    assert (folder / (FILES[code] + ".damaged")).exists()
    assert "went wrong" not in synced.text
    with closing(Desk.open(folder, PASSPHRASE, clock=coalition.clock)) as desk:
        sync(desk, everything=True)
        sync(coalition.desks[0])
        assert said(desk) == said(coalition.desks[0]) == [SENT, LATER, WAITS]
        assert desk.n_waiting == 0
        assert not desk.is_cloned


def test_an_open_desk_that_meets_the_damage_on_a_page_mends_it_there(coalition: Coalition) -> None:
    folder = coalition.folders[0]
    with closing(sqlite3.connect(folder / "replica.sqlite3", isolation_level=None)) as db:
        # What a page opens is compared with the tree only then: the desk itself starts from the snapshot.
        db.execute(
            "update record set body = zeroblob(length(body)) where number < (select max(number) from record)"
        )
    site = start_site(folder, coalition.environment())
    person = Visitor(site)
    try:
        person.come_in()
        shown = person.get("watch/")
        home = person.post("mend/", seen="machine/choices/", mends="desk.replica")
        again = person.post("sync/")
    finally:
        person.close()
        site.stop()

    assert shown.status_code == 409
    assert 'value="desk.replica"' in shown.text
    assert ">Home</h1>" in home.text
    assert "damaged" not in again.text
    with closing(Desk.open(folder, PASSPHRASE, clock=coalition.clock)) as desk:
        sync(desk, everything=True)
        assert desk.verify_all() == desk.world.size
        assert said(desk) == [SENT, LATER, WAITS]


def test_only_what_a_desk_can_do_without_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "keyring.age").write_bytes(b"the keys")

    with pytest.raises(NotHere):
        put_aside(tmp_path, "desk.keyring")

    assert mends_of("desk.keyring") == ""
    assert [path.name for path in tmp_path.iterdir()] == ["keyring.age"]


def test_what_may_wait_and_how_much_is_kept_are_chosen_on_a_page(coalition: Coalition) -> None:
    folder = coalition.folders[0]
    site = start_site(folder, coalition.environment())
    person = Visitor(site)
    page = "machine/choices/"
    try:
        person.come_in()
        at_first = person.get(page).text
        person.post("machine/sending/", seen=page, when="hours")
        odd = person.post("machine/sending/", seen=page, when="never")
        person.post("machine/keeping/", seen=page, gigabytes="7")
        less = person.post("machine/keeping/", seen=page, gigabytes="-1")
        chosen = person.get(page).text
    finally:
        person.close()
        site.stop()

    assert "Now everything leaves at the next sync" in at_first
    assert "0, 6, 12 and 18 h UTC" in chosen
    assert 'value="7"' in chosen
    assert (odd.status_code, less.status_code) == (400, 400)
    settings = read_settings(folder)
    assert (settings.sends_at_once, settings.keeper_gigabytes) == (False, 7)
