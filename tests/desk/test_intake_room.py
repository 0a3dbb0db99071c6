"""The intake room: what came is read, answered, put aside, erased or made a case; what a pocket says reaches its issuer."""

from __future__ import annotations

import io
import secrets

import pytest
from coalition import Coalition
from witnesskit import NAME, WORDS, Witness, sync_twice

from tocsin.core.intake import (
    Account,
    Asking,
    Attachment,
    Ending,
    Facts,
    PocketAnswer,
    PocketAnswered,
    Sending,
    Who,
)
from tocsin.core.ledger import Note, Purpose, case_compartments
from tocsin.core.ledger.witness import read_witness
from tocsin.core.protect import Identity
from tocsin.core.seal import Identity as FileKey
from tocsin.core.seal import pad_file, seal_stream
from tocsin.desk.activate import deadlines, night
from tocsin.desk.activate.deadlines import check_ins
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NoMailbox, NotHere
from tocsin.desk.intake import actions, importing, page_texts, pockets, queries, replying, sending
from tocsin.desk.intake.attachments import open_file, sniff
from tocsin.desk.intake.opening import openable, reread, waiting
from tocsin.desk.protect import actions as protecting
from tocsin.desk.sync import sync
from tocsin.feeds.tables import read_table
from tocsin.terms import Place


def first_digest(desk: Desk) -> bytes:
    return bytes.fromhex(queries.intake_page(desk).queue[0].submission)


def answer(desk: Desk, digest: bytes, **said: object) -> None:
    replying.reply(desk, [replying.mailbox_of(reread(desk, digest))], to=actions.open_week(desk), **said)


def test_a_worker_replies_by_phrasebook_the_witness_answers_and_it_becomes_a_case(
    coalition: Coalition,
) -> None:
    one, witness = coalition.desks[0], Witness(coalition)
    witness.send()
    digest = first_digest(one)
    actions.take_one(one, digest)
    sync(one)
    answer(one, digest, phrases=["received", "more"], text="kind words")
    sync(one)

    (reply,) = witness.read()
    assert (reply.phrases, reply.text, reply.kind) == (("received", "more"), "kind words", Asking.REPLY)

    witness.send(Sending.MESSAGE, text="At the bridge, two days ago.", i=1)
    (row,) = queries.intake_page(one).queue
    assert (row.n_together, row.what) == (1, "more on the same receipt")  # the call itself is taken by now
    page = queries.submission_page(one, digest)
    assert [each.said.narrative.text for each in page.together] == ["At the bridge, two days ago."]

    case = protecting.open_case(one, digest, 2)
    sync(one)
    later = bytes.fromhex(row.submission)
    assert actions.put_into_case(one, later) == case
    sync_twice(coalition)
    (identity,) = one.contents(Identity)
    assert (identity.name, identity.thread) == (NAME, witness.receipt.thread)
    assert [note.text for note in one.contents(Note, compartment=case_compartments(case)[1])] == [
        "At the bridge, two days ago."
    ]
    assert all(not waiting(desk) for desk in coalition.desks)


def test_a_handler_still_replies_from_the_case_when_the_submission_is_gone(coalition: Coalition) -> None:
    one, witness = coalition.desks[0], Witness(coalition)
    witness.send()
    digest = first_digest(one)
    actions.take_one(one, digest)
    sync(one)
    case = protecting.open_case(one, digest, 2)
    sync(one)
    (identity,) = one.contents(Identity)

    replying.reply(
        one,
        [replying.mailbox_of(identity)],
        to=case_compartments(case)[1],
        asking=Asking.OFFER,
        text="a place",
    )
    sync(one)

    assert [(each.kind, each.text) for each in witness.read()] == [(Asking.OFFER, "a place")]


def test_two_desks_that_reply_at_once_both_reach_the_mailbox(coalition: Coalition) -> None:
    one, two, witness = *coalition.desks[:2], Witness(coalition)
    witness.send()
    digest = first_digest(one)
    actions.open_week(one)
    coalition.sync_all(2)
    for desk, words in ((one, "first"), (two, "second")):
        answer(desk, digest, text=words)
    coalition.sync_all(3)

    assert {each.text for each in witness.read()} == {"first", "second"}


