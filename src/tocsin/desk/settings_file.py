"""What a person chose for this machine, in `desk.json` beside the keyring: plain choices, nothing secret, kept unsealed.

Whoever takes the disk may read and change them, so nothing here may weaken what the keyring guards. A field that is missing
stands at its default, one that this version does not know is left out at the next saving.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from tocsin.core.ledger import UNDECODABLE
from tocsin.core.watch import Costs
from tocsin.desk.errors import DamagedSettings
from tocsin.desk.keyfile import write_whole
from tocsin.terms import Day

NAME = "desk.json"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The choices, each with its unit; all have a default."""

    daily_megabytes: int | None = None
    """What sync fetches from the relay on one UTC day of this machine, in millions of bytes; None: as much as there is."""
    keeper_gigabytes: int = 20
    """How much a keeper desk keeps of attachments, in thousand millions of bytes."""
    on_duty: bool = True
    """Whether this desk publishes intake keys, where its duties let it."""
    compared_on: Day | None = None
    """The coalition's day on which the person here last compared head words by voice."""
    on_duty_until: Day | None = None
    """The last day of the coalition for which it does; None: until told otherwise."""
    sends_at_once: bool = False
    """Send everything at the next sync instead of routine records at fixed hours: for exercises. The relay then sees
    when this device writes, and guesses better who works with whom."""
    reads_a_week: int = 5
    """How many signals of a week somebody here can look at."""
    costs: Costs = Costs()
    """What each act costs here when it is done for nothing, and when it is left undone; hours of work, say."""
    lock_minutes: int | None = 15
    """After so many minutes without a page the desk locks itself; None: never, in exercises only."""


def read_settings(folder: Path) -> Settings:
    """Read the choices of a desk's folder; the defaults where none were made.

    Raises
    ------
    DamagedSettings
    """
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except UNDECODABLE as trouble:
        raise DamagedSettings from trouble


def save_settings(folder: Path, settings: Settings) -> None:
    """Replace the choices; raises DiskFull, and then the old ones stand."""
    write_whole(folder / NAME, msgspec.json.format(msgspec.json.encode(settings)))
