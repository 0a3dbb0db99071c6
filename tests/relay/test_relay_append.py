"""Appending: one order, dense numbers, nothing twice, nothing half."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec
from relaykit import Desk, RunningRelay, Town, real_day

from tocsin.core.ledger import (
    Head,
    Record,
    Tree,
    cosign,
    verify_consistency,
    verify_head,
    verify_inclusion,
)
from tocsin.core.seal import SigningKey


def root_over(records: list[Record]) -> bytes:
    """Recompute the root."""
    tree = Tree()
    for record in records:
        tree.append(record.leaf)
    return tree.root()


def test_what_is_appended_is_read_back_byte_for_byte(desk: Desk, town: Town) -> None:
    sent = [desk.make(b"kestrel"), desk.make(b"plover", size=8192), desk.make(b"dunlin", size=32768)]

    taken = desk.append(*sent)

    assert taken.value["numbers"] == [1, 2, 3]
    assert desk.read_all() == [town.founding, *sent]


def test_the_signed_head_covers_exactly_what_was_appended(desk: Desk, town: Town) -> None:
    sent = [desk.make() for _ in range(5)]

    taken = desk.append(*sent).value

    assert taken["size"] == 6
    assert taken["root"] == root_over([town.founding, *sent])
    verify_head(desk.relay_key, town.name, Head(6, taken["root"], taken["day"]), taken["signature"])
    answer = desk.ask("GET", "/head", signed=False).value
    assert {key: answer[key] for key in ("size", "root", "signature")} == {
        key: taken[key] for key in ("size", "root", "signature")
    }


def test_the_same_bytes_get_the_same_number_again(desk: Desk, relay: RunningRelay) -> None:
    first, second = desk.make(), desk.make()
    desk.append(first)
    both = desk.append(first, second)

    again = desk.append(first, second)

    assert both.value["numbers"] == again.value["numbers"] == [1, 2]
    assert len(desk.read_all()) == 3


def test_another_record_with_a_used_chain_number_shows_the_restored_backup(desk: Desk) -> None:
    clone = desk.make(b"from the backup", fork=True)
    desk.append(desk.make(b"what the device really sent next"))

    answer = desk.append(clone)

    assert (answer.status, answer.code) == (409, "relay.chain-taken")
    assert len(desk.read_all()) == 2


def test_a_record_must_follow_its_authors_record_before(desk: Desk) -> None:
    missing, later = desk.make(), desk.make()

    answer = desk.append(later)

    assert (answer.status, answer.code) == (409, "relay.chain")
    assert desk.append(missing, later).value["numbers"] == [1, 2]


def test_one_refused_record_refuses_its_whole_batch(desk: Desk) -> None:
    good, alien = desk.make(), desk.make(roll_version=7)

    answer = desk.append(good, alien)

    assert (answer.status, answer.code) == (409, "relay.roll")
    assert len(desk.read_all()) == 1


def test_a_refused_batch_leaves_the_others_that_wait_with_it_alone(town: Town, relay: RunningRelay) -> None:
    spoiler, *desks = (town.desk(relay, number) for number in (1, 2, 3, 4))
    bad = spoiler.make(roll_version=7)

    def write(desk: Desk) -> list[int]:
        return [desk.append(desk.make()).status for _ in range(20)]

    with ThreadPoolExecutor(4) as threads:
        refused = threads.submit(lambda: [spoiler.append(bad).status for _ in range(20)])
        taken = list(threads.map(write, desks))

    assert set(refused.result()) == {409}
    assert taken == [[200] * 20] * 3
    assert len(spoiler.read_all()) == 61


def test_writers_at_once_give_one_dense_order_and_whole_chains(town: Town, relay: RunningRelay) -> None:
    desks = [town.desk(relay, number) for number in (1, 2, 3, 4)]

    def write(desk: Desk) -> list[int]:
        return [
            number for _ in range(12) for number in desk.append(desk.make(), desk.make()).value["numbers"]
        ]

    with ThreadPoolExecutor(4) as threads:
        numbers = [number for part in threads.map(write, desks) for number in part]

    records = desks[0].read_all()
    assert sorted(numbers) == list(range(1, 97))
    assert desks[0].ask("GET", "/head", signed=False).value["root"] == root_over(records)
    for desk in desks:
        own = [record for record in records if record.header.device == desk.number]
        assert [record.header.chain for record in own] == list(range(len(own)))


def test_a_wrong_clock_is_said_in_days(desk: Desk) -> None:
    answer = desk.append(desk.make(day=real_day() + 40))

    assert (answer.status, answer.code) == (409, "relay.clock")
    assert "40 days ahead" in str(answer.value["sentence"])


def test_two_days_of_clock_difference_are_borne(desk: Desk) -> None:
    assert desk.append(desk.make(day=real_day() + 2), desk.make(day=real_day() - 1)).status == 200


def test_an_author_who_saw_more_than_the_relay_holds_shows_it_was_set_back(desk: Desk) -> None:
    answer = desk.append(desk.make(seen=(50, bytes(32))))

    assert (answer.status, answer.code) == (409, "relay.behind")


def test_a_removed_device_is_out_with_the_record_that_removes_it(
    desk: Desk, town: Town, relay: RunningRelay
) -> None:
    removed = town.desk(relay, 3)
    roll, change = town.removal_of(3, by=desk)
    assert removed.append(removed.make()).status == 200
    town.roll = roll
    after = desk.make(b"under the new roll")

    assert desk.append(change, after).status == 200

    assert removed.append(removed.make()).code == "relay.unknown"
    smuggled = desk.append(removed.make())
    assert (smuggled.status, smuggled.code) == (403, "relay.unknown")


def test_a_record_made_under_an_older_roll_must_be_sealed_again(
    desk: Desk, town: Town, relay: RunningRelay
) -> None:
    other = town.desk(relay, 2)
    late = other.make(fork=True)
    roll, change = town.removal_of(3, by=desk)
    desk.append(change)

    answer = other.append(late)
    town.roll = roll

    assert (answer.status, answer.code) == (409, "relay.roll")
    assert other.append(other.make()).status == 200


def test_of_two_roll_changes_the_first_in_order_wins(desk: Desk, town: Town, relay: RunningRelay) -> None:
    other = town.desk(relay, 2)
    _, first = town.removal_of(3, by=desk)
    _, second = town.removal_of(4, by=other)
    assert desk.append(first).status == 200

    answer = other.append(second)

    assert (answer.status, answer.code) == (409, "ledger.roll")


def test_a_roll_change_whose_answer_was_lost_may_be_sent_again(desk: Desk, town: Town) -> None:
    _, change = town.removal_of(3, by=desk)
    first = desk.append(change)

    assert desk.append(change).value["numbers"] == first.value["numbers"] == [1]


def test_a_roll_signed_by_strangers_changes_nothing(desk: Desk, town: Town) -> None:
    town.founders = [SigningKey.fresh() for _ in range(3)]
    _, change = town.removal_of(2, by=desk)

    assert desk.append(change).code == "ledger.roll"
    assert len(desk.read_all()) == 1


def test_reading_ends_before_an_answer_grows_too_large(desk: Desk) -> None:
    for _ in range(6):
        desk.append(*(desk.make(size=32768) for _ in range(100)))

    first = desk.read(0)

    assert 400 < len(first) < 600
    assert len(desk.read_all()) == 601


def test_proofs_lead_to_the_signed_head(desk: Desk) -> None:
    desk.append(*(desk.make() for _ in range(12)))
    records = desk.read_all()
    tree = Tree()
    for record in records:
        tree.append(record.leaf)

    path = desk.ask("GET", "/inclusion?number=5&size=13", signed=False).body
    growth = desk.ask("GET", "/consistency?old=6&new=13", signed=False).body

    def hashes(data: bytes) -> list[bytes]:
        return [data[at : at + 32] for at in range(0, len(data), 32)]

    verify_inclusion(records[5].leaf, 5, 13, hashes(path), tree.root())
    verify_consistency(6, tree.root(6), 13, tree.root(), hashes(growth))
    assert desk.ask("GET", "/inclusion?number=13&size=14", signed=False).status == 404


def test_the_newest_cosignature_of_each_device_is_kept(desk: Desk, town: Town, relay: RunningRelay) -> None:
    sizes = {}
    for _ in range(2):
        taken = desk.append(desk.make()).value
        sizes[taken["size"]] = taken["root"]
    newer = cosign(town.keys[2], town.name, device=2, size=3, root=sizes[3])
    older = cosign(town.keys[2], town.name, device=2, size=2, root=sizes[2])

    for word in (newer, older, newer):
        assert desk.ask("POST", "/cosignature", word.to_bytes(), signed=False).status == 200

    kept = desk.ask("GET", "/head", signed=False).value["cosignatures"]
    assert kept == [[2, 3, sizes[3], newer.signature]]


def test_a_cosignature_of_another_ledger_is_refused(desk: Desk, town: Town) -> None:
    forked = cosign(town.keys[2], town.name, device=2, size=1, root=bytes(range(32)))
    forged = cosign(SigningKey.fresh(), town.name, device=2, size=1, root=town.founding.leaf)

    assert desk.ask("POST", "/cosignature", forked.to_bytes(), signed=False).code == "relay.fork"
    assert desk.ask("POST", "/cosignature", forged.to_bytes(), signed=False).code == "relay.unknown"


def test_the_bulletin_feed_shows_six_words_of_the_firm_head(desk: Desk, town: Town) -> None:
    root = town.founding.leaf
    desk.append(desk.make())
    for device in (1, 2):
        word = cosign(town.keys[device], town.name, device=device, size=1, root=root)
        desk.ask("POST", "/cosignature", word.to_bytes(), signed=False)

    feed = msgspec.json.decode(desk.ask("GET", "/bulletins", signed=False).body)

    assert feed["firm_size"] == 1
    assert feed["words"] == Head(1, root, 0).words
    assert feed["head"]["size"] == 2