def test_who_asks_is_erased_on_every_desk_and_told_so(coalition: Coalition) -> None:
    one, witness = coalition.desks[0], Witness(coalition)
    witness.send()
    witness.send(Sending.ERASE, text="")
    rows = queries.intake_page(one).queue
    assert [row.n_together for row in rows] == [2]
    digest = bytes.fromhex(rows[0].submission)
    answer(one, digest, phrases=["erased"])

    assert actions.erase(one, digest) == 2
    sync_twice(coalition)

    assert [each.phrases for each in witness.read()] == [("erased",)]
    for desk in coalition.desks:
        queries.intake_page(desk)
        assert openable(desk) == []
    with pytest.raises(NotHere):
        reread(one, digest)


def test_what_was_put_aside_stays_and_what_was_refused_goes(coalition: Coalition) -> None:
    one = coalition.desks[0]
    kept, gone = Witness(coalition), Witness(coalition)
    kept.send()
    digest = first_digest(one)
    actions.take_one(one, digest)
    actions.put_aside(one, digest)
    gone.send(text="another")
    refused = first_digest(one)
    answer(one, refused, phrases=["not-us"])
    actions.settle(one, refused, Ending.REFUSED)
    sync_twice(coalition)

    page = queries.intake_page(one)
    assert [(row.why, bool(row.submission)) for row in page.apart] == [("put aside, to come back to", True)]
    assert [each.phrases for each in gone.read()] == [("not-us",)]
    assert {sealed.digest for sealed in openable(one)} == {digest}


def test_who_has_no_receipt_cannot_be_replied_to(coalition: Coalition) -> None:
    one = coalition.desks[0]
    taken = sending.TakenDown(
        channel="hotline",
        consent=True,
        who=Who(name=NAME),
        account=Account(text=WORDS),
        facts=Facts(place=Place("az")),
    )
    receipt = sending.hand_in(one, taken)
    sync(one)
    said = reread(one, first_digest(one))

    assert said.taken_by is not None
    assert (said.taken_by.device, said.taken_by.consent, said.thread) == (1, True, receipt.thread)
    with pytest.raises(NoMailbox):
        replying.mailbox_of(said.__class__(**{**dict_of(said), "thread": b"", "reply": b""}))


def dict_of(said: object) -> dict[str, object]:
    return {name: getattr(said, name) for name in said.__struct_fields__}  # type: ignore[attr-defined]  # a msgspec struct


def test_a_drill_that_the_relay_kept_comes_back(coalition: Coalition) -> None:
    one = coalition.desks[0]

    sending.send_drill(one)
    coalition.sync_all(2)

    assert sending.drills(one) == (1, 1)
    actions.take_calls(one)
    sync_twice(coalition)
    assert queries.intake_page(one).n_waiting == 0


def test_a_table_goes_in_row_by_row_or_not_at_all(coalition: Coalition) -> None:
    one = coalition.desks[0]
    table = read_table(f"Name;Wo;Wie viele\n{NAME};az-ba;2\n{WORDS};az;many\n".encode())
    columns = {"name": 0, "place": 1, "people": 2}

    wrong = importing.match(table, columns, consent=True)
    assert [(each.row, each.field) for each in wrong.troubles] == [(3, "people")]
    right = importing.match(table._replace(rows=table.rows[:1]), columns, consent=True)
    assert importing.hand_in_all(one, right) == 1
    sync(one)

    said = reread(one, first_digest(one))
    assert (said.identity.name, said.facts.people, said.facts.place) == (NAME, 2, "az-ba")


def test_a_file_that_came_with_it_is_opened_by_hand_and_known_by_its_first_bytes(
    coalition: Coalition,
) -> None:
    one, witness = coalition.desks[0], Witness(coalition)
    content = b"\x89PNG\r\n\x1a\n" + secrets.token_bytes(70_000)
    key, address, sealed = FileKey.fresh(), secrets.token_bytes(32), io.BytesIO()
    seal_stream(pad_file(io.BytesIO(content), len(content)), sealed, [key.recipient])
    with one.wire() as wire:
        wire.put_chunk(address.hex(), sealed.getvalue(), offset=0, is_last=True)
    witness.send(attachments=(Attachment(address=address, seed=key.seed, bytes=len(content)),))
    digest = first_digest(one)

    opened = open_file(one, digest, 0)

    assert (opened.content, opened.kind) == (content, "image/png")
    assert repr(opened) == "OpenedFile(...)"
    with pytest.raises(NotHere):
        open_file(one, digest, 1)
    for odd in (b"<svg onload=x>", b"\0\0\0\x18ftypheic", b"PK\x03\x04", b"GIF89a", b"<html>", b""):
        assert sniff(odd) == ""


