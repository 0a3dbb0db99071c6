"""What witnesses ask of a relay: one file for everybody, submissions, mailboxes that look alike, signed texts, work."""

from __future__ import annotations

import gzip
import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from relaydb import DATABASES
from relaykit import Answer, Desk, RunningRelay, Town, b64, fresh_submission, real_day

from tocsin.core.intake import Asking, Mailbox, Message, message_id, read_reply, write_reply
from tocsin.core.ledger import PublishedKey, Purpose, publish_key
from tocsin.core.ledger.charter import draw_up
from tocsin.core.ledger.parts import Part, is_signed
from tocsin.core.ledger.signed_text import SignedText, sign_text
from tocsin.core.ledger.witness import WitnessFile, read_witness
from tocsin.core.seal import Identity, Receipt, WrongKey, armor, open_sealed
from tocsin.core.seal.mailbox import SLOT_SIZE, Key, key_for
from tocsin.core.seal.work import solve
from tocsin.terms import Day

CANARY = "Sevda Wrencanary"


@pytest.fixture
def town(relay: RunningRelay) -> Town:
    """Found a town whose roll names this relay, and move it in."""
    founded = Town.found(relay_key=relay.key)
    assert founded.lodge(relay).status == 200
    return founded


def day_key(town: Town, device: int, period: int, purpose: int = Purpose.INTAKE) -> PublishedKey:
    return publish_key(
        town.keys[device],
        town.name,
        purpose=purpose,
        device=device,
        period=period,
        roll_version=town.roll.version,
        public=Identity.fresh().recipient.public,
    )


def charter(town: Town, *, serial: int = 1, by: tuple[int, ...] = (1, 2)) -> SignedText:
    made = draw_up(town.roll, town.name, serial=serial, day=Day(real_day()), page={}, speakers=[1, 2, 4])
    text = SignedText(made.to_bytes())
    for number in by:
        text = text.with_signature(
            number, sign_text(text.payload, "page", town.founders[number - 1], town.name)
        )
    return text


def words(town: Town, *by: int, serial: int = 1, text: str = "Qeyd etdik") -> SignedText:
    part = Part(
        coalition=town.name.hex(), part="az", serial=serial, day=real_day(), words={"phrase.received": text}
    )
    signed = SignedText(part.to_bytes())
    for number in by:
        signed = signed.with_signature(
            number, sign_text(signed.payload, "words", town.keys[number], town.name)
        )
    return signed


def pin_of(town: Town) -> str:
    return draw_up(town.roll, town.name, serial=1, day=Day(1), page={}).pin


def post(desk: Desk, path: str, body: bytes, **headers: str) -> Answer:
    return desk.ask("POST", path, body, signed=False, **headers)


def fetch(desk: Desk, town: Town) -> WitnessFile:
    return read_witness(desk.ask("GET", "/witness", signed=False).body, pin_of(town))


def reply_to(receipt: Receipt, *, place: int = 0, text: str = CANARY) -> bytes:
    public = receipt.reply_identity().recipient.public
    to = Mailbox(receipt.locator(0), receipt.write_token(0), receipt.answer_key(0), public)
    message = Message(
        id=message_id(secrets.token_bytes(16)), kind=Asking.REPLY, day=Day(real_day()), text=text
    )
    return write_reply(message, to, place=place).to_bytes()


def slots(desk: Desk, receipt: Receipt) -> list[bytes]:
    keys = [key_for(receipt.locator(i), receipt.write_token(i), place) for i in range(4) for place in (0, 1)]
    answer = post(desk, "/mailboxes", b"".join(map(Key.to_bytes, keys)))
    assert answer.status == 200
    assert len(answer.body) == 8 * SLOT_SIZE
    return [answer.body[at : at + SLOT_SIZE] for at in range(0, len(answer.body), SLOT_SIZE)]


