"""A small coalition's life by real desks over a real relay, and what an adversary takes at four moments of it.

Six desks of six organisations and five custodians. 1 and 2 take calls and have cases, 3 has cases as alternate, 4 plans and
assesses, 5 counts and estimates, 6 is the sentry. On a Monday five households call and three cases end: parked, closed after
an arrival, handed over. On the Thursday another calls. Three weeks after that the desks of 1 and 3 hold eight cases each;
one call lies in a folder for a fortnight and one came today.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from adversary import Adversary, Disk, keyring_of
from coalition import PASSPHRASE, Coalition
from folders import sealed_among, values_in

from tocsin.core.count import Tally
from tocsin.core.intake import Account, Call, Facts, Submission, Who, write_submission
from tocsin.core.ledger import Duty, Exposure, Purpose, case_compartments
from tocsin.core.protect import CaseCode, Guide, GuideCode, Offer, OfferCode
from tocsin.core.seal import Recipient, seal
from tocsin.core.watch import Panel
from tocsin.desk.count import actions as counting
from tocsin.desk.count import stating
from tocsin.desk.count.estimating import Asked, estimate_here
from tocsin.desk.desk import Desk
from tocsin.desk.intake import actions as taking
from tocsin.desk.ledger.exposure import measure
from tocsin.desk.protect import actions as protecting
from tocsin.desk.sentry import choices
from tocsin.desk.sync import sync
from tocsin.desk.watch import actions as watching
from tocsin.feeds import autumn_2017
from tocsin.terms import Day, DeviceNumber, Period, Place

DUTIES = {
    1: (Duty.INTAKE, Duty.HANDLER),
    2: (Duty.INTAKE, Duty.HANDLER),
    3: (Duty.HANDLER,),
    4: (Duty.PLANNER, Duty.HANDLER, Duty.ASSESSOR),
    5: (Duty.ANALYST, Duty.COUNTER),
    6: (Duty.SENTRY,),
}
DURESS = "an invented word of distress"
"""Device 1 gives this one when made to; no other has one."""
CUSTODIANS = (7, 8, 9, 10, 11)
HOUSEHOLDS = (
    "open", "parked", "closed", "handed", "more-1", "more-2", "more-3", "more-4", "more-5", "more-6", "other",
    "thursday", "fortnight", "today",
)  # fmt: skip
AZ = Place("az")
LISTS = "a,b,c,count\n1,0,0,18\n0,1,0,12\n0,0,1,6\n1,1,0,5\n1,0,1,3\n0,1,1,1\n1,1,1,1\n"
PINGED_AT = "lantern@intake.example"


def place_of(household: str) -> str:
    """Invent a place for each household: a word that the coded facts carry."""
    return f"azcan{HOUSEHOLDS.index(household):02d}"


def who_of(household: str) -> frozenset[str]:
    """The words of `case/<id>/identity`: name and reach."""
    return frozenset({f"canary-name-{household}", f"canary-reach-{household}"})


def account_of(household: str) -> frozenset[str]:
    """The words of an intake week: coded facts and what was told."""
    return frozenset({f"canary-account-{household}", place_of(household)})


def case_of(household: str) -> frozenset[str]:
    """The words of both compartments of a case."""
    return who_of(household) | {place_of(household)}


def all_of(household: str) -> frozenset[str]:
    """The words of a submission."""
    return who_of(household) | account_of(household)


def people_of(household: str) -> int:
    """How many people: one where somebody travels alone with a guide who takes one."""
    return 1 if household in ("open", "closed") else 1 + HOUSEHOLDS.index(household) % 4


def is_planted(word: str) -> bool:
    """Say whether a word is one of the invented people's."""
    return word.startswith(("canary-", "azcan"))


@dataclass
class Taken:
    """What an adversary has at one moment: all the relay ever had, and every device's disk to choose from."""

    adversary: Adversary
    disks: dict[int, Disk]
    spare: Disk
    """What device 1's duress passphrase opens."""

    def words(self, *devices: int, extra: tuple[Disk, ...] = ()) -> frozenset[str]:
        """Everything that these devices open."""
        return self.adversary.read([*(self.disks[device] for device in devices), *extra])

    def planted(self, *devices: int, extra: tuple[Disk, ...] = ()) -> frozenset[str]:
        """The invented people's words among it."""
        return frozenset(filter(is_planted, self.words(*devices, extra=extra)))

    def words_in_snapshots(self, disk: Disk) -> frozenset[str]:
        """What a keyring opens of the snapshots of all moments so far."""
        return self.adversary.words_in_snapshots(keyring_of(disk))

    def rooms(self, *devices: int) -> frozenset[str]:
        """The compartments among it; the roll, in every snapshot, has the relay's address too."""
        return frozenset(w for w in self.words(*devices) if ("/" in w and "://" not in w) or w in ROOMS)


