"""Who stands how, at any record's number: the roll, the duties and the bars in force.

Order decides, not clocks: each change is kept with the number of the record that made it, so that a record read late is
judged by what was in force when it was ordered.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from tocsin.core.ledger.content import ANYBODY, Duty
from tocsin.core.ledger.errors import NotOnRoll
from tocsin.core.ledger.kinds import BarLifted, Barred, Duties
from tocsin.core.ledger.roll import Roll

BAR_DAYS = 3
"""72 hours, counted in the only clear unit of time."""

BARS_A_WEEK = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """A device that nobody seals to, from the bar's day on for 72 hours."""

    device: int
    by: int
    day: int
    reason: str

    @property
    def is_own(self) -> bool:
        """Say whether the device asked for it itself: then it stands until founders lift it."""
        return self.by == self.device

    def holds_on(self, day: int) -> bool:
        """Say whether the bar is in force on a day."""
        return self.is_own or day <= self.day + BAR_DAYS


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force from one record on until the next change."""

    roll: Roll
    duties: dict[int, frozenset[Duty]]
    bars: tuple[Bar, ...] = ()
    lifts: frozenset[tuple[int, int]] = frozenset()
    made: tuple[Bar, ...] = ()
    """Every bar there ever was, lifted ones too: a desk's two of a week are used up by those as well."""

    def may_write(self, device: int, writers: frozenset[Duty]) -> bool:
        """Say whether a device's duties let it write a kind."""
        return (
            writers is ANYBODY or writers == ANYBODY or bool(self.duties.get(device, frozenset()) & writers)
        )

    def is_barred(self, device: int, day: int) -> bool:
        """Say whether a bar on the device is in force on a day."""
        return any(bar.device == device and bar.holds_on(day) for bar in self.bars)

    def is_sealed_to(self, device: int, day: int) -> bool:
        """Say whether anything may be sealed or granted to a device today."""
        on_roll = any(entry.number == device for entry in self.roll.active)
        return on_roll and not self.is_barred(device, day)

    def devices_with(self, duty: Duty) -> tuple[int, ...]:
        """List the devices that hold a duty and are on the roll."""
        return tuple(entry.number for entry in self.roll.active if duty in self.duties.get(entry.number, ()))


class FrozenHistory(msgspec.Struct, frozen=True):
    """The same as plain values. Rolls and duties, which many standings share, stand once."""

    founded_on: int
    numbers: list[int]
    rolls: list[Roll]
    duties: list[dict[int, frozenset[Duty]]]
    standings: list[FrozenStanding]
    written: dict[bytes, Duties]
    added_on: dict[int, int]


class FrozenStanding(msgspec.Struct, frozen=True):
    """A standing whose roll and duties are places in the lists of its history."""

    roll: int
    duties: int
    bars: tuple[Bar, ...]
    lifts: frozenset[tuple[int, int]]
    made: tuple[Bar, ...]


