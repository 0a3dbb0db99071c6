"""How far a founder or newcomer has come: the keyring, and beside it `setup.sealed`, each replaced whole.

Every step saves before anything is shown or sent, so that whoever was cut off goes on where it stopped.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path

import msgspec

from tocsin.core.ledger import UNDECODABLE, Record, coalition_id, read_records
from tocsin.core.seal import Keyring
from tocsin.desk.clock import Clock
from tocsin.desk.desk import Desk
from tocsin.desk.errors import DamagedNotes, DeskInUse, OtherCopy
from tocsin.desk.keyfile import NAME as KEYRING
from tocsin.desk.keyfile import SPARE, KeyFile
from tocsin.desk.knowing import FOUNDING_NAME
from tocsin.desk.replica import NAME as REPLICA
from tocsin.desk.sealed_file import SealedFile
from tocsin.errors import LedgerError

NAME = "setup.sealed"
CLAIM = "setup.lock"


class Founding(msgspec.Struct, frozen=True, tag="founding"):
    """A founder's side, before there is a coalition and until everybody was let in."""

    card: bytes
    others: tuple[bytes, ...] = ()
    """The other founders' cards, as they came."""
    confirmed: tuple[bytes, ...] = ()
    """Those of them whose words were compared."""
    proposal: bytes = b""
    """The newest copy, with every signature that fits."""
    duties: bytes = b""
    is_signed: bool = False
    """This founder has signed it."""
    code: str = ""
    """The relay's lodging code; only with the founder who leads."""
    record: bytes = b""
    """The founding record: with the founder who leads from before it is sent, with others once it came."""

    def __repr__(self) -> str:
        return "Founding(...)"


class Joining(msgspec.Struct, frozen=True, tag="joining"):
    """A newcomer's side, until the ledger was found to be the one that the offer speaks of."""

    code: bytes
    offer: bytes
    answer: bytes
    is_second: bool = False
    """A second device of somebody who is in already."""

    def __repr__(self) -> str:
        return "Joining(...)"


Setup = Founding | Joining


class Stage(StrEnum):
    """What lies in a folder."""

    EMPTY = "empty"
    SETUP = "setup"
    DESK = "desk"


def stage_of(folder: Path) -> Stage:
    """Say what lies in a folder: nothing of ours, a keyring that stands on no roll yet, or a desk.

    A restored backup brings founding record and replica before there are keys.
    """
    if not (folder / KEYRING).is_file():
        return Stage.EMPTY
    has_ledger = (folder / FOUNDING_NAME).is_file() or (folder / REPLICA).is_file()
    return Stage.DESK if has_ledger and not (folder / CLAIM).exists() else Stage.SETUP


def setup_file(folder: Path, keyring: Keyring) -> SealedFile:
    """Give the file in which the steps are kept."""
    return SealedFile(folder, NAME, keyring)


def read_setup(folder: Path, keyring: Keyring) -> Setup | None:
    """Read how far it has come; None where nothing was begun, or all is done.

    Raises
    ------
    DamagedNotes
    """
    if not (folder / NAME).is_file():
        return None
    plain = setup_file(folder, keyring).read()
    try:
        return None if plain is None else msgspec.msgpack.decode(plain, type=Setup)
    except UNDECODABLE as trouble:
        raise DamagedNotes(NAME) from trouble


@contextmanager
def claimed(folder: Path) -> Iterator[sqlite3.Connection]:
    """Keep other programs out while the steps are taken here; SQLite's lock holds on every system and dies with us.

    Raises
    ------
    DeskInUse
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    claim = sqlite3.connect(folder / CLAIM, isolation_level=None, check_same_thread=False, timeout=0.5)
    with ExitStack() as undo:
        undo.callback(claim.close)
        try:
            claim.execute("begin exclusive")
        except sqlite3.OperationalError as trouble:
            raise DeskInUse from trouble
        yield claim
        undo.pop_all()


def _founding_there(folder: Path) -> Record | None:
    """Read the founding record that a restored backup brought."""
    try:
        (record,) = read_records((folder / FOUNDING_NAME).read_bytes())
    except FileNotFoundError:
        return None
    except (LedgerError, ValueError) as trouble:
        raise OtherCopy from trouble
    return record


class Start:
    """An unlocked folder in which there is no desk yet."""

    def __init__(self, folder: Path, keyfile: KeyFile, claim: sqlite3.Connection, *, clock: Clock) -> None:
        self.folder, self.keyfile, self.clock = folder, keyfile, clock
        self.lock = threading.RLock()
        self._claim = claim
        self.setup = read_setup(folder, keyfile.keyring)

    def close(self) -> None:
        """Let another program have the folder."""
        self._claim.close()

    @classmethod
    def create(
        cls, folder: Path, passphrase: str, *, clock: Clock | None = None, log_n: int | None = None
    ) -> Start:
        """Make a keyring with a new signing key and nothing else; a low work factor is for tests only."""
        cost = {} if log_n is None else {"log_n": log_n}
        with claimed(folder) as claim:
            keyfile = KeyFile.create(folder, Keyring.fresh(), passphrase, **cost)
            return cls(folder, keyfile, claim, clock=clock or Clock.of_machine())

    @classmethod
    def open(cls, folder: Path, passphrase: str, *, clock: Clock | None = None) -> Start:
        """Unlock.

        Raises
        ------
        NoDeskHere, WrongPassphrase, DamagedKeyring, DamagedNotes, DeskInUse
        """
        with claimed(folder) as claim:
            keyfile = KeyFile.open(folder, passphrase)
            return cls(folder, keyfile, claim, clock=clock or Clock.of_machine())

    @property
    def keyring(self) -> Keyring:
        """The open keyring."""
        return self.keyfile.keyring

    def keep(self, setup: Setup) -> None:
        """Save a step; raises DiskFull, and then the step before stands."""
        setup_file(self.folder, self.keyring).write(msgspec.msgpack.encode(setup))
        self.setup = setup

    def become_desk(self, founding: Record, *, device: int) -> Desk:
        """Make a desk of it: the keyring learns coalition and number first, the trusted founding record stands last.

        Raises
        ------
        OtherCopy
            A backup of another coalition was restored into this folder.
        """
        if (there := _founding_there(self.folder)) and coalition_id(there) != coalition_id(founding):
            raise OtherCopy
        self.keyring.coalition, self.keyring.device = coalition_id(founding), device
        self.keyfile.save()
        self.close()
        (self.folder / CLAIM).unlink(missing_ok=True)
        return Desk.begin(self.folder, self.keyfile, founding, clock=self.clock)

    def begin_again(self) -> None:
        """Forget keys and steps, as when words did not match: whoever saw the old keys has nothing of the new ones."""
        setup_file(self.folder, self.keyring).remove()
        for name in (KEYRING, SPARE):
            (self.folder / name).unlink(missing_ok=True)
        self.setup = None
        self.close()
        (self.folder / CLAIM).unlink(missing_ok=True)
