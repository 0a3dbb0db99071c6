"""A desk locked for a journey: disk, passphrase and one founder open nothing of it; two founders open it as it was."""

from __future__ import annotations

import sys
from pathlib import Path

DESK = Path(__file__).parents[1] / "desk"
sys.path[:0] = [str(DESK)]

from adversary import Adversary, Disk  # noqa: E402
from coalition import PASSPHRASE, make_coalition  # noqa: E402
from deskkit import aside  # noqa: E402
from folders import sealed_among, values_in  # noqa: E402

from tocsin.core.ledger import join_travel_shares, travel_identity  # noqa: E402
from tocsin.core.seal import Keyring, PassphraseFile  # noqa: E402
from tocsin.desk.errors import TravelLocked  # noqa: E402
from tocsin.desk.keyfile import KeyFile, read_kept  # noqa: E402
from tocsin.desk.machine import travel  # noqa: E402
from tocsin.desk.sync import sync  # noqa: E402

CANARY = "canary-words-of-a-traveller"
ROOM = "response/traveller"


def disk(folder: Path) -> Disk:
    """A keyring as it lies there, and its passphrase."""
    return Disk((folder / "keyring.age").read_bytes(), PASSPHRASE)


def test_a_travelling_desk_opens_to_two_founders_and_to_nobody_else(tmp_path: Path) -> None:
    with make_coalition(tmp_path / "coalition") as coalition:
        traveller = coalition.desks[2]
        coalition.sync_all(2)
        traveller.do(lambda member, moment: member.open_compartments([ROOM], [], moment))
        traveller.append(aside(CANARY), to=ROOM)
        travel.prepare(traveller)
        sync(traveller)
        coalition.sync_all(2)
        before = disk(coalition.folders[2])
        travel.put_away(traveller)
        values = values_in(coalition.relay_home, tmp_path / "scratch")
        for folder in coalition.folders:
            values |= values_in(folder, tmp_path / "scratch")
        adversary = Adversary()
        adversary.keep(*sealed_among(values))
        after, first, second = (disk(coalition.folders[n]) for n in (2, 0, 1))

        assert CANARY in adversary.read([before])
        assert adversary.read([after]) <= {"keyring", "spare", "away", "device", "deal", "sealed"}
        for founder in (first, second):
            assert CANARY not in adversary.read([after, founder])
            assert adversary.read([after, founder]) == adversary.read([after]) | adversary.read([founder])

        told = []
        for founder in (first, second):
            _, plain = PassphraseFile.open(*founder)
            share = Keyring.from_bytes(bytes(read_kept(plain).keyring)).travel_shares[3]
            told.append((share.number, share.value))
        try:
            KeyFile.open(coalition.folders[2], PASSPHRASE)
        except TravelLocked as trouble:
            key = join_travel_shares(told, deal_id=trouble.stub.away.deal)
            trouble.stub.bring_back(travel_identity(key))
        assert CANARY in adversary.read([disk(coalition.folders[2])])
