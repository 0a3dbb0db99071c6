"""A relay that replays, drops, reorders, changes, forks, withholds or lies: each shows, and nothing of it is kept."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from coalition import Coalition, make_coalition, start_relay, stop_relay
from deskkit import Asked, Cut, HostileRelay, doubled, hostile_relay, note, said

from tocsin.core.ledger import ForkSeen, Head, sign_head
from tocsin.core.seal import SigningKey
from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.errors import RelayAway, RelayMisled, WrongClock
from tocsin.desk.sync import sync
from tocsin.errors import TocsinError
from tocsin.relay.serve import wait_until_ready

ROW = 247


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Coalition, HostileRelay]]:
    """One coalition whose relay misbehaves when told to."""
    with make_coalition(tmp_path_factory.mktemp("hostile"), n=2) as made, hostile_relay(made) as relay:
        yield made, relay


@pytest.fixture
def coalition(place: tuple[Coalition, HostileRelay]) -> Coalition:
    """Two desks that know the same and have nothing waiting."""
    place[1].honest()
    place[0].sync_all(2)
    return place[0]


@pytest.fixture
def relay(place: tuple[Coalition, HostileRelay]) -> HostileRelay:
    """The relay between them."""
    return place[1]


def split_rows(data: bytes) -> list[bytes]:
    """Cut the answer of read-since into its rows."""
    rows, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at + 9 + 90 : at + 9 + 94], "big")
        rows.append(data[at : at + ROW + size])
        at += ROW + size
    return rows


def numbered(rows: list[bytes], first: int) -> bytes:
    """Join rows, numbering them anew as the honest relay would have."""
    return b"".join((first + at).to_bytes(8, "big") + row[8:] for at, row in enumerate(rows))


def flipped(data: bytes, at: int) -> bytes:
    """Flip one bit."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def drop_last(data: bytes) -> bytes:
    return b"".join(split_rows(data)[:-1])


def swap_first_two(data: bytes) -> bytes:
    rows = split_rows(data)
    first = int.from_bytes(rows[0][:8], "big")
    return numbered([rows[1], rows[0], *rows[2:]], first)


def twice(data: bytes) -> bytes:
    rows = split_rows(data)
    return numbered([rows[0], *rows], int.from_bytes(rows[0][:8], "big"))


LIES: dict[str, Callable[[bytes], bytes]] = {
    "drops the last record": drop_last,
    "reorders two authors": swap_first_two,
    "shows one twice": twice,
    "changes a body": lambda data: flipped(data, ROW + 50),
    "changes a tag": lambda data: flipped(data, 9 + 115),
    "changes an author": lambda data: flipped(data, 9 + 5),
    "changes a day": lambda data: flipped(data, 9 + 89),
    "changes a signature": lambda data: flipped(data, 9 + 174 + 20),
    "changes the body size": lambda data: flipped(data, 9 + 92),
    "says a newer version": lambda data: flipped(data, 9),
    "holds a body back": lambda data: data[:8] + b"\x00" + data[9:ROW] + b"".join(split_rows(data)[1:]),
    "cuts a record short": lambda data: data[:-1],
    "cuts a header short": lambda data: data[:100],
    "shows nothing": lambda _: b"",
    "shows noise": lambda _: secrets.token_bytes(4096),
}


PROVEN_PART = {"drops the last record"}
"""What came before the missing ones stands under the signed head, and is rightly kept."""


def test_a_relay_that_changes_the_ledger_is_caught_and_nothing_of_it_is_kept(
    coalition: Coalition, relay: HostileRelay
) -> None:
    one, two = coalition.desks
    for desk in (one, two, one):
        desk.append(note("true"), to="watch")
        sync(desk)
    for name, lie in LIES.items():

        def misbehave(asked: Asked, lie: Callable[[bytes], bytes] = lie) -> None:
            if asked.is_for("GET", "records") and asked.answer:
                asked.answer = lie(asked.answer)

        with closing(reader_behind(coalition, n=3)) as behind:
            size = behind.world.size
            with relay.rules(after=misbehave), pytest.raises(TocsinError) as caught:
                sync(behind)

            assert isinstance(caught.value, RelayMisled) or caught.value.code == "ledger.unknown-kind", name
            assert behind.world.size == behind.replica.size, name
            assert behind.world.size == size or name in PROVEN_PART, name
            sync(behind)
            assert behind.world.tree.root() == one.world.tree.root(), name


