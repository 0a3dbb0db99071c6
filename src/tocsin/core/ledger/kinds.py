"""The ledger's own kinds: who may do what, who holds which key, who is barred. Codes and numbers only, never names."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tocsin.core.ledger.content import ANYBODY, Content, Duty
from tocsin.core.ledger.roll import DeviceEntry, Founder, RelayEntry

HowMany = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]

WATCH = "watch"
PEOPLE = "people"
EVERYBODYS = (WATCH, PEOPLE, "clock")
"""Compartments that every device of the coalition is granted."""

ENDING = "*/*"
"""Compartments of one thing that ends (`case/...`, `intake/<week>`). A standing one, `watch` or `count`, is never shut or
handed over: one hostile member would take it from everybody."""


class Duties(Content, frozen=True):
    """In `people`: what each device may do. In force while the roll names the hash of its bytes."""

    KIND = "ledger.duties"
    WRITERS = ANYBODY
    WHERE = PEOPLE
    URGENT = True

    duties: dict[int, tuple[Duty, ...]]
    languages: dict[int, tuple[str, ...]] = msgspec.field(default_factory=dict)


class EpochOpened(Content, frozen=True):
    """First record under a new compartment key: whose successor it is and who was granted it."""

    KIND = "ledger.epoch"
    WRITERS = ANYBODY
    URGENT = True

    parent: bytes | None
    """Epoch id (16 bytes) this one follows; None for a compartment's first."""
    grantees: tuple[int, ...]
    """Devices granted the key beside its maker."""


class Admitted(Content, frozen=True):
    """In the compartment itself: its present key was granted to one device more."""

    KIND = "ledger.admitted"
    WRITERS = ANYBODY
    URGENT = True

    device: int


class HandedOver(Content, frozen=True):
    """In the compartment itself: who holds it from now on; everybody else erases its keys."""

    KIND = "ledger.handed-over"
    WRITERS = ANYBODY
    WHERE = ENDING
    URGENT = True

    to: tuple[int, ...]


class Shut(Content, frozen=True):
    """In the compartment itself: closed or parked; every holder erases its keys."""

    KIND = "ledger.shut"
    WRITERS = ANYBODY
    WHERE = ENDING
    URGENT = True

    parked: bool


class GrantsMade(Content, frozen=True):
    """In `watch`: hashes of grants put into a day folder, without recipient or compartment, so that a gap is seen."""

    KIND = "ledger.grants"
    WRITERS = ANYBODY
    WHERE = WATCH
    URGENT = True

    hashes: tuple[bytes, ...]


class Erased(Content, frozen=True):
    """In `watch`: epochs whose keys this device has destroyed; an epoch id means something to its holders only."""

    KIND = "ledger.erased"
    WRITERS = ANYBODY
    WHERE = WATCH

    epochs: tuple[bytes, ...]


class Load(Content, frozen=True):
    """In `watch`: how many cases this device holds open, in any capacity."""

    KIND = "ledger.load"
    WRITERS = ANYBODY
    WHERE = WATCH

    held: int


class Exposure(Content, frozen=True):
    """In `watch`: what this device would give away if it were taken now, in numbers; what they mean, `exposure` says."""

    KIND = "ledger.exposure"
    WRITERS = ANYBODY
    WHERE = WATCH

    cases: HowMany = 0
    """Cases that it holds open, in any capacity."""
    fading: HowMany = 0
    """Cases that it gave up and whose grant still opens, by a weekly key that it has not erased yet."""
    calls: HowMany = 0
    """Calls that say who somebody is, open to its day keys, and are none of these cases."""
    people: HowMany = 0
    """People in all of these, each household once: those whom it could name."""
    accounts: HowMany = 0
    """Calls and testimony beside these that it reads without knowing who they are from."""
    legs: HowMany = 0
    hosts: HowMany = 0
    lists: HowMany = 0
    shares: HowMany = 0
    """Cases of which it keeps a share as custodian: alone it opens none of them."""
    counted: HowMany = 0
    """People that this device counts for everybody: of each case one holder, of each call whoever took it."""
    waiting: HowMany = 0
    """People in calls that nobody has taken yet; others on duty count the same ones."""


class Barred(Content, frozen=True):
    """In `watch`: nobody seals to this device for 72 hours; founders then remove it or lift the bar.

    A device that bars itself stays barred until founders lift it: its holder called for help and may not be free to.
    """

    KIND = "ledger.bar"
    WRITERS = ANYBODY
    WHERE = WATCH
    URGENT = True

    device: int
    reason: str
    """A code: `lost`, `cloned`, `suspect`; of itself, `duress`."""


class BarLifted(Content, frozen=True):
    """In `watch`: a founder lifts a bar; it ends when as many founders as the roll's threshold have."""

    KIND = "ledger.bar-lifted"
    WRITERS = frozenset({Duty.FOUNDER})
    WHERE = WATCH
    URGENT = True

    device: int


