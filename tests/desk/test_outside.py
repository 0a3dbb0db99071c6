"""Without a browser: a page is checked against what founders signed, and words are sealed with and without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from coalition import Coalition
from msgspec.structs import replace

import nursery
from tocsin.core.intake import TextProposed, TextSigned
from tocsin.core.ledger import WATCH
from tocsin.core.ledger.errors import BadCharter
from tocsin.core.ledger.signed_text import SignedText, pack, sign_text
from tocsin.core.seal import SigningKey
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NoPageAddress
from tocsin.desk.intake import page_texts, queries, sending
from tocsin.desk.intake.opening import reread
from tocsin.desk.outside import PageAddress, check_page
from tocsin.desk.sync import sync

WORDS = "This person does not exist. siskincanary"


def give_charter(coalition: Coalition, *, changed: str = "") -> str:
    """Have two founders sign a charter; with one file's hash changed, if asked. Gives the page's address."""
    one, two = coalition.desks[:2]
    if changed:
        wanted = page_texts.wanted_charter(one)
        other = replace(wanted, page={**wanted.page, changed: "0" * 64})
        page_texts._propose(one, page_texts.Text("page", SignedText(other.to_bytes())))
    else:
        page_texts.propose_charter(one)
    coalition.sync_all(2)
    ((text, _),) = page_texts.charters(two)
    page_texts.sign(two, text.hash)
    coalition.sync_all(2)
    return f"{coalition.address}/#{page_texts.pin(one)}"


def tocsin(*words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tocsin", *words]
    return nursery.run(command, env=os.environ, said=said)


def only_words(desk: Desk) -> str:
    sync(desk)
    (row,) = queries.intake_page(desk).queue
    return reread(desk, bytes.fromhex(row.submission)).narrative.text


def test_a_page_that_is_as_signed_is_found_so(coalition: Coalition) -> None:
    address = give_charter(coalition)

    said = tocsin("verify", address)

    assert said.returncode == 0, said.stderr
    assert "is signed by the founders that this address names" in said.stdout
    assert "Sealed to 3 devices." in said.stdout


def test_a_changed_file_is_named_and_ends_with_one(coalition: Coalition) -> None:
    address = give_charter(coalition, changed="page.js")

    said = tocsin("verify", address)

    assert said.returncode == 1
    assert "CHANGED  page.js" in said.stderr
    assert "Do not use this page" in said.stderr


def test_another_pin_is_not_believed_and_no_pin_is_no_address(coalition: Coalition) -> None:
    address = give_charter(coalition)
    swapped = address[:-1] + ("0" if address[-1] != "0" else "1")

    with pytest.raises(BadCharter):
        check_page(PageAddress.parse(swapped))
    for wrong in (coalition.address, address[:-1], "ftp://x/#" + "a" * 96, ""):
        with pytest.raises(NoPageAddress):
            PageAddress.parse(wrong)


def test_words_are_sent_from_the_command_line_and_read_on_the_desk(coalition: Coalition) -> None:
    address = give_charter(coalition)

    said = tocsin("send", address, "--place", "az", said=WORDS)

    assert said.returncode == 0, said.stderr
    assert len(said.stderr.split("page:\n")[1].split()) == 12
    assert only_words(coalition.desks[0]) == WORDS


def test_words_sealed_without_a_network_are_passed_on_as_text_and_read(
    coalition: Coalition, tmp_path: Path
) -> None:
    address, kept, sealed = give_charter(coalition), tmp_path / "kept.bin", tmp_path / "sealed.txt"

    assert tocsin("send", address, "--keep", str(kept)).returncode == 0
    said = tocsin("send", address, "--with", str(kept), "--out", str(sealed), said=WORDS)
    assert said.returncode == 0, said.stderr
    text = sealed.read_text()
    sending.hand_in_sealed(coalition.desks[1], f"  {text}")

    assert WORDS not in text
    assert only_words(coalition.desks[0]) == WORDS


def test_a_charter_of_founders_that_somebody_made_up_is_never_in_force(coalition: Coalition) -> None:
    one, two = coalition.desks[:2]
    stranger = SigningKey.fresh()
    wanted = page_texts.wanted_charter(one)
    own = replace(wanted, serial=0, threshold=1, founders=((1, pack(stranger.public)),))
    text = SignedText(own.to_bytes())
    one.append(TextProposed(use="page", payload=text.payload), to=WATCH)
    signature = sign_text(text.payload, "page", stranger, one.world.coalition)
    one.append(TextSigned(text=sha256(text.payload).digest(), number=1, signature=signature), to=WATCH)
    one.append(TextProposed(use="page", payload=b'{"v":1'), to=WATCH)
    one.append(TextProposed(use="words", payload=b"nonsense"), to=WATCH)
    coalition.sync_all(2)

    assert page_texts.charter_in_force(two) is None
    assert page_texts.parts(two) == []
    assert page_texts.propose_charter(one)
    coalition.sync_all(2)
    ((proposed, _),) = [each for each in page_texts.charters(two) if each[1].serial > 0]
    page_texts.sign(two, proposed.hash)
    coalition.sync_all(2)
    assert page_texts.charter_in_force(two) is not None
