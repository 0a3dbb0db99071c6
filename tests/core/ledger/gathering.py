"""A coalition in memory: devices with keyring, world and member, and the relay's order as plain lists.

The log is what a relay keeps: the first record of an (author, number) stands. Day folders are dropped after fourteen
days; `grants_ever` is what an adversary who ran the relay has.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from msgspec.structs import replace

from tocsin.core.ledger import (
    LEDGER_KINDS,
    Content,
    Cosignature,
    DeviceEntry,
    Duties,
    Duty,
    Founder,
    Kinds,
    Member,
    Moment,
    Outgoing,
    PublishedKey,
    Reading,
    Record,
    RelayEntry,
    Roll,
    SignedRoll,
    Status,
    World,
    case_compartments,
    change_roll,
    coalition_id,
    first_roll,
    found,
    newest_grant_keys,
    open_everybodys,
    sign_roll,
    verify_published_key,
)
from tocsin.core.ledger.content import ANYBODY
from tocsin.core.seal import Keyring, SigningKey
from tocsin.terms import Day, week_of

FOUNDED = Day(17400)
"""2017-08-22, a Tuesday."""

FOLDER_DAYS = 14
THRESHOLD = 2


class Note(Content, frozen=True):
    """Invented words for tests, in any compartment."""

    KIND: ClassVar[str] = "test.note"
    WRITERS = ANYBODY

    text: str


class Verdict(Content, frozen=True):
    """Only an assessor may write it, only in a case's file."""

    KIND: ClassVar[str] = "test.verdict"
    WRITERS = frozenset({Duty.ASSESSOR})
    WHERE = "case/*/file"

    text: str


KINDS = Kinds((*LEDGER_KINDS, Note, Verdict))


class Device:
    """One device: what its holder has in hand."""

    def __init__(self, gathering: Gathering, number: int, keyring: Keyring) -> None:
        self.gathering, self.number, self.keyring = gathering, number, keyring
        self.is_lost = False
        self.readings: dict[int, Reading] = {}
        self.start()

    def start(self) -> None:
        """Begin with an empty view, as after unlocking."""
        self.tried: set[bytes] = set()
        self.world = World(device=self.number, kinds=KINDS, keys=self.keyring.compartments)
        self.member = Member(self.keyring, self.world, fresh=self.gathering.fresh)

    def take_all(self, records: Sequence[Record]) -> None:
        """Take what follows in the order given."""
        for record in records[self.world.size :]:
            self._note(self.world.take(record))

    def _note(self, reading: Reading) -> None:
        self.readings[reading.number] = reading

    def reopen(self, names: Iterable[str]) -> None:
        """Read again what a new key opens."""
        for name in sorted(names):
            if name in ("watch", "people"):
                if self.world.waiting_for(name):
                    self.start()
                    self.take_all(self.gathering.log)
                continue
            for number in self.world.forget_compartment(name):
                self._note(self.world.reopen(number, self.gathering.log[number]))

    def sync(self) -> None:
        """Fetch folders and records, obey, tell, erase and publish keys, co-sign."""
        self.pull()
        news = [self.member.draft(news, to="watch", at=0) for news in self.member.own_news(self.obey())]
        if news and self.can_write:
            self.gathering.post(self.member.finish(news, self.gathering.moment()))
            self.take_all(self.gathering.log)
        self.gathering.publish(self)
        self.gathering.cosignatures[self.number] = self.member.cosign()
        self.world.take_cosignatures(self.gathering.cosignatures.values())

    @property
    def can_write(self) -> bool:
        """Say whether the ledger takes records of this device today."""
        now = self.world.history
        on_roll = any(entry.number == self.number for entry in now.now.roll.active)
        return (
            on_roll
            and self.number not in self.gathering.refused
            and self.gathering.day >= now.counts_from(self.number)
        )

    def pull(self) -> None:
        """Fetch folders and records; read again what new keys open."""
        new = [file for file in self.gathering.folders() if file not in self.tried]
        self.tried.update(new)
        self.reopen(self.member.received.take(new))
        self.take_all(self.gathering.log)
        self.reopen(self.member.received.confirm())

    def obey(self) -> list[bytes]:
        """Erase what is to be erased."""
        return self.member.give_up()

    def say(self, *contents: Content, to: str) -> Outgoing:
        """Finish contents without sending them."""
        drafts = [self.member.draft(content, to=to, at=0) for content in contents]
        return self.member.finish(drafts, self.gathering.moment())

    def write(self, text: str, *, to: str) -> list[int]:
        """Write a note and take it in."""
        return self.post(self.say(Note(text=text), to=to))

    def post(self, outgoing: Outgoing) -> list[int]:
        """Send, and read it back."""
        numbers = self.gathering.post(outgoing)
        self.take_all(self.gathering.log)
        return numbers

    def read(self) -> set[str]:
        """Say which notes count and are readable now."""
        sealed = set(self.world.opened.sealed())
        return {
            reading.content.text
            for number, reading in self.readings.items()
            if isinstance(reading.content, Note) and reading.status is Status.COUNTS and number not in sealed
        }


