"""The ledger from a colleague's stick: checked whole, vouched for by words, invitation or relay, or nothing is kept."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from coalition import PASSPHRASE, Coalition, make_coalition, start_relay, stop_relay
from deskkit import note, said
from sitekit import Visitor, start_site
from test_desk_backup import joined, sections, swapped, with_records
from test_desk_older_files import GOLDEN, unpack

from tocsin.core.ledger import Record, head_words, invite
from tocsin.desk.copies import RECORDS, back_up_folder, write_copy
from tocsin.desk.desk import Desk
from tocsin.desk.errors import CopyNotTrusted, DamagedCopy, ForkedCopy, OlderCopy, OtherCopy
from tocsin.desk.start.state import Joining, setup_file
from tocsin.desk.stick import take_copy
from tocsin.desk.sync import sync
from tocsin.errors import DeskError
from tocsin.relay.serve import wait_until_ready

N_NOTES = 300
"""More than one section of a copy holds."""


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Two desks, of which the second lends its folder to newcomers."""
    with make_coalition(tmp_path_factory.mktemp("stick"), n=2) as made:
        for n in range(N_NOTES):
            made.desks[n % 2].append(note(f"entry {n}"), to="watch")
        made.sync_all(3)
        yield made


@pytest.fixture
def stick(coalition: Coalition, tmp_path: Path) -> Path:
    """A copy that the colleague has just written."""
    desk = coalition.desks[0]
    write_copy(desk.replica, tmp_path / "desk.copy", lock=desk.lock)
    return tmp_path / "desk.copy"


@pytest.fixture
def newcomer(coalition: Coalition) -> Desk:
    """Desk 2 with nothing but its keys and the founding record."""
    desk, folder = coalition.desks[1], coalition.folders[1]
    desk.close()
    for name in ("replica.sqlite3", "replica.sqlite3-wal", "replica.sqlite3-shm"):
        (folder / name).unlink(missing_ok=True)
    coalition.desks[1] = Desk.open(folder, PASSPHRASE, clock=coalition.clock)
    return coalition.desks[1]


def words_of(coalition: Coalition) -> str:
    """What the colleague reads out by telephone, as somebody types it."""
    return ", ".join(head_words(coalition.desks[0].world.tree.root()).upper().split())


def is_whole(coalition: Coalition) -> bool:
    one, two = coalition.desks
    return two.world.tree.root() == one.world.tree.root() and said(two) == said(one)


@pytest.mark.parametrize("with_words", [True, False])
def test_a_whole_copy_spares_the_first_sync(
    coalition: Coalition, newcomer: Desk, stick: Path, with_words: bool
) -> None:
    steps: list[tuple[int, int]] = []

    n_taken = take_copy(
        newcomer, stick, words=words_of(coalition) if with_words else "", step=lambda *at: steps.append(at)
    )
    fetched_before = newcomer.wire().n_fetched
    sync(newcomer)

    assert n_taken == coalition.desks[0].world.size - 1
    assert steps[-1][1] == coalition.desks[0].world.size
    assert newcomer.wire().n_fetched - fetched_before < 300_000
    assert is_whole(coalition)
    assert newcomer.verify_all() == coalition.desks[0].world.size


def forged(data: bytes) -> bytes:
    """Put two records into another order, each still after its author's record before."""
    return with_records(data, lambda records: swapped(records, _between_two_authors(records)))


