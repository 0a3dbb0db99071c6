"""One round of a sentry, and the loop: sync, ring, say which deadlines passed, notice silence, owe pings.

Two sentries do not say the same twice: each waits its turn, counted from when it noticed, in the order of device numbers.
Should both speak at once, the ledger's first counts.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tocsin.core.activate import Awake, DeadlinePassed, PingTried
from tocsin.core.ledger import EVERYBODYS, WATCH, Content, Duty, ForkSeen
from tocsin.core.ledger.kinds import Erased
from tocsin.core.watch import Alarm, Claim, Panel
from tocsin.desk.desk import Desk
from tocsin.desk.errors import ClonedDevice, RelayMisled
from tocsin.desk.pings import Pinger, Target
from tocsin.desk.sentry.choices import ROOM, Chosen, choices
from tocsin.desk.sentry.deadlines import CLOCK, standing_deadlines
from tocsin.desk.sentry.errors import NotASentry
from tocsin.desk.sentry.notebook import Notebook
from tocsin.desk.sentry.polling import Poller
from tocsin.desk.sentry.silence import SENTRYS, notice_growth, notice_words, sentries, silent
from tocsin.desk.sync import sync
from tocsin.desk.watch.actions import stands_out
from tocsin.errors import TocsinError
from tocsin.terms import week_of

AT_ONCE = (ForkSeen, RelayMisled, ClonedDevice)
"""Trouble that does not pass by itself: people are pinged at once."""
FAILING_S = 86_400
"""After so long a feed that cannot be read is pinged for: nothing would ring for its place."""
TRIED_S = 86_400
"""A choice older than this when a sentry first reads it is not tried: its person awaits nothing any more."""
LATE_S = 7 * 86_400
"""What is older than this when a sentry first sees it is for the pages, not for a ping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a sentry keeps time."""

    every_s: float = 60
    """Between rounds, give or take a quarter."""
    turn_s: int = 180
    """How long each sentry leaves the word to the ones before it; longer than a round."""
    silence_s: int = 6 * 3600
    """After this long without a word of another sentry, or of the relay, seats are pinged."""


class Sentry:
    """A desk that is nobody's: it reads `watch`, `people` and `clock`, how people want to be pinged, and nothing else."""

    def __init__(
        self,
        desk: Desk,
        notebook: Notebook,
        pinger: Pinger,
        pace: Pace,
        report: Callable[[str], None],
        *,
        poller: Poller | None = None,
    ) -> None:
        self.desk, self.notebook, self.pinger, self.pace, self.poller = desk, notebook, pinger, pace, poller
        self._report = report

    def run(self, stop: threading.Event) -> None:
        """Make rounds until told to stop; nothing expected ends it.

        Raises
        ------
        NotASentry
        """
        with self.pinger.awake():
            while not stop.is_set():
                self.round()
                # Nobody should be able to count on the minute.
                stop.wait(self.pace.every_s * (0.75 + secrets.randbelow(501) / 1000))

    def round(self) -> None:
        """Make one round; whatever is to be told is owed to the seats afterwards, even if the relay is away.

        Raises
        ------
        NotASentry
            The only thing that ends a sentry: it must not run.
        """
        trouble = self._trouble_of(self._keep_watch)
        with self.desk.lock:
            now = self.desk.now
            chosen = self._served_choices()
            reasons = [*self._reasons(now), *self._note_trouble(trouble, now)]
        self.pinger.choose(target for _, target in chosen)
        self.pinger.owe(reasons, now=now)
        for choice, target in chosen:
            if choice.at > now - TRIED_S:
                self.pinger.owe([_reason_of(choice)], now=now, to=target)

    def _served_choices(self) -> list[tuple[Chosen, Target]]:
        chosen = [(each, each.target) for each in choices(self.desk)]
        return [
            (each, target) for each, target in chosen if target is not None and self.pinger.serves(target)
        ]

    def _trouble_of(self, act: Callable[[], None]) -> TocsinError | None:
        try:
            act()
        except NotASentry:
            raise
        except TocsinError as trouble:
            return trouble
        return None

    def _keep_watch(self) -> None:
        desk = self.desk
        if self.poller is not None:
            # Before anything is locked: a feed may take its time.
            self.poller.poll(now=desk.now)
        # A machine keeps no hours that would tell anything of a person.
        sync(desk, everything=True)
        with desk.lock:
            if not self._knows_its_duty():
                return
            self._give_up_keys()
            # The others first: what this sentry is about to say they cannot have seen.
            notice_growth(self.notebook.pages, size=desk.world.size, now=desk.now)
            notice_words(desk, self.notebook.pages, self._others(), now=desk.now)
            for content, compartment in list(self._to_say()):
                desk.append(content, to=compartment)
        if desk.n_waiting:
            sync(desk, everything=True)

    def _knows_its_duty(self) -> bool:
        duties = self.desk.world.history.now.duties.get(self.desk.device, frozenset())
        if duties - SENTRYS:
            raise NotASentry
        return Duty.SENTRY in duties

    def _give_up_keys(self) -> None:
        """Erase whatever else was granted to this device, by mistake or to have it taken from here."""
        desk = self.desk
        too_much = [
            name for name in desk.keyring.compartments if name not in EVERYBODYS and not name.startswith(ROOM)
        ]
        epochs: list[bytes] = []
        for name in too_much:
            epochs += desk.keyring.compartments[name]
            desk.keyring.forget(name)
            desk.world.forget_compartment(name)
            desk.store.forget(name)
        if too_much:
            desk.keyfile.save()
        if news := tuple(epoch for epoch in epochs if desk.device not in desk.world.erased[epoch]):
            desk.append(Erased(epochs=news), to=WATCH)

    def _others(self) -> list[int]:
        return [device for device in sentries(self.desk) if device != self.desk.device]

    # what it says in the ledger ---

    def _polled(self, now: int) -> Iterator[tuple[Content, str]]:
        """Claims that feeds made and the ledger does not have; whoever comes later finds them there."""
        versions = self.poller.versions() if self.poller is not None else []
        if self.poller is None or not versions:
            return
        known = {claim.claim: claim for claim in self.desk.contents(Claim)}
        for version in versions:
            if self._has_turn("/".join(("feed", *version)), now):
                for claim in self.poller.new_claims(version, known, today=self.desk.today):
                    known[claim.claim] = claim
                    yield claim, WATCH

    def _to_say(self) -> Iterator[tuple[Content, str]]:
        desk, pages, now = self.desk, self.notebook.pages, self.desk.now
        yield from self._polled(now)
        for place in sorted({panel.place for panel in desk.contents(Panel)}):
            alarm = stands_out(desk, place)
            if alarm is not None and self._has_turn(f"ring/{place}/{alarm.week}", now):
                yield alarm, WATCH
        for deadline in standing_deadlines(desk):
            if (
                deadline.is_overdue(now)
                and not deadline.is_passed
                and self._has_turn(f"passed/{deadline.code}/{deadline.due_at}", now)
            ):
                yield DeadlinePassed(code=deadline.code), CLOCK
        yield from self._tried(now)
        quiet_s = now - pages.grew_at
        if (
            self._others()
            and quiet_s >= self.pace.silence_s // 2
            and self._has_turn(f"awake/{pages.size}", now)
        ):
            yield Awake(), CLOCK

    def _tried(self, now: int) -> Iterator[tuple[Content, str]]:
        """Whether the first ping after a choice was taken: each sentry speaks for itself, to whoever chose."""
        said = {
            each.content.choice
            for each in self.desk.versions(PingTried)
            if each.entry.device == self.desk.device
        }
        for each in choices(self.desk):
            if each.target is None or each.choice in said or each.at <= now - TRIED_S:
                continue
            taken = self.pinger.outcome(each.target)
            if taken is False or (taken is not None and self.notebook.knows(_reason_of(each))):
                yield PingTried(choice=each.choice, taken=taken), each.compartment

    def _has_turn(self, what: str, now: int) -> bool:
        """Say whether the sentries before this one had the time to say it."""
        order = sentries(self.desk)
        rank = order.index(self.desk.device) if self.desk.device in order else len(order)
        return now >= self.notebook.first_noticed(what, now=now) + rank * self.pace.turn_s

    # what seats are pinged for ---

    def _reasons(self, now: int) -> Iterator[str]:
        desk = self.desk
        for deadline in standing_deadlines(desk):
            if deadline.is_overdue(now) and deadline.due_at > now - LATE_S:
                yield f"deadline/{deadline.code}/{deadline.due_at}"
        for alarm in desk.contents(Alarm):
            if alarm.week >= week_of(desk.today) - 1:
                yield f"alarm/{alarm.place}/{alarm.week}"
        for device, since in silent(self.notebook.pages, now=now, limit_s=self.pace.silence_s):
            yield f"silent/{device}/{since}"
        if self.poller is not None:
            for mark, since in self.poller.failing(now=now, limit_s=FAILING_S):
                yield f"feed/{mark}/{since}"

    def _note_trouble(self, trouble: TocsinError | None, now: int) -> Iterator[str]:
        desk, pages = self.desk, self.notebook.pages
        code = trouble.code if trouble is not None else ""
        if code != pages.trouble:
            pages.trouble, pages.trouble_since = code, now
            self._report(code or "all is well again")
        if isinstance(trouble, AT_ONCE):
            # By the day: a relay that misleads at every other round shall not ring all night.
            yield f"trouble/{code}/{desk.today}"
        elif code and now - pages.trouble_since >= self.pace.silence_s:
            yield f"trouble/{code}/{pages.trouble_since}"


def _reason_of(choice: Chosen) -> str:
    return f"choice/{choice.choice.hex()}"
