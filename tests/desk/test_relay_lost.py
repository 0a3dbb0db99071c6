"""The relay is destroyed: a fresh one is filled from desks and keepers, and nobody loses or doubles a word."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from coalition import Coalition, make_coalition, start_relay, stop_relay
from deskkit import doubled, note, said

from tocsin.core.ledger import (
    BadRoll,
    Block,
    Proposal,
    RelayEntry,
    Sort,
    add_signature,
    change_relay,
    propose,
    remove_device,
    write_blocks,
)
from tocsin.core.seal import SigningKey
from tocsin.desk.desk import Desk
from tocsin.desk.errors import FirmRecordsLeftOut, RelayAway, RelayFilling
from tocsin.desk.jobs import Progress
from tocsin.desk.keeping import PIECE_BYTES, kept_attachments
from tocsin.desk.ledger import relay as moving
from tocsin.desk.sync import sync
from tocsin.desk.wire import Wire
from tocsin.relay.backups import back_up, restore

sys.path.insert(0, str(Path(__file__).parents[1] / "relay"))
from relaykit import fresh_attachment, fresh_submission

NOBODY = Progress(lambda _done, _total: None)


def with_founders(made: Coalition) -> Coalition:
    """Give each desk its founder's key."""
    for number, desk in enumerate(made.desks[:3], start=1):
        desk.keyring.founder_number, desk.keyring.founder_seed = number, made.founders[number - 1].seed
        desk.keyfile.save()
    return made


def destroy_relay(made: Coalition) -> None:
    """Kill it at once, and delete all it had."""
    os.killpg(made.relay.pid, signal.SIGKILL)
    assert made.relay.wait(20) == -signal.SIGKILL
    if made.relay.stdout is not None:
        made.relay.stdout.close()
    shutil.rmtree(made.relay_home)


def fresh_relay(made: Coalition, folder: Path) -> tuple[str, str]:
    """Have a keeper set up another one; give its address and a lodging code."""
    made.relay, address, code = start_relay(folder, made.clock_file)
    made.relay_home, made.address = folder, address
    return address, code


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Coalition]:
    """Three founders' desks of three organisations; the first two are keepers."""
    with make_coalition(tmp_path) as coalition:
        yield with_founders(coalition)


def signed_text(made: Coalition, address: str, code: str) -> str:
    """Have desk 1 begin and desk 2 sign; give the text that everybody follows."""
    one, two = made.desks[:2]
    text = moving.begin(one, address=address, code=code).text
    assert not moving.take_text(two, text)
    signed = moving.sign(two)
    assert signed.is_signed
    assert moving.take_text(one, signed.text)
    return signed.text


def hand_in(made: Coalition) -> tuple[bytes, str, bytes]:
    """A witness hands in a submission and an attachment."""
    submission, address, attachment = fresh_submission(), secrets.token_hex(32), fresh_attachment(70_000)
    with Wire(
        made.address, coalition=made.desks[0].world.coalition, device=0, key=SigningKey.fresh(), relay_key=b""
    ) as wire:
        wire.post_submission(submission)
        wire.put_chunk(address, attachment, offset=0, is_last=True)
    return submission, address, attachment