class Gathering:
    """The world outside the devices, and the devices."""

    def __init__(
        self,
        *,
        organisations: Sequence[int] = (1, 2, 3),
        duties: dict[int, tuple[Duty, ...]] | None = None,
        n_founders: int = 3,
        seed: int = 20170901,
    ) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - keys of invented people, the same in every run
        self.day: Day = FOUNDED
        self.log: list[Record] = []
        self._stands: dict[tuple[int, int], Record] = {}
        self.refused: set[int] = set()
        """Devices whose number the relay has seen twice, with different bytes."""
        self._folders: dict[int, list[bytes]] = {}
        self.grants_ever: list[bytes] = []
        self.published: list[PublishedKey] = []
        self.cosignatures: dict[int, Cosignature] = {}
        self.founders = {number: SigningKey(self.fresh(32)) for number in range(1, n_founders + 1)}
        keyrings = {n: Keyring(signing_seed=self.fresh(32)) for n in range(1, len(organisations) + 1)}
        everything = tuple(duty for duty in Duty if duty is not Duty.CUSTODIAN)
        self.duties = Duties(duties=duties or dict.fromkeys(keyrings, everything))
        roll = first_roll(
            founders=[Founder(number, key.public) for number, key in self.founders.items()],
            threshold=THRESHOLD,
            devices=[
                DeviceEntry(number, organisations[number - 1], keyring.signing_key.public, True, False)
                for number, keyring in keyrings.items()
            ],
            relays=[RelayEntry(bytes(32), "relay.invalid")],
            duties=self.duties,
            day=self.day,
        )
        signers = {number: self.founders[number] for number in (1, 2)}
        first = found(
            roll, signers=signers, poster=1, key=keyrings[1].signing_key, day=self.day, fresh=self.fresh
        )
        self.coalition = coalition_id(first)
        self._take(first)
        self.devices: dict[int, Device] = {}
        for number, keyring in keyrings.items():
            self._add(number, keyring)
        maker = self.devices[1]
        self.post(open_everybodys(maker.member, self.duties, self.moment()))
        self.sync_all()

    def __getitem__(self, number: int) -> Device:
        return self.devices[number]

    def fresh(self, n: int) -> bytes:
        """Draw bytes, the same ones in every run."""
        return self._chance.randbytes(n)

    def _add(self, number: int, keyring: Keyring) -> Device:
        keyring.coalition, keyring.device = self.coalition, number
        device = self.devices[number] = Device(self, number, keyring)
        device.take_all(self.log)
        self.publish(device)
        return device

    # time ---

    def wait(self, days: int) -> None:
        """Let days pass without anybody doing anything; folders older than fourteen days are dropped."""
        self.day = Day(self.day + days)
        for day in [day for day in self._folders if day < self.day - FOLDER_DAYS]:
            del self._folders[day]

    def publish(self, device: Device) -> None:
        """Erase old grant keys; publish new ones while the roll has the device."""
        device.keyring.erase_old(week=week_of(self.day), day=self.day, month=0)
        if all(entry.number != device.number for entry in device.world.history.now.roll.active):
            return
        keys = device.member.publish(day=self.day, takes_duty=False)
        for key in keys:
            verify_published_key(key, device.world.history.now.roll, self.coalition)
        self.published += keys

    def moment(self) -> Moment:
        """Say when it is and which key of each device can be granted to."""
        return Moment(self.day, 0, newest_grant_keys(self.published, today=self.day))

    # the relay ---

    def _take(self, record: Record) -> int:
        header = record.header
        known = self._stands.setdefault((header.device, header.chain), record)
        if known is not record:
            if known.hash != record.hash:
                self.refused.add(header.device)
                raise ChainTaken
            return self.log.index(known)
        self.log.append(record)
        return len(self.log) - 1

    def post(self, outgoing: Outgoing) -> list[int]:
        """Grants before records."""
        self._folders.setdefault(self.day, []).extend(outgoing.grants)
        self.grants_ever += outgoing.grants
        return [self._take(record) for record in outgoing.records]

    def folders(self) -> list[bytes]:
        """Give all grants that are not dropped yet."""
        return [file for day in sorted(self._folders) for file in self._folders[day]]

    def sync_all(self, *, times: int = 2) -> None:
        """Let every device in hand sync, so that what one erases the others hear."""
        for _ in range(times):
            for device in self.devices.values():
                if not device.is_lost:
                    device.sync()

    # founders ---

    def propose(
        self, roll: Roll, change: Callable[[Roll], Roll], *, signers: Iterable[int] = (1, 2)
    ) -> SignedRoll:
        """Sign a change of the roll as founders."""
        new = change(roll)
        return SignedRoll(
            new.to_bytes(),
            tuple(
                sign_roll(new, self.founders[each], number=each, coalition=self.coalition) for each in signers
            ),
        )

    def change_roll(self, by: Device, signed: SignedRoll) -> Reading:
        """Post a signed roll."""
        record = change_roll(by.member, signed, self.moment())
        by.post(Outgoing([record], []))
        return by.readings[self.log.index(record)]

    def remove(self, number: int, *, by: Device) -> Reading:
        """Take a device off the roll."""
        return self.change_roll(by, self.propose(by.world.history.now.roll, without(number)))

    def join(self, *, organisation: int, by: Device) -> Device:
        """Put a new device on the roll; it counts a day later."""
        keyring = Keyring(signing_seed=self.fresh(32))
        roll = by.world.history.now.roll
        number = max(entry.number for entry in roll.devices) + 1
        entry = DeviceEntry(number, organisation, keyring.signing_key.public, True, False)
        self.change_roll(by, self.propose(roll, having(entry)))
        return self._add(number, keyring)


