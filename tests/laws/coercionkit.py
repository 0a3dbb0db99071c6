"""The coalition that the coercion model and its rows have in common, and what lies on its disks."""

from __future__ import annotations

from adversary import Disk
from gathering import (
    Device,
    Gathering,
)

from tocsin.core.ledger import (
    Duty,
)
from tocsin.core.seal import PassphraseFile

PASSPHRASE = "seven invented herons walk home"
FILE = PassphraseFile.create(PASSPHRASE, log_n=10)
"""One file key for all disks of a test: stretching a passphrase is slow on purpose, and not what is tested here."""

WORKERS = (1, 2, 3, 4)
CUSTODIANS = (5, 6, 7, 8, 9)
STEADY = 10
"""A sentry that never sleeps: it hears everything and lets sleepers back into `watch`."""

MOST_CASES = 6


def disk_of(device: Device) -> Disk:
    """Give what lies on a device's disk."""
    return Disk(FILE.reseal(device.keyring.to_bytes()), PASSPHRASE)


def gather() -> Gathering:
    """Four workers, five custodians and a sentry, of three organisations."""
    everything = tuple(duty for duty in Duty if duty is not Duty.CUSTODIAN)
    duties = dict.fromkeys((*WORKERS, STEADY), everything) | dict.fromkeys(CUSTODIANS, (Duty.CUSTODIAN,))
    return Gathering(organisations=(1, 2, 3, 1, 1, 2, 3, 2, 3, 2), duties=duties)
