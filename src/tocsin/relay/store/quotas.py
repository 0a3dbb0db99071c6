"""How much a device or a folder has taken today, and where it ends."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from tocsin.relay.errors import QuotaReached
from tocsin.relay.store.models import Coalition, Usage

ANYBODY = 0
"""Stands for the device where the sender is unknown: the quota is then the coalition's."""


class Meter:
    """Counts one kind of thing for some devices on one day; used inside the writer's transaction."""

    def __init__(self, coalition: Coalition, day: int, what: str, devices: Iterable[int]) -> None:
        self._where = {"coalition": coalition, "day": day, "what": what}
        self._what = what
        self._limit = settings.QUOTAS[what]
        self._used = {device: (0, 0) for device in devices}
        rows = Usage.objects.filter(**self._where, device__in=list(self._used))
        self._used.update({device: (n, size) for device, n, size in rows.values_list("device", "n_items", "n_bytes")})

    def charge(self, device: int, n_items: int, n_bytes: int) -> None:
        """Count something that is about to be kept.

        Raises
        ------
        QuotaReached
            It would be too much for today.
        """
        items, size = (have + more for have, more in zip(self._used[device], (n_items, n_bytes), strict=True))
        if items > self._limit[0] or size > self._limit[1]:
            raise QuotaReached(self._what)
        self._used[device] = (items, size)

    def save(self) -> None:
        """Keep the counts."""
        Usage.objects.bulk_create(
            [
                Usage(**self._where, device=device, n_items=items, n_bytes=size)
                for device, (items, size) in self._used.items()
            ],
            update_conflicts=True,
            unique_fields=["coalition", "day", "what", "device"],
            update_fields=["n_items", "n_bytes"],
        )
