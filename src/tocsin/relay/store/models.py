"""The relay's tables. Whoever seizes them sees device numbers, order, days, sizes and counts: that is all
there is.

Headers and nodes are never changed or deleted (triggers in migration 0002 see to it); bodies may be dropped.
"""

from __future__ import annotations

from django.db import models


class Coalition(models.Model):
    """One ledger: its newest head, and what appending needs. Its row is the lock that orders appends."""

    name = models.BinaryField(max_length=32, unique=True)  # the coalition id; public
    size = models.BigIntegerField()  # records so far
    root = models.BinaryField(max_length=32)  # of the tree over them
    day = models.IntegerField()  # the relay's day when the newest came
    signature = models.BinaryField(max_length=64)  # the relay's, over size, root and day
    peaks = models.BinaryField()  # of the tree, as tocsin.core.ledger.Peaks writes them
    roll_version = models.IntegerField()  # the roll in force
    swept_on = models.IntegerField()  # the last day on which old folders were dropped
    filling = models.BooleanField(default=False)  # filled again after a loss; nothing new is taken

    def __str__(self) -> str:
        return f"coalition {self.pk} with {self.size} records"


class Part(models.Model):
    """Whatever belongs to one coalition."""

    # Unchecked by the database: to check each of the forty rows of an append costs more than to write them,
    # and no coalition is ever deleted.
    coalition = models.ForeignKey(Coalition, on_delete=models.PROTECT, db_index=False, db_constraint=False)

    class Meta:
        abstract = True


class RollVersion(Part):
    """A roll as its founders signed it: device numbers and keys, no names."""

    pk = models.CompositePrimaryKey("coalition_id", "version")
    version = models.IntegerField()
    content = models.BinaryField()  # as tocsin.core.ledger.Roll writes it

    def __str__(self) -> str:
        return f"roll {self.version}"


class RollPlace(Part):
    """Which record brought a roll: who joins reads the rolls before any other record."""

    pk = models.CompositePrimaryKey("coalition_id", "version")
    version = models.IntegerField()
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"roll {self.version} in record {self.number}"


class HeaderRow(Part):
    """The clear part of a record, its tag, its body's hash and its signature: 238 bytes that never change."""

    pk = models.CompositePrimaryKey("coalition_id", "number")
    number = models.BigIntegerField()
    device = models.BigIntegerField()  # author
    chain = models.BigIntegerField()  # the author's own count
    clear = models.BinaryField()  # header, tag, H(body), signature, joined

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coalition", "device", "chain"], name="relay_one_record_per_chain_number"
            )
        ]

    def __str__(self) -> str:
        return f"record {self.number}"


class BodyRow(Part):
    """The sealed body of a record; the tree stands without it."""

    pk = models.CompositePrimaryKey("coalition_id", "number")
    number = models.BigIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"body of record {self.number}"


class Node(Part):
    """A complete node of the tree; it never changes."""

    pk = models.CompositePrimaryKey("coalition_id", "level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"node {self.level}/{self.index}"


class AuthorTip(Part):
    """Where an author's chain stands."""

    pk = models.CompositePrimaryKey("coalition_id", "device")
    device = models.BigIntegerField()
    chain = models.BigIntegerField()  # the number the next record must have
    previous = models.BinaryField(max_length=32)  # the hash the next record must name

    def __str__(self) -> str:
        return f"device {self.device} at {self.chain}"


class CosignatureRow(Part):
    """A device's newest co-signature."""

    pk = models.CompositePrimaryKey("coalition_id", "device")
    device = models.BigIntegerField()
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)

    def __str__(self) -> str:
        return f"co-signature of device {self.device} at {self.size}"


class KeyRow(Part):
    """A published key of a device; the first in its slot stands."""

    pk = models.CompositePrimaryKey("coalition_id", "device", "purpose", "period")
    device = models.BigIntegerField()
    purpose = models.SmallIntegerField()
    period = models.BigIntegerField()  # week, day or month
    ends_on = models.BigIntegerField(db_index=True)  # last day of the period
    content = models.BinaryField()  # the 1293 bytes

    def __str__(self) -> str:
        return f"key of device {self.device}"


class FolderItem(Part):
    """A grant or a submission in its day's folder. Who sent it is not kept; in which order they came, a seized database's
    own rows still tell for as long as the folder lies here."""

    GRANT, SUBMISSION = 1, 2

    pk = models.CompositePrimaryKey("coalition_id", "day", "kind", "hash")
    day = models.IntegerField()
    kind = models.SmallIntegerField()
    hash = models.BinaryField(max_length=32)  # of the content: the same file sent twice lies there once
    content = models.BinaryField()  # an age file

    def __str__(self) -> str:
        return f"item of day {self.day}"


class MailboxItem(Part):
    """A sealed reply in one place of a mailbox. Whose it is, and which device put it there, is not known."""

    pk = models.CompositePrimaryKey("coalition_id", "name")
    name = models.BinaryField(max_length=32)  # a hash of what reads and of what writes it
    day = models.IntegerField()  # when it came
    content = models.BinaryField()  # an age file

    def __str__(self) -> str:
        return f"message of day {self.day}"


class PageText(Part):
    """What the witness's page reads: a charter, or its words in a language, as it was signed. Public."""

    pk = models.CompositePrimaryKey("coalition_id", "part", "serial")
    part = models.CharField(max_length=8)  # "charter", a language, or "*" for what has none
    serial = models.BigIntegerField()
    is_signed = models.BooleanField()  # by enough: else a draft
    content = models.BinaryField()  # payload and signatures

    def __str__(self) -> str:
        return f"{self.part} {self.serial}"


class Usage(Part):
    """How much a device (0: anybody) has sent of something on a day; forgotten the day after."""

    pk = models.CompositePrimaryKey("coalition_id", "day", "what", "device")
    day = models.IntegerField()
    what = models.CharField(max_length=16)
    device = models.BigIntegerField()
    n_items = models.BigIntegerField()
    n_bytes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"use of day {self.day}"


class Lodging(models.Model):
    """A code by which one coalition may lodge here; only its hash is kept."""

    code_hash = models.BinaryField(max_length=32, primary_key=True)
    used_by = models.BinaryField(max_length=32, null=True)  # the coalition id, once used

    def __str__(self) -> str:
        return "a lodging code"
