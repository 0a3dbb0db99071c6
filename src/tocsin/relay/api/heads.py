"""Heads, co-signatures and proofs."""

from __future__ import annotations

from django.http.response import HttpResponseBase

from tocsin.core.ledger import Cosignature, Head, HeadAnswer, consistency_proof, inclusion_proof, sign_head
from tocsin.relay.api.answers import answer
from tocsin.relay.api.door import Visit
from tocsin.relay.errors import NotThere
from tocsin.relay.identity import relay_key
from tocsin.relay.store.beside import Vouching, check_cosignature, cosignatures_of, keep_cosignatures
from tocsin.relay.store.models import Coalition
from tocsin.relay.store.nodes import node_of
from tocsin.relay.store.writer import writer


def signed_head(coalition: Coalition, day: int) -> tuple[Head, bytes]:
    """Give the newest head; signed anew on a day without records, for its age is that of the relay's word."""
    head = Head(coalition.size, bytes(coalition.root), coalition.day)
    if day <= head.day:
        return head, bytes(coalition.signature)
    head = Head(head.size, head.root, day)
    return head, sign_head(relay_key(), bytes(coalition.name), head)


def newest_head(visit: Visit) -> HeadAnswer:
    """The newest head and each device's newest co-signature."""
    words = tuple(
        (word.device, word.size, word.root, word.signature) for word in cosignatures_of(visit.coalition)
    )
    head, signature = signed_head(visit.coalition, visit.day)
    return HeadAnswer(head.size, head.root, head.day, signature, words, visit.coalition.filling)


def give_head(visit: Visit) -> HttpResponseBase:
    """Give the newest head and each device's newest co-signature."""
    return answer(newest_head(visit))


def take_cosignature(visit: Visit) -> HttpResponseBase:
    """Keep a device's word that it has checked everything up to a head."""
    cosignature = Cosignature.from_bytes(visit.request.body)
    check_cosignature(visit.coalition, visit.roll, cosignature)
    writer.do(keep_cosignatures, Vouching(visit.coalition, cosignature))
    return answer()


def prove_inclusion(visit: Visit) -> HttpResponseBase:
    """Give the audit path of a record."""
    number, size = visit.number("number"), visit.number("size")
    if not number < size <= visit.coalition.size:
        raise NotThere
    return answer(b"".join(inclusion_proof(node_of(visit.coalition), number, size)))


def prove_consistency(visit: Visit) -> HttpResponseBase:
    """Give the proof that the ledger only grew."""
    old, new = visit.number("old"), visit.number("new")
    if not 0 < old <= new <= visit.coalition.size:
        raise NotThere
    return answer(b"".join(consistency_proof(node_of(visit.coalition), old, new)))