def reader_behind(coalition: Coalition, *, n: int) -> Desk:
    """A copy of desk 2 as it was before the newest n records came."""
    two = coalition.desks[1]
    folder = coalition.folders[1].with_name("behind-" + secrets.token_hex(4))
    two.close()
    shutil.copytree(coalition.folders[1], folder)
    coalition.desks[1] = Desk.open(coalition.folders[1], coalition.passphrase, clock=coalition.clock)
    with closing(sqlite3.connect(folder / "replica.sqlite3", isolation_level=None)) as db:
        db.execute("delete from record where number > (select max(number) from record) - ?", (n,))
        db.execute("delete from meta where name = 'checked'")
    return Desk.open(folder, coalition.passphrase, clock=coalition.clock)


def test_a_relay_that_replays_old_answers_is_caught(coalition: Coalition, relay: HostileRelay) -> None:
    one, two = coalition.desks
    old: dict[str, bytes] = {}

    def remember(asked: Asked) -> None:
        if asked.is_for("GET", "beside"):
            old["head"] = asked.answer

    def replay(asked: Asked) -> None:
        if asked.is_for("GET", "beside"):
            asked.answer = old["head"]

    with relay.rules(after=remember):
        sync(two)
    one.append(note("since then"), to="watch")
    sync(one)
    with relay.rules(after=replay), pytest.raises(RelayMisled, match="forgotten"):
        sync(one)

    coalition.sync_all(2)
    assert said(one) == said(two)
    assert said(two)[-1] == "since then"


def test_a_relay_that_takes_and_drops_loses_nothing(coalition: Coalition, relay: HostileRelay) -> None:
    one, two = coalition.desks
    one.append(note("dropped at first"), to="watch")

    key = SigningKey.from_seed((coalition.relay_home / "signing.key").read_bytes())

    def swallow(asked: Asked) -> None:
        """Answer with the head as it was before, rightly signed."""
        if asked.is_for("POST", "records"):
            head = Head(one.world.size, one.world.tree.root(), one.today)
            signature = sign_head(key, one.world.coalition, head)
            asked.status = 200
            asked.answer = msgspec.msgpack.encode(
                {
                    "numbers": (head.size,),
                    "size": head.size,
                    "root": head.root,
                    "day": head.day,
                    "signature": signature,
                }
            )

    with relay.rules(before=swallow), pytest.raises(RelayMisled, match="does not show them"):
        sync(one)
    coalition.sync_all()

    assert said(two)[-1] == "dropped at first"
    assert doubled(two) == []


def test_what_was_sent_is_fetched_again_only_if_others_spoke_between(
    coalition: Coalition, relay: HostileRelay
) -> None:
    one, two = coalition.desks
    coalition.sync_all()

    def n_fetched(text: str, *, before: Callable[[Asked], None] | None = None) -> int:
        one.append(note(text), to="watch")
        relay.seen.clear()
        with relay.rules(before=before):
            sync(one)
        return sum(asked.is_for("GET", "records") for asked in relay.seen)

    def two_speaks(asked: Asked) -> None:
        if asked.is_for("POST", "records") and unsaid:
            two.append(note(unsaid.pop()), to="watch")
            sync(two)

    unsaid = ["between"]
    assert n_fetched("alone") == 0
    assert n_fetched("with another", before=two_speaks) > 0

    coalition.sync_all()
    assert said(one)[-3:] == said(two)[-3:] == ["alone", "between", "with another"]
    assert doubled(one) == doubled(two) == []


def other_head(asked: Asked, sign: Callable[[Head], bytes]) -> None:
    """Put another root under a signature."""
    if asked.is_for("GET", "beside"):
        answer = msgspec.msgpack.decode(asked.answer)
        head = Head(answer["size"], secrets.token_bytes(32), answer["day"])
        asked.answer = msgspec.msgpack.encode(answer | {"root": head.root, "signature": sign(head)})


