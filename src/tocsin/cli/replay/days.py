"""What happens on each day of the replay, through the same actions that the pages call.

Only days on which something is due are lived: claims become known, calls come in, custodians may answer, somebody arrives.
Nothing here decides an outcome: the alarm, the quorum, the plan and the legs come out of the rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from tocsin.cli.replay.exercise import DESKS, Exercise
from tocsin.cli.replay.outcome import Outcome
from tocsin.cli.replay.scenario import BAKU, FIRST_DAY, Invented, Scenario
from tocsin.core.activate import ActivationCode, Clocks, Protocol, Quorum, Seat, Stage
from tocsin.core.count import NothingToCount, Tally
from tocsin.core.intake import Call, write_submission
from tocsin.core.ledger import Purpose
from tocsin.core.protect import Case, CaseCode, CaseOpened, Placement, Tier
from tocsin.core.seal import CASELOAD_CAP, Recipient, seal
from tocsin.core.watch import Alarm, Claim, lies_in
from tocsin.desk.activate import actions as activating
from tocsin.desk.activate import releasing
from tocsin.desk.activate.reading import activation_state
from tocsin.desk.count import actions as counting
from tocsin.desk.count import stating
from tocsin.desk.count.estimating import Asked, estimate_here
from tocsin.desk.desk import Desk
from tocsin.desk.intake import actions as taking
from tocsin.desk.ledger import custody as keeping
from tocsin.desk.protect import actions as protecting
from tocsin.desk.watch import actions as watching
from tocsin.terms import Day, DeviceNumber, OrganisationNumber, Period

ORDER = (Tier.EMERGENCY, Tier.URGENT, Tier.NORMAL)

Say = Callable[[Day, str], None]


class Replay:
    """A replay under way."""

    def __init__(self, scenario: Scenario, exercise: Exercise, *, say: Say) -> None:
        self.scenario, self.exercise, self.say = scenario, exercise, say
        self.outcome = Outcome()
        self.people = scenario.people()
        self.activation: ActivationCode | None = None
        self.parked: dict[CaseCode, Desk] = {}
        self.asked: dict[CaseCode, Day] = {}
        self.laid: dict[CaseCode, Day] = {}
        self.day = FIRST_DAY
        self.analyst, self.counter, self.planner = exercise.workers

    def run(self) -> Outcome:
        """Live the days from the founding until nothing more is due."""
        self._prepare()
        due: Day | None = FIRST_DAY
        while due is not None and due <= self.scenario.last_day:
            self.day = due
            self.exercise.set_day(due)
            self._live()
            due = self._next_day()
        self.exercise.set_day(self.scenario.last_day)
        self._finish()
        return self.outcome

    def _prepare(self) -> None:
        seats = tuple(
            Seat(seat=f"seat-{number}", organisation=OrganisationNumber(org), device=DeviceNumber(number))
            for number, (org, _) in DESKS.items()
        )
        protocol = Protocol(
            name="exercise",
            version=1,
            seats=seats,
            quorum=Quorum(seats=2, organisations=2),
            clocks=Clocks(),
            needs_alarm=("acute",),
        )
        activating.write_protocol(self.analyst, protocol)
        for panel in self.scenario.panels:
            watching.declare_panel(self.analyst, panel)
        for offer in self.scenario.offers():
            protecting.add_offer(self.planner, offer)
        for guide in self.scenario.guides():
            protecting.add_guide(self.planner, guide)
        protecting.commit_lottery(self.planner)
        self.exercise.sync_in_turn(self.analyst, self.planner)

    def _next_day(self) -> Day | None:
        """The next day on which something is due: a claim, a call, a custodian's answer, an arrival, a fresh key."""
        ahead = [claim.known_on for claim in self.scenario.claims] + [person.day for person in self.people]
        ahead += [Day(day + 1) for day in self.asked.values()] + list(self.laid.values())
        later = [day for day in ahead if day > self.day]
        return min(later) if later else None

    def _live(self) -> None:
        self._hear()
        self._ring()
        self._decide()
        if self.activation is None:
            return
        self._take_calls()
        self._take_back()
        self._open_cases()
        self._place()
        self._arrive()
        self._ask_back()

    # report, claim, alarm ---

    def _hear(self) -> None:
        known = [claim for claim in self.scenario.claims if claim.known_on <= self.day]
        heard = {claim.claim for claim in self.analyst.contents(Claim)}
        new = [claim for claim in known if claim.claim not in heard]
        if not new:
            return
        with self.outcome.stage("report") as row:
            row.came_in += len({claim.item for claim in new})
            row.went_out += len(new)
        with self.outcome.stage("claim") as row:
            row.came_in += len(new)
            row.went_out += watching.record_claims(self.analyst, new)
            self.exercise.sync((self.analyst,))
        self.say(self.day, f"{len(new)} claims became known")

    def _ring(self) -> None:
        if not any(claim.known_on == self.day for claim in self.scenario.claims) and self.day != FIRST_DAY:
            return
        with self.outcome.stage("alarm") as row:
            new = self.exercise.make_sentrys_round()
            row.came_in = len(self.exercise.sentry.contents(Claim))
            row.went_out += len(new)
            for alarm in new:
                self.say(self.day, f"alarm: {alarm.observed} origins where {alarm.expected:.1f} are usual")

    # tally, activation ---

    def _decide(self) -> None:
        if self.activation is not None:
            return
        self.exercise.sync((self.analyst,))
        alarms = [v for v in self.analyst.versions(Alarm) if lies_in(v.content.place, BAKU)]
        if not alarms:
            return
        tally = self._count()
        if tally is None:
            return
        with self.outcome.stage("activation") as row:
            row.came_in += 1
            code = activating.raise_alarm(self.analyst, alarms[-1].entry.draft, tally)
            self.exercise.sync_in_turn(self.analyst, *self.exercise.workers)
            activating.assess(self.counter, code)
            for desk in self.exercise.workers[: self.scenario.n_seats_signing]:
                activating.sign(desk, code)
            self.exercise.settle()
            self.exercise.sync((self.analyst,))
            state = activation_state(self.analyst, code)
            if state.stage is Stage.ACTIVE:
                activating.announce(self.analyst, code)
                row.went_out += 1
                self.activation = code
                self.say(
                    self.day,
                    f"activated by {len(state.seats)} seats of {state.n_organisations} organisations",
                )
            self.exercise.sync((self.analyst,))

    def _count(self) -> bytes | None:
        with self.outcome.stage("tally") as row:
            self.exercise.sync((self.counter,))
            row.came_in = len(self.counter.contents(Claim))
            try:
                tally = counting.state_tally(self.counter, BAKU)
            except NothingToCount:
                return None
            self.exercise.sync_in_turn(self.counter, self.planner, self.analyst)
            version = self.planner.versions(Tally)[-1]
            counting.assess(self.planner, version.entry.draft)
            self.exercise.sync_in_turn(self.planner, self.analyst)
            row.went_out = len(tally.rows)
            self._estimate()
            return version.entry.draft

    def _estimate(self) -> None:
        """Say beside the claims what three organisations' lists say of who is on none: stated, signed and let out."""
        asked = Asked(table=self.scenario.lists, claimed=self.scenario.claimed)
        for desk in self.exercise.workers:
            found = estimate_here(desk, asked)
        stating.state(self.counter, BAKU, Period(FIRST_DAY, self.day))
        self.exercise.sync_in_turn(self.counter, self.planner)
        row = stating.estimate_rows(self.planner)[-1]
        stating.assess_here(self.planner, bytes.fromhex(row.id))
        self.exercise.sync_in_turn(self.planner, *self.exercise.workers)
        for desk in self.exercise.workers[: self.scenario.n_seats_signing]:
            releasing.release(desk, row.number, is_exact=False)
        self.exercise.settle()
        self.say(self.day, f"three lists: {found.sentence}")

    # calls ---

    def _take_calls(self) -> None:
        calls = [person for person in self.people if person.day == self.day]
        if not calls:
            return
        with self.outcome.stage("call") as row:
            row.came_in += len(calls)
            self._submit(calls)
            share = -(-len(calls) // len(self.exercise.workers))
            for desk in self.exercise.workers:
                self.exercise.sync((desk,))
                row.went_out += taking.take_calls(desk, most=share)
                self.exercise.sync((desk,))
        self.say(self.day, f"{len(calls)} calls for help")

    def _submit(self, calls: Iterable[Invented]) -> None:
        """Seal and hand in calls exactly as the witness's page does: to the day keys of the desks on duty, unsigned."""
        keys = [
            Recipient(key.public)
            for key in self.analyst.replica.published()
            if key.purpose == Purpose.INTAKE and key.period == self.day
        ]
        with self.analyst.wire() as wire:
            for person in calls:
                wire.post_submission(seal(write_submission(person.submission), keys[:4]))

    # cases ---

    def _open_cases(self) -> None:
        with self.outcome.stage("case") as row:
            calls = [
                (desk, call) for desk in self.exercise.workers for call in taking.calls_without_case(desk)
            ]
            row.came_in = sum(person.day <= self.day for person in self.people)
            left = self._open_what_fits(calls) if calls else []
            while left and self._make_room([desk for desk, _ in left]):
                left = self._open_what_fits(left)
            row.went_out += len(calls) - len(left)
            if calls:
                self._ask_for_places()

    def _open_what_fits(self, calls: list[tuple[Desk, Call]]) -> list[tuple[Desk, Call]]:
        """Open cases while handler and an alternate have room; return the calls that must wait for some."""
        load, left = self._loads(), []
        for desk, call in calls:
            alternate = self._alternate_for(desk, load)
            if alternate is None:
                left.append((desk, call))
                continue
            protecting.open_case(desk, call.submission, alternate)
            load[desk.device] += 1
            load[alternate] += 1
        self._settle()
        return left

    def _loads(self) -> dict[int, int]:
        return {desk.device: desk.n_cases for desk in self.exercise.workers}

    def _alternate_for(self, desk: Desk, load: dict[int, int]) -> int | None:
        """The colleague with the fewest cases, if both still have room."""
        device = min((each for each in load if each != desk.device), key=lambda each: load[each])
        return device if max(load[device], load[desk.device]) < CASELOAD_CAP else None

    def _settle(self) -> None:
        """Let every worker's desk send what it did, and read what the others did."""
        self.exercise.settle()
        held = set().union(*(desk.keyring.open_cases() for desk in self.exercise.workers))
        self.outcome.n_open = max(self.outcome.n_open, len(held))

    def _make_room(self, wanted: list[Desk]) -> bool:
        """Deal the least urgent cases to the custodians, wait for their word, park; False if all are on their way."""
        chosen: list[tuple[Desk, CaseOpened]] = []
        # One more than is wanted, lest two calls need the same colleague's room.
        wait = [desk.device for desk in (*wanted, wanted[-1])]
        for desk, case in self._by_urgency():
            frees = next((device for device in wait if device in (case.handler, case.alternate)), None)
            if frees is not None and case.case not in self.laid:
                chosen.append((desk, case))
                wait.remove(frees)
        if not chosen:
            return False
        for desk, case in chosen:
            protecting.deal(desk, case.case)
        self.exercise.sync(self.exercise.workers)
        self.exercise.sync(self.exercise.custodians)
        self.exercise.sync(self.exercise.workers)
        for desk, case in chosen:
            protecting.park(desk, case.case)
            self.parked[case.case] = desk
            self.outcome.n_parked += 1
        self._settle()
        self.say(self.day, f"{len(chosen)} cases parked with the custodians, to make room")
        return True

    def _ask_for_places(self) -> None:
        """Handlers put the coded need of their open cases before the planner."""
        for desk in self.exercise.workers:
            asked = {need.case for need in desk.contents(Case)}
            for case in desk.contents(CaseOpened):
                if case.handler == desk.device and case.case not in asked:
                    protecting.ask_for_place(desk, case.case)
        self.exercise.sync(self.exercise.workers)

    def _by_urgency(self) -> list[tuple[Desk, CaseOpened]]:
        """The handlers' open cases, least urgent first."""
        held = [
            (desk, case)
            for desk in self.exercise.workers
            for case in desk.contents(CaseOpened)
            if case.handler == desk.device
        ]

        def urgency(one: tuple[Desk, CaseOpened]) -> tuple[int, int]:
            tier = protecting.tier_of(one[0], one[1].case)
            return (ORDER.index(tier.tier), tier.deadline) if tier else (len(ORDER), 0)

        return sorted(held, key=urgency, reverse=True)

    def _ask_back(self) -> None:
        """Once no more calls come, ask the custodians, as cases close, for the last that were parked."""
        if any(person.day > self.day for person in self.people):
            return
        room = sum(CASELOAD_CAP - n_cases for n_cases in self._loads().values()) // 2 - len(self.asked)
        wanted = [code for code in reversed(self.parked) if code not in self.asked][: max(room, 0)]
        for code in wanted:
            protecting.ask_back(self.parked[code], code)
            self.asked[code] = self.day
        if wanted:
            self.exercise.sync(self.exercise.workers)

    def _take_back(self) -> None:
        """A day later three custodians release what was asked for."""
        due = [code for code, day in self.asked.items() if day < self.day]
        if not due:
            return
        with self.outcome.stage("case"):
            self._release(due)
            load = self._loads()
            for code in due:
                desk = self.parked[code]
                alternate = self._alternate_for(desk, load)
                if alternate is None or not protecting.is_released(desk, code):
                    continue
                protecting.take_up(desk, code, alternate)
                load[desk.device] += 1
                load[alternate] += 1
                del self.parked[code], self.asked[code]
                self.outcome.n_released += 1
            self._settle()
            self._ask_for_places()
        self.say(self.day, f"{len(due)} cases back from the custodians")

    def _release(self, cases: Collection[CaseCode]) -> None:
        three = self.exercise.custodians[:3]
        self.exercise.sync(three)
        for custodian in three:
            for row in keeping.custody_page(custodian).to_answer:
                if row.case in cases and row.may_release:
                    keeping.release(custodian, row.case, number=row.number)
        self.exercise.sync(three)
        self.exercise.sync(self.exercise.workers)

    # plan, legs, arrivals ---

    def _place(self) -> None:
        waiting = [case for case in protecting.cases_to_place(self.planner) if case.case not in self.parked]
        if not waiting:
            return
        with self.outcome.stage("plan") as row:
            row.came_in = len({case.case for case in waiting} | set(self.laid))
            plan = protecting.make_plan(self.planner, leave_out=set(self.parked))
            row.went_out += len(plan.placements)
            self.exercise.sync((self.planner,))
        with self.outcome.stage("leg") as row:
            row.came_in += len(plan.placements)
            route = protecting.lay_legs(self.planner, plan)
            row.went_out += len(route.legs)
            self.outcome.n_missing_guides += len(route.missing)
            protecting.commit_lottery(self.planner)
            self.exercise.settle()
            for leg in route.legs:
                self.laid[leg.case] = max(self.laid.get(leg.case, self.day), leg.window.last)
            self._enter_places(plan.placements)
        if plan.placements:
            self.say(self.day, f"{len(plan.placements)} households placed, {len(route.legs)} legs laid")

    def _enter_places(self, placements: Iterable[Placement]) -> None:
        placed = {placement.case for placement in placements}
        for desk, case in self._by_urgency():
            if case.case in placed:
                protecting.place(desk, case.case)

    def _arrive(self) -> None:
        due = [
            (desk, case)
            for desk, case in self._by_urgency()
            if self.laid.get(case.case, self.day + 1) <= self.day
        ]
        if not due:
            self.exercise.sync(self.exercise.workers)
            return
        with self.outcome.stage("arrival") as row:
            for desk, case in due:
                row.came_in += case.facts.people
                protecting.arrive(desk, case.case)
                protecting.close_case(desk, case.case)
                row.went_out += case.facts.people
                del self.laid[case.case]
            self._settle()
        self.say(self.day, f"{len(due)} households arrived")

    def _finish(self) -> None:
        self.exercise.sync(self.exercise.workers)
        held = set().union(*(desk.keyring.open_cases() for desk in self.exercise.workers))
        self.outcome.n_left = len(held) + len(self.parked)