def test_destroying_the_relay_loses_at_most_what_came_since_the_last_sync(
    made: Coalition, tmp_path: Path
) -> None:
    one, two, three = made.desks
    one.do(lambda member, moment: member.open_compartments(["response/lost"], [2, 3], moment))
    made.sync_all(2)
    submission, address, attachment = hand_in(made)
    made.sync_all(2)
    three.append(note("said by three"), to="watch")
    sync(three)
    sync(two)
    two.append(note("only two and the relay had it"), to="watch")
    sync(two)
    three.append(note("not left when it was lost"), to="watch")
    one.append(note("finished and not sent"), to="watch")
    one.finish_drafts(everything=True)
    destroy_relay(made)
    with pytest.raises(RelayAway):
        sync(one)

    new, code = fresh_relay(made, tmp_path / "successor")
    text = signed_text(made, new, code)
    n_kept = one.replica.size
    filled = moving.fill(one, NOBODY, {})
    with pytest.raises(RelayFilling):
        sync(two)
    before = two.world.tree.root(two.world.size)
    moving.open_relay(one)
    assert moving.take_text(three, text)
    made.sync_all(2)

    assert filled.startswith(f"All {n_kept} records are on the new relay.")
    words = said(one)
    assert sorted(words) == sorted(
        [
            "said by three",
            "only two and the relay had it",
            "not left when it was lost",
            "finished and not sent",
        ]
    )
    assert said(two) == said(three) == words
    assert len({desk.world.tree.root() for desk in made.desks}) == 1
    assert before in {one.world.tree.root(size) for size in range(1, one.world.size)}
    for desk in made.desks:
        assert doubled(desk) == []
        assert desk.n_waiting == 0
        assert desk.move is None
        assert desk.world.forked == {}
        assert desk.world.standing_splits == []
        assert desk.world.history.now.roll.relays[0].address == new
    assert two.world.firm == two.world.size
    # What lay beside the ledger came back from the keepers.
    wire = two.wire()
    assert wire.submissions_of(two.today) == [submission]
    assert dict(wire.attachments()) == {address: len(attachment)}
    assert b"".join([wire.attachment_piece(address, 0, len(attachment))]) == attachment
    assert set(wire.grants_of(two.today)) == set(two.replica.grants())
    assert kept_attachments(two.folder) == {address: len(attachment)}
    assert kept_attachments(three.folder) == {}


def test_who_was_ahead_and_came_late_goes_back_and_says_its_own_again(
    made: Coalition, tmp_path: Path
) -> None:
    one, two, three = made.desks
    made.sync_all(2)
    two.append(note("two was ahead"), to="watch")
    sync(two)
    sync(three)
    two.append(note("three never had it"), to="watch")
    sync(two)
    destroy_relay(made)

    new, code = fresh_relay(made, tmp_path / "successor")
    text = signed_text(made, new, code)
    moving.fill(one, NOBODY, {})
    moving.open_relay(one)
    moving.take_text(three, text)
    # Desks of two organisations had vouched for the first: nobody goes back behind that without a person's word.
    for desk in (two, three):
        with pytest.raises(FirmRecordsLeftOut):
            sync(desk)
        assert desk.move is not None
    two.gives_up_firm = three.gives_up_firm = True
    made.sync_all(2)

    assert said(one) == said(two) == said(three) == ["two was ahead", "three never had it"]
    assert len({desk.world.tree.root() for desk in made.desks}) == 1
    for desk in made.desks:
        assert doubled(desk) == []
        assert desk.world.standing_splits == []
        assert desk.n_waiting == 0
    two.close()
    two = made.desks[1] = Desk.open(made.folders[1], made.passphrase, clock=made.clock, verify_all=True)
    assert said(two) == said(one)


def test_a_relay_set_back_to_a_backup_is_filled_up_by_whoever_has_more(
    made: Coalition, tmp_path: Path
) -> None:
    one, two, three = made.desks
    made.sync_all(2)
    back_up(made.relay_home, tmp_path / "backup")
    two.append(note("after the backup"), to="watch")
    made.sync_all(2)
    ledger = one.world.tree.root()
    size = one.world.size
    port = int(made.address.rsplit(":", 1)[1])
    destroy_relay(made)
    restore(tmp_path / "backup", made.relay_home)

    made.relay, _, _ = start_relay(made.relay_home, made.clock_file, port=port)
    three.append(note("waits until it is open"), to="watch")
    for desk in (three, one, two):
        with pytest.raises(RelayFilling):
            sync(desk)
    assert three.n_waiting == 1
    stop_relay(made.relay)
    made.relay, _, _ = start_relay(made.relay_home, made.clock_file, port=port, more=("--open",))
    made.sync_all(2)

    assert one.world.tree.root(size) == ledger
    assert said(one) == said(two) == said(three) == ["after the backup", "waits until it is open"]
    assert len({desk.world.tree.root() for desk in made.desks}) == 1
    assert [doubled(desk) for desk in made.desks] == [[], [], []]