def _between_two_authors(records: list[Record]) -> int:
    return next(
        at
        for at in range(len(records) // 2, len(records) - 1)
        if records[at].header.device != records[at + 1].header.device
        and max(records[at].header.seen_size, records[at + 1].header.seen_size) < at
    )


REFUSED: dict[str, tuple[Callable[[bytes], bytes], bool, type[DeskError]]] = {
    "a byte changed": (lambda data: data[:9000] + bytes([data[9000] ^ 4]) + data[9001:], True, DamagedCopy),
    "cut short": (lambda data: data[:-3000], True, DamagedCopy),
    "another file": (lambda data: b"%PDF-1.7" + data, True, DamagedCopy),
    "another order, and its own witnesses": (forged, True, ForkedCopy),
    "fewer records than the words speak of": (
        lambda data: with_records(data, lambda records: records[:-3]),
        True,
        CopyNotTrusted,
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_is_not_what_it_should_be_is_said_plainly_and_nothing_is_kept(
    coalition: Coalition,
    newcomer: Desk,
    stick: Path,
    case: tuple[Callable[[bytes], bytes], bool, type[DeskError]],
) -> None:
    change, with_words, error = case
    stick.write_bytes(change(stick.read_bytes()))

    with pytest.raises(error):
        take_copy(newcomer, stick, words=words_of(coalition) if with_words else "")

    assert newcomer.world.size == newcomer.replica.size == 1
    sync(newcomer)
    assert is_whole(coalition)


def without_witnesses(data: bytes) -> bytes:
    """Leave out who vouched: then only words or the relay can tell."""
    return joined([part for part in sections(data) if part[0] == RECORDS])


def test_an_order_that_nobody_vouches_for_is_found_by_the_relays_signed_head(
    coalition: Coalition, newcomer: Desk, stick: Path
) -> None:
    stick.write_bytes(without_witnesses(forged(stick.read_bytes())))

    with pytest.raises(ForkedCopy):
        take_copy(newcomer, stick)
    with pytest.raises(CopyNotTrusted, match="not the six head words"):
        take_copy(newcomer, stick, words=words_of(coalition))

    assert newcomer.world.size == 1


def test_an_older_copy_brings_what_it_has_and_then_nothing_new(
    coalition: Coalition, newcomer: Desk, stick: Path
) -> None:
    stick.write_bytes(without_witnesses(with_records(stick.read_bytes(), lambda records: records[:-50])))

    take_copy(newcomer, stick)
    size = newcomer.world.size
    with pytest.raises(OlderCopy):
        take_copy(newcomer, stick)
    sync(newcomer)

    assert size == coalition.desks[0].world.size - 50
    assert is_whole(coalition)


def test_another_coalitions_copy_is_refused(newcomer: Desk, tmp_path: Path) -> None:
    back_up_folder(unpack(GOLDEN[0], tmp_path / "other"), tmp_path / "other.copy")

    with pytest.raises(OtherCopy):
        take_copy(newcomer, tmp_path / "other.copy")

    assert newcomer.world.size == 1


def test_without_words_and_without_the_relay_nobody_vouches(
    coalition: Coalition, newcomer: Desk, stick: Path
) -> None:
    port = int(coalition.address.rsplit(":", 1)[1])
    stop_relay(coalition.relay)
    try:
        with pytest.raises(CopyNotTrusted, match="Nothing vouches"):
            take_copy(newcomer, stick)
        size = newcomer.world.size
        take_copy(newcomer, stick, words=words_of(coalition))
    finally:
        coalition.relay, _, _ = start_relay(coalition.relay_home, coalition.clock_file, port=port)
        wait_until_ready("127.0.0.1", port)

    assert size == 1
    assert newcomer.world.size == coalition.desks[0].world.size


def test_an_invitation_vouches_for_what_was_firm_then_and_for_no_more(
    coalition: Coalition, newcomer: Desk, stick: Path
) -> None:
    one = coalition.desks[0]
    firm = one.world.firm - 100
    relay = one.world.history.now.roll.relays[0]
    for root, outcome in ((one.world.tree.root(firm), None), (bytes(32), ForkedCopy)):
        made = invite(
            coalition.founding, relay, firm=(firm, root), today=one.today, fresh=secrets.token_bytes
        )
        setup = Joining(code=made.secret, offer=made.offer, answer=b"")
        file = setup_file(coalition.folders[1], newcomer.keyring)
        file.write(msgspec.msgpack.encode(setup))
        try:
            if outcome is None:
                take_copy(newcomer, stick)
            else:
                with pytest.raises(outcome):
                    take_copy(newcomer, stick)
        finally:
            file.remove()

        assert newcomer.world.size == firm


def test_the_page_takes_the_file_that_was_chosen(
    coalition: Coalition, newcomer: Desk, stick: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "Documents").mkdir(parents=True)
    stick.rename(home / "Documents" / "desk-of-a-colleague.copy")
    newcomer.close()
    site = start_site(coalition.folders[1], {**coalition.environment(), "HOME": str(home)})
    person = Visitor(site)
    try:
        person.come_in()
        page = person.get("machine/stick/").text
        found = re.search(r'value="([0-9a-f]{16})"[^>]*> desk-of-a-colleague\.copy in Documents', page)
        assert found is not None
        wrong = str(
            person.post(
                "machine/stick/",
                seen="machine/stick/",
                copy=found[1],
                words="six words of somebody else entirely",
            ).url
        )
        refused = wait_for(person, wrong, "nothing of it was kept")
        right = person.post("machine/stick/", seen="machine/stick/", copy=found[1], words=words_of(coalition))
        done = wait_for(person, str(right.url), "all were checked")
    finally:
        person.close()
        site.stop()
        coalition.desks[1] = Desk.open(coalition.folders[1], PASSPHRASE, clock=coalition.clock)

    assert "not the six head words" in refused
    assert head_words(coalition.desks[0].world.tree.root()) in done
    assert coalition.desks[1].world.size == coalition.desks[0].world.size


def wait_for(person: Visitor, job: str, words: str) -> str:
    """Watch a job's page until it says so."""
    give_up = time.monotonic() + 60
    while words not in (text := person.http.get(job).text):
        assert time.monotonic() < give_up, text
        time.sleep(0.2)
    return text
