"""All kinds of record this program can read, from every room: whatever a room's `records` declares."""

from __future__ import annotations

from types import ModuleType

from tocsin.core.activate import records as activate
from tocsin.core.count import records as count
from tocsin.core.intake import records as intake
from tocsin.core.ledger import LEDGER_KINDS, Content, Kinds
from tocsin.core.protect import records as protect
from tocsin.core.watch import records as watch


def declared_in(module: ModuleType) -> tuple[type[Content], ...]:
    """List the kinds that a module declares."""
    values = vars(module).values()
    return tuple(v for v in values if isinstance(v, type) and issubclass(v, Content) and v is not Content)


ROOMS = (watch, intake, count, activate, protect)
ALL_KINDS = Kinds((*LEDGER_KINDS, *(kind for room in ROOMS for kind in declared_in(room))))
