"""The stored tree, for proofs."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.relay.store.models import Coalition, Node


def node_of(coalition: Coalition) -> Callable[[int, int], bytes]:
    """Give the look-up of complete nodes that proofs are made from."""
    rows = Node.objects.filter(coalition=coalition).values_list("hash", flat=True)

    def node(level: int, index: int) -> bytes:
        return bytes(rows.get(level=level, index=index))

    return node
