"""How much a device or a folder has taken today, and where it ends."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from tocsin.relay.errors import QuotaReached
from tocsin.relay.store import hot
from tocsin.relay.store.models import Coalition

ANYBODY = 0
"""Stands for the device where the sender is unknown: the quota is then the coalition's."""


class Meter:
    """Counts one kind of thing for some devices on one day; used inside the writer's transaction."""

    def __init__(self, coalition: Coalition, day: int, what: str, devices: Iterable[int]) -> None:
        self._where = (coalition.pk, day, what)
        self._what = what
        self._limit = settings.QUOTAS[what]
        self._used = dict.fromkeys(devices, (0, 0))
        self._used |= {
            device: (n_items, n_bytes) for device, n_items, n_bytes in hot.used(*self._where, self._used)
        }

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
        hot.save_used([(*self._where, device, *counts) for device, counts in self._used.items()])
