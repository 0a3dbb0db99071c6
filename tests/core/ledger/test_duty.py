"""Being on duty is publishing a day key: who is on, for how long, and when nobody is."""

from __future__ import annotations

import secrets

from gathering import Gathering

from tocsin.core.ledger import PublishedKey, Purpose, duty_days, near_gaps, seen_by_keys
from tocsin.terms import Day, week_of

TODAY = Day(20_000)


def key(device: int, period: int, purpose: int = Purpose.INTAKE) -> PublishedKey:
    """Invent a key; nothing here looks at its bytes."""
    return PublishedKey(purpose, device, period, 1, secrets.token_bytes(1216), secrets.token_bytes(64))


def test_a_day_has_the_devices_that_published_its_key_and_whose_duty_it_is() -> None:
    keys = [
        key(1, TODAY),
        key(2, TODAY),
        key(3, TODAY),
        key(2, TODAY + 1),
        key(1, week_of(TODAY), Purpose.GRANT),
    ]

    days = duty_days(keys, able={1, 2}, today=TODAY)

    assert [each.devices for each in days] == [(1, 2), (2,), *[()] * 6]
    assert [each.day for each in days] == [*range(TODAY, TODAY + 8)]


def test_only_a_gap_today_or_tomorrow_is_said_aloud() -> None:
    later = duty_days([key(1, TODAY), key(1, TODAY + 1)], able={1}, today=TODAY)
    tomorrow = duty_days([key(1, TODAY), key(1, TODAY + 2)], able={1}, today=TODAY)

    assert near_gaps(later, today=TODAY) == ()
    assert near_gaps(tomorrow, today=TODAY) == (TODAY + 1,)
    assert near_gaps(duty_days([], able={1}, today=TODAY), today=TODAY) == (TODAY, TODAY + 1)


def test_keys_published_ahead_show_when_their_device_was_awake() -> None:
    seen = seen_by_keys([key(1, TODAY + 7), key(1, TODAY), key(2, week_of(TODAY) + 2, Purpose.GRANT)])

    assert seen[1] == TODAY
    assert week_of(seen[2]) == week_of(TODAY)


def test_who_ends_duty_on_a_day_publishes_no_key_after_it() -> None:
    member = Gathering()[1].member
    on = member.publish(day=TODAY, takes_duty=True, until=Day(TODAY + 2))
    over = member.publish(day=Day(TODAY + 3), takes_duty=True, until=Day(TODAY + 2))
    off = member.publish(day=Day(TODAY + 3), takes_duty=False)

    assert [each.period for each in on if each.purpose == Purpose.INTAKE] == [TODAY, TODAY + 1, TODAY + 2]
    assert [each for each in (*over, *off) if each.purpose == Purpose.INTAKE] == []
