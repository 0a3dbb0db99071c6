"""Who was invited, or signed a first roll, finds the coalition here without being on its roll yet."""

from __future__ import annotations

from relaykit import Desk, RunningRelay, Town, split_read


def rolls(relay: RunningRelay, town: Town, since: int = 0) -> list[int]:
    """Ask for the rolls as a stranger does; give their records' numbers."""
    answer = relay.ask("GET", f"{town.path}/roll?since={since}")
    assert answer.status == 200, answer.code
    return [number for number, _ in split_read(answer.body)]


def test_the_rolls_come_with_their_records_numbers_and_nothing_else(
    desk: Desk, town: Town, relay: RunningRelay
) -> None:
    desk.append(desk.make())
    _, change = town.removal_of(3, by=desk)
    desk.append(change)

    answer = relay.ask("GET", f"{town.path}/roll")

    assert split_read(answer.body) == [(0, town.founding), (2, change)]
    assert rolls(relay, town, since=1) == [2]
    assert rolls(relay, town, since=3) == []
    assert Town.found().path != town.path
    assert relay.ask("GET", f"{Town.found().path}/roll").code == "relay.unknown"


def test_who_signed_a_first_roll_finds_the_founding_record_by_it(town: Town, relay: RunningRelay) -> None:
    found = relay.ask("POST", "/lodged", town.roll.to_bytes())
    other = relay.ask("POST", "/lodged", Town.found().roll.to_bytes())

    assert split_read(found.body) == [(0, town.founding)]
    assert (other.status, other.code) == (404, "relay.not-there")
