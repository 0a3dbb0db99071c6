"""The coercion model: what any two holders can be made to give away is what the reference says, and nothing else.

Real keyrings, real records and grants; an adversary who ran the relay from the first day and reads only bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import hypothesis.strategies as st
import pytest
from adversary import Adversary, Disk
from coercionkit import CUSTODIANS, MOST_CASES, STEADY, disk_of, gather
from gathering import (
    FOUNDED,
    ChainTaken,
    Device,
    case_compartments,
    close_case,
)
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from promise import Hand, Promise
from snapshots import fresh_view, snapshot, thawed_view

from tocsin.core.ledger import (
    BarLifted,
    acknowledgements,
    ask_for_case,
    can_recover,
    cases_to_release,
    deal_case,
    is_recoverable,
    recover_case,
    release_share,
    take_up_case,
)
from tocsin.core.ledger.kinds import ShareAsked
from tocsin.core.seal import Keyring


class Coercion(RuleBasedStateMachine):
    """A coalition at work, and the reference beside it."""

    is_thorough = False

    @initialize()
    def found(self) -> None:
        self.world = gather()
        self.model = Promise(self.world.devices, day=FOUNDED)
        self.adversary = Adversary()
        self.cases: list[str] = []
        self.n_words = 0
        self.backups: dict[int, tuple[bytes, int, Hand]] = {}
        self._disks: dict[int, tuple[bytes, Disk]] = {}
        for handler, alternate in ((1, 2), (2, 3), (3, 4)):
            self._open(handler, alternate)

    # helpers ---

    def hear(self, number: int) -> None:
        """Sync a device; the sentry lets it back into `watch` where a key was made without it."""
        steady, device = self.world[STEADY], self.world[number]
        if number != STEADY:
            steady.sync()
            self.model.sync(STEADY)
        device.sync()
        left_out = number in steady.member.left_out("watch")
        if left_out and self.model.can_receive(number):
            steady.sync()
            steady.post(steady.member.admit(number, ["watch"], self.world.moment()))
            device.sync()
        self.model.sync(number)

    def active(self) -> list[int]:
        """List devices in hand that may act."""
        return [
            n for n, device in self.world.devices.items() if not device.is_lost and self.model.may_have(n)
        ]

    def pick(self, data: st.DataObject, these: Iterable[int]) -> int:
        return data.draw(st.sampled_from(sorted(these)), label="device")

    def workers(self) -> list[int]:
        return [n for n in self.active() if n not in CUSTODIANS and n != STEADY]

    def actor(self, data: st.DataObject, case: str) -> int | None:
        """Pick a worker who can write in a case, synced."""
        first, second = case_compartments(case)
        able = [n for n in self.workers() if all(self.model.can_write(n, name) for name in (first, second))]
        if not able:
            return None
        number = self.pick(data, able)
        self.hear(number)
        return number if all(self.model.can_write(number, name) for name in (first, second)) else None

    def some_case(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.cases), label="case")

    # rules ---

    @precondition(lambda self: len(self.cases) < MOST_CASES and len(self.workers()) > 1)
    @rule(data=st.data())
    def open_a_case(self, data: st.DataObject) -> None:
        handler = self.pick(data, self.workers())
        self.hear(handler)
        others = [n for n in self.workers() if n != handler and self.model.can_receive(n)]
        if not others:
            return
        self._open(handler, self.pick(data, others))

    def _open(self, handler: int, alternate: int) -> None:
        case = f"c{len(self.cases)}"
        self.cases.append(case)
        device = self.world[handler]
        device.post(
            device.member.open_compartments(case_compartments(case), [alternate], self.world.moment())
        )
        for name in case_compartments(case):
            self.model.open_room(name, by=handler, members={alternate})
        self._write(handler, case)

    def _write(self, number: int, case: str) -> None:
        for name in case_compartments(case):
            self.n_words += 1
            word = f"canary{self.n_words}"
            self.world[number].write(word, to=name)
            self.model.write(name, by=number, word=word)

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        self.write_on(data, self.some_case(data))

    def write_on(self, data: st.DataObject, case: str) -> None:
        """Whoever can writes in a case: the next writer is who makes a new key where one is due."""
        number = self.actor(data, case)
        if number is not None:
            self._write(number, case)

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        self.shut(data, self.some_case(data))

    def shut(self, data: st.DataObject, case: str) -> None:
        number = self.actor(data, case)
        if number is not None:
            close_case(self.world, case, by=number)
            self.model.shut(case_compartments(case), by=number, parked=False)

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        case = self.some_case(data)
        number = self.actor(data, case)
        others = [n for n in self.workers() if self.model.can_receive(n)]
        if number is None or not others:
            return
        to = set(data.draw(st.lists(st.sampled_from(others), min_size=1, max_size=2, unique=True)))
        device = self.world[number]
        device.post(device.member.hand_over(case_compartments(case), sorted(to), self.world.moment()))
        self.model.hand_over(case_compartments(case), to, by=number)
        self.write_on(data, case)

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def admit(self, data: st.DataObject) -> None:
        case = self.some_case(data)
        number = self.actor(data, case)
        others = [n for n in self.workers() if self.model.can_receive(n) and n != number]
        if number is None or not others:
            return
        other = self.pick(data, others)
        device = self.world[number]
        device.post(device.member.admit(other, case_compartments(case), self.world.moment()))
        self.model.admit(case_compartments(case), other, by=number)

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def park(self, data: st.DataObject) -> None:
        case = self.some_case(data)
        number = self.actor(data, case)
        custodians = [n for n in CUSTODIANS if self.model.can_receive(n)]
        if number is None or len(custodians) < 4 or not self.model.may_deal(case, number):
            return
        device = self.world[number]
        device.post(deal_case(device.member, case, custodians, self.world.moment()))
        self.model.deal(case, case_compartments(case), custodians, by=number)
        for each in custodians:
            if not self.world[each].is_lost and data.draw(st.integers(0, 9), label="hears") > 0:
                self.acknowledge(each)
        self.hear(number)
        self.is_thorough = True
        recoverable = is_recoverable(device.member, case)
        assert recoverable == (self.model.deals[case].acknowledged >= set(custodians))
        if recoverable and self.model.can_write(number, case_compartments(case)[0]):
            close_case(self.world, case, by=number, parked=True)
            self.model.shut(case_compartments(case), by=number, parked=True)

    def acknowledge(self, number: int) -> None:
        self.hear(number)
        custodian = self.world[number]
        custodian.post(custodian.say(*acknowledgements(custodian.member), to="watch"))

    @precondition(lambda self: any(self.model.rooms[f"case/{case}/file"].is_parked for case in self.cases))
    @rule(data=st.data())
    def take_up(self, data: st.DataObject) -> None:
        parked = [case for case in self.cases if self.model.rooms[f"case/{case}/file"].is_parked]
        case = data.draw(st.sampled_from(parked), label="case")
        if len(self.workers()) < 2 or case not in self.model.deals:
            return
        number = self.pick(data, self.workers())
        self.hear(number)
        asker = self.world[number]
        if not asker.world.history.now.may_write(number, ShareAsked.WRITERS):
            return  # Whoever joined later has no duties, and its request would change nothing.
        asker.post(asker.say(ask_for_case(asker.member, case, reason="unpark"), to="watch"))
        self.wait(1)
        for each in [n for n in self.active() if n in CUSTODIANS]:
            self.acknowledge(each)
        self.hear(number)
        for each in [n for n in self.active() if n in CUSTODIANS][: data.draw(st.integers(2, 4))]:
            self.hear(each)
            custodian = self.world[each]
            if case in cases_to_release(custodian.member, today=self.world.day) and self.model.can_receive(
                number
            ):
                custodian.post(release_share(custodian.member, case, self.world.moment()))
                self.model.release(case, by=each, to=number)
        self.hear(number)
        others = [n for n in self.workers() if n != number and self.model.can_receive(n)]
        if can_recover(asker.member, case) and others:
            self._take_up(case, asker, self.pick(data, others))

    def _take_up(self, case: str, asker: Device, alternate: int) -> None:
        asker.reopen(recover_case(asker.member, case))
        asker.post(take_up_case(asker.member, case, [alternate], self.world.moment()))
        self.model.recover(case, case_compartments(case), by=asker.number, members={alternate})
        self._write(asker.number, case)
        self.is_thorough = True

    @rule(days=st.sampled_from([0, 1, 4, 7, 21]), sleepers=st.sets(st.integers(1, 9), max_size=3))
    def time_passes(self, days: int, sleepers: set[int]) -> None:
        """Day by day at most a week at once; a few devices stay unsynced."""
        for step in [7] * (days // 7) or [days]:
            self.wait(step)
            for number, device in self.world.devices.items():
                if number not in sleepers and not device.is_lost:
                    self.hear(number)
        self.is_thorough = True

    @rule(data=st.data(), what=st.sampled_from(["remove", "join", "bar", "lift", "lose", "keep", "restore"]))
    def misfortune(self, data: st.DataObject, what: str) -> None:
        """What befalls devices."""
        if len(self.workers()) < 3:
            return
        match what:
            case "remove":
                number = self.pick(data, self.workers())
                self.remove(number)
                self.go_on_without(data, number)
            case "join" if len(self.world.devices) < 12:
                self.join(data.draw(st.integers(1, 3), label="organisation"))
            case "bar":
                by, number = data.draw(st.permutations(self.workers()), label="who, whom")[:2]
                self.bar(by, number)
                self.go_on_without(data, number)
            case "lift" if self.model.bars:
                self.lift(self.pick(data, self.model.bars))
            case "lose":
                self.world[self.pick(data, self.workers())].is_lost = True
            case "keep":
                self.keep_a_backup(self.pick(data, self.workers()))
            case "restore" if set(self.backups) & set(self.workers()):
                self.restore_a_backup(self.pick(data, set(self.backups) & set(self.workers())))

    def wait(self, days: int) -> None:
        self.world.wait(days)
        self.model.day += days

    def go_on_without(self, data: st.DataObject, number: int) -> None:
        """In one case of a barred or removed device the others write on, and perhaps close it."""
        shared = [case for case in self.cases if number in self.model.rooms[f"case/{case}/file"].members]
        if not shared:
            return
        case = data.draw(st.sampled_from(shared), label="case")
        self.write_on(data, case)
        if data.draw(st.booleans(), label="closes"):
            self.shut(data, case)

    def remove(self, number: int) -> None:
        self.hear(STEADY)
        self.world.remove(number, by=self.world[STEADY])
        self.model.removed.add(number)

    def join(self, organisation: int) -> None:
        self.hear(STEADY)
        steady = self.world[STEADY]
        device = self.world.join(organisation=organisation, by=steady)
        self.model.join(device.number, counts_from=self.model.day + 1)
        self.wait(1)
        self.hear(STEADY)
        steady.post(steady.member.admit(device.number, ["watch", "people", "clock"], self.world.moment()))
        self.hear(device.number)

    def bar(self, by: int, number: int) -> None:
        self.hear(by)
        barrer = self.world[by]
        if barrer.world.history.bars_of_week(by, self.world.day) < 2:
            barrer.post(
                barrer.say(barrer.member.bar(number, reason="suspect", day=self.world.day), to="watch")
            )
            self.model.bars[number] = self.model.day

    def lift(self, number: int) -> None:
        for each in self.workers()[:2]:
            self.hear(each)
            self.world[each].post(self.world[each].say(BarLifted(device=number), to="watch"))
        del self.model.bars[number]

    def keep_a_backup(self, number: int) -> None:
        device = self.world[number]
        self.backups[number] = device.keyring.to_bytes(), device.world.size, self.model.backup(number)

    def restore_a_backup(self, number: int) -> None:
        raw, size, hand = self.backups.pop(number)
        restored = Device(self.world, number, Keyring.from_bytes(raw))
        restored.take_all(self.world.log[:size])
        self.world.devices[number], self.model.hands[number] = restored, hand
        restored.is_lost = True
        self._sees_the_clone(restored)

    def _sees_the_clone(self, restored: Device) -> None:
        """Its next record has a number that the ledger has: refused there; a colleague bars it, and the world goes on."""
        number = restored.number
        self.hear(STEADY)
        forked = restored.world.tips[number].chain < self.world[STEADY].world.tips[number].chain
        if not forked:
            return
        size = len(self.world.log)
        with pytest.raises(ChainTaken):
            restored.write("clone", to="watch")
        assert len(self.world.log) == size
        steady = self.world[STEADY]
        if steady.world.history.bars_of_week(STEADY, self.world.day) < 2:
            steady.post(
                steady.say(steady.member.bar(number, reason="cloned", day=self.world.day), to="watch")
            )
            self.model.bars[number] = self.model.day
            assert steady.world.history.now.is_barred(number, self.world.day)

    # laws ---

    def disk(self, number: int) -> Disk:
        raw = self.world[number].keyring.to_bytes()
        if self._disks.get(number, (b"",))[0] != raw:
            self._disks[number] = raw, disk_of(self.world[number])
        return self._disks[number][1]

    @invariant()
    def any_two_hands_open_what_the_reference_says(self) -> None:
        """One hand after every step; every two after what can make two more than one and one: shares and time."""
        self.adversary.watch(b"".join(record.to_bytes() for record in self.world.log), self.world.grants_ever)
        hands = list(combinations(self.world.devices, 1))
        if self.is_thorough:
            hands += combinations(self.world.devices, 2)
        for each in hands:
            words = self.adversary.read(self.disk(number) for number in each)
            assert {word for word in words if word.startswith("canary")} == self.model.reads(each), each
        self.is_thorough = False

    def teardown(self) -> None:
        """A desk that reads the whole ledger again with the keys it has, at once or in two goes, stands where it stood."""
        self.is_thorough = True
        self.any_two_hands_open_what_the_reference_says()
        for device in self.world.devices.values():
            stands = snapshot(device.world)
            assert snapshot(fresh_view(device)) == stands
            assert snapshot(thawed_view(device, at=len(self.world.log) // 2)) == stands


Coercion.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestCoercion = Coercion.TestCase
