"""Three founders on three machines found a coalition by texts they pass on; nothing wrong gets through, nothing is lost."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from coalition import PASSPHRASE, stop_relay
from foundkit import (
    Lodgings,
    carry_on,
    compare_all,
    day_as_date,
    duties_of,
    founder,
    give_cards,
    holds,
    lodgings,
    proposal,
    propose,
    serve,
    steps_of,
    three_founders,
)

from tocsin.core.ledger import (
    EVERYBODYS,
    BadRoll,
    ChangeLapsed,
    DamagedMessage,
    Duty,
    RivalChanges,
    TooFewSigned,
    WordsDiffer,
    read_founding,
    read_records,
)
from tocsin.desk.beginning import missing, open_without
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DamagedNotes, DeskInUse, RelayAway, RelayRefused
from tocsin.desk.start import cards, founding, proposing
from tocsin.desk.start.errors import (
    BadAddress,
    NotThisStep,
    NumberTaken,
    RelayKeyChanged,
    WordsNotCompared,
)
from tocsin.desk.start.state import Stage, Start, stage_of
from tocsin.desk.sync import sync
from tocsin.relay.serve import wait_until_ready
from wanting import go_without

sys.path.insert(0, str(Path(__file__).parents[1] / "relay"))

from relaykit import build_shim

WORKER = Path(__file__).with_name("found_worker.py")


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lodgings]:
    """One relay for all, with codes enough."""
    with lodgings(tmp_path_factory.mktemp("lodgings")) as made:
        yield made


@pytest.fixture
def three(tmp_path: Path, relay: Lodgings) -> Iterator[list[Start]]:
    """Three founders with their cards made."""
    starts = three_founders(tmp_path, relay.clock)
    yield starts
    for start in starts:
        start.close()


def sign_as(other: Start, text: str) -> str:
    """Read a proposal, compare words, sign; give what goes back."""
    founding.take_text(other, text)
    compare_all(other)
    proposing.sign(other)
    return proposal(other)


def lead_to_signed(three: list[Start], relay: Lodgings, *, code: str | None = None) -> Start:
    """Come as far as two of three signatures, on the machine of the first."""
    lead, second, third = three
    give_cards(lead, [second, third])
    propose(lead, relay, code=code)
    founding.take_text(lead, sign_as(second, proposal(lead)))
    return lead


def test_three_founders_come_to_three_desks_that_read_everything(three: list[Start], relay: Lodgings) -> None:
    lead, second, third = three
    lead_to_signed(three, relay)

    with ExitStack() as stack:
        first = stack.enter_context(closing(founding.lodge_founding(lead)))
        assert stage_of(lead.folder) is Stage.DESK
        # The second signed, so its machine finds the coalition by the relay; the third is given the text and compares.
        found = founding.look(second)
        assert found is not None
        stack.enter_context(closing(found))
        assert founding.look(third) is None
        assert founding.take_text(third, founding.founding_text(steps_of(lead))) is None
        with pytest.raises(WordsNotCompared):
            founding.accept_founding(third)
        compare_all(third)
        other = stack.enter_context(closing(founding.accept_founding(third)))
        desks = [first, found, other]

        sync(first)
        assert missing(first) == (2, 3)
        for desk in (found, other, first, found, other, first):
            sync(desk)

        for desk in desks:
            assert holds(desk, *EVERYBODYS, "offers")
            assert Duty.FOUNDER in duties_of(desk, 3)
        assert [holds(desk, "count") for desk in desks] == [True, True, True]
        assert not (lead.folder / "setup.sealed").exists()
        assert first.world.history.now.roll.exercise


def test_a_founder_who_never_comes_does_not_keep_the_others_waiting(
    three: list[Start], relay: Lodgings
) -> None:
    lead = lead_to_signed(three, relay)
    with closing(founding.lodge_founding(lead)) as first, ExitStack() as stack:
        second = founding.look(three[1])
        assert second is not None
        stack.enter_context(closing(second))
        for desk in (first, second, first):
            sync(desk)
        assert not holds(first, "watch")

        open_without(first, missing(first))
        sync(first)
        sync(second)
        assert holds(second, *EVERYBODYS)

        # Days later the third comes after all.
        founding.take_text(three[2], founding.founding_text(steps_of(lead)))
        compare_all(three[2])
        with closing(founding.accept_founding(three[2])) as third:
            for desk in (third, first, third):
                sync(desk)
            assert holds(third, *EVERYBODYS)


def test_words_that_differ_stop_it_before_anything_is_signed(three: list[Start], relay: Lodgings) -> None:
    lead, second, third = three
    give_cards(lead, [second])
    founding.take_text(lead, cards.card_text(steps_of(third)))

    with pytest.raises(WordsDiffer):
        cards.confirm(lead, {3: cards.own_card(steps_of(second)).words})
    with pytest.raises(WordsNotCompared) as trouble:
        propose(lead, relay, code="unused")

    assert trouble.value.founders == (3,)
    cards.drop_card(lead, 3)
    assert [card.number for card in cards.other_cards(steps_of(lead))] == [2]


def test_a_card_that_was_swapped_on_its_way_changes_its_words_and_the_true_one_its_roll(
    three: list[Start], relay: Lodgings, tmp_path: Path
) -> None:
    lead, second, third = three
    with closing(founder(tmp_path / "liar", 3, relay.clock)) as liar:
        give_cards(lead, [second, liar])  # The lead was careless and did not really compare.
    propose(lead, relay, code="unused")
    founding.take_text(second, proposal(lead))
    founding.take_text(second, cards.card_text(steps_of(third)))
    compare_all(second)

    with pytest.raises(BadRoll):
        proposing.sign(second)
    assert not steps_of(second).is_signed
    with pytest.raises(NumberTaken):
        founding.take_text(third, proposal(lead))


def test_texts_that_were_cut_or_changed_are_refused_and_change_nothing(
    three: list[Start], relay: Lodgings
) -> None:
    lead, second, third = three
    give_cards(lead, [second, third])
    propose(lead, relay, code="unused")
    text, before = proposal(lead), steps_of(second)
    half = text[: len(text) // 2]
    no_duties = "-----BEGIN" + "-----BEGIN".join(
        part for part in text.split("-----BEGIN")[1:] if " DUTIES" not in part
    )
    at = text.index("PROPOSAL-----") + 300
    changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]

    for bad in (half, no_duties, changed, "", "BEGIN TOCSIN", proposal(lead).replace("CARD", "OFFER")):
        with pytest.raises((DamagedMessage, BadRoll)):
            founding.take_text(second, bad)
    assert steps_of(second) == before


def test_two_founders_with_one_number_are_told(three: list[Start], relay: Lodgings, tmp_path: Path) -> None:
    with closing(founder(tmp_path / "other", 1, relay.clock, organisation=2)) as other:
        text = cards.card_text(steps_of(other))

        with pytest.raises(NumberTaken):
            founding.take_text(three[0], text)
        cards.make_own_card(other, number=4, organisation=2)
        founding.take_text(three[0], cards.card_text(steps_of(other)))

    assert [card.number for card in cards.other_cards(steps_of(three[0]))] == [4]


def test_rival_proposals_are_said_and_the_founders_agree_on_one(three: list[Start], relay: Lodgings) -> None:
    lead, second, third = three
    give_cards(lead, [second, third])
    give_cards(second, [lead, third])
    propose(lead, relay, code="unused")
    propose(second, relay, code="unused")
    founding.take_text(lead, proposal(second))
    assert proposing.progress(lead).signed == (1, 2), "the same proposal made twice is one"
    proposing.let_go(lead)
    proposing.make_proposal(lead, threshold=2, address=relay.address, code="unused", duties={})

    with pytest.raises(RivalChanges) as trouble:
        founding.take_text(lead, proposal(second))

    assert sorted(trouble.value.signers) == [(1,), (2,)]
    proposing.let_go(second)
    founding.take_text(lead, sign_as(second, proposal(lead)))
    assert proposing.progress(lead).signed == (1, 2)


def test_a_proposal_lapses_after_a_fortnight_and_is_made_again(three: list[Start], relay: Lodgings) -> None:
    lead = lead_to_signed(three, relay, code="unused")
    assert lead.clock.exercise_file is not None
    lead.clock.exercise_file.write_text("15", encoding="ascii")
    try:
        with pytest.raises(ChangeLapsed):
            founding.lodge_founding(lead)
        proposing.let_go(lead)
        propose(lead, relay)
        with pytest.raises(TooFewSigned):
            founding.lodge_founding(lead)
        with pytest.raises(RivalChanges):
            founding.take_text(three[1], proposal(lead))
        proposing.let_go(three[1])
        founding.take_text(lead, sign_as(three[1], proposal(lead)))
        founding.lodge_founding(lead).close()
    finally:
        lead.clock.exercise_file.write_text("0", encoding="ascii")
    assert stage_of(lead.folder) is Stage.DESK


def test_a_wrong_code_a_relay_away_and_another_key_lodge_nothing_and_the_right_ones_do(
    three: list[Start], relay: Lodgings, tmp_path: Path
) -> None:
    with lodgings(tmp_path / "another", codes=1) as other:
        lead = lead_to_signed(three, other, code="made up")
        with pytest.raises(RelayRefused) as refused:
            founding.lodge_founding(lead)
        assert refused.value.refusal == "relay.lodging"

        port = int(other.address.rsplit(":", 1)[1])
        stop_relay(other.process)
        with pytest.raises(RelayAway):
            founding.lodge_founding(lead, code=other.codes[0])
        key = (other.home / "signing.key").read_bytes()
        (other.home / "signing.key").write_bytes(bytes(31) + b"x")
        assert other.clock.exercise_file is not None
        other.process = serve(other.home, other.clock.exercise_file, port=port)
        wait_until_ready("127.0.0.1", port)
        with pytest.raises(RelayKeyChanged):
            founding.lodge_founding(lead)
        assert stage_of(lead.folder) is Stage.SETUP

        stop_relay(other.process)
        (other.home / "signing.key").write_bytes(key)
        other.process = serve(other.home, other.clock.exercise_file, port=port)
        wait_until_ready("127.0.0.1", port)
        founding.lodge_founding(lead).close()


def test_lodging_again_after_a_lost_answer_and_the_same_text_twice_come_to_one_coalition(
    three: list[Start], relay: Lodgings
) -> None:
    lead, second, _ = three
    lead_to_signed(three, relay)
    with closing(founding.lodge_founding(lead)) as first:
        coalition = first.world.coalition
    # The answer came, and the power went before the desk stood.
    for name in ("founding.record", "replica.sqlite3", "outbox.sqlite3"):
        (lead.folder / name).unlink()
    lead.close()
    with closing(Start.open(lead.folder, PASSPHRASE, clock=relay.clock)) as again:
        with closing(founding.lodge_founding(again)) as first:
            assert first.world.coalition == coalition
            sync(first)
            assert first.world.size == 1
        text = founding.founding_text(steps_of(again))

    desk = founding.take_text(second, text)
    assert desk is not None
    desk.close()
    with pytest.raises(DeskInUse), closing(Desk.open(second.folder, PASSPHRASE, clock=relay.clock)):
        Desk.open(second.folder, PASSPHRASE, clock=relay.clock)
    (record,) = read_records((second.folder / "founding.record").read_bytes())
    assert read_founding(record).device(2).key == second.keyring.signing_key.public


def test_steps_out_of_turn_are_said(three: list[Start], relay: Lodgings) -> None:
    lead = three[0]

    for step in (proposing.sign, founding.lodge_founding, founding.accept_founding):
        with pytest.raises(NotThisStep):
            step(lead)
    for address in (
        "",
        "relay",
        "http://relay.invalid",
        "https://u@relay.invalid",
        "https://relay.invalid/x?y",
    ):
        with pytest.raises(BadAddress):
            proposing.check_address(address)
    assert proposing.check_address(" https://relay.invalid:8440/ ") == "https://relay.invalid:8440"
    with pytest.raises(DeskInUse):
        Start.open(lead.folder, PASSPHRASE)


def test_damaged_steps_are_said(tmp_path: Path, relay: Lodgings) -> None:
    founder(tmp_path, 1, relay.clock).close()
    file = tmp_path / "setup.sealed"
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(DamagedNotes):
        Start.open(tmp_path, PASSPHRASE)
    file.unlink()
    with closing(Start.open(tmp_path, PASSPHRASE, clock=relay.clock)) as start:
        assert start.setup is None
        cards.make_own_card(start, number=1, organisation=1)


def test_a_real_coalition_has_no_day_of_its_own(three: list[Start], relay: Lodgings) -> None:
    lead, second, third = three
    give_cards(lead, [second, third])
    proposing.make_proposal(
        lead, threshold=2, address=relay.address, code="unused", duties={1: (Duty.FOUNDER,)}
    )

    roll = proposing.proposal_of(steps_of(lead)).proposed
    assert (roll.exercise, roll.offset_days) == (False, 0)
    assert day_as_date(relay.clock)


def test_killed_again_and_again_at_any_change_of_the_disk_they_still_found_one_coalition(
    tmp_path: Path, relay: Lodgings
) -> None:
    shim = build_shim(tmp_path)
    if shim is None:
        go_without("No compiler for a disk that loses its power.")
    assert relay.clock.exercise_file is not None
    command = [sys.executable, str(WORKER), str(tmp_path), relay.address, relay.codes.pop(0)]
    environment = {"LD_PRELOAD": str(shim), "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    ends = []
    with subprocess.Popen(
        [*command, str(relay.clock.exercise_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        # Later lives have less left to do: the last ones are cut soon.
        for most in (12, 30, 40, 60, 60, 60, 60, 60, 40, 40, 20, 20, 2_000):
            worker.stdin.write(f"{random.randint(1, most) if most < 2_000 else most}\n")  # noqa: S311 - says when to cut
            worker.stdin.flush()
            ends.append(worker.stdout.readline().strip())
        worker.stdin.close()
    assert ends[-1] == "lived"
    assert ends.count("cut") >= 6

    desks = carry_on(tmp_path, relay, "unused")

    with ExitStack() as stack:
        for desk in desks:
            stack.enter_context(closing(desk))
        assert len({desk.world.coalition for desk in desks}) == 1
        assert all(holds(desk, *EVERYBODYS, "offers", "planning") for desk in desks)
        assert [len(desk.world.compartments["watch"].epochs) for desk in desks] == [1, 1, 1]
        assert not any(desk.is_cloned or desk.n_leaving for desk in desks)