class SharesDealt(Content, frozen=True):
    """In `watch`: a case's keys were dealt to custodians. `deal` is a hash that every share carries.

    Dealt to nobody, it takes the dealer's deal back: custodians erase those shares. Another device's deal changes
    nothing while the first stands, or one hostile member could have every parked case's shares replaced by junk.
    """

    KIND = "ledger.shares-dealt"
    WRITERS = ANYBODY
    WHERE = WATCH

    case: str
    deal: bytes
    custodians: tuple[int, ...]


class ShareHeld(Content, frozen=True):
    """In `watch`: a custodian acknowledges a share."""

    KIND = "ledger.share-held"
    WRITERS = frozenset({Duty.CUSTODIAN})
    WHERE = WATCH

    case: str
    deal: bytes


class ShareAsked(Content, frozen=True):
    """In `watch`: somebody asks custodians for one named case, with a reason; nothing is released before a day is over."""

    KIND = "ledger.share-asked"
    WRITERS = frozenset({Duty.HANDLER, Duty.INTAKE, Duty.FOUNDER})
    WHERE = WATCH
    URGENT = True

    case: str
    deal: bytes
    reason: str
    """A code: `unpark`, `holder-lost`."""


class ShareReleased(Content, frozen=True):
    """In `watch`: a custodian has granted its share to who asked."""

    KIND = "ledger.share-released"
    WRITERS = frozenset({Duty.CUSTODIAN})
    WHERE = WATCH
    URGENT = True

    case: str
    deal: bytes
    to: int


class Note(Content, frozen=True):
    """In an intake week, an activation or a case: what the next on the same duty must know. Its words die with that key."""

    KIND = "ledger.note"
    WRITERS = ANYBODY
    WHERE = ENDING
    URGENT = True

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class NoteTaken(Content, frozen=True):
    """Beside the note: this device has read it and goes on from there."""

    KIND = "ledger.note-taken"
    WRITERS = ANYBODY
    WHERE = ENDING
    URGENT = True

    note: bytes
    """Id of the note (16 bytes)."""


class Travelling(Content, frozen=True):
    """In `watch`: this device goes on a journey; founders keep shares of what opens it. Dealt to nobody, it is back."""

    KIND = "ledger.travelling"
    WRITERS = ANYBODY
    WHERE = WATCH
    URGENT = True

    deal: bytes
    """A hash that every share carries; 16 zero bytes once it is back."""
    founders: tuple[int, ...]


class TravelShareHeld(Content, frozen=True):
    """In `watch`: a founder's device acknowledges its share of a travel lock."""

    KIND = "ledger.travel-held"
    WRITERS = frozenset({Duty.FOUNDER})
    WHERE = WATCH
    URGENT = True

    device: int
    deal: bytes


class ChangeProposed(Content, frozen=True):
    """In `people`: the next roll that founders are asked to sign, told by what it changes in the one that it builds on.

    Told so, it fits a record however many devices there are, and can be proposed again when another change came first.
    """

    KIND = "ledger.change-proposed"
    WRITERS = ANYBODY
    WHERE = PEOPLE
    URGENT = True

    previous: bytes
    """Hash of the roll it builds on (32 bytes)."""
    lapses_on: int
    devices: tuple[DeviceEntry, ...] = ()
    """Entries that are new or stand otherwise; a removal is an entry that says *removed*."""
    duties: dict[int, tuple[Duty, ...]] = msgspec.field(default_factory=dict)
    """By device, all its duties from then on, where they change."""
    languages: dict[int, tuple[str, ...]] = msgspec.field(default_factory=dict)
    founders: tuple[Founder, ...] | None = None
    threshold: int | None = None
    relays: tuple[RelayEntry, ...] | None = None
    offset_days: int | None = None


class ChangeSigned(Content, frozen=True):
    """In `people`: a founder's signature on a proposed roll; it is the founder's, whichever device carries it."""

    KIND = "ledger.change-signed"
    WRITERS = ANYBODY
    WHERE = PEOPLE
    URGENT = True

    change: bytes
    """Id of the proposal (16 bytes)."""
    number: int
    signature: bytes
    """Over the roll that follows from the proposal, use `roll`."""


class ChangeWithdrawn(Content, frozen=True):
    """In `people`: whoever proposed a change wants it no more."""

    KIND = "ledger.change-withdrawn"
    WRITERS = ANYBODY
    WHERE = PEOPLE
    URGENT = True

    change: bytes


class ShareRefused(Content, frozen=True):
    """In `watch`: a custodian will not give its share to who asked; asked again, it may answer otherwise."""

    KIND = "ledger.share-refused"
    WRITERS = frozenset({Duty.CUSTODIAN})
    WHERE = WATCH
    URGENT = True

    case: str
    deal: bytes
    to: int


LEDGER_KINDS: tuple[type[Content], ...] = (
    Duties, EpochOpened, Admitted, HandedOver, Shut, GrantsMade, Erased, Load, Exposure,
    Barred, BarLifted, SharesDealt, ShareHeld, ShareAsked, ShareReleased, ShareRefused,
    Travelling, TravelShareHeld, Note, NoteTaken, ChangeProposed, ChangeSigned, ChangeWithdrawn,
)  # fmt: skip
