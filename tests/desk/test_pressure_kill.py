"""Killed at any change of the disk while a duress passphrase is set or given, or a desk is locked to travel or comes home.

Each life is a real process on a copy of one real desk's folder, killed with half of the bytes written. A run tries every
STRIDE-th change of each act, from one that chance names.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from deskkit import aside, said_aside
from lives import Lives, build_disk
from pressure_worker import DURESS, TRAVEL_KEY_NAME

from tocsin.core.ledger import EVERYBODYS, travel_identity
from tocsin.core.seal import DamagedFile, PassphraseFile, WrongPassphrase
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DamagedKeyring, TravelLocked
from tocsin.desk.keyfile import NAME, KeyFile
from tocsin.desk.machine import travel
from tocsin.desk.sync import sync

WORKER = Path(__file__).with_name("pressure_worker.py")
MOST_CHANGES = 2_000
STRIDE = 3
ROOM, WORDS = "response/zephyrine", "said before it was cut off"


@dataclass
class Workshop:
    """A desk's folder as it was before each act, and the worker that does them."""

    made: Coalition
    root: Path
    lives: Lives
    key: bytes

    def cuts(self, act: str, before: Path) -> Iterator[tuple[Path, bool]]:
        """Let an act be cut at one change after another; give the folder each time, and whether the act came to its end."""
        n_changes = int(self._live(f"{act}.whole", before, MOST_CHANGES)[1])
        assert n_changes > 5
        for at in range(1 + random.randrange(STRIDE), n_changes + 1, STRIDE):  # noqa: S311 - says when to cut
            end = self._live(f"{act}.{at}", before, at)[0]
            yield self.root / f"{act}.{at}", end == "lived"
        yield self.root / f"{act}.whole", True

    def _live(self, name: str, before: Path, at: int) -> list[str]:
        shutil.copytree(before, self.root / name)
        return self.lives.live(name, at)

    def is_whole(self, folder: Path, *, passphrase: str = PASSPHRASE) -> bool:
        """Say whether a desk opens with its case, and with what was said there and waits."""
        with closing(Desk.open(folder, passphrase, clock=self.made.clock)) as desk:
            return (desk.n_waiting, said_aside(desk)) == (1, [WORDS]) and ROOM in desk.keyring.compartments


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A desk with a room of its own and something that waits there, which two founders let travel."""
    root = tmp_path_factory.mktemp("pressure")
    shim = build_disk(root)
    with make_coalition(root / "coalition") as made:
        desk = made.desks[2]
        desk.do(lambda member, moment: member.open_compartments([ROOM], [1], moment))
        desk.append(aside(WORDS), to=ROOM)
        made.sync_all(2)
        travel.prepare(desk)
        sync(desk)
        made.sync_all(2)
        desk.append(aside("it waits"), to=ROOM)
        assert desk.keyring.travel_key is not None
        (root / TRAVEL_KEY_NAME).write_bytes(desk.keyring.travel_key)
        desk.close()
        lives = Lives([WORKER, root, made.clock_file], made.environment(), shim)
        try:
            yield Workshop(made, root, lives, (root / TRAVEL_KEY_NAME).read_bytes())
        finally:
            lives.end()


def with_duress(workshop: Workshop, name: str) -> Path:
    """Copy the desk's folder, and let it have a duress passphrase."""
    folder = workshop.root / name
    shutil.copytree(workshop.made.folders[2], folder)
    KeyFile.open(folder, PASSPHRASE).set_duress(DURESS)
    return folder


def opens_anything(folder: Path, passphrase: str) -> bool:
    """Say whether a passphrase opens any file of a folder, also what was left of one that was being written."""
    for path in folder.iterdir():
        try:
            PassphraseFile.open(path.read_bytes(), passphrase)
        except (DamagedFile, WrongPassphrase):
            continue
        return True
    return False


def test_cut_off_while_it_is_set_the_real_passphrase_opens_all_and_the_other_gives_way_or_nothing(
    workshop: Workshop,
) -> None:
    for folder, is_done in workshop.cuts("set", workshop.made.folders[2]):
        whole = workshop.is_whole(folder)
        try:
            quiet = KeyFile.open(folder, DURESS).keyring.is_quiet
        except WrongPassphrase:
            quiet = not is_done

        assert whole
        assert quiet


def test_cut_off_while_it_is_given_it_gives_way_at_the_next_try_and_the_real_one_opens_all_or_nothing(
    workshop: Workshop,
) -> None:
    before = with_duress(workshop, "with")
    # A save that was cut off before had left this.
    shutil.copy(before / NAME, before / "keyring.part")
    for folder, is_done in workshop.cuts("give", before):
        try:
            whole = workshop.is_whole(folder)
        except (WrongPassphrase, DamagedKeyring):
            whole = False
        leftover = not whole and opens_anything(folder, PASSPHRASE)
        with closing(Desk.open(folder, DURESS, clock=workshop.made.clock)) as desk:
            held, is_quiet = set(desk.keyring.compartments), desk.keyring.is_quiet

        assert not (whole and is_done)
        assert not leftover
        assert (held, is_quiet) == (set(EVERYBODYS), True)
        assert not opens_anything(folder, PASSPHRASE)


def test_cut_off_while_it_is_locked_for_a_journey_it_is_whole_or_founders_bring_all_of_it_back(
    workshop: Workshop,
) -> None:
    before = with_duress(workshop, "to-travel")
    for folder, is_done in workshop.cuts("away", before):
        try:
            whole = workshop.is_whole(folder) and not is_done
        except TravelLocked as locked:
            locked.stub.bring_back(travel_identity(workshop.key))
            whole = workshop.is_whole(folder)

        assert whole
        assert KeyFile.open(folder, DURESS).keyring.is_quiet


def test_cut_off_while_it_comes_back_it_is_away_still_or_whole(workshop: Workshop) -> None:
    before = with_duress(workshop, "away")
    with closing(Desk.open(before, PASSPHRASE, clock=workshop.made.clock)) as desk:
        travel.put_away(desk)
    for folder, is_done in workshop.cuts("back", before):
        try:
            whole = workshop.is_whole(folder)
        except TravelLocked as locked:
            assert not is_done
            locked.stub.bring_back(travel_identity(workshop.key))
            whole = workshop.is_whole(folder)

        assert whole
        assert KeyFile.open(folder, DURESS).keyring.is_quiet
