"""What the page in one file sealed without a network: duty desks open it until 35 days after its month, and nobody after.

The keys of a month are held whether or not the folder was drained, since a sealed text may be passed on by hand for weeks.
The adversary ran the relay and kept what was handed in; it has each desk's keyring and passphrase of that day.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

DESK = Path(__file__).parents[1] / "desk"
sys.path[:0] = [str(DESK)]

from adversary import Adversary, Disk  # noqa: E402
from coalition import PASSPHRASE, Coalition, make_coalition  # noqa: E402
from folders import sealed_among, values_in  # noqa: E402

from tocsin.core.intake import Account, Facts  # noqa: E402
from tocsin.core.ledger import Duty  # noqa: E402
from tocsin.core.ledger.charter import draw_up  # noqa: E402
from tocsin.core.ledger.witness import read_witness  # noqa: E402
from tocsin.desk.intake import actions as taking  # noqa: E402
from tocsin.desk.intake import page_texts  # noqa: E402
from tocsin.desk.intake.witness_words import seal_words  # noqa: E402
from tocsin.terms import Place, day_from_date  # noqa: E402

DUTIES = {1: (Duty.INTAKE, Duty.HANDLER), 2: (Duty.INTAKE,), 3: (Duty.HANDLER,)}
WORDS = "canary-account-lantern"
TENTH, LAST = day_from_date(date(2031, 3, 10)), day_from_date(date(2031, 5, 5))
"""A day in March, and the 35th of those that begin with the first of April."""


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give two desks on duty and one that is not, on the tenth of a month."""
    offset = TENTH - int(time.time()) // 86_400
    with make_coalition(
        tmp_path_factory.mktemp("file-keys") / "coalition", 3, duties=DUTIES, offset_days=offset
    ) as made:
        yield made


def hand_in_what_was_sealed_without_a_network(coalition: Coalition) -> None:
    """Seal to the month's file keys as the page in one file does, and pass the text on."""
    one, two = coalition.desks[:2]
    page_texts.propose_charter(one)
    coalition.sync_all(2)
    ((text, _),) = page_texts.charters(two)
    page_texts.sign(two, text.hash)
    coalition.sync_all(2)
    charter = draw_up(one.world.history.now.roll, one.keyring.coalition, serial=1, day=one.today, page={})
    with one.wire() as wire:
        witness = read_witness(wire.witness_file(), charter.pin)
        _, sealed = seal_words(
            witness, Account(text=WORDS, language="az"), Facts(place=Place("zz")), offline=True
        )
        wire.post_submission(sealed)
    coalition.sync_all()


def opened_by(coalition: Coalition, ever: set[bytes]) -> list[int]:
    """Say whose keyring opens the words, of all that the relay ever had."""
    adversary = Adversary()
    adversary.keep(*sealed_among(ever))
    disks = {
        number: Disk((folder / "keyring.age").read_bytes(), PASSPHRASE)
        for number, folder in enumerate(coalition.folders, start=1)
    }
    return [number for number, disk in disks.items() if WORDS in adversary.read([disk])]


def test_what_was_sealed_without_a_network_opens_at_duty_desks_until_35_days_after_its_month(
    coalition: Coalition, tmp_path: Path
) -> None:
    hand_in_what_was_sealed_without_a_network(coalition)
    ever = values_in(coalition.relay_home, tmp_path / "relay")
    assert opened_by(coalition, ever) == [1, 2]

    # Draining the folder takes the day key, not the month's.
    taking.take_calls(coalition.desks[0])
    coalition.sync_all(2)
    assert opened_by(coalition, ever) == [1, 2]

    while coalition.desks[0].today < LAST:
        coalition.pass_days(min(14, LAST - coalition.desks[0].today))
        coalition.sync_all()
    assert opened_by(coalition, ever) == [1, 2]

    coalition.pass_days(1)
    coalition.sync_all()
    assert opened_by(coalition, ever) == []
