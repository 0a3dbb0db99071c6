"""`tocsin keys`: what the pages do, by commands; secrets never on a command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from coalition import LOW_WORK, PASSPHRASE
from foundkit import Lodgings, day_as_date, lodgings
from typer.testing import CliRunner

from tocsin.cli import build_app
from tocsin.core.ledger import WordsDiffer
from tocsin.desk.desk import Desk
from tocsin.desk.keyfile import KeyFile
from tocsin.desk.ledger import changes
from tocsin.desk.start.errors import NotCompared, PassphraseTooShort
from tocsin.desk.sync import sync
from tocsin.errors import TocsinError


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lodgings]:
    """A relay with one code."""
    with lodgings(tmp_path_factory.mktemp("lodgings"), codes=1) as made:
        yield made


class Machine:
    """One person's machine: a folder, and files with what was said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._is_quick = False
        folder.mkdir()

    def keys(self, step: str, *words: str | Path, passphrase: str = PASSPHRASE) -> tuple[str, str]:
        """Run a step; give what it says on either channel, or raise what it ran into."""
        command = ["keys", step, *map(str, words), "--folder", str(self.folder / "desk")]
        done = CliRunner().invoke(build_app("keys"), command, input=f"{passphrase}\n")
        if isinstance(done.exception, TocsinError):
            raise done.exception
        assert done.exit_code == 0, done.output
        self._open_quickly()
        return done.stdout, done.stderr

    def _open_quickly(self) -> None:
        """Put the new keyring under a passphrase that costs little: every later step opens it again."""
        if not self._is_quick:
            keyring = KeyFile.open(self.folder / "desk", PASSPHRASE).keyring
            KeyFile.create(self.folder / "desk", keyring, PASSPHRASE, log_n=LOW_WORK)
            self._is_quick = True

    def file(self, name: str, text: str) -> Path:
        """Keep something that was sent or heard."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def test_a_coalition_is_founded_and_a_fourth_joins_by_commands(tmp_path: Path, relay: Lodgings) -> None:
    lead, second, third, newcomer = (Machine(tmp_path / name) for name in ("lead", "second", "third", "new"))
    founders = (lead, second, third)
    with pytest.raises(PassphraseTooShort):
        lead.keys("card", passphrase="short")
    said = [
        each.keys("card", "--number", str(n), "--organisation", str(n)) for n, each in enumerate(founders, 1)
    ]
    cards = [lead.file(f"card-{n}", card) for n, (card, _) in enumerate(said, 1)]
    heard = lead.file("heard", "\n".join(words for _, words in said[1:]))
    code = lead.file("code", relay.codes[0])
    options = ["--relay", relay.address, "--code", code, "--exercise", day_as_date(relay.clock).isoformat()]

    with pytest.raises(WordsDiffer):
        lead.keys("found", *cards[1:], *options, "--heard", lead.file("wrong", said[1][1][::-1]))
    proposal, _ = lead.keys("found", *cards[1:], *options, "--heard", heard)
    signed, _ = second.keys("sign", second.file("proposal", proposal), "--they-match")
    assert lead.keys("status") == ("founding: 1 of 2 signatures\n", "")
    founding, told = lead.keys("accept", lead.file("signed", signed))
    assert told == "This is the desk of device 1.\n"
    assert second.keys("accept")[1] == "This is the desk of device 2.\n"
    assert third.keys("accept", third.file("founding", founding), "--they-match")[1].endswith("device 3.\n")
    with closing(Desk.open(lead.folder / "desk", PASSPHRASE, clock=relay.clock)) as desk:
        sync(desk)
    assert lead.keys("status")[0].endswith("reads what all read\n")

    twelve = lead.folder / "twelve"
    offer, nothing = lead.keys("invite", "--organisation", "2", "--words", twelve)
    assert nothing == ""
    answer, eight = newcomer.keys(
        "answer", newcomer.file("offer", offer), "--words", twelve, "--duty", "analyst"
    )
    came = lead.file("answer", answer)
    with pytest.raises(NotCompared):
        lead.keys("accept", came)
    assert lead.keys("words")[0] == eight
    lead.keys("accept", came, "--heard", lead.file("eight", eight), "--duty", "analyst")
    with closing(Desk.open(second.folder / "desk", PASSPHRASE, clock=relay.clock)) as desk:
        sync(desk)
        (change,) = changes.all_changes(desk).standing
        changes.sign(desk, change.proposed.id)
        sync(desk)
    assert newcomer.keys("accept")[1] == "This is the desk of device 4.\n"
