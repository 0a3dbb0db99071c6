"""Parked and lost cases: keys split among five custodians, three of whom open one case, asked in sight of all.

Dealing: the holder deals shares by grant and says so in `watch`; custodians acknowledge; only then is the case parked and
its keys are erased. Opening: somebody asks in `watch`; each custodian, once the request is firm and a day old, may release
its share by grant, or says no; whoever asked joins them and opens a new epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tocsin.core.ledger.batch import Moment, Outgoing, check_caseload
from tocsin.core.ledger.compartments import KEY_SIZE, epoch_id
from tocsin.core.ledger.content import UNDECODABLE
from tocsin.core.ledger.deals import SHARES_NEEDED
from tocsin.core.ledger.errors import BadGrant, NoKey, NotEntitled
from tocsin.core.ledger.grants import GrantedKey, GrantedShare
from tocsin.core.ledger.kinds import ShareAsked, ShareHeld, ShareRefused, ShareReleased, SharesDealt
from tocsin.core.ledger.member import NO_DEAL, Member
from tocsin.core.seal import Share, deal, join
from tocsin.terms import Day

ASK_DAYS = 1
"""A request stands in everyone's sight for a day before anything is released."""


def case_compartments(case: str) -> tuple[str, str]:
    """Name the two compartments of a case: who it is, and what is done."""
    return f"case/{case}/identity", f"case/{case}/file"


def deal_case(member: Member, case: str, custodians: Sequence[int], moment: Moment) -> Outgoing:
    """Deal a case's present keys to custodians, one share each.

    Raises
    ------
    NoKey
        This device does not hold the case.
    StaleGrantKey, NotSealedTo
        A custodian has published no key for two weeks, or is barred or removed.
    NotEntitled
        Another device's deal of this case stands: it must take it back first, which its desk does when it gives up the case.
    """
    world = member.world
    if not world.deals.may_deal(case, member.device, world.history.now.roll):
        raise NotEntitled(device=member.device, kind=SharesDealt.KIND)
    batch = member.batch(moment)
    keys = [GrantedKey(name, *batch.key_for(name)) for name in case_compartments(case)]
    shares = deal(msgspec.msgpack.encode(keys), label=case.encode(), n=len(custodians), k=SHARES_NEEDED)
    hashes: tuple[bytes, ...] = ()
    for custodian, share in zip(custodians, shares, strict=True):
        hashes += batch.grant((custodian,), shares=(GrantedShare(case, share),))
    batch.say(SharesDealt(case=case, deal=shares[0].deal_id, custodians=tuple(custodians)), to="watch")
    batch.announce(hashes)
    return batch.outgoing


def is_recoverable(member: Member, case: str) -> bool:
    """Say whether every custodian dealt to has acknowledged: only then may a case be parked."""
    deals = member.world.deals
    custody = deals.standing.get(case)
    return custody is not None and set(custody.custodians) <= deals.held.get(custody.deal, set())


def acknowledgements(member: Member) -> list[ShareHeld]:
    """What a custodian has yet to say about the shares it keeps."""
    held = member.world.deals.held
    return [
        ShareHeld(case=case, deal=share.deal_id)
        for case, share in member.keyring.shares.items()
        if member.device not in held.get(share.deal_id, set())
    ]


def ask_for_case(member: Member, case: str, *, reason: str) -> ShareAsked:
    """Ask the custodians for one named case.

    Raises
    ------
    NoKey
        The case was never dealt.
    """
    custody = member.world.deals.standing.get(case)
    if custody is None:
        raise NoKey
    return ShareAsked(case=case, deal=custody.deal, reason=reason)


class Request(NamedTuple):
    """A request for a case whose share this custodian keeps, and how it stands."""

    case: str
    by: int
    number: int
    asked_on: Day
    release_from: Day
    reason: str
    is_firm: bool
    released: frozenset[int]
    """Custodians who released their share to who asked."""
    refused: frozenset[int]
    """Custodians who said no and have not released since."""

    def may_be_released(self, *, today: Day) -> bool:
        """Say whether the day in everyone's sight is over and two organisations have seen it."""
        return self.is_firm and today >= self.release_from