ROOMS = {"watch", "people", "clock", "planning", "offers", "count"}


@dataclass
class Life:
    """The coalition, what became of whom, and what was taken when."""

    coalition: Coalition
    scratch: Path
    codes: dict[str, CaseCode] = field(default_factory=dict)
    legs: dict[str, str] = field(default_factory=dict)
    moments: dict[str, Taken] = field(default_factory=dict)
    measured: dict[str, dict[int, Exposure]] = field(default_factory=dict)
    """What each desk says at those moments that it would give away."""
    kept: Disk = field(init=False)
    """A copy of device 2's keyring, made before the case of "closed" was closed."""
    before_parking: Disk = field(init=False)
    """A copy of device 1's, made before the case of "parked" was parked."""
    ping_room: str = ""
    """Where device 1's choice of pings stands."""
    _ever: set[bytes] = field(default_factory=set)

    def desk(self, number: int) -> Desk:
        """The desk of a device."""
        return self.coalition.desks[number - 1]

    def sync(self, *numbers: int) -> None:
        """Sync some desks in turn."""
        for number in numbers:
            sync(self.desk(number))

    # what happens ---

    def live(self) -> None:
        """Live all of it, and take everything at four moments."""
        self.desk(1).keyfile.set_duress(DURESS)
        self._monday()
        self.take("monday")
        self.coalition.pass_days(3)
        self._thursday()
        self.coalition.pass_days(7)
        self.coalition.sync_all()
        self._submit("fortnight")
        self.coalition.sync_all()
        self.keep()
        self.coalition.pass_days(7)
        self.coalition.sync_all()
        self.keep()
        self.coalition.pass_days(7)
        self.coalition.sync_all()
        self._submit("today")
        self.coalition.sync_all()
        self.take("three weeks later")
        self.coalition.pass_days(1)
        self.coalition.sync_all()
        self.take("a day after that")

    def _monday(self) -> None:
        one, two = self.desk(1), self.desk(2)
        for name in HOUSEHOLDS[:10]:
            self._submit(name)
        self.sync(1)
        taking.take_calls(one)
        self.sync(1, 2)
        self._submit("other")
        self.sync(2)
        taking.take_calls(two)
        self.sync(2)
        self._open_all(one, {"open": 2, "parked": 2, "closed": 2, "handed": 2})
        self._open_all(two, {"other": 3})
        self.sync(1, 5, 2, 3, 4)
        self._park("parked")
        self._hand_over("handed", 2, 3)
        self._travel("closed", guide=self._guide("first"))
        self.kept = self.disk(2)
        self._keep_snapshots(2)
        protecting.arrive(one, self.codes["closed"])
        protecting.close_case(one, self.codes["closed"])
        self.sync(1, 2, 3, 4)
        self._travel("open", guide=self._guide("second", device=3))
        self._open_all(one, {f"more-{n}": 3 for n in range(1, 7)})
        self._count()
        choices.choose(one, by="mail", to=PINGED_AT)
        (self.ping_room,) = (name for name in one.keyring.compartments if name.startswith("pings/"))
        self.sync(1, 2, 3, 4, 5, 6)

    def _submit(self, name: str) -> None:
        """Hand in an invented call as the witness's page would."""
        number = HOUSEHOLDS.index(name)
        said = Submission(
            drill=False,
            answer_key=bytes([number + 1]) * 32,
            locator=bytes([number + 50]) * 32,
            write_token=bytes([number + 90]) * 32,
            identity=Who(name=f"canary-name-{name}", reach=f"canary-reach-{name}"),
            narrative=Account(text=f"canary-account-{name}", language="az"),
            facts=Facts(
                place=Place(place_of(name)), people=people_of(name), n_children=0, needs_step_free=False
            ),
        )
        desk = self.desk(1)
        keys = [key for key in desk.published() if (key.purpose, key.period) == (Purpose.INTAKE, desk.today)]
        assert {key.device for key in keys} == {1, 2}
        with desk.wire() as wire:
            wire.post_submission(seal(write_submission(said), [Recipient(key.public) for key in keys]))

    def _open_all(self, desk: Desk, alternates: dict[str, int]) -> None:
        """Open cases of calls that this desk took, by the invented place."""
        by_place = {str(call.facts.place): call for call in desk.contents(Call)}
        for name, alternate in alternates.items():
            self.codes[name] = protecting.open_case(desk, by_place[place_of(name)].submission, alternate)
        self.sync(desk.device)

    def _park(self, name: str) -> None:
        one, code = self.desk(1), self.codes[name]
        protecting.deal(one, code)
        self.sync(1, *CUSTODIANS, 1)
        self.before_parking = self.disk(1)
        self._keep_snapshots(1)
        protecting.park(one, code)
        self.sync(1)

    def _hand_over(self, name: str, *to: int) -> None:
        rooms = case_compartments(self.codes[name])
        self.desk(1).do(lambda member, moment: member.hand_over(rooms, list(to), moment))
        self.sync(1, 2, 3)

    def _guide(self, name: str, *, device: int | None = None) -> Guide:
        today = self.desk(4).today
        return Guide(
            guide=GuideCode(f"guide-{name}"),
            device=DeviceNumber(device) if device is not None else None,
            leaves=AZ,
            reaches=Place("ge"),
            free=Period(today, today),
            trip_days=1,
            people=1,
        )

    def _travel(self, name: str, *, guide: Guide) -> None:
        """Ask for a place, plan, lay the one leg there is."""
        planner, handler, code = self.desk(4), self.desk(1), self.codes[name]
        today = planner.today
        protecting.commit_lottery(planner)
        protecting.add_guide(planner, guide)
        offer = Offer(
            offer=OfferCode(f"offer-{name}"),
            beds=1,
            country=Place("ge"),
            languages=("ka",),
            step_free=True,
            takes_children=True,
            open=Period(today, Day(today + 60)),
        )
        protecting.add_offer(planner, offer)
        protecting.ask_for_place(handler, code)
        self.sync(1, 4)
        (leg,) = protecting.lay_legs(planner, protecting.make_plan(planner)).legs
        self.legs[name] = leg.leg
        self.sync(4, 1)
        protecting.place(handler, code)
        self.sync(1)

    def _count(self) -> None:
        counter, assessor = self.desk(5), self.desk(4)
        panel = Panel(place=AZ, sources=("invented wire",), watched=Period(Day(1), Day(8)), basis="watched")
        watching.declare_panel(counter, panel)
        watching.record_claims(counter, autumn_2017()[:20])
        self.sync(5)
        counting.state_tally(counter, AZ)
        self.sync(5, 4)
        counting.assess(assessor, assessor.versions(Tally)[-1].entry.draft)
        estimate_here(counter, Asked(table=LISTS))
        self.table_room = stating.room_of(stating.state(counter, AZ, Period(Day(1), Day(8))).table)
        self.sync(5, 4)
        stating.assess_here(assessor, bytes.fromhex(stating.estimate_rows(assessor)[-1].id))
        self.sync(4)

    def _thursday(self) -> None:
        self.coalition.sync_all()
        self._submit("thursday")
        self.sync(1, 2)
        self.take("thursday")
        taking.take_calls(self.desk(1), most=1)
        self.sync(1, 2)
        self._open_all(self.desk(1), {"thursday": 2})
        self.coalition.sync_all()

    # what is taken ---

    def spare(self, number: int) -> Disk:
        """What lies beside a device's keyring, and the passphrase given instead of the real one."""
        return Disk((self.coalition.folders[number - 1] / "spare.age").read_bytes(), DURESS)

    def disk(self, number: int) -> Disk:
        """A device's keyring as it lies on its disk, and what its holder was made to say."""
        return Disk((self.coalition.folders[number - 1] / "keyring.age").read_bytes(), PASSPHRASE)

    def _keep_snapshots(self, number: int) -> None:
        """The adversary finds an old snapshot where the disk has kept it."""
        self.desk(number).seal_snapshot()
        self._ever.add((self.coalition.folders[number - 1] / "snapshot.sealed").read_bytes())

    def keep(self) -> None:
        """The adversary ran the relay all the time: what it drops later is known."""
        self._ever |= values_in(self.coalition.relay_home, self.scratch)

    def take(self, moment: str) -> None:
        """Take all the relay ever had, every folder, and every keyring with its passphrase."""
        self.keep()
        for number in (*DUTIES, *CUSTODIANS):
            self._keep_snapshots(number)
        values = set(self._ever)
        for folder in self.coalition.folders:
            values |= values_in(folder, self.scratch)
        adversary = Adversary()
        adversary.keep(*sealed_among(values))
        disks = {number: self.disk(number) for number in (*DUTIES, *CUSTODIANS)}
        self.moments[moment] = Taken(adversary, disks, self.spare(1))
        self.measured[moment] = {number: measure(self.desk(number)) for number in disks}