def test_a_witness_seals_by_one_file_to_who_is_on_duty_and_the_desk_opens_it(desk: Desk, town: Town) -> None:
    keys = [day_key(town, device, real_day() + ahead) for device in (1, 2, 3) for ahead in (0, 1, 2)]
    assert post(desk, "/charter", charter(town).to_bytes()).status == 200
    assert desk.ask("POST", "/keys", b"".join(map(PublishedKey.to_bytes, keys)), signed=False).status == 200

    read = fetch(desk, town)

    assert {recipient.public for recipient in read.recipients} == {
        key.public for key in keys if key.period == real_day()
    }
    assert {key.period for key in read.keys} == {real_day(), real_day() + 1}
    assert read.work[1] == 0
    assert read.days_without_duty == 0


def test_where_nobody_is_on_duty_today_the_newest_keys_are_given(desk: Desk, town: Town) -> None:
    post(desk, "/charter", charter(town).to_bytes())
    keys = [day_key(town, 1, real_day() - 1), day_key(town, 2, real_day() - 2)]
    desk.ask("POST", "/keys", b"".join(map(PublishedKey.to_bytes, keys)), signed=False)

    read = fetch(desk, town)

    assert {key.period for key in read.keys} == {real_day() - 1, real_day() - 2}
    assert read.days_without_duty == 1


def test_everybody_gets_the_same_file_packed_if_asked(desk: Desk, town: Town) -> None:
    post(desk, "/charter", charter(town).to_bytes())

    plain = desk.ask("GET", "/witness", signed=False)
    zipped = desk.ask("GET", "/witness", signed=False, Accept_Encoding="gzip")

    assert gzip.decompress(zipped.body) == plain.body
    assert "no-store" in plain.headers["cache-control"]


def test_a_charter_that_too_few_founders_signed_is_refused(desk: Desk, town: Town) -> None:
    assert post(desk, "/charter", charter(town, by=(1,)).to_bytes()).code == "ledger.charter"
    other = Town.found()
    assert post(desk, "/charter", charter(other).to_bytes()).code == "ledger.charter"
    assert post(desk, "/charter", b"what").code == "ledger.damaged"


def test_the_newest_charter_stands_and_an_older_one_does_not_come_back(desk: Desk, town: Town) -> None:
    for serial in (1, 3):
        assert post(desk, "/charter", charter(town, serial=serial).to_bytes()).status == 200

    assert post(desk, "/charter", charter(town, serial=2).to_bytes()).code == "relay.older-text"
    assert post(desk, "/charter", charter(town, serial=3).to_bytes()).status == 200
    assert fetch(desk, town).charter.serial == 3


def test_words_of_one_speaker_are_a_draft_and_of_two_are_signed(desk: Desk, town: Town) -> None:
    assert post(desk, "/words", words(town, 1).to_bytes()).code == "relay.duty"  # no charter yet
    post(desk, "/charter", charter(town).to_bytes())
    assert post(desk, "/words", words(town, 3).to_bytes()).code == "relay.duty"  # device 3 signs no words

    assert post(desk, "/words", words(town, 1).to_bytes()).status == 200
    first = fetch(desk, town)
    assert [is_signed(text, first.charter) for text in first.parts] == [False]

    assert post(desk, "/words", words(town, 2).to_bytes()).status == 200
    assert post(desk, "/words", words(town, 1, serial=2, text="Evil Wrencanary").to_bytes()).status == 200
    second = fetch(desk, town)
    assert [is_signed(text, second.charter) for text in second.parts] == [True]
    assert b"Evil" not in second.parts[0].payload


def test_a_reply_is_read_by_the_receipt_and_by_nothing_else(desk: Desk, town: Town) -> None:
    receipt = Receipt.fresh()
    assert post(desk, "/mailbox", reply_to(receipt)).status == 200

    first, *others = slots(desk, receipt)

    said = read_reply(
        first, receipt.reply_identity(), answer_key=receipt.answer_key(0), locator=receipt.locator(0), place=0
    )
    assert said.text == CANARY
    for slot in (*others, *slots(desk, Receipt.fresh())):
        with pytest.raises(WrongKey):
            open_sealed(slot, [receipt.reply_identity()])


def test_an_empty_place_answers_the_same_again_and_no_other_alike(desk: Desk) -> None:
    receipt = Receipt.fresh()

    once, again = slots(desk, receipt), slots(desk, receipt)

    assert once == again
    assert len(set(once)) == 8