def test_a_head_signed_by_another_key_is_refused(coalition: Coalition, relay: HostileRelay) -> None:
    one = coalition.desks[0]
    key = SigningKey.fresh()

    with (
        relay.rules(
            after=lambda asked: other_head(asked, lambda head: sign_head(key, one.world.coalition, head))
        ),
        pytest.raises(RelayMisled, match="another key"),
    ):
        sync(one)

    sync(one)


def test_a_head_over_another_ledger_is_refused(coalition: Coalition, relay: HostileRelay) -> None:
    one = coalition.desks[0]
    key = SigningKey.from_seed((coalition.relay_home / "signing.key").read_bytes())

    with (
        relay.rules(
            after=lambda asked: other_head(asked, lambda head: sign_head(key, one.world.coalition, head))
        ),
        pytest.raises(RelayMisled, match="does not fit"),
    ):
        sync(one)

    sync(one)


def test_noise_in_any_answer_is_one_clear_error(coalition: Coalition, relay: HostileRelay) -> None:
    one, two = coalition.desks
    kinds = ["challenge", "beside", "keys", "folder", "records"]
    noises = [b"", b"\x00", secrets.token_bytes(977), b"\xff" * 4096, msgspec.msgpack.encode({"size": -1})]
    for kind in kinds:
        two.append(note("heard"), to="watch")
        sync(two)
        for noise in noises:

            def spoil(asked: Asked, kind: str = kind, noise: bytes = noise) -> None:
                if asked.method == "GET" and f"/{kind}" in asked.path:
                    asked.answer = noise

            with relay.rules(after=spoil):
                try:
                    sync(one)
                except TocsinError as trouble:
                    assert trouble.code.startswith(("relay", "ledger.unknown"))  # noqa: PT017 - none is right too

    sync(one)
    assert said(one) == said(two)


# Connections that break ---


def test_a_connection_cut_at_any_request_loses_and_doubles_nothing(
    coalition: Coalition, relay: HostileRelay
) -> None:
    one, two = coalition.desks
    words = []
    n_cut = 0
    for when in ("before", "after"):
        at = 0
        while True:
            words.append(f"{when} {at}")
            one.append(note(words[-1]), to="watch")
            one.do(
                lambda member, moment, name=f"response/{when}{at}": member.open_compartments(
                    [name], [2], moment
                )
            )
            countdown = [at]

            def cut(asked: Asked, countdown: list[int] = countdown) -> None:
                countdown[0] -= 1
                if countdown[0] < 0:
                    raise Cut

            with relay.rules(**{when: cut}):
                try:
                    sync(one)
                except RelayAway:
                    n_cut += 1
                else:
                    break
            at += 1
            sync(one)
    sync(one)
    sync(two)

    assert n_cut > 6
    assert said(one)[-len(words) :] == said(two)[-len(words) :] == words
    assert doubled(one) == []
    assert set(one.keyring.compartments) == set(two.keyring.compartments)
    assert one.n_waiting == 0


def test_a_lost_answer_costs_no_second_number(coalition: Coalition, relay: HostileRelay) -> None:
    one, two = coalition.desks
    one.append(note("answer lost"), to="watch")
    numbers: list[tuple[int, ...]] = []

    def lose(asked: Asked) -> None:
        if asked.is_for("POST", "records"):
            numbers.append(msgspec.msgpack.decode(asked.answer)["numbers"])
            raise Cut

    with relay.rules(after=lose), pytest.raises(RelayAway):
        sync(one)
    size = numbers[0][-1] + 1
    coalition.sync_all()

    assert [version.entry.number for version in two.versions(type(note("")))][-1] == numbers[0][0]
    assert two.world.size == size
    assert doubled(two) == []


# Withheld, forked ---


def test_a_withheld_grant_is_missed_and_fetched_once_it_is_there(
    coalition: Coalition, relay: HostileRelay
) -> None:
    one, two = coalition.desks
    one.do(lambda member, moment: member.open_compartments(["response/withheld"], [2], moment))
    sync(one)

    def withhold(asked: Asked) -> None:
        if asked.method == "GET" and asked.path.endswith("/grants"):
            asked.answer = b""

    with relay.rules(after=withhold):
        sync(two)
        sync(two)

        assert list(two.missing_grants().values()) == [frozenset({1})]
        assert "response/withheld" not in two.keyring.compartments
        coalition.pass_days(1)
        sync(two)
    sync(two)

    assert two.missing_grants() == {}
    assert "response/withheld" in two.keyring.compartments


