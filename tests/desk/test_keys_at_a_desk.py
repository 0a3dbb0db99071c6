"""`tocsin keys` at a desk that stands: the roll, a lost device, a custodian's share, a journey, by what the pages call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from typer.testing import CliRunner

from tocsin.cli import build_app
from tocsin.core.ledger import Duty, ask_for_case, case_compartments
from tocsin.core.protect import CaseCode
from tocsin.core.seal import WrongPassphrase
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere, TravelLocked
from tocsin.desk.keyfile import KeyFile
from tocsin.desk.protect.actions import deal
from tocsin.desk.sync import sync
from tocsin.errors import TocsinError

CASE = CaseCode("0123456789abcdef")


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    """Three desks and three custodians, all closed: each step opens the one it is for."""
    with make_coalition(tmp_path / "coalition", custodians=3) as made:
        monkeypatch.setenv("TOCSIN_EXERCISE_CLOCK", str(made.clock_file))
        made.sync_all(2)
        yield Keys(made, tmp_path)


class Keys:
    """Runs steps at the desks of a coalition."""

    def __init__(self, coalition: Coalition, folder: Path) -> None:
        self.coalition, self.folder = coalition, folder

    def at(self, number: int, step: str, *words: str, passphrase: str = PASSPHRASE) -> str:
        """Run a step at a desk and give what it says."""
        self.coalition.desks[number - 1].close()
        command = ["keys", step, *words, "--folder", str(self.coalition.folders[number - 1])]
        done = CliRunner().invoke(build_app("keys"), command, input=f"{passphrase}\n")
        if isinstance(done.exception, TocsinError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    def open(self, number: int) -> Desk:
        """Open a desk to see what became of it."""
        self.coalition.desks[number - 1].close()
        return Desk.open(self.coalition.folders[number - 1], PASSPHRASE, clock=self.coalition.clock)

    def synced(self, *numbers: int) -> None:
        """Sync desks that are closed."""
        for number in numbers:
            with closing(self.open(number)) as desk:
                sync(desk)


def test_the_roll_is_changed_by_two_founders(keys: Keys) -> None:
    change = keys.at(1, "duties", "--device", "3", "--duty", "analyst", "--language", "az").strip()

    keys.synced(2)
    listed = keys.at(2, "changes")
    keys.at(2, "approve", "--change", change)
    keys.synced(1, 2)

    assert listed.startswith(f"{change} 1 of 2: ")
    with closing(keys.open(1)) as desk:
        assert desk.world.history.now.duties[3] == frozenset({Duty.ANALYST})


def test_a_lost_device_is_looked_at_barred_and_founders_lift_it(keys: Keys) -> None:
    looked = keys.at(2, "lost", "--device", "3")
    barred = keys.at(2, "lost", "--device", "3", "--reason", "lost")
    keys.synced(1)
    with closing(keys.open(1)) as desk:
        sealed_to = desk.sealed_to([1, 2, 3])
    keys.at(1, "lift", "--device", "3")
    keys.at(2, "lift", "--device", "3")
    keys.synced(1, 2)

    assert "barred: no" in looked
    assert "barred: yes" in barred
    assert sealed_to == [1, 2]
    with closing(keys.open(1)) as desk:
        assert desk.sealed_to([1, 2, 3]) == [1, 2, 3]
    with pytest.raises(NotHere):
        keys.at(2, "lost", "--device", "9")


def test_a_custodian_releases_what_is_asked_for_after_a_day(keys: Keys) -> None:
    made = keys.coalition
    first = made.desks[0]
    first.do(lambda member, moment: member.open_compartments(case_compartments(CASE), [2], moment))
    made.sync_all(2)
    deal(first, CASE)
    made.sync_all(2)
    first.do(lambda member, moment: member.shut(case_compartments(CASE), moment, parked=True))
    made.sync_all(2)
    second = made.desks[1]
    second.append(ask_for_case(second.member, CASE, reason="handler"), to="watch")
    made.sync_all(3)
    made.pass_days(2)
    made.sync_all(3)

    asked = keys.at(4, "requests")
    number = asked.split()[0]
    keys.at(4, "release", "--request", number)
    keys.at(5, "refuse", "--request", number)

    assert f"{CASE} device 2" in asked
    assert "(may be released)" in asked
    assert "(released)" in keys.at(4, "requests")
    assert "(refused)" in keys.at(5, "requests")
    with pytest.raises(NotHere):
        keys.at(6, "release", "--request", "1")


def test_a_desk_travels_and_its_passphrases_are_changed(keys: Keys) -> None:
    prepared = keys.at(3, "travel")
    keys.synced(1, 2)
    ready = keys.at(3, "travel")
    keys.at(3, "depart")
    keys.synced(1)
    words = keys.at(1, "share", "--device", "3").split()
    new, distress = keys.folder / "new", keys.folder / "distress"
    new.write_text("six other words than those before\n", encoding="utf-8")
    distress.write_text("an invented word of distress\n", encoding="utf-8")
    keys.at(2, "duress", "--words", str(distress))
    keys.at(2, "passphrase", "--words", str(new))

    assert prepared == "0 of 2 founders keep their share\n"
    assert ready == "2 of 2 founders keep their share\n"
    assert (len(words), words[0].isdigit()) == (13, True)
    with pytest.raises(TravelLocked):
        keys.open(3)
    with pytest.raises(WrongPassphrase):
        keys.open(2)
    assert not KeyFile.open(keys.coalition.folders[1], "six other words than those before").keyring.is_quiet
    assert KeyFile.open(keys.coalition.folders[1], "an invented word of distress").keyring.is_quiet