class ChainTaken(Exception):
    """The relay has another record of that author and number."""


def successor(roll: Roll, **changed: object) -> Roll:
    """Write the next version of a roll."""
    return replace(roll, version=roll.version + 1, previous=roll.hash, **changed)


def without(number: int) -> Callable[[Roll], Roll]:
    """Make the change that removes a device."""

    def change(roll: Roll) -> Roll:
        devices = tuple(
            replace(each, removed=True) if each.number == number else each for each in roll.devices
        )
        return successor(roll, devices=devices, lapses_on=roll.lapses_on + 3650)

    return change


def having(entry: DeviceEntry) -> Callable[[Roll], Roll]:
    """Make the change that adds a device."""

    def change(roll: Roll) -> Roll:
        return successor(roll, devices=(*roll.devices, entry), lapses_on=roll.lapses_on + 3650)

    return change


def open_case(gathering: Gathering, case: str, *, handler: int, alternate: int) -> None:
    """Open a case for two, with a canary word in each compartment."""
    holder = gathering[handler]
    holder.post(holder.member.open_compartments(case_compartments(case), [alternate], gathering.moment()))
    for name in case_compartments(case):
        holder.write(canary(name), to=name)


def canary(name: str) -> str:
    """Invent the word that stands for what a compartment says."""
    return f"canary {name}"


def close_case(gathering: Gathering, case: str, *, by: int, parked: bool = False) -> None:
    """Shut a case's compartments."""
    device = gathering[by]
    device.post(device.member.shut(case_compartments(case), gathering.moment(), parked=parked))