def test_keepers_fetch_attachments_bit_by_bit_and_as_many_as_they_have_room_for(made: Coalition) -> None:
    one, two, three = made.desks
    large, small = fresh_attachment(9_000_000), fresh_attachment(70_000)
    two.choose(keeper_gigabytes=0)
    with Wire(
        made.address, coalition=one.world.coalition, device=0, key=SigningKey.fresh(), relay_key=b""
    ) as wire:
        for address, data in (("00" * 32, large), ("ff" * 32, small)):
            for at in range(0, len(data), PIECE_BYTES):
                chunk = data[at : at + PIECE_BYTES]
                wire.put_chunk(address, chunk, offset=at, is_last=at + len(chunk) == len(data))

    sync(one)
    at_first = kept_attachments(one.folder)
    made.sync_all(2)

    assert at_first == {}
    assert kept_attachments(one.folder) == {"00" * 32: len(large), "ff" * 32: len(small)}
    assert (one.folder / "attachments" / ("00" * 32)).read_bytes() == large
    assert kept_attachments(two.folder) == kept_attachments(three.folder) == {}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """A coalition whose relay is well, and that nobody leads astray."""
    with make_coalition(tmp_path_factory.mktemp("astray")) as coalition:
        yield with_founders(coalition)


def text_of(proposal: Proposal) -> str:
    return write_blocks([Block(Sort.PROPOSAL, proposal.to_bytes())])


def elsewhere(desk: Desk) -> Proposal:
    """Propose a relay of somebody's own."""
    roll = desk.world.history.now.roll
    entry = RelayEntry(SigningKey.fresh().public, "http://127.0.0.1:9")
    return propose(change_relay(roll, [entry], day=desk.today), desk.ground)


def test_fewer_than_k_founders_lead_no_desk_anywhere(standing: Coalition) -> None:
    two, here = standing.desks[1], standing.desks[1].relay
    bare = elsewhere(two)
    once = add_signature(bare, standing.founders[0], two.ground, number=1, today=two.today)
    ((number, signature),) = once.signatures
    forged = msgspec.structs.replace(once, signatures=((number, signature), (2, signature), (3, bytes(64))))
    stranger = SigningKey.fresh()
    false = stranger.sign("roll", coalition=two.world.coalition, message=bare.roll)
    strangers = msgspec.structs.replace(bare, signatures=((1, false), (2, false)))

    for proposal in (bare, once, forged, strangers):
        assert not moving.take_text(two, text_of(proposal))
        assert (two.move, two.relay) == (None, here)
        moving.put_away(two)
    sync(two)


def test_what_changes_more_than_the_relay_is_not_signed_or_followed(standing: Coalition) -> None:
    one = standing.desks[0]
    roll = one.world.history.now.roll
    entry = RelayEntry(SigningKey.fresh().public, "http://127.0.0.1:9")
    both = msgspec.structs.replace(remove_device(roll, 3, day=one.today), relays=(entry,))
    removal = remove_device(roll, 3, day=one.today)

    for change in (both, removal):
        proposal = propose(change, one.ground)
        for number in (1, 2):
            key = standing.founders[number - 1]
            proposal = add_signature(proposal, key, one.ground, number=number, today=one.today)
        with pytest.raises(BadRoll, match="nothing else"):
            moving.take_text(one, text_of(proposal))
    with pytest.raises(BadRoll, match="another coalition"):
        moving.take_text(one, text_of(msgspec.structs.replace(elsewhere(one), coalition=bytes(32))))
    assert one.move is None


def test_a_signed_relay_that_holds_another_ledger_gets_nothing_and_changes_nothing(
    standing: Coalition, tmp_path: Path
) -> None:
    one, two = standing.desks[:2]
    with make_coalition(tmp_path / "other", n=1) as other:
        proposal = elsewhere(two)
        roll = proposal.proposed
        key = SigningKey.from_seed((other.relay_home / "signing.key").read_bytes()).public
        change = change_relay(one.world.history.now.roll, [RelayEntry(key, other.address)], day=one.today)
        proposal = propose(change, one.ground)
        for number in (1, 2):
            founder = standing.founders[number - 1]
            proposal = add_signature(proposal, founder, one.ground, number=number, today=one.today)
        assert roll.relays != change.relays
        assert moving.take_text(two, text_of(proposal))
        size = two.world.size
        with pytest.raises(Exception, match="does not know"):
            sync(two)
    assert two.world.size == size
    two.close()
    two = standing.desks[1] = Desk.open(standing.folders[1], standing.passphrase, clock=standing.clock)
    # Remembered over a restart, and given up by the person.
    assert two.move is not None
    moving.stay(two)
    sync(two)
