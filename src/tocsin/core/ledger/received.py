"""Grants that came: tried, kept until `watch` names them, and then held.

A grant is only bytes in a folder that anybody on the roll may fill. It counts once its giver has named it in sight of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tocsin.core.ledger.batch import check_caseload
from tocsin.core.ledger.errors import BadGrant
from tocsin.core.ledger.grants import Grant, GrantedKey, grant_hash, open_grant
from tocsin.core.ledger.kinds import EVERYBODYS
from tocsin.core.ledger.world import World
from tocsin.core.seal import CaseloadFull, Identity, Keyring, Share


class Brought(NamedTuple):
    """What a grant for this device brought: whoever has the folder and the week's key opens it again."""

    week: int
    compartments: tuple[str, ...]
    cases: tuple[str, ...]
    """Cases of which it brought a share."""


class Received:
    """The grants for one device that are not in its keyring yet, and the shares released to it."""

    def __init__(self, keyring: Keyring, world: World) -> None:
        self.keyring = keyring
        self.world = world
        self.unconfirmed: dict[bytes, Grant] = {}
        """Grants for us that `watch` does not name yet, or that would be a ninth case, by hash."""
        self.bad: dict[bytes, BadGrant] = {}
        """Grants sealed to us that say what none may say, by hash: shown, and they stop no other."""
        self.foreign: set[bytes] = set()
        """Hashes of grants that none of this device's keys opens: keys are made before grants, so none ever will."""
        self.released: dict[str, dict[int, Share]] = {}
        """Shares of cases that custodians released to this device, by who released them."""
        self.brought: dict[bytes, Brought] = {}
        """Every grant for us that some folder held since this desk was unlocked, by hash."""
        self._identities: dict[bytes, Identity] = {}

    def take(self, files: Iterable[bytes]) -> set[str]:
        """Try grants from a day folder; return the compartments that have a new key.

        A grant of `watch` and the like is held at once, for the records that confirm grants are read with it; any other is
        held when `watch` names its hash. One that says what none may say goes to `bad`.
        """
        identities = self._identities_newest_first()
        for file in files:
            digest = grant_hash(file)
            if digest in self.foreign:
                continue
            try:
                grant = open_grant(file, identities, coalition=self.world.coalition)
            except BadGrant as trouble:
                self.bad[digest] = trouble
                continue
            if grant is None:
                self.foreign.add(digest)
            else:
                self.unconfirmed[digest] = grant
                self._remember(file, grant)
        return self.confirm()

    def confirm(self) -> set[str]:
        """Hold the keys of grants that `watch` names by now; return the compartments that have a new key.

        A ninth case stays in `unconfirmed`: its keys are not held, and the desk asks whoever granted it to take it back.
        """
        news: set[str] = set()
        for digest, grant in list(self.unconfirmed.items()):
            keys = [key for key in grant.keys if not self._has_erased(key.epoch)]
            if grant.keys and not keys:
                del self.unconfirmed[digest]
                continue
            named = self.world.granted.get(digest, {})
            is_everybodys = not grant.shares and all(key.compartment in EVERYBODYS for key in grant.keys)
            if not is_everybodys and grant.by not in named:
                continue
            try:
                check_caseload(self.keyring, keys)
            except CaseloadFull:
                continue
            for key in keys:
                news |= self._hold(key)
            for granted in grant.shares:
                self._keep_share(granted.case, granted.share, by=grant.by)
            del self.unconfirmed[digest]
        return news

    def _remember(self, file: bytes, grant: Grant) -> None:
        names = tuple(key.compartment for key in grant.keys)
        cases = tuple(granted.case for granted in grant.shares)
        for week, seed in self.keyring.grant_keys.items():
            if open_grant(file, [self._identities[seed]], coalition=self.world.coalition) is not None:
                self.brought[grant_hash(file)] = Brought(week, names, cases)

    def _identities_newest_first(self) -> list[Identity]:
        """This device's weekly identities, newest first, each expanded once."""
        seeds = self.keyring.grant_keys
        self._identities = {
            seed: self._identities.get(seed) or Identity.from_seed(seed) for seed in seeds.values()
        }
        return [self._identities[seeds[week]] for week in sorted(seeds, reverse=True)]

    def _has_erased(self, epoch: bytes) -> bool:
        """Say whether this device said that it erased a key: a folder may still have it, and it stays erased."""
        return self.keyring.device in self.world.erased.get(epoch, ())

    def _hold(self, granted: GrantedKey) -> set[str]:
        if granted.epoch in self.keyring.compartments.get(granted.compartment, {}):
            return set()
        self.keyring.hold(granted.compartment, granted.epoch, granted.key)
        return {granted.compartment}

    def _keep_share(self, case: str, share: Share, *, by: int) -> None:
        """A custodian keeps what the dealer dealt to it; whoever asked gathers what custodians release.

        A founder's device keeps what somebody dealt it before a journey.
        """
        trip = self.world.trips.standing.get(by)
        if trip is not None and case == f"travel/{by}":
            if share.deal_id == trip.deal and self.keyring.device in trip.founders:
                self.keyring.travel_shares[by] = share
            return
        custody = self.world.deals.standing.get(case)
        if custody is None or share.deal_id != custody.deal:
            return
        if self.keyring.device in custody.custodians and by == custody.dealer:
            self.keyring.hold_share(case, share)
        elif by in custody.custodians:
            self.released.setdefault(case, {})[by] = share
