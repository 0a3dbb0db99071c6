"""Mailboxes: sealed replies under names that say nothing, given to whoever shows what the name was made from."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tocsin.core.seal.mailbox import Key, Posting, filler
from tocsin.relay.errors import PlaceTaken
from tocsin.relay.identity import relay_key
from tocsin.relay.store.models import Coalition, MailboxItem
from tocsin.relay.store.quotas import ANYBODY, Meter
from tocsin.relay.store.writer import one_by_one
from tocsin.terms import Day


@dataclass(frozen=True, slots=True)
class Reply:
    """A message for one place, and the day."""

    coalition: Coalition
    day: Day
    posting: Posting


def _post(reply: Reply) -> None:
    name, file = reply.posting.mailbox, reply.posting.file
    where = {"coalition": reply.coalition, "name": name}
    before = MailboxItem.objects.filter(**where).values_list("content", flat=True).first()
    if before is not None:
        if bytes(before) != file:
            raise PlaceTaken
        return  # Sent again, since the answer was lost.
    meter = Meter(reply.coalition, reply.day, "mailboxes", {ANYBODY})
    meter.charge(ANYBODY, 1, len(file))
    MailboxItem.objects.create(**where, day=reply.day, content=file)
    meter.save()


post = one_by_one(_post)


def read(coalition: Coalition, keys: Sequence[Key]) -> list[bytes]:
    """Give one slot for each key, in their order; where nothing lies, filler of the same look."""
    names = [key.mailbox for key in keys]
    rows = MailboxItem.objects.filter(coalition=coalition, name__in=names).values_list("name", "content")
    found = {bytes(name): bytes(content) for name, content in rows}
    # Made for every place, so that a full one takes as long as an empty one.
    empty = [_filler(bytes(coalition.name), name) for name in names]
    return [found.get(name, slot) for name, slot in zip(names, empty, strict=True)]


def _filler(coalition: bytes, name: bytes) -> bytes:
    return filler(hmac.digest(_filler_key(), coalition + name, "sha256"))


@lru_cache(maxsize=1)
def _filler_key() -> bytes:
    # Derived, so that several workers fill alike, and that a restart changes nothing that anybody sees.
    return hmac.digest(relay_key().seed, b"tocsin/1 filler\n", "sha256")