def test_an_interpreter_gets_words_without_a_name_and_sends_them_back(coalition: Coalition) -> None:
    one, witness = coalition.desks[0], Witness(coalition)
    code, receipt = pockets.issue(one, "interpreter")
    coalition.sync_all(2)
    interpreter = Witness(coalition, receipt)
    pockets.ask_to_interpret(one, code, WORDS, language="az", into="en", until=one.today)
    sync(one)

    (asked,) = interpreter.read()
    assert (asked.kind, asked.text, asked.content) == (Asking.INTERPRET, WORDS, {"from": "az", "to": "en"})

    interpreter.send(
        Sending.ANSWER, text="in other words", i=1, answer=PocketAnswer(to=asked.id, choice="interpreted")
    )
    witness.send()
    sync_twice(coalition)
    for desk in coalition.desks:
        answers = desk.contents(PocketAnswered)
        assert {(each.pocket, each.choice, each.text) for each in answers} == {
            (code, "interpreted", "in other words")
        }
    assert len(queries.intake_page(one).queue) == 1  # the witness's; the answer went by itself


def test_tonights_check_in_is_met_from_the_workers_own_phone(coalition: Coalition) -> None:
    one, witness = coalition.desks[0], Witness(coalition)
    witness.send()
    digest = first_digest(one)
    actions.take_one(one, digest)
    sync(one)
    case = protecting.open_case(one, digest, 2)
    coalition.sync_all(2)
    deadlines.set_check_in(one, to=case_compartments(case)[1], what="she calls", hours=3)
    code, receipt = pockets.issue(one, "night")
    coalition.sync_all(2)
    assert night.send_night(one, code) == 1
    sync(one)
    phone = Witness(coalition, receipt)
    (asked,) = phone.read()
    (row,) = asked.content["check_ins"]
    assert row["waits_for"] == "she calls"

    phone.send(Sending.ANSWER, text=row["code"], i=1, answer=PocketAnswer(to=asked.id, choice="checked-in"))
    phone.send(Sending.ANSWER, text="", i=2, answer=PocketAnswer(to=asked.id, choice="laptop-gone"))
    sync_twice(coalition)

    assert [each.state for each in check_ins(one)] == ["met"]
    (pocket,) = queries.pocket_rows(coalition.desks[1])
    assert sorted(each.choice for each in pocket.answers) == ["checked-in", "laptop-gone"]


def test_founders_sign_a_charter_and_speakers_words_and_the_relay_serves_them(coalition: Coalition) -> None:
    one, two, three = coalition.desks[:3]
    page_texts.propose_charter(one)
    coalition.sync_all(2)
    assert page_texts.charter_in_force(two) is None
    ((text, _),) = page_texts.charters(two)
    page_texts.sign(two, text.hash)
    coalition.sync_all(2)
    charter = page_texts.charter_in_force(three)

    assert charter is not None
    assert page_texts.is_current(charter, page_texts.wanted_charter(three))
    with one.wire() as wire:
        read = read_witness(wire.witness_file(), charter.pin)
    assert read.charter == charter
    assert read.firm
    assert 1 <= len(read.recipients) <= 4
    assert set(charter.page) == set(page_texts.page_hashes())


def test_after_days_without_duty_what_is_sealed_to_the_newest_keys_is_still_opened(
    coalition: Coalition,
) -> None:
    for desk in coalition.desks:
        desk.choose(on_duty=False)
    coalition.sync_all()
    ahead = max(key.period for key in coalition.desks[0].published() if key.purpose == Purpose.INTAKE)
    coalition.pass_days(ahead - coalition.desks[0].today + 9)
    coalition.sync_all(2)

    assert [list(desk.keyring.intake_keys) for desk in coalition.desks] == [[ahead]] * 3
    Witness(coalition).send()
    coalition.desks[0].choose(on_duty=True)
    coalition.sync_all(2)

    one = coalition.desks[0]
    assert reread(one, first_digest(one)).identity.name == NAME
    assert ahead in one.keyring.intake_keys
    assert max(coalition.desks[1].keyring.intake_keys) == ahead


def test_a_newest_key_goes_once_a_later_one_stands_and_its_folders_are_drained(coalition: Coalition) -> None:
    two = coalition.desks[1]
    two.choose(on_duty=False)
    coalition.sync_all()
    last = max(two.keyring.intake_keys)

    coalition.pass_days(last - two.today + 3)
    coalition.sync_all(2)
    assert list(two.keyring.intake_keys) == [
        last
    ]  # a page that was opened before the others' new keys may still use it
    coalition.pass_days(2)
    coalition.sync_all(2)

    assert not two.keyring.intake_keys
    assert max(coalition.desks[0].keyring.intake_keys) > last
