"""Invited, answered, compared, signed and let in: a newcomer comes to a desk; nothing wrong gets anybody in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from coalition import LOW_WORK, PASSPHRASE, Coalition, make_coalition
from deskkit import Asked, Cut, hostile_relay, note, said

from tocsin.core.ledger import (
    EVERYBODYS,
    CodeExpired,
    CodeUsed,
    DamagedMessage,
    Duty,
    OtherLedger,
    WordsDiffer,
    WrongCode,
)
from tocsin.core.seal import BadCode
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DeskInUse, NotHere, RelayAway
from tocsin.desk.ledger import changes, inviting
from tocsin.desk.start import joining
from tocsin.desk.start.errors import NotThisStep
from tocsin.desk.start.state import Start
from tocsin.desk.sync import sync


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Three desks of an exercise founded today, who let newcomers in at once."""
    with make_coalition(tmp_path_factory.mktemp("joining")) as made:
        yield made


@pytest.fixture
def newcomer(tmp_path: Path, coalition: Coalition) -> Iterator[Start]:
    """Somebody at an empty machine."""
    start = Start.create(tmp_path / "newcomer", PASSPHRASE, clock=coalition.clock, log_n=LOW_WORK)
    yield start
    start.close()


def answered(coalition: Coalition, newcomer: Start) -> inviting.Invited:
    """Invite, answer, and take the answer."""
    desk = coalition.desks[0]
    invited = inviting.invite(desk, organisation=2)
    words = " ".join(invited.invitation.code.words)
    joining.answer(newcomer, words=words, text=inviting.offer_text(invited), wishes=[Duty.ANALYST])
    return inviting.receive(desk, joining.answer_text(joining.setup_of(newcomer)))


def signed_in(coalition: Coalition, newcomer: Start) -> Desk:
    """Come as far as standing on the roll, and open the desk."""
    first, other = coalition.desks[:2]
    invited = answered(coalition, newcomer)
    change = inviting.let_in(first, invited.id, heard=joining.own_words(newcomer), duties=[Duty.ANALYST])
    with pytest.raises(NotHere):
        inviting.find(first, invited.id)
    sync(first)
    assert joining.look(newcomer) is None
    sync(other)
    changes.sign(other, change)
    sync(other)
    desk = joining.look(newcomer)
    assert desk is not None
    return desk


def test_a_newcomer_reads_everything_and_writes(coalition: Coalition, newcomer: Start) -> None:
    first = coalition.desks[0]
    first.append(note("before the newcomer"), to="watch")
    sync(first)

    with closing(signed_in(coalition, newcomer)) as desk:
        sync(desk)
        assert desk.world.size == coalition.desks[1].world.size
        assert not (newcomer.folder / "setup.sealed").exists()
        sync(first)
        sync(desk)

        assert all(name in desk.keyring.compartments for name in EVERYBODYS)
        assert desk.world.history.now.duties[desk.device] == {Duty.ANALYST}
        assert "before the newcomer" in said(desk)
        coalition.sync_all()
        sync(desk)
        assert "count" in desk.keyring.compartments, "an analyst belongs there"
        assert "planning" not in desk.keyring.compartments
        desk.append(note("by the newcomer"), to="watch")
        sync(desk, everything=True)
        sync(first)
        assert "by the newcomer" in said(first)


def test_a_second_device_is_of_the_same_organisation(coalition: Coalition, newcomer: Start) -> None:
    desk = coalition.desks[1]

    invited = inviting.invite(desk)

    assert (invited.organisation, invited.is_second) == (2, True)
    assert [each.id for each in inviting.invitations(desk)] == [invited.id]
    inviting.take_back(desk, invited.id)
    with pytest.raises(NotHere):
        inviting.find(desk, invited.id)
    words, text = " ".join(invited.invitation.code.words), inviting.offer_text(invited)
    joining.answer(newcomer, words=words, text=text, wishes=[], is_second=True)
    with pytest.raises(WrongCode):
        inviting.receive(desk, joining.answer_text(joining.setup_of(newcomer)))


def test_wrong_words_and_texts_that_are_none_give_nothing_away(coalition: Coalition, newcomer: Start) -> None:
    desk = coalition.desks[0]
    invited, other = (inviting.invite(desk, organisation=2) for _ in range(2))
    words, text = " ".join(invited.invitation.code.words), inviting.offer_text(invited)

    for trouble, wrong_words, wrong_text in (
        (BadCode, "canary of three", text),
        (WrongCode, " ".join(other.invitation.code.words), text),
        (DamagedMessage, words, text[:99]),
        (DamagedMessage, words, text + inviting.offer_text(other)),
    ):
        with pytest.raises(trouble):
            joining.answer(newcomer, words=wrong_words, text=wrong_text, wishes=[])
    with pytest.raises(NotThisStep):
        joining.setup_of(newcomer)
    for nonsense in ("", text, text.replace("OFFER", "ANSWER")):
        with pytest.raises((DamagedMessage, WrongCode)):
            inviting.receive(desk, nonsense)


