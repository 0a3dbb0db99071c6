"""Take the ledger from a colleague's copy on a stick, so that a slow link need not carry all of it.

A copy is checked whole before any of it is kept: numbers, bodies, chains, signatures, rolls, co-signatures. Then it must
be the ledger that this desk began with, and somebody must vouch for its head: the six words that a colleague read out, the
firm head of the invitation, or the relay's signed head. What is kept is compared with the checked tree page by page.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tocsin.core.ledger import (
    BadProof,
    OtherLedger,
    WordsDiffer,
    World,
    coalition_id,
    confirm_words,
    head_words,
    read_records,
    verify_consistency,
    verify_head,
)
from tocsin.core.seal import BadSignature
from tocsin.desk.beginning import offer_here
from tocsin.desk.copies import Step, checked_world, no_step, read_founding_of, records_in
from tocsin.desk.desk import Desk
from tocsin.desk.errors import CopyNotTrusted, DamagedCopy, ForkedCopy, OlderCopy, OtherCopy, RelayAway
from tocsin.errors import LedgerError, SealError


def take_copy(desk: Desk, path: Path, *, words: str = "", step: Step = no_step) -> int:
    """Take what a copy has and this desk has not; say how many records came.

    Parameters
    ----------
    words
        The six head words that were shown when it was written; without them the invitation or the relay must vouch for it.
    step
        Hears how far it is, in bytes checked and then in records taken.

    Raises
    ------
    DamagedCopy, OtherCopy, OlderCopy, ForkedCopy, CopyNotTrusted
        Nothing of it was kept.
    DiskFull
        What fitted was kept; take it again when there is room.
    """
    if coalition_id(read_founding_of(path)) != desk.keyring.coalition:
        raise OtherCopy
    copy = checked_world(path, step=step)
    with desk.lock:
        _check_goes_on(desk, copy)
        trusted = _trusted_size(desk, copy, words)
    return _take(desk, path, copy, trusted, step)


def _check_goes_on(desk: Desk, copy: World) -> None:
    here = desk.world.size
    if copy.size <= here:
        raise OlderCopy
    if copy.standing_splits or copy.tree.root(here) != desk.world.tree.root():
        raise ForkedCopy


def _trusted_size(desk: Desk, copy: World, words: str) -> int:
    """Say how many of its records somebody vouches for."""
    if words:
        try:
            confirm_words(words, head_words(copy.tree.root()))
        except WordsDiffer as trouble:
            raise CopyNotTrusted(typed=True) from trouble
        return copy.size
    offer = offer_here(desk)
    if offer is not None and offer.firm_size:
        try:
            offer.check_head(copy.tree.root, copy.size)
        except OtherLedger as trouble:
            raise ForkedCopy from trouble
        return offer.firm_size
    _check_with_relay(desk, copy)
    return copy.size


def _check_with_relay(desk: Desk, copy: World) -> None:
    """See that the relay's signed head goes on from the copy."""
    size, root = copy.size, copy.tree.root()
    try:
        wire = desk.wire()
        head, signature, _ = wire.head()
        verify_head(copy.history.now.roll.relays[0].key, copy.coalition, head, signature)
        proof = [] if head.size <= size else wire.consistency(size, head.size)
        verify_consistency(size, root, head.size, head.root, proof)
    except RelayAway as trouble:
        raise CopyNotTrusted(typed=False) from trouble
    except (BadProof, BadSignature) as trouble:
        raise ForkedCopy from trouble


def _take(desk: Desk, path: Path, copy: World, trusted: int, step: Step) -> int:
    n_taken, at = 0, 0
    for data in records_in(path):
        step(at, trusted)
        try:
            records = read_records(data)
            with desk.lock:
                # A sync beside it may have brought some meanwhile.
                new = records[max(0, desk.world.size - at) : max(0, trusted - at)]
                if new:
                    desk.take(new, check=partial(_check_page, desk, copy))
        except (LedgerError, SealError) as trouble:
            # It was whole a moment ago: somebody exchanged it.
            raise DamagedCopy from trouble
        n_taken += len(new)
        at += len(records)
    return n_taken


def _check_page(desk: Desk, copy: World) -> None:
    if desk.world.tree.root() != copy.tree.root(desk.world.size):
        raise DamagedCopy
