"""A travel lock: nothing opens until two founders read their words; cut off anywhere, it is whole or can be undone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from coalition import LOW_WORK, PASSPHRASE, Coalition, make_coalition
from deskkit import aside, said_aside
from sitekit import Site, Visitor, start_site

from tocsin.core.ledger import EVERYBODYS, NotEntitled, join_travel_shares, travel_identity
from tocsin.core.ledger.kinds import TravelShareHeld
from tocsin.core.seal import BadShare, Keyring, PassphraseFile, TooFewShares, WrongKey, WrongPassphrase, deal
from tocsin.desk.desk import Desk
from tocsin.desk.errors import Locked, NotReadyToTravel, TravelLocked
from tocsin.desk.keyfile import NAME, SPARE, KeyFile, read_kept
from tocsin.desk.machine import travel
from tocsin.desk.sync import sync

DURESS = "an invented word of distress"
KEY = bytes(range(16))
SHARES = deal(KEY, label=b"travel/7", n=3, k=2)


def whole(folder: Path) -> KeyFile:
    """Invent a desk's keyring that opens a case."""
    keyring = Keyring.fresh()
    keyring.device, keyring.travel_key = 7, KEY
    for n, name in enumerate(("watch", "people", "clock", "case/aa/file"), 1):
        keyring.hold(name, bytes([n]) * 16, bytes([n]) * 32)
    keyfile = KeyFile.create(folder, keyring, PASSPHRASE, log_n=LOW_WORK)
    keyfile.set_duress(DURESS)
    return keyfile


def locked(folder: Path) -> TravelLocked:
    """Open a desk that travels."""
    with pytest.raises(TravelLocked) as trouble:
        KeyFile.open(folder, PASSPHRASE)
    return trouble.value


def test_away_the_passphrase_opens_no_key_at_all_and_two_shares_bring_back_every_one(tmp_path: Path) -> None:
    keyfile = whole(tmp_path)
    before = keyfile.keyring.to_bytes()
    keyfile.put_away(travel_identity(KEY).recipient, deal=SHARES[0].deal_id)
    with pytest.raises(Locked):
        keyfile.save()

    _, plain = PassphraseFile.open((tmp_path / NAME).read_bytes(), PASSPHRASE)
    kept = read_kept(plain)
    files = [tmp_path / NAME, tmp_path / SPARE]
    stub = locked(tmp_path).stub
    told = [(share.number, share.value) for share in SHARES]
    for few in (told[:1], [told[0], told[0]]):
        with pytest.raises(TooFewShares):
            join_travel_shares(few, deal_id=stub.away.deal)
    with pytest.raises(BadShare):
        join_travel_shares([told[0], (2, bytes(16))], deal_id=stub.away.deal)
    with pytest.raises(WrongKey):
        stub.bring_back(travel_identity(bytes(16)))
    back = stub.bring_back(travel_identity(join_travel_shares(told[1:], deal_id=stub.away.deal)))

    assert (bytes(kept.keyring), kept.spare) == (b"\xc0", b"")
    assert len({path.stat().st_size for path in files}) == 1
    for secret in (keyfile.keyring.signing_seed, *(bytes([n]) * 32 for n in range(1, 5)), KEY):
        assert secret not in plain
    back.keyring.travel_key = KEY
    assert back.keyring.to_bytes() == before
    assert KeyFile.open(tmp_path, PASSPHRASE).keyring.travel_key is None
    assert KeyFile.open(tmp_path, DURESS).keyring.is_quiet


def test_cut_off_at_any_step_it_is_whole_or_can_be_brought_back(tmp_path: Path) -> None:
    keyfile = whole(tmp_path)
    before = [(tmp_path / name).read_bytes() for name in (NAME, SPARE)]
    keyfile.put_away(travel_identity(KEY).recipient, deal=SHARES[0].deal_id)
    after = [(tmp_path / name).read_bytes() for name in (NAME, SPARE)]

    # The two files are replaced one after the other: there is nothing between these states.
    for name, spare in ((0, 0), (1, 0), (1, 1)):
        (tmp_path / NAME).write_bytes((before, after)[name][0])
        (tmp_path / SPARE).write_bytes((before, after)[spare][1])
        if name:
            back = locked(tmp_path).stub.bring_back(travel_identity(KEY)).keyring
        else:
            back = KeyFile.open(tmp_path, PASSPHRASE).keyring
        assert back.compartments == keyfile.keyring.compartments
        assert KeyFile.open(tmp_path, PASSPHRASE).keyring.signing_seed == keyfile.keyring.signing_seed
        assert KeyFile.open(tmp_path, DURESS).keyring.is_quiet


