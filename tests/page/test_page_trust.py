"""The page believes nobody but the founders that its address names, and seals only to keys that stand under them."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from wirekit import COALITION, TODAY, World, b64, public, published, signer

from tocsin.core.ledger.errors import BadCharter, DamagedRecord
from tocsin.core.ledger.witness import read_witness
from tocsin.core.seal import BadSignature

Asker = Callable[[str, Any], Any]

READ = """
try {
  const sheet = seal.readWitness(seal.unbase64(asked.file), asked.coalition, asked.pin);
  return {
    readers: sheet.readers.map(({ device }) => device), stale: sheet.staleDays, firm: sheet.isFirm, exercise: sheet.exercise,
    checked: [...sheet.checked], book: sheet.book, common: sheet.common, bits: sheet.work.bits,
  };
} catch (trouble) { return trouble.code ?? String(trouble); }
"""


def read(ask_page: Asker, world: World, *, pin: str = "") -> Any:
    """Have the page read the file; what it believes, and what it refuses, the program must believe and refuse too."""
    file, pin = world.to_bytes(), pin or world.pin
    said = ask_page(READ, {"file": b64encode(file).decode(), "coalition": COALITION.hex(), "pin": pin})
    try:
        found = read_witness(file, COALITION.hex() + pin)
    except (BadCharter, BadSignature, DamagedRecord):
        assert said == "error.signature"
        return said
    assert said != "error.signature"
    if isinstance(said, dict):
        assert (said["firm"], said["stale"]) == (found.firm, found.days_without_duty)
    return said


def test_a_file_signed_throughout_is_believed(ask_page: Asker) -> None:
    said = read(ask_page, World())

    assert (said["readers"], said["stale"], said["firm"], said["bits"]) == ([1, 2, 3], 0, True, 3)


def test_at_most_four_read_and_of_as_many_organisations_as_there_are(ask_page: Asker) -> None:
    # Devices 1 and 4 are of one organisation, 2 and 5, 3 and 6.
    world = World(keys=[published(n, TODAY) for n in (1, 4, 2, 5, 3, 6)])

    readers = read(ask_page, world)["readers"]

    assert set(readers) == {1, 2, 3, 4}


def test_yesterdays_keys_are_used_and_said_when_nobody_is_there(ask_page: Asker) -> None:
    world = World(keys=[published(1, TODAY - 3), published(2, TODAY - 9), published(1, TODAY - 4)])

    said = read(ask_page, world)

    assert (sorted(said["readers"]), said["stale"]) == ([1, 2], 3)


def test_tomorrows_key_alone_is_none(ask_page: Asker) -> None:
    assert read(ask_page, World(keys=[published(1, TODAY + 1)])) == "error.keys"


def test_a_device_that_is_not_on_the_charter_or_may_take_no_duty_reads_nothing(ask_page: Asker) -> None:
    world = World(keys=[published(1, TODAY), published(9, TODAY), published(2, TODAY)])
    world.devices[0][3] = 2

    assert read(ask_page, world)["readers"] == [2]


@pytest.mark.parametrize(
    "break_it",
    [
        lambda world: world.charters.append(world.charter(by=(1,))),
        lambda world: world.charters.append(world.charter(by=(1, 9))),
        lambda world: world.charters.append(world.charter(coalition="00" * 32)),
        lambda world: world.charters.extend([world.charter(), world.charter(serial=2, coalition="00" * 32)]),
        lambda world: world.charters.append(world.charter(threshold=1)),
        lambda world: world.charters.extend([world.charter(serial=2), world.charter(serial=2)]),
        lambda world: world.charters.extend([world.charter(), world.charter(serial=2, by=(1,))]),
        lambda world: world.charters.append(world.charter()[:-1]),
        lambda world: world.keys.append(published(1, TODAY, by=signer("somebody else"))),
        lambda world: (
            setattr(world, "relay", signer("another relay")) or world.charters.append(World().charter())
        ),
        lambda world: setattr(world, "left_out", {2}),
        lambda world: setattr(world, "left_out", {5}),
        lambda world: world.keys.append(published(1, TODAY)[:-1]),
    ],
    ids=[
        "one founder",
        "a stranger",
        "another coalition",
        "another coalition's after ours",
        "one founder is said to be enough",
        "an older one",
        "too few for the next",
        "cut short",
        "a key that its device did not sign",
        "another relay",
        "no head",
        "no day",
        "a key cut short",
    ],
)
def test_a_bad_signature_refuses(ask_page: Asker, break_it: Callable[[World], object]) -> None:
    world = World()
    break_it(world)

    assert read(ask_page, world) == "error.signature"


def test_another_coalitions_charter_before_the_pinned_one_is_passed_over(ask_page: Asker) -> None:
    world = World()
    world.charters = [world.charter(coalition="00" * 32), world.charter()]

    assert read(ask_page, world)["readers"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("cosigners", "size", "firm"),
    [((1, 2), 40, True), ((1, 4), 40, False), ((), 40, False), ((1, 2), 41, False)],
    ids=["two organisations", "two devices of one", "nobody", "a longer ledger than the relay's"],
)
def test_a_head_is_firm_by_two_organisations_and_seals_without(
    ask_page: Asker, cosigners: tuple[int, ...], size: int, firm: bool
) -> None:
    said = read(ask_page, World(cosigners=cosigners, cosigned_size=size))

    assert (said["firm"], said["readers"]) == (firm, [1, 2, 3])


def test_other_founders_than_the_address_names_are_not_believed(ask_page: Asker) -> None:
    assert read(ask_page, World(), pin="0" * 32) == "error.signature"


def test_new_founders_need_more_than_half_of_the_old(ask_page: Asker) -> None:
    world = World()
    newcomers = [[n, b64(public(signer(f"founder {n}")))] for n in (2, 3, 4)]
    pin = world.pin
    world.charters = [world.charter(), world.charter(serial=2, by=(2, 3), founders=newcomers)]
    assert read(ask_page, world, pin=pin)["readers"] == [1, 2, 3]
    world.charters.append(world.charter(serial=3, by=(1, 2), founders=newcomers))

    assert read(ask_page, world, pin=pin) == "error.signature"


def test_an_address_made_after_founders_changed_names_the_later_ones(ask_page: Asker) -> None:
    world, later = World(), World(founders={n: signer(f"founder {n}") for n in (2, 3, 4)})
    newcomers = [[n, b64(public(key))] for n, key in later.founders.items()]
    world.charters = [
        world.charter(),
        world.charter(serial=2, by=(2, 3), founders=newcomers),
        world.charter(serial=3, by=(3, 4), founders=newcomers),
    ]

    assert read(ask_page, world, pin=later.pin)["readers"] == [1, 2, 3]
    world.charters[2] = world.charter(serial=3, by=(1, 3), founders=newcomers)
    assert read(ask_page, world, pin=later.pin) == "error.signature"


def test_words_count_by_who_signed_them(ask_page: Asker) -> None:
    world = World()
    world.part("az", {"lead": "two of two organisations"}, by=(1, 2))
    world.part("tr", {"lead": "two of one organisation"}, by=(1, 4))
    world.part("ru", {"lead": "nobody"}, by=())
    world.part("*", {"exit": "https://one.invalid"}, by=(3,))

    said = read(ask_page, world)

    assert said["checked"] == ["az"]
    assert {name: words["lead"] for name, words in said["book"].items()} == {
        "az": "two of two organisations",
        "tr": "two of one organisation",
    }
    assert said["common"] == {}


def test_work_is_done_as_it_is_asked(ask_page: Asker) -> None:
    body, challenge, bits = b"sealed", bytes(range(40)), 6

    header = ask_page(
        "return seal.solve({ challenge: seal.unhex(asked[0]), bits: asked[2] }, seal.unhex(asked[1]));",
        [challenge.hex(), body.hex(), bits],
    )

    done = bytes(ask_page("return [...seal.unbase64(asked)];", header))
    assert done[:40] == challenge
    for search in range(8):
        nonce = done[40 + 4 * search : 44 + 4 * search]
        tried = b"tocsin/1 work\n" + challenge + hashlib.sha256(body).digest() + bytes([search]) + nonce
        assert hashlib.sha256(tried).digest()[0] >> 8 - bits == 0