def test_the_first_reply_in_a_place_stands(desk: Desk) -> None:
    receipt = Receipt.fresh()
    sent = reply_to(receipt)
    assert post(desk, "/mailbox", sent).status == 200

    assert post(desk, "/mailbox", sent).status == 200
    assert post(desk, "/mailbox", reply_to(receipt)).code == "relay.place"
    assert post(desk, "/mailbox", reply_to(receipt, place=1)).status == 200


def test_a_reading_or_a_posting_of_another_form_is_refused(desk: Desk) -> None:
    whole = reply_to(Receipt.fresh())

    assert post(desk, "/mailboxes", bytes(519)).status == 400
    for odd in (whole[:-1], whole + b"x", whole[:65] + b"Gunel Canary-Shrike " * 300, bytes(len(whole))):
        assert post(desk, "/mailbox", odd).status == 400


def test_the_same_submission_again_is_answered_as_the_first_time(desk: Desk) -> None:
    sent = fresh_submission()

    assert [post(desk, "/submissions", sent).status for _ in range(2)] == [200, 200]
    assert desk.ask("GET", f"/folder/{desk.day}/submissions").body == len(sent).to_bytes(4, "big") + sent


@pytest.mark.parametrize("armored", [False, True])
def test_a_browser_without_script_hands_in_a_ready_made_file(desk: Desk, armored: bool) -> None:
    sent = fresh_submission()
    body, kind = form(armor(sent).encode() if armored else sent)

    answer = post(desk, "/submissions", body, Content_Type=kind)

    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert sent in desk.ask("GET", f"/folder/{desk.day}/submissions").body


def test_words_in_clear_are_refused_from_a_browser_without_script_too(desk: Desk) -> None:
    body, kind = form(b"Gunel Canary-Shrike " * 900)

    answer = post(desk, "/submissions", body, Content_Type=kind)

    assert answer.status == 400
    assert answer.headers["tocsin-code"] == "relay.plaintext"


def form(data: bytes) -> tuple[bytes, str]:
    """Write a form with one file."""
    mark = "----a" + hashlib.sha256(data).hexdigest()
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="Heron.age"\r\n\r\n'
    return head.encode() + data + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def test_an_attachment_of_more_than_a_hundred_megabytes_is_refused_before_it_is_stored(desk: Desk) -> None:
    headers = {"Upload-Offset": str(115_000_000), "Upload-Complete": "0"}

    answer = desk.ask("PATCH", f"/attachment/{'ab' * 32}", bytes(1000), signed=False, **headers)

    assert answer.code == "relay.too-large"


@pytest.fixture(scope="module", params=DATABASES[:1])
def narrow(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    """Run a relay that asks for work from the third sending on."""
    home: Path = tmp_path_factory.mktemp("narrow") / "home"
    running = RunningRelay(home, codes=1, env={"TOCSIN_RELAY_FLOW": "[0.0001, 3]"})
    yield running
    running.kill()


def test_when_many_send_work_is_asked_and_whoever_did_it_is_let_in(narrow: RunningRelay) -> None:
    town = Town.found()
    town.lodge(narrow)
    desk = town.desk(narrow)
    for _ in range(2):
        assert post(desk, "/submissions", fresh_submission()).status == 200
    sent = fresh_submission()

    refused = post(desk, "/submissions", sent)
    offered = desk.ask("GET", "/work", signed=False).body
    work = solve(offered[:40], sent, offered[40])

    assert refused.headers["tocsin-code"] == "relay.work"
    assert offered[40] >= 8
    assert post(desk, "/submissions", sent, Tocsin_Work=b64(work)).status == 200
    assert post(desk, "/submissions", fresh_submission(), Tocsin_Work=b64(work)).code == "relay.work"
    assert post(desk, "/submissions", fresh_submission(), Tocsin_Work="x").code == "relay.work"
    stale = solve(bytes(40), sent, 8)
    assert post(desk, "/mailbox", reply_to(Receipt.fresh()), Tocsin_Work=b64(stale)).code == "relay.work"
