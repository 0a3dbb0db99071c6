"""Forget: when a new day begins, old folders, counts and keys go, and their pages are overwritten."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from tocsin.relay.clock import today
from tocsin.relay.store.attachments import drop_unfinished
from tocsin.relay.store.beside import KEPT_DAYS
from tocsin.relay.store.models import Coalition, FolderItem, KeyRow, MailboxItem, Usage
from tocsin.relay.store.rolls import roll_in_force
from tocsin.relay.store.writer import one_by_one, writer
from tocsin.terms import Day


@dataclass(frozen=True, slots=True)
class _NewDay:
    coalition: Coalition
    day: Day


def _forget(new: _NewDay) -> None:
    coalition, day = new.coalition, new.day
    FolderItem.objects.filter(coalition=coalition, day__lt=day - settings.FOLDER_DAYS).delete()
    MailboxItem.objects.filter(coalition=coalition, day__lt=day - settings.MAILBOX_DAYS).delete()
    Usage.objects.filter(coalition=coalition, day__lt=day).delete()
    KeyRow.objects.filter(coalition=coalition, ends_on__lt=day - KEPT_DAYS).delete()
    Coalition.objects.filter(pk=coalition.pk).update(swept_on=day)


forget = one_by_one(_forget)


def sweep_if_new_day(coalition: Coalition, day: Day) -> None:
    """Forget what the day that has begun leaves behind; does nothing on every later request of that day."""
    if day <= coalition.swept_on:
        return
    writer.do(forget, _NewDay(coalition, day))
    drop_unfinished(coalition)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # The log still holds what was dropped.
        else:
            cursor.execute(f"VACUUM {connection.ops.quote_name(FolderItem._meta.db_table)}")


def sweep_all() -> None:
    """Sweep every coalition, also those from which nobody has asked anything today."""
    for coalition in Coalition.objects.all():
        sweep_if_new_day(coalition, today(roll_in_force(coalition)))