def test_a_used_invitation_takes_the_same_answer_again_and_no_other(
    coalition: Coalition, newcomer: Start, tmp_path: Path
) -> None:
    desk = coalition.desks[0]
    invited = inviting.invite(desk, organisation=2)
    words, text = " ".join(invited.invitation.code.words), inviting.offer_text(invited)
    joining.answer(newcomer, words=words, text=text, wishes=[])
    made = joining.answer_text(joining.setup_of(newcomer))
    joining.answer(newcomer, words=words, text=text, wishes=[])
    assert joining.answer_text(joining.setup_of(newcomer)) == made, "answered again after a cut"
    with closing(Start.create(tmp_path / "eve", PASSPHRASE, clock=coalition.clock, log_n=LOW_WORK)) as eve:
        joining.answer(eve, words=words, text=text, wishes=[])
        eves = joining.answer_text(joining.setup_of(eve))

    inviting.receive(desk, made)
    again = inviting.receive(desk, made)

    assert again.id == invited.id
    with pytest.raises(CodeUsed):
        inviting.receive(desk, eves)
    with pytest.raises(WordsDiffer):
        inviting.let_in(desk, again.id, heard=inviting.words_of(desk, again)[::-1], duties=[])
    assert [each.id for each in inviting.invitations(desk) if each.answer] == [again.id]
    inviting.take_back(desk, again.id)


def test_an_invitation_is_good_for_seven_days(coalition: Coalition, newcomer: Start) -> None:
    desk = coalition.desks[0]
    invited = inviting.invite(desk, organisation=2)
    words, text = " ".join(invited.invitation.code.words), inviting.offer_text(invited)
    coalition.pass_days(8)
    try:
        with pytest.raises(CodeExpired):
            joining.answer(newcomer, words=words, text=text, wishes=[])
        assert invited.id not in [each.id for each in inviting.invitations(desk)]
    finally:
        coalition.pass_days(-8)
    joining.answer(newcomer, words=words, text=text, wishes=[])


def test_a_newcomer_of_a_real_coalition_is_let_in_after_a_day_in_everyones_sight(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2) as made:
        made.pass_days(3)
        made.sync_all()
        start = Start.create(tmp_path / "newcomer", PASSPHRASE, clock=made.clock, log_n=LOW_WORK)
        with closing(signed_in(made, start)) as desk:
            for _ in range(2):
                sync(desk)
                made.sync_all()
            sync(desk)
            assert "watch" not in desk.keyring.compartments

            # The one who made the keys sleeps; on the second day another lets the newcomer in.
            made.pass_days(1)
            sync(desk)
            sync(made.desks[1])
            sync(desk)
            assert "watch" not in desk.keyring.compartments
            made.pass_days(1)
            sync(made.desks[1])
            sync(desk)
            assert all(name in desk.keyring.compartments for name in EVERYBODYS)


def test_another_ledger_than_the_offers_is_found_before_keys_are_given_away_and_after(tmp_path: Path) -> None:
    with make_coalition(tmp_path / "one", n=2) as made, make_coalition(tmp_path / "two", n=2) as other:
        start = Start.create(tmp_path / "newcomer", PASSPHRASE, clock=made.clock, log_n=LOW_WORK)
        invited = inviting.invite(made.desks[0], organisation=2)
        words, text = " ".join(invited.invitation.code.words), inviting.offer_text(invited)
        coalition, theirs = made.desks[0].world.coalition.hex(), other.desks[0].world.coalition.hex()
        with hostile_relay(made) as relay:

            def show_another(asked: Asked) -> None:
                asked.path = asked.path.replace(coalition, theirs)

            with (
                relay.toward(int(other.address.rsplit(":", 1)[1])),
                relay.rules(before=show_another),
                pytest.raises(OtherLedger),
            ):
                joining.answer(start, words=words, text=text, wishes=[])
            assert start.setup is None

            with relay.rules(before=lambda _asked: stop_answering()), pytest.raises(RelayAway):
                joining.answer(start, words=words, text=text, wishes=[])
            joining.answer(start, words=words, text=text, wishes=[])
        start.close()


def stop_answering() -> None:
    """Cut the connection."""
    raise Cut


def test_a_machine_answers_or_founds_and_only_one_program_at_a_time(
    coalition: Coalition, newcomer: Start
) -> None:
    invited = answered(coalition, newcomer)

    with pytest.raises(DeskInUse):
        Start.open(newcomer.folder, PASSPHRASE)
    newcomer.begin_again()
    assert not (newcomer.folder / "keyring.age").exists()
    inviting.take_back(coalition.desks[0], invited.id)