@dataclass
class History:
    """Every standing there was, with the number of the record from which it held."""

    founding: Roll
    founded_on: int
    _numbers: list[int] = field(default_factory=list)
    _standings: list[Standing] = field(default_factory=list)
    _duties: dict[bytes, Duties] = field(default_factory=dict)
    _added_on: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for entry in self.founding.devices:
            self._added_on[entry.number] = self.founded_on
        self._keep(0, Standing(self.founding, {}))

    @property
    def now(self) -> Standing:
        """What is in force after the newest record."""
        return self._standings[-1]

    @property
    def duties(self) -> Duties | None:
        """The duties that the roll names, as they were written; None while this device has not read them."""
        return self._duties.get(self.now.roll.duties_hash)

    def at(self, number: int) -> Standing:
        """What was in force when record `number` was ordered (changes made by earlier records)."""
        return self._standings[max(bisect_right(self._numbers, number - 1) - 1, 0)]

    @property
    def all(self) -> Sequence[Standing]:
        """Every standing there was, in their order."""
        return self._standings

    def added_on(self, device: int) -> int:
        """Say on which day a device was put on the roll.

        Raises
        ------
        NotOnRoll
            It never stood on it.
        """
        try:
            return self._added_on[device]
        except KeyError:
            raise NotOnRoll(device=device) from None

    def _keep(self, number: int, standing: Standing) -> None:
        self._numbers.append(number)
        self._standings.append(standing)

    def counts_from(self, device: int) -> int:
        """Say on which day a device begins to count: additions wait a day; those of the founding day count always.

        Raises
        ------
        NotOnRoll
            It never stood on the roll.
        """
        added = self.added_on(device)
        return 0 if added <= self.founded_on else added + 1

    def is_sealed_to(self, device: int, day: int) -> bool:
        """Say whether anything may be sealed or granted to a device: on the roll, not barred, its day's wait over."""
        return self.now.is_sealed_to(device, day) and day >= self.counts_from(device)

    def take_roll(self, number: int, roll: Roll, *, day: int) -> None:
        """A roll change was ordered as record `number`."""
        for entry in roll.devices:
            self._added_on.setdefault(entry.number, day)
        now = self.now
        duties = self._duties.get(roll.duties_hash)
        self._keep(number, replace(now, roll=roll, duties=_by_device(duties) if duties else now.duties))

    def take_duties(self, number: int, duties: Duties) -> None:
        """Duties were written; they are in force if the roll names them, now or later."""
        digest = duties_hash(duties)
        self._duties[digest] = duties
        if self.now.roll.duties_hash == digest:
            self._keep(number, replace(self.now, duties=_by_device(duties)))

    def bars_of_week(self, by: int, day: int) -> int:
        """How many bars a desk has made in the seven days up to `day`, those it dated later included.

        Days are the author's word, within two of the relay's: dating one bar ahead must not make room for another.
        """
        return sum(bar.by == by and not bar.is_own and day - 7 < bar.day for bar in self.now.made)

    def take_bar(self, number: int, bar: Barred, *, by: int, day: int) -> bool:
        """A desk bars a device; the third in a week by the same desk changes nothing (False).

        Itself it may bar whenever it likes: whoever is made to unlock it must be able to call for that.
        """
        now = self.now
        is_own = by == bar.device
        if is_own and any(each.is_own and each.device == by for each in now.bars):
            return True
        if not is_own and self.bars_of_week(by, day) >= BARS_A_WEEK:
            return False
        lifts = frozenset(lift for lift in now.lifts if lift[0] != bar.device)
        made = Bar(bar.device, by, day, bar.reason)
        self._keep(number, replace(now, bars=(*now.bars, made), lifts=lifts, made=(*now.made, made)))
        return True

    def take_lift(self, number: int, lift: BarLifted, *, by: int) -> bool:
        """A founder lifts a bar; k of them end it. Nobody's own device counts among them (False)."""
        if by == lift.device:
            return False
        now = self.now
        lifts = now.lifts | {(lift.device, by)}
        bars = now.bars
        if sum(device == lift.device for device, _ in lifts) >= now.roll.threshold:
            bars = tuple(bar for bar in bars if bar.device != lift.device)
        self._keep(number, replace(now, bars=bars, lifts=lifts))
        return True

    def freeze(self) -> FrozenHistory:
        """Give it as plain values."""
        rolls, duties = [self.founding], [self._standings[0].duties]
        standings = []
        for each in self._standings:
            if each.roll is not rolls[-1]:
                rolls.append(each.roll)
            if each.duties is not duties[-1]:
                duties.append(each.duties)
            place = FrozenStanding(len(rolls) - 1, len(duties) - 1, each.bars, each.lifts, each.made)
            standings.append(place)
        return FrozenHistory(
            self.founded_on, self._numbers, rolls, duties, standings, self._duties, self._added_on
        )

    @classmethod
    def thaw(cls, frozen: FrozenHistory) -> History:
        """Make it again of what `freeze` gave."""
        history = cls(frozen.rolls[0], frozen.founded_on)
        history._numbers, history._duties, history._added_on = (
            frozen.numbers,
            frozen.written,
            frozen.added_on,
        )
        history._standings = [
            Standing(frozen.rolls[each.roll], frozen.duties[each.duties], each.bars, each.lifts, each.made)
            for each in frozen.standings
        ]
        return history


def duties_hash(duties: Duties) -> bytes:
    """Hash the content bytes of duties, as the roll names them."""
    return hashlib.sha256(msgspec.msgpack.encode(duties)).digest()


def _by_device(duties: Duties) -> dict[int, frozenset[Duty]]:
    return {device: frozenset(held) for device, held in duties.duties.items()}
