"""The bulletin feed of a coalition: its newest firm head, else its newest, with six words to read out."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from tocsin.core.ledger import Head, head_words
from tocsin.relay.api.door import Visit
from tocsin.relay.api.heads import signed_head
from tocsin.relay.identity import relay_key
from tocsin.relay.store.beside import cosignatures_of, firm_head_of


def give_feed(visit: Visit) -> HttpResponseBase:
    """Give the head, who vouches for it, and its words."""
    head, signature = signed_head(visit.coalition, visit.day)
    firm_size, firm_root = firm_head_of(visit.coalition, visit.roll)
    feed = {
        "coalition": visit.name.hex(),
        "exercise": visit.roll.exercise,
        "words": head_words(firm_root if firm_size else head.root),
        "firm_size": firm_size,
        "head": _readable(head) | {"signature": signature.hex(), "relay_key": relay_key().public.hex()},
        "cosignatures": [
            {
                "device": word.device,
                "size": word.size,
                "root": word.root.hex(),
                "signature": word.signature.hex(),
            }
            for word in cosignatures_of(visit.coalition)
        ],
        "bulletins": [],
    }
    return HttpResponse(json.dumps(feed), content_type="application/json")


def _readable(head: Head) -> dict[str, int | str]:
    return {"size": head.size, "root": head.root.hex(), "day": head.day}
