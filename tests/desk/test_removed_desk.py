"""A device that founders removed says so in plain words, on their signatures alone; it can be erased, and then is gone."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import Asked, hostile_relay, remove_device
from sitekit import Visitor, start_site

from tocsin.core.ledger import Refusal
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NoDeskHere, RelayRefused, Removed
from tocsin.desk.sync import sync


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Three desks; the third shares a room with the first."""
    with make_coalition(tmp_path_factory.mktemp("removed")) as made:
        made.sync_all(2)
        made.desks[0].do(lambda member, moment: member.open_compartments(["response/kept"], [3], moment))
        made.sync_all(2)
        yield made


def test_a_removed_desk_says_what_stays_and_erases_itself(coalition: Coalition) -> None:
    first, _, third = coalition.desks

    def takes_it_for_a_stranger(asked: Asked) -> None:
        if asked.is_for("GET", "beside"):
            asked.status = 403
            asked.answer = msgspec.msgpack.encode(Refusal("relay.unknown", "not known"))

    with hostile_relay(coalition) as relay:
        # A relay that only pretends: without founders' signatures this desk does not believe it.
        with relay.rules(after=takes_it_for_a_stranger), pytest.raises(RelayRefused) as pretended:
            sync(third)
        remove_device(coalition, 3, by=first)
        sync(first)
        with pytest.raises(Removed):
            sync(third)
        third.close()
        folder = coalition.folders[2]
        (folder / "holiday.json").write_text("not the desk's", encoding="ascii")

        site = start_site(folder, coalition.environment())
        person = Visitor(site)
        page = "machine/ending/"
        try:
            person.come_in()
            home = person.post("sync/")
            shown = person.get(page)
            refused = person.post(f"{page}erase/", seen=page, passphrase="a guess")
            keyring_stood = (folder / "keyring.age").exists()
            erased = person.post(f"{page}erase/", seen=page, passphrase=PASSPHRASE)
        finally:
            person.close()
            site.stop()

    assert pretended.value.refusal == "relay.unknown"
    assert "Founders have removed this device" in home.text
    assert page in home.text
    assert "This device was removed" in shown.text
    assert "response/kept" in shown.text
    assert (refused.status_code, keyring_stood) == (403, True)
    assert "This desk is erased" in erased.text
    left = {path.name for path in folder.iterdir()}
    assert "holiday.json" in left
    assert not left & {"keyring.age", "spare.age", "snapshot.sealed", "replica.sqlite3", "outbox.sqlite3"}
    with pytest.raises(NoDeskHere):
        Desk.open(folder, PASSPHRASE)