def test_a_fork_shows_when_the_desks_meet_again(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=3) as made, hostile_relay(made) as relay:
        one, two, three = made.desks
        made.sync_all()
        (tmp_path / "other-home").mkdir()
        shutil.copy(made.relay_home / "signing.key", tmp_path / "other-home")
        with (
            closing(sqlite3.connect(made.relay_home / "relay.sqlite3")) as there,
            closing(sqlite3.connect(tmp_path / "other-home" / "relay.sqlite3")) as copy,
        ):
            there.backup(copy)
        other, address, _ = start_relay(tmp_path / "other-home", made.clock_file)
        other_port = int(address.rsplit(":", 1)[1])
        wait_until_ready("127.0.0.1", other_port)
        try:
            one.append(note("in one world"), to="watch")
            three.append(note("in one world too"), to="watch")
            two.append(note("in another"), to="watch")
            sync(one)
            sync(three)
            with relay.toward(other_port):
                sync(two)
            size = two.world.size
            # Head words differ wherever people compare them; shown one another's world, both desks stop.
            with pytest.raises(RelayMisled):
                sync(two)
            assert two.world.size == two.replica.size == size
            assert said(two) == ["in another"]

            def leak(asked: Asked) -> None:
                if asked.is_for("GET", "beside"):
                    theirs = one.member.cosign()
                    answer = msgspec.msgpack.decode(asked.answer)
                    word = (theirs.device, theirs.size, theirs.root, theirs.signature)
                    asked.answer = msgspec.msgpack.encode(
                        answer | {"cosignatures": (*answer["cosignatures"], word)}
                    )

            two.append(note("grown"), to="watch")
            with relay.toward(other_port), relay.rules(after=leak), pytest.raises(ForkSeen) as seen:
                sync(two)
            assert seen.value.device == 1
            sync(one)
            assert said(one) == ["in one world", "in one world too"]
        finally:
            stop_relay(other)


# Clocks ---


@pytest.mark.parametrize(
    ("days", "side"), [(5, "5 days ahead of"), (40, "40 days ahead of"), (-4, "4 days behind")]
)
def test_a_wrong_clock_is_said_with_its_days_and_erases_nothing(
    coalition: Coalition, tmp_path: Path, days: int, side: str
) -> None:
    one, two = coalition.desks
    before = one.keyring.to_bytes()
    one.clock = Clock(tmp_path / "wrong")
    now = int(coalition.clock_file.read_text())
    (tmp_path / "wrong").write_text(str(now + days))
    one.append(note(f"by a clock {days} days off"), to="watch")
    with pytest.raises(WrongClock, match=side) as caught:
        sync(one)

    assert caught.value.n_days == days
    assert one.keyring.to_bytes() == before
    one.clock = coalition.clock
    coalition.sync_all()
    assert said(two)[-1] == f"by a clock {days} days off"
    assert doubled(two) == []


@pytest.mark.parametrize("days", [-2, -1, 1, 2])
def test_a_clock_a_little_off_works(coalition: Coalition, tmp_path: Path, days: int) -> None:
    one, two = coalition.desks
    one.clock = Clock(tmp_path / "off")
    (tmp_path / "off").write_text(str(int(coalition.clock_file.read_text()) + days))
    one.append(note(f"{days} off"), to="watch")
    sync(one)
    one.clock = coalition.clock
    sync(two)

    assert said(two)[-1] == f"{days} off"


def test_what_was_finished_days_ago_is_sealed_again_and_arrives_once(
    coalition: Coalition, relay: HostileRelay
) -> None:
    one, two = coalition.desks
    for n in range(150):
        one.append(note(f"old {n}"), to="watch")
    posts = [0]

    def cut_second_post(asked: Asked) -> None:
        if asked.is_for("POST", "records"):
            posts[0] += 1
            if posts[0] == 2:
                raise Cut

    with relay.rules(before=cut_second_post), pytest.raises(RelayAway):
        sync(one)
    coalition.pass_days(5)
    coalition.sync_all()

    assert said(two)[-150:] == [f"old {n}" for n in range(150)]
    assert doubled(two) == []
    newest = two.replica.record(two.world.size - 1)
    assert newest.header.day == two.today
