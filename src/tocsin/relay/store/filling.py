"""A ledger that is filled again: after its relay was lost, or set back to a backup. It takes nothing new meanwhile.

New records would stand where lost ones stood, and two ledgers would be about. A lost relay's successor opens when founders
sign it into the roll (`append`); one that was set back has its old key, so its keeper opens it.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from tocsin.relay.backups import RESTORED
from tocsin.relay.identity import relay_key
from tocsin.relay.store.lodging import hash_code
from tocsin.relay.store.models import Coalition, Lodging
from tocsin.relay.store.rolls import roll_in_force


def may_fill(code: str, coalition: Coalition) -> bool:
    """Say whether a coalition moved in with a code: who has it may fill, though the roll so far has no device of theirs."""
    return Lodging.objects.filter(code_hash=hash_code(code), used_by=bytes(coalition.name)).exists()


def begin_if_restored() -> None:
    """Take nothing new in any ledger, if this home was restored from a backup just now."""
    mark = Path(settings.HOME) / RESTORED
    if mark.exists():
        Coalition.objects.update(filling=True)
        mark.unlink()


def open_again() -> int:
    """Take new records again in the ledgers whose roll names this relay; say how many."""
    key = relay_key().public
    ours = [row for row in Coalition.objects.filter(filling=True) if roll_in_force(row).relays[0].key == key]
    for row in ours:
        Coalition.objects.filter(pk=row.pk).update(filling=False)
    return len(ours)