def test_under_duress_a_desk_that_travels_gives_way_as_any_other(tmp_path: Path) -> None:
    whole(tmp_path).put_away(travel_identity(KEY).recipient, deal=SHARES[0].deal_id)

    given = KeyFile.open(tmp_path, DURESS).keyring

    assert set(given.compartments) == set(EVERYBODYS)
    assert given.travel_key is None
    with pytest.raises(WrongPassphrase):
        KeyFile.open(tmp_path, PASSPHRASE)


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Three founders' desks; the third will travel, and shares a room with the first."""
    with make_coalition(tmp_path_factory.mktemp("travel")) as made:
        made.sync_all(2)
        made.desks[2].do(lambda member, moment: member.open_compartments(["response/trip"], [1], moment))
        made.sync_all(2)
        yield made


def sit_down(
    coalition: Coalition, number: int, *, passphrase: str | None = PASSPHRASE
) -> tuple[Site, Visitor]:
    """Come to a desk's page."""
    site = start_site(coalition.folders[number - 1], coalition.environment(), passphrase=passphrase)
    person = Visitor(site)
    person.come_in()
    return site, person


def words_of(coalition: Coalition, number: int) -> tuple[str, str]:
    """Read a founder's share for device 3 off their page: its number and its words."""
    coalition.desks[number - 1].close()
    site, person = sit_down(coalition, number)
    try:
        shown = person.post("ledger/away/3/", seen="ledger/away/")
    finally:
        person.close()
        site.stop()
    coalition.desks[number - 1] = Desk.open(coalition.folders[number - 1], PASSPHRASE, clock=coalition.clock)
    share = re.search(r"Share number <strong>(\d+)", shown.text)
    assert share is not None
    words = re.findall(r"<li>([a-z]{5})</li>", shown.text)
    assert len(words) == 12
    return share[1], " ".join(words)


def test_a_desk_travels_and_two_founders_let_it_back_in(coalition: Coalition) -> None:
    first, second, traveller = coalition.desks
    before = traveller.keyring.compartments.keys()
    with pytest.raises(NotReadyToTravel):
        travel.put_away(traveller)
    travel.prepare(traveller)
    sync(traveller)
    sync(first)
    sync(traveller)
    with pytest.raises(NotReadyToTravel):
        travel.put_away(traveller)
    stranger = TravelShareHeld(device=3, deal=traveller.world.trips.standing[3].deal)
    with pytest.raises(NotEntitled):
        coalition.desks[0].world.trips.take(stranger, device=3, day=0)
    sync(second)
    traveller.close()

    # Locked on its page, it opens by nothing that its holder knows.
    site, person = sit_down(coalition, 3)
    person.post("sync/")
    page = person.get("machine/travel/")
    locked_page = person.post("machine/travel/lock/", seen="machine/travel/")
    person.close()
    site.stop()
    with pytest.raises(TravelLocked):
        Desk.open(coalition.folders[2], PASSPHRASE, clock=coalition.clock)

    # Meanwhile it is sealed to as before.
    first.append(aside("said while it was away"), to="response/trip")
    for desk in (first, second):
        sync(desk)
    told = [words_of(coalition, number) for number in (1, 2)]

    site, person = sit_down(coalition, 3, passphrase=None)
    asked = person.post("unlock/", seen="unlock/", passphrase=PASSPHRASE)
    number, words = told[0]
    slip = person.post("machine/return/", seen="machine/return/", number=number, words=words[6:])
    person.post("machine/return/", seen="machine/return/", number=number, words=words)
    other = person.post("machine/return/", seen="machine/return/", number="3", words=words)
    for number, words in told:
        home = person.post("machine/return/", seen="machine/return/", number=number, words=words)
    person.post("sync/")
    person.close()
    said_by_site = site.stop()
    for desk in (coalition.desks[0], coalition.desks[1]):
        sync(desk)

    assert "2 of 2 founders keep their share" in page.text
    assert "Passphrase" in locked_page.text
    assert "This desk is device 3" in asked.text
    assert "12 words; 11 were entered" in slip.text
    assert other.status_code == 409
    assert "0 of 2 sets taken" in other.text
    assert ">Home</h1>" in home.text
    assert not any(word in said_by_site for _, words in told for word in words.split())
    with closing(Desk.open(coalition.folders[2], PASSPHRASE, clock=coalition.clock)) as back:
        assert back.keyring.compartments.keys() >= before
        assert said_aside(back) == ["said while it was away"]
        assert back.world.trips.standing == {}
    for desk in coalition.desks[:2]:
        assert desk.keyring.travel_shares == {}
        assert desk.world.trips.standing == {}
