"""What is promised, in the fewest words: whose hands, with all the relay ever had, open what.

No keys, no records, no bytes: sets of device numbers, generations of keys and weeks. The ledger is right if what an
adversary reads from the bytes is what stands here, no more (a leak) and no less (a loss nobody may count on).

A *generation* is (compartment, how manyeth key). A hand reaches what its device holds, and what was ever granted to
it under a weekly key that it has not erased: two weeks after its week at the earliest, and only when it syncs.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field

Generation = tuple[str, int]
DealName = frozenset[Generation]

FOLDER_DAYS = 14
BAR_DAYS = 3
WEEKS_AHEAD = 2
WEEKS_KEPT = 2
SHARES_NEEDED = 3


def week_of(day: int) -> int:
    """Weeks begin on Mondays."""
    return (day - 4) // 7


@dataclass
class Room:
    """A compartment of a case. `members` have its present key; `holders` were given it up to now and not relieved."""

    generation: int
    members: set[int]
    holders: set[int]
    is_relieved: bool = False
    is_shut: bool = False
    is_parked: bool = False


@dataclass
class Hand:
    """One device: what it has not erased."""

    held: set[Generation] = field(default_factory=set)
    weeks: set[int] = field(default_factory=set)
    shares: dict[str, tuple[DealName, int]] = field(default_factory=dict)
    given_up: set[Generation] = field(default_factory=set)
    released: dict[str, set[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Granted:
    """A grant in a day folder."""

    to: int
    by: int
    week: int
    day: int
    generations: frozenset[Generation] = frozenset()
    share: tuple[str, DealName, int] | None = None


@dataclass
class Deal:
    """A case's shares, as `watch` knows them."""

    name: DealName
    dealer: int
    custodians: tuple[int, ...]
    acknowledged: set[int] = field(default_factory=set)


