"""What a desk says: drafts that wait, finished records that leave, and the keys that are made and given up with them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from tocsin.core.ledger import (
    Content,
    Draft,
    Member,
    Moment,
    NoKey,
    Outgoing,
    PublishedKey,
    Purpose,
    Record,
    Tip,
    Waiting,
    choose_leaving,
    newest_grant_keys,
)
from tocsin.desk.errors import DamagedReplica
from tocsin.desk.kinds import ALL_KINDS
from tocsin.desk.knowing import Knowing
from tocsin.desk.outbox import finish_drafts, make_again, open_draft, remember_tip, seal_draft, tip_after
from tocsin.desk.replica import FOLDER_DAYS
from tocsin.desk.settings_file import Settings
from tocsin.errors import LedgerError
from tocsin.terms import month_of, week_of

DRAFTS_AT_ONCE = 500


class Saying(Knowing):
    """What was said here: kept as drafts, finished when it leaves, made again where the relay refuses it."""

    settings: Settings
    """What was chosen for this machine."""
    _published: list[PublishedKey] | None
    _drafts_seen: dict[int, Waiting]
    """By position in the outbox, what of a draft decides when it leaves."""

    # saying ---

    def append(self, content: Content, *, to: str, based_on: bytes | None = None) -> Draft:
        """Say something to a compartment; it leaves with the next sending.

        Raises
        ------
        NotEntitled
            None of this device's duties may write that.
        NoKey
            This desk holds no key of that compartment.
        """
        with self.lock:
            draft = self.member.draft(content, to=to, at=self.now, based_on=based_on)
            self._keep_drafts([draft])
            return draft

    def append_all(self, contents: Iterable[Content], *, to: str) -> None:
        """Say several things that belong together: all of them are kept, or none; raises what `append` raises."""
        with self.lock:
            self._keep_drafts([self.member.draft(content, to=to, at=self.now) for content in contents])

    def _keep_drafts(self, drafts: Sequence[Draft]) -> None:
        sealed = [seal_draft(self.keyring, self.world, draft) for draft in drafts]
        with self.replica.transaction():
            for each in sealed:
                self.replica.add_draft(each)

    def do(self, act: Callable[[Member, Moment], Outgoing]) -> None:
        """Do what makes keys and grants (open, hand over, shut, deal, release); it leaves with the next sending.

        What waits stays waiting, but for what was said in a compartment that ends by this.
        """
        with self.lock, self.all_or_nothing():
            handed_out: list[int] = []
            moment = self.moment()._replace(waiting=partial(self._hand_out, handed_out))
            self._keep_finished(act(self.member, moment), settled=handed_out)

    def _hand_out(self, handed_out: list[int], compartment: str) -> list[Draft]:
        """Open what waits in a compartment, and note its positions."""
        self.waiting()
        drafts = []
        for position, sealed in self.replica.drafts():
            seen = self._drafts_seen.get(position)
            if seen is not None and seen.compartment == compartment:
                draft = open_draft(self.keyring, sealed)
                handed_out.append(position)
                drafts += [draft] if draft is not None else []
        return drafts

    def _keep_finished(self, outgoing: Outgoing, *, settled: Sequence[int]) -> None:
        remember_tip(self.keyring, outgoing.records)
        self.keyfile.save()
        with self.replica.transaction():
            self.replica.add_leaving(outgoing)
            self.replica.drop_drafts(settled)

    def moment(self, *, replacing_what_waits: bool = False) -> Moment:
        """Now, with every device's grant key, and where this device's chain goes on: behind what waits, or in its place."""
        keys = newest_grant_keys(self.published(), today=self.today)
        return Moment(self.today, self.now, keys, self._tip(behind_waiting=not replacing_what_waits))

    def _tip(self, *, behind_waiting: bool) -> Tip:
        waiting = self.unread()
        return tip_after(waiting[-1]) if waiting and behind_waiting else self.world.tips[self.device]

    # leaving ---

    def finish_drafts(self, *, everything: bool = False) -> bool:
        """Turn what leaves now into finished records; say whether there was anything.

        That is what is urgent and what waited for a fixed hour; `everything`, if asked for or chosen for this machine.
        """
        leaving = self._leaving_now(everything or self.settings.sends_at_once)[:DRAFTS_AT_ONCE]
        if not leaving:
            return False
        moment, save = self.moment(), self.keyfile.save
        with self.all_or_nothing():
            done = finish_drafts(self.member, self.replica, moment, leaving, save=save)
        return done is not None

    def _leaving_now(self, everything: bool) -> list[tuple[int, bytes]]:
        waiting = [each._replace(urgent=True) if everything else each for each in self.waiting()]
        places = choose_leaving(waiting, now=self.now, below=secrets.randbelow)
        drafts = self.replica.drafts() if places else []
        return [drafts[place] for place in places]

    def waiting(self) -> list[Waiting]:
        """List the drafts that wait, oldest first, as far as their leaving goes."""
        with self.lock:
            positions = self.replica.draft_positions()
            seen = self._drafts_seen
            if set(positions) - seen.keys():
                for position, sealed in self.replica.drafts():
                    if position not in seen:
                        seen[position] = self._look_at(sealed)
            self._drafts_seen = {position: seen[position] for position in positions}
            return list(self._drafts_seen.values())

    def _look_at(self, sealed: bytes) -> Waiting:
        draft = open_draft(self.keyring, sealed)
        if draft is None:
            # It died with its key: dropped when the next leaves.
            return Waiting("", 0, urgent=False)
        return _as_waiting(draft)

    def seal_again(self) -> None:
        """Put new records in place of finished ones that the relay refuses, under the roll, keys and day of now."""
        refused = self.unread()
        if not refused:
            return
        with self.all_or_nothing():
            self._seal_again(refused)

    def _seal_again(self, refused: list[Record]) -> None:
        before = {name: dict(epochs) for name, epochs in self.keyring.compartments.items()}
        drafts = [(position, open_draft(self.keyring, sealed)) for position, sealed in self.replica.drafts()]
        outgoing = make_again(self.member, refused, self.moment(replacing_what_waits=True))
        remember_tip(self.keyring, outgoing.records)
        # Epochs that were never opened are void now. What was said under them moves to the new ones, and until it has
        # moved the keyring on disk has both.
        moved = [(position, self._seal_draft(draft)) for position, draft in drafts if draft is not None]
        self.keyfile.save(beside=before)
        with self.replica.transaction():
            self.replica.clear_leaving()
            self.replica.add_leaving(outgoing)
            self.replica.replace_drafts(moved)
        self.keyfile.save()

    def _seal_draft(self, draft: Draft) -> bytes | None:
        try:
            return seal_draft(self.keyring, self.world, draft)
        except NoKey:
            return None

    # what waits ---

    def is_waiting(self, content: Content) -> bool:
        """Say whether the same was said already and has not left."""
        with self.lock:
            raw = msgspec.msgpack.encode(content)
            drafts = (open_draft(self.keyring, sealed) for _, sealed in self.replica.drafts())
            return any(draft is not None and bytes(draft.content) == raw for draft in drafts)

    @property
    def n_leaving(self) -> int:
        """How many things said here leave at the next sync; the others wait for a fixed hour."""
        with self.lock:
            return len(self.unread()) + self._n_due(self.waiting())

    def leave_of(self, drafts: Iterable[Draft]) -> int:
        """How many of some drafts would leave at the next sync."""
        return self._n_due([_as_waiting(draft) for draft in drafts])

    def _n_due(self, drafts: Sequence[Waiting]) -> int:
        if self.settings.sends_at_once:
            return len(drafts)
        return len(choose_leaving(drafts, now=self.now, below=lambda _: 0))

    @property
    def n_waiting(self) -> int:
        """How many things said here have not reached the relay."""
        with self.lock:
            return len(self.replica.drafts()) + len(self.replica.leaving().records)

    # keys that come and go ---

    def give_up(self) -> None:
        """Erase the keys of compartments that were shut, handed to others or kept long enough; say so in `watch`."""
        before = set(self.keyring.compartments)
        with self._changing():
            with self.all_or_nothing():
                erased = self.member.give_up() + self.member.expire(week=week_of(self.today))
                if erased:
                    self.keyfile.save()
            if erased:
                self._forget_opened()
                self._drafts_seen.clear()
                for name in before - set(self.keyring.compartments):
                    self.store.forget(name)
        for content in self.member.own_news(erased):
            if not self.is_waiting(content):
                self.append(content, to="watch")

    def erase_old_keys(self) -> None:
        """Erase grant and file keys whose time is over, and intake keys whose folders are gone from the relay."""
        day, keyring = self.today, self.keyring
        before = self._n_period_keys()
        with self.all_or_nothing():
            keyring.erase_old(week=week_of(day), day=day, month=month_of(day))
            for each in [each for each in keyring.intake_keys if each < day - FOLDER_DAYS]:
                if not self.is_last_intake_key(each):
                    keyring.forget_intake(each)
            if self._n_period_keys() < before:
                self.keyfile.save()

    def is_last_intake_key(self, day: int) -> bool:
        """Say whether witnesses may still seal to this one: nobody has published a key for a later day, or just now."""
        later = [key.period for key in self.published() if key.purpose == Purpose.INTAKE and key.period > day]
        return min(later, default=self.today) + 1 >= self.today

    def _n_period_keys(self) -> int:
        return sum(map(len, (self.keyring.grant_keys, self.keyring.intake_keys, self.keyring.file_keys)))

    def published(self) -> list[PublishedKey]:
        """The keys that devices published, as far as this desk has checked them."""
        if self._published is None:
            try:
                self._published = self.replica.published()
            except LedgerError as trouble:
                raise DamagedReplica from trouble
        return self._published

    def keep_published(self, keys: Sequence[PublishedKey]) -> None:
        """Keep published keys that were checked, or made here."""
        if keys:
            with self.replica.transaction():
                self.replica.add_published(keys)
            self._published = None


def _as_waiting(draft: Draft) -> Waiting:
    return Waiting(draft.compartment, draft.at, urgent=ALL_KINDS.is_urgent(draft.kind, draft.schema))