def requests_for(member: Member) -> list[Request]:
    """List the newest request of each case whose share this custodian keeps, in the order they were made."""
    deals = member.world.deals
    found = []
    for case, asked in deals.asked.items():
        share = member.keyring.shares.get(case)
        custody = deals.standing.get(case)
        if share is None or custody is None or share.deal_id != custody.deal:
            continue
        released = frozenset(deals.released.get((custody.deal, asked.by), ()))
        request = Request(
            case=case,
            by=asked.by,
            number=asked.number,
            asked_on=Day(asked.day),
            release_from=Day(asked.day + ASK_DAYS),
            reason=asked.reason,
            is_firm=member.world.is_firm(asked.number),
            released=released,
            refused=frozenset(deals.refused.get((custody.deal, asked.by), ())) - released,
        )
        found.append(request)
    return sorted(found, key=lambda request: request.number)


def cases_to_release(member: Member, *, today: Day) -> list[str]:
    """List the cases whose share this custodian may release: asked for, firm, a day old, and not yet released."""
    return [
        request.case
        for request in requests_for(member)
        if member.device not in request.released and request.may_be_released(today=today)
    ]


def release_share(member: Member, case: str, moment: Moment) -> Outgoing:
    """Release this custodian's share to whoever asked.

    Raises
    ------
    NoKey
        Nothing may be released: not asked, not firm, or not a day old.
    """
    if case not in cases_to_release(member, today=moment.day):
        raise NoKey
    asker = member.world.deals.asked[case].by
    share = member.keyring.shares[case]
    batch = member.batch(moment)
    hashes = batch.grant((asker,), shares=(GrantedShare(case, share),))
    batch.say(ShareReleased(case=case, deal=share.deal_id, to=asker), to="watch")
    batch.announce(hashes)
    return batch.outgoing


def refuse_share(member: Member, case: str) -> ShareRefused:
    """Say no to whoever asked last; nothing needs to be waited for.

    Raises
    ------
    NoKey
        Nobody asked, or this device keeps no share of it.
    """
    asked = next((request for request in requests_for(member) if request.case == case), None)
    if asked is None:
        raise NoKey
    return ShareRefused(case=case, deal=member.keyring.shares[case].deal_id, to=asked.by)


def can_recover(member: Member, case: str) -> bool:
    """Say whether enough shares have come."""
    return len(member.received.released.get(case, {})) >= SHARES_NEEDED


def keys_of_shares(case: str, shares: Sequence[Share]) -> list[GrantedKey]:
    """Join shares to the keys of the case they are of.

    Raises
    ------
    TooFewShares, BadShare
        Not enough, or wrong ones; the message names which.
    BadGrant
        They join to something that is not this case's keys.
    """
    secret = join(shares)
    try:
        keys = msgspec.msgpack.decode(secret, type=list[GrantedKey])
    except UNDECODABLE as trouble:
        raise BadGrant("the shares join to no keys") from trouble
    if {key.compartment for key in keys} != set(case_compartments(case)):
        raise BadGrant("the shares join to another case's keys")
    if any(len(key.key) != KEY_SIZE or key.epoch != epoch_id(key.key) for key in keys):
        raise BadGrant("a key is not the one its epoch names")
    return keys


def recover_case(member: Member, case: str) -> set[str]:
    """Join the released shares and hold the case's old keys; return its compartments, to be reopened.

    Raises
    ------
    TooFewShares, BadShare
        Not enough, or wrong ones; the message names which.
    CaseloadFull
        This device already holds eight cases.
    BadGrant
        The shares join to something that is not this case's keys.
    """
    keys = keys_of_shares(case, list(member.received.released.get(case, {}).values()))
    check_caseload(member.keyring, keys)
    for key in keys:
        member.keyring.hold(key.compartment, key.epoch, key.key)
    return {key.compartment for key in keys}


def take_up_case(member: Member, case: str, members: Sequence[int], moment: Moment) -> Outgoing:
    """Open new epochs of a recovered case for its new holders, and take its deal back: the shares are used up.

    Else the deal would stand in its dealer's name, and of the new holders only who recovered the case could deal it again.

    Raises
    ------
    CaseloadFull
        A new holder has eight cases already.
    """
    member.check_loads(set(members) - {member.device})
    batch = member.batch(moment)
    for name in case_compartments(case):
        current = member.compartment(name).current()
        batch.open_epoch(name, (*members, member.device), parent=current.id if current else None)
    if case in member.world.deals.standing:
        batch.say(SharesDealt(case=case, deal=NO_DEAL, custodians=()), to="watch")
    member.received.released.pop(case, None)
    return batch.outgoing
