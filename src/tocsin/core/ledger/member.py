"""A device that takes part: what it may do with compartments, what it obeys, which keys it publishes.

A `Member` joins a keyring to a `World`. It reads and writes nothing itself: what must leave comes back as `Outgoing`, to be
saved first and then sent, grants before records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocsin.core.ledger.batch import (
    Batch,
    Draft,
    Fresh,
    Moment,
    Outgoing,
    draft,
)
from tocsin.core.ledger.compartments import Compartment
from tocsin.core.ledger.content import Content
from tocsin.core.ledger.errors import NoKey, NotEntitled, NotSealedTo, TooManyBars
from tocsin.core.ledger.grants import GrantedKey, weeks_to_publish
from tocsin.core.ledger.head import Cosignature, cosign
from tocsin.core.ledger.kinds import (
    Admitted,
    Barred,
    Erased,
    HandedOver,
    Load,
    SharesDealt,
    Shut,
)
from tocsin.core.ledger.pending import Pending
from tocsin.core.ledger.received import Received
from tocsin.core.ledger.roll import PublishedKey, Purpose, publish_key
from tocsin.core.ledger.standing import BARS_A_WEEK
from tocsin.core.ledger.world import World
from tocsin.core.seal import CASELOAD_CAP, CaseloadFull, Identity, Keyring, case_of
from tocsin.terms import Day, Week, month_of

INTAKE_DAYS_AHEAD = 7

RETENTION_WEEKS = 2
"""Whole weeks for which the desks on duty can still read what an intake week brought."""

NO_DEAL = bytes(16)


class Member:
    """One device: its keyring, its world, and what it may do."""

    def __init__(self, keyring: Keyring, world: World, *, fresh: Fresh) -> None:
        self.keyring = keyring
        self.world = world
        self.device = keyring.device
        self.received = Received(keyring, world)
        self.pending = Pending(keyring, world)
        self._to_take_back: set[str] = set()
        self._fresh = fresh

    # writing ---

    def batch(self, moment: Moment) -> Batch:
        """Begin to make records and grants."""
        return Batch(self.keyring, self.world, self.pending.epochs, moment, fresh=self._fresh)

    def draft(self, content: Content, *, to: str, at: int, based_on: bytes | None = None) -> Draft:
        """Put content into words that leave later.

        Raises
        ------
        NotEntitled
            None of this device's duties may write that kind: it would change nothing.
        """
        if not self.world.history.now.may_write(self.device, content.WRITERS):
            raise NotEntitled(device=self.device, kind=content.KIND)
        return draft(content, to=to, at=at, draft_id=self._fresh(16), based_on=based_on)

    def finish(self, drafts: Iterable[Draft], moment: Moment) -> Outgoing:
        """Number, seal and sign drafts in the order they must stand; raises as `Batch.write` does."""
        batch = self.batch(moment)
        for each in drafts:
            batch.write(each)
        return batch.outgoing

    # compartments ---

    def compartment(self, name: str) -> Compartment:
        """Look up a compartment this device can read.

        Raises
        ------
        NoKey
            It holds no key of it.
        """
        known = self.world.compartments.get(name)
        if known is None or name not in self.keyring.compartments:
            raise NoKey
        return known

    def open_compartments(self, names: Sequence[str], members: Iterable[int], moment: Moment) -> Outgoing:
        """Make new compartments and grant them to their members.

        Raises
        ------
        CaseloadFull
            A case, and this device or a member already holds eight.
        StaleGrantKey
            A member has published no key for two weeks.
        NotSealedTo
            A member is barred, removed, or joined less than a day ago.
        """
        holders = frozenset(members) | {self.device}
        if any(name.startswith("case/") for name in names):
            self.check_loads(holders - {self.device})
        for device in holders - {self.device}:
            if not self.world.history.is_sealed_to(device, moment.day):
                raise NotSealedTo(device=device)
        batch = self.batch(moment)
        for name in names:
            batch.open_epoch(name, holders, parent=None)
        return batch.outgoing

    def left_out(self, name: str) -> set[int]:
        """List who knows older keys of a compartment but not its present one, though nobody relieved or removed them.

        They slept when it was made, were barred, or its maker left them out: admit them again.
        """
        known = self.world.compartments.get(name)
        current = known.current() if known else None
        if known is None or current is None:
            return set()
        ever = set().union(*(epoch.members for epoch in known.epochs.values()))
        return {entry.number for entry in self.world.history.now.roll.active} & ever - current.members

    def check_loads(self, devices: Iterable[int]) -> None:
        """Refuse to give a case to a device that says it holds eight.

        Raises
        ------
        CaseloadFull
            One of them does.
        """
        for device in devices:
            held = self.world.loads.get(device, 0)
            if held >= CASELOAD_CAP:
                raise CaseloadFull(have=held, cap=CASELOAD_CAP)

    def admit(self, device: int, names: Sequence[str], moment: Moment) -> Outgoing:
        """Grant the keys of compartments, all epochs held, to one device more.

        Raises
        ------
        CaseloadFull, StaleGrantKey, NotSealedTo
            Nothing of a case, or nothing at all, may be granted to it now.
        """
        if any(case_of(name) is not None for name in names) and device not in self._members(names):
            self.check_loads([device])
        batch = self.batch(moment)
        for name in names:
            # If a new epoch is due it is made first, or the newcomer would be without it.
            batch.key_for(name)
        granted = [key for name in names for key in batch.keys_of(name)]
        hashes = batch.grant((device,), granted)
        for name in names:
            batch.say(Admitted(device=device), to=name)
        batch.announce(hashes)
        return batch.outgoing

    def hand_over(self, names: Sequence[str], to: Sequence[int], moment: Moment) -> Outgoing:
        """Give compartments to others; once ordered, every other holder erases them, and the next write rotates.

        Raises
        ------
        CaseloadFull
            One of them holds eight cases already.
        StaleGrantKey, NotSealedTo
            Nothing may be granted to one of them now.
        """
        new = sorted(set(to) - {self.device} - self._members(names))
        if any(name.startswith("case/") for name in names):
            self.check_loads(new)
        batch = self.batch(moment)
        hashes = batch.grant(new, [GrantedKey(name, *batch.key_for(name)) for name in names])
        for name in names:
            batch.say_last(HandedOver(to=tuple(to)), to=name)
        batch.announce(hashes)
        return batch.outgoing

    def _members(self, names: Iterable[str]) -> set[int]:
        currents = [known.current() for name in names if (known := self.world.compartments.get(name))]
        return set().union(*(current.members for current in currents if current))

    def due_for_a_new_key(self, *, day: Day) -> list[str]:
        """List the compartments whose next write makes a new epoch: somebody knows the key who must not read on."""
        due = []
        for name in sorted(self.keyring.compartments):
            known = self.world.compartments.get(name)
            current = known.current() if known else None
            if known is None or current is None or known.is_shut or self.device not in current.members:
                continue
            others = current.members - {self.device}
            stays = all(self.world.history.is_sealed_to(device, day) for device in others)
            if (current.relieved or not stays) and not self.pending.is_opening(name):
                due.append(name)
        return due

    def rotate(self, names: Iterable[str], moment: Moment) -> Outgoing:
        """Make the new epochs that are due in some compartments without waiting for a write; nothing where none is.

        Raises
        ------
        NoKey
            A compartment that this device does not hold, or that was shut.
        """
        batch = self.batch(moment)
        for name in names:
            batch.key_for(name)
        return batch.outgoing

    def shut(self, names: Sequence[str], moment: Moment, *, parked: bool) -> Outgoing:
        """Close or park compartments; once ordered, every holder erases their keys."""
        batch = self.batch(moment)
        for name in names:
            batch.say_last(Shut(parked=parked), to=name)
        return batch.outgoing

    # obeying ---

    def give_up(self) -> list[bytes]:
        """Erase keys of compartments that were shut or handed to others; return the epochs erased.

        Call it after every batch of records taken, then save the keyring, then tell the others (`own_news`). It asks what
        holds now and not which record said so, so taking old records again erases nothing that was granted anew.
        Custodians' shares of deals that were taken back go too; their deal's id stands among the epochs.
        """
        erased = self._give_up_shares()
        for name in list(self.keyring.compartments):
            self.pending.settle(name)
            known = self.world.compartments.get(name)
            current = known.current() if known else None
            if known is None or current is None or self.pending.is_opening(name):
                continue
            if known.is_shut or self.device not in current.members:
                if not known.is_parked and (case := case_of(name)) is not None:
                    self._to_take_back.add(case)
                erased += self.keyring.compartments[name]
                self.keyring.forget(name)
                self.world.forget_compartment(name)
        return erased

    def expire(self, *, week: Week) -> list[bytes]:
        """Erase the keys of intake weeks that are over for two weeks; return the epochs erased.

        What was made of them stands in cases and tallies by then; a coerced worker must not open what came before.
        """
        erased: list[bytes] = []
        for name in list(self.keyring.compartments):
            room, _, number = name.partition("/")
            if room == "intake" and number.isdecimal() and int(number) + RETENTION_WEEKS < week:
                erased += self.keyring.compartments[name]
                self.keyring.forget(name)
                self.world.forget_compartment(name)
        return erased

    def _give_up_shares(self) -> list[bytes]:
        void = [case for case, share in self.keyring.shares.items() if share.deal_id in self.world.deals.void]
        erased = [self.keyring.shares[case].deal_id for case in void]
        for case in void:
            self.keyring.forget_share(case)
        return erased + self._give_up_travel_shares()

    def _give_up_travel_shares(self) -> list[bytes]:
        """Shares of journeys that are over, and of devices that were removed: they come back no more."""
        shares, trips = self.keyring.travel_shares, self.world.trips
        present = {entry.number for entry in self.world.history.now.roll.active}
        over = [
            device for device, share in shares.items() if share.deal_id in trips.void or device not in present
        ]
        return [shares.pop(device).deal_id for device in over]

    def own_news(self, erased: Iterable[bytes]) -> list[Content]:
        """What this device tells all others about itself: epochs erased, cases held, deals taken back."""
        news: list[Content] = []
        for case in sorted(self._to_take_back):
            custody = self.world.deals.standing.get(case)
            if custody is not None and custody.dealer == self.device:
                news.append(SharesDealt(case=case, deal=NO_DEAL, custodians=()))
        self._to_take_back.clear()
        epochs = tuple(erased)
        if epochs:
            news.append(Erased(epochs=epochs))
        held = len(self.keyring.open_cases())
        if self.keyring.is_quiet:
            # What it held it held: others must go on warning whom they share a case with.
            return news
        if held != self.world.loads.get(self.device, 0):
            news.append(Load(held=held))
        return news

    # keys, bars, heads ---

    def publish(self, *, day: Day, takes_duty: bool, until: Day | None = None) -> list[PublishedKey]:
        """Make and sign the weekly grant keys, and on duty the daily intake keys, that are missing, up to `until`.

        On duty without an end also the file keys of this month and the next, to which the one-file page seals.
        """
        weeks = [week for week in weeks_to_publish(day) if week not in self.keyring.grant_keys]
        last = day + INTAKE_DAYS_AHEAD if until is None else min(day + INTAKE_DAYS_AHEAD, until)
        ahead = range(day, last + 1) if takes_duty else range(0)
        days = [each for each in ahead if each not in self.keyring.intake_keys]
        months = range(month_of(day), month_of(day) + 2) if takes_duty and until is None else range(0)
        new = [month for month in months if month not in self.keyring.file_keys]
        return (
            [self._publish(Purpose.GRANT, week, self.keyring.grant_keys) for week in weeks]
            + [self._publish(Purpose.INTAKE, each, self.keyring.intake_keys) for each in days]
            + [self._publish(Purpose.FILE, month, self.keyring.file_keys) for month in new]
        )

    def _publish(self, purpose: int, period: int, seeds: dict[int, bytes]) -> PublishedKey:
        identity = Identity.from_seed(self._fresh(32))
        seeds[period] = identity.seed
        return publish_key(
            self.keyring.signing_key,
            self.world.coalition,
            purpose=purpose,
            device=self.device,
            period=period,
            roll_version=self.world.history.now.roll.version,
            public=identity.recipient.public,
        )

    def bar(self, device: int, *, reason: str, day: Day) -> Barred:
        """Bar a device for 72 hours; the content to write to `watch`.

        Raises
        ------
        TooManyBars
            This desk's two of the week are used up.
        """
        if device != self.device and self.world.history.bars_of_week(self.device, day) >= BARS_A_WEEK:
            raise TooManyBars
        self.world.history.now.roll.device(device)
        return Barred(device=device, reason=reason)

    def cosign(self) -> Cosignature:
        """Vouch for everything taken so far.

        Raises
        ------
        ForkSeen
            Two versions of the ledger are about: nothing is vouched for until people have compared.
        """
        world = self.world
        if world.standing_splits:
            raise world.standing_splits[0]
        return cosign(
            self.keyring.signing_key,
            world.coalition,
            device=self.device,
            size=world.size,
            root=world.tree.root(),
        )
