"""What was given up here and still opens: its grant lies in the relay's folder, and the week's key is kept for a fortnight.

Whoever takes both can open it again, and so does this module, to count and for nothing else: no key is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tocsin.core.ledger import BadGrant, Brought, Grant, GrantedKey, keys_of_shares, open_grant
from tocsin.core.protect import CaseOpened
from tocsin.core.seal import BadShare, Identity, Share, TooFewShares, case_of
from tocsin.desk.desk import Desk
from tocsin.errors import LedgerError, SealError

Households = dict[bytes, int]
"""By the hash of the submission it began with: how many people."""

Rooms = dict[str, dict[bytes, bytes]]
"""Compartment -> epoch -> key."""


def cases_given_up(desk: Desk) -> dict[str, Households]:
    """Say by case whom it is about, where grants open it though its keys were erased here.

    A case is asked anew only when other grants of it come into question, for every sealed record is tried: a second for a
    million.
    """
    held = desk.keyring.open_cases()
    in_question: dict[str, dict[bytes, Brought]] = defaultdict(dict)
    for digest, each in _still_open(desk).items():
        for case in _cases_in(each) - held:
            in_question[case][digest] = each
    before, desk.given_up = desk.given_up, {}
    for case, brought in in_question.items():
        digests = frozenset(brought)
        known = before.get(case)
        if known is None or known[0] != digests:
            known = digests, _households(desk, _keys_of(desk, case, brought))
        desk.given_up[case] = known
    return {case: known[1] for case, known in desk.given_up.items() if known[1] is not None}


def rooms_given_up(desk: Desk) -> set[str]:
    """Name all compartments that a grant opens though their keys were erased here."""
    names = {name for each in _still_open(desk).values() for name in each.compartments}
    return names - desk.keyring.compartments.keys()


def _still_open(desk: Desk) -> dict[bytes, Brought]:
    """Grants for this desk that the folders hold and a weekly key of ours opens."""
    weeks, here = desk.keyring.grant_keys, desk.replica.grant_hashes()
    brought = desk.member.received.brought
    return {digest: each for digest, each in brought.items() if each.week in weeks and digest in here}


def _cases_in(brought: Brought) -> set[str]:
    return {case for name in brought.compartments if (case := case_of(name)) is not None} | {*brought.cases}


def _keys_of(desk: Desk, case: str, brought: dict[bytes, Brought]) -> Rooms:
    """Open grants again; give the keys of a case in them, those of joined shares too."""
    grants = [_open_again(desk, digest, each.week) for digest, each in brought.items()]
    keys = [key for grant in grants for key in grant.keys]
    shares: dict[bytes, list[Share]] = defaultdict(list)
    for granted in (granted for grant in grants for granted in grant.shares if granted.case == case):
        shares[granted.share.deal_id].append(granted.share)
    for parts in shares.values():
        keys += _joined(case, parts)
    rooms: Rooms = {}
    for key in keys:
        if case_of(key.compartment) == case:
            rooms.setdefault(key.compartment, {})[key.epoch] = key.key
    return rooms


def _open_again(desk: Desk, digest: bytes, week: int) -> Grant:
    file, identity = desk.replica.grant(digest), Identity.from_seed(desk.keyring.grant_keys[week])
    grant = open_grant(file, [identity], coalition=desk.world.coalition)
    assert grant is not None  # noqa: S101 - it was opened by this key before
    return grant


def _joined(case: str, shares: Iterable[Share]) -> list[GrantedKey]:
    try:
        return keys_of_shares(case, list(shares))
    except (TooFewShares, BadShare, BadGrant):
        # A custodian's own share, or junk: it opens nothing to whoever takes it either.
        return []


def _households(desk: Desk, rooms: Rooms) -> Households | None:
    """Read whom a case is about under keys that are not held; None without a key."""
    if not rooms:
        return None
    found: Households = {}
    for name, epochs in rooms.items():
        for number in sorted({number for key in epochs.values() for number in desk.world.sealed_under(key)}):
            try:
                content = desk.world.read_under({name: epochs}, desk.replica.record(number))
            except (LedgerError, SealError):
                # What does not decode names nobody.
                continue
            if isinstance(content, CaseOpened):
                found[content.submission] = content.facts.people
    return found