class Promise:
    """The reference."""

    def __init__(self, devices: Iterable[int], *, day: int) -> None:
        self.day = day
        self.hands: dict[int, Hand] = {}
        self.published: dict[int, set[int]] = {}
        self.counts_from: dict[int, int] = {}
        self.rooms: dict[str, Room] = {}
        self.grants: list[Granted] = []
        self.deals: dict[str, Deal] = {}
        self.void: set[DealName] = set()
        self.removed: set[int] = set()
        self.bars: dict[int, int] = {}
        self.words: dict[str, Generation] = {}
        for device in devices:
            self.join(device, counts_from=day)

    def join(self, device: int, *, counts_from: int) -> None:
        """A device is on the roll and has published."""
        self.hands[device], self.published[device] = Hand(), set()
        self.counts_from[device] = counts_from
        self.publish(device)

    def publish(self, device: int) -> None:
        """Old weekly keys go; who is on the roll makes new ones."""
        week, hand = week_of(self.day), self.hands[device]
        hand.weeks = {each for each in hand.weeks if week <= each + WEEKS_KEPT}
        if device not in self.removed:
            new = {week, week + 1, week + WEEKS_AHEAD} - self.published[device]
            self.published[device] |= new
            hand.weeks |= new

    # who may be sealed to ---

    def may_have(self, device: int) -> bool:
        """On the roll for a day, and not barred."""
        barred = device in self.bars and self.day <= self.bars[device] + BAR_DAYS
        return device not in self.removed and not barred and self.day >= self.counts_from[device]

    def week_for(self, device: int) -> int | None:
        """The newest key published for this week or the two before."""
        week = week_of(self.day)
        fit = [each for each in self.published[device] if week - WEEKS_KEPT <= each <= week]
        return max(fit, default=None)

    def can_receive(self, device: int) -> bool:
        """Say whether anything can be granted to a device."""
        return self.may_have(device) and self.week_for(device) is not None

    def can_write(self, device: int, name: str) -> bool:
        """Say whether a device has the present key of a compartment that is open."""
        room = self.rooms[name]
        has = (name, room.generation) in self.hands[device].held
        return self.may_have(device) and not room.is_shut and device in room.members and has

    # keys given ---

    def _grant(self, to: int, by: int, *generations: Generation) -> None:
        week = self.week_for(to)
        assert week is not None
        self.grants.append(Granted(to, by, week, self.day, frozenset(generations)))

    def open_room(self, name: str, *, by: int, members: set[int]) -> None:
        """A new compartment."""
        self.rooms[name] = Room(-1, set(), set())
        self._next_generation(name, by=by, members=members)

    def _next_generation(self, name: str, *, by: int, members: set[int]) -> None:
        room = self.rooms[name]
        room.generation += 1
        room.is_relieved = room.is_shut = room.is_parked = False
        room.members = members | {by}
        room.holders |= room.members
        self.hands[by].held.add((name, room.generation))
        for each in members - {by}:
            self._grant(each, by, (name, room.generation))

    def write(self, name: str, *, by: int, word: str | None = None) -> None:
        """Whoever writes makes a new key first if somebody knows this one who must not read on."""
        room = self.rooms[name]
        if room.is_relieved or not all(self.may_have(each) for each in room.members - {by}):
            fit = {each for each in room.members if self.can_receive(each)}
            self._next_generation(name, by=by, members=fit)
        if word is not None:
            self.words[word] = (name, room.generation)

    def admit(self, names: Iterable[str], device: int, *, by: int) -> None:
        """All keys the admitting device holds."""
        for name in names:
            self.write(name, by=by)
        held = [each for each in self.hands[by].held if each[0] in names]
        self._grant(device, by, *held)
        for name in names:
            self.rooms[name].members.add(device)
            self.rooms[name].holders.add(device)

    def hand_over(self, names: Iterable[str], to: set[int], *, by: int) -> None:
        """The others are relieved; the next writer makes a new key."""
        new = to - {by} - set().union(*(self.rooms[name].members for name in names))
        for name in names:
            self.write(name, by=by)
        for each in new:
            self._grant(each, by, *((name, self.rooms[name].generation) for name in names))
        for name in names:
            room = self.rooms[name]
            room.is_relieved = room.is_relieved or not room.members <= to
            room.members, room.holders = set(to), set(to)

    def shut(self, names: Iterable[str], *, by: int, parked: bool) -> None:
        """Nobody is to hold it any more."""
        for name in names:
            self.write(name, by=by)
            room = self.rooms[name]
            room.is_shut, room.is_parked, room.members, room.holders = True, parked, set(), set()

    # custodians ---

    def may_deal(self, case: str, device: int) -> bool:
        """One deal at a time."""
        deal = self.deals.get(case)
        return deal is None or deal.dealer in self.removed | {device}

    def deal(self, case: str, names: Iterable[str], custodians: Iterable[int], *, by: int) -> None:
        """One share each."""
        for name in names:
            self.write(name, by=by)
        deal = frozenset((name, self.rooms[name].generation) for name in names)
        known = self.deals.get(case)
        if known is not None and known.name != deal:
            self.void.add(known.name)
        self.void.discard(deal)
        # The same keys are dealt as the same shares: who said to keep one still keeps it.
        acknowledged = known.acknowledged if known is not None and known.name == deal else set()
        self.deals[case] = Deal(deal, by, tuple(custodians), acknowledged)
        for number, custodian in enumerate(custodians, 1):
            self._share(custodian, by, case, deal, number)

    def _share(self, to: int, by: int, case: str, deal: DealName, number: int) -> None:
        week = self.week_for(to)
        assert week is not None
        self.grants.append(Granted(to, by, week, self.day, share=(case, deal, number)))

    def release(self, case: str, *, by: int, to: int) -> None:
        """A custodian gives its share to who asked."""
        deal, number = self.hands[by].shares[case]
        self._share(to, by, case, deal, number)

    def recover(self, case: str, names: Iterable[str], *, by: int, members: set[int]) -> None:
        """Shares joined, the case goes on under new keys, and the shares of the old ones are used up."""
        deal = self.deals.pop(case)
        self.hands[by].held |= deal.name
        self.void.add(deal.name)
        for name in names:
            self._next_generation(name, by=by, members=members)

    # what a device does when it syncs ---

    def sync(self, device: int) -> None:
        """Take grants still in the folders, erase what is to be erased, publish."""
        hand = self.hands[device]
        for grant in self.grants:
            if (
                grant.to == device
                and grant.week in hand.weeks
                and grant.day >= self.day - FOLDER_DAYS
                and not grant.generations & hand.given_up
            ):
                hand.held |= grant.generations
                self._take_share(device, grant)
        for case, (deal, _) in list(hand.shares.items()):
            if deal in self.void:
                del hand.shares[case]
        for name in {name for name, _ in hand.held}:
            if device not in self.rooms[name].holders:
                self._give_up(device, name)
        self.publish(device)

    def _take_share(self, device: int, grant: Granted) -> None:
        if grant.share is None:
            return
        case, name, number = grant.share
        deal = self.deals.get(case)
        if deal is None or deal.name != name:
            return
        if device in deal.custodians and grant.by == deal.dealer:
            self.hands[device].shares[case] = (name, number)
            if device not in self.removed:
                deal.acknowledged.add(device)

    def _give_up(self, device: int, name: str) -> None:
        hand, room, case = self.hands[device], self.rooms[name], name.split("/")[1]
        gone = {each for each in hand.held if each[0] == name}
        hand.held -= gone
        if device not in self.removed:
            hand.given_up |= gone
            deal = self.deals.get(case)
            if deal is not None and deal.dealer == device and not room.is_parked:
                self.void.add(deal.name)
                del self.deals[case]

    # what it comes to ---

    def reach(self, hands: Iterable[int]) -> set[Generation]:
        """Everything that these hands together open, with all the relay ever had."""
        found: set[Generation] = set()
        shares: dict[DealName, set[int]] = {}
        for device in hands:
            hand = self.hands[device]
            found |= hand.held
            parts = list(hand.shares.values())
            for grant in self.grants:
                if grant.to == device and grant.week in hand.weeks:
                    found |= grant.generations
                    parts += [grant.share[1:]] if grant.share is not None else []
            for deal, number in parts:
                shares.setdefault(deal, set()).add(number)
        for deal, numbers in shares.items():
            if len(numbers) >= SHARES_NEEDED:
                found |= deal
        return found

    def reads(self, hands: Iterable[int]) -> set[str]:
        """The words among it."""
        found = self.reach(hands)
        return {word for word, generation in self.words.items() if generation in found}

    def backup(self, device: int) -> Hand:
        """What a copy of the disk keeps."""
        return copy.deepcopy(self.hands[device])
