"""The one tree of errors: one class per thing a caller tells apart, facts kept as attributes.

TocsinError
├── SealError            keys, files and signatures (tocsin.core.seal)
├── LedgerError          records, order and promises (tocsin.core.ledger)
├── WatchError           reports, claims, series, alarms
├── IntakeError          submissions and testimony
├── CountError           tallies and estimates
├── ActivateError        protocol, quorum, clocks
├── ProtectError         cases, places, plans, legs
├── FeedError            the outside world as read by tocsin.feeds
├── RelayError           the relay, or the way to it
└── DeskError            this machine: keyring, replica, unlocking, clock

Every subclass lives in the room that raises it and sets `code`, which the desk turns into a status and a translated
sentence. The sentence says what happened and what to do next. It never holds a name, a receipt, a place finer than a
country, or words of a testimony.
"""

from typing import ClassVar


class TocsinError(Exception):
    """The root: whatever tocsin raises on purpose."""

    code: ClassVar[str] = "tocsin"


class SealError(TocsinError):
    """A key, a sealed file or a signature is not what it must be."""

    code = "seal"


class LedgerError(TocsinError):
    """A record, a head, a roll or a grant breaks the ledger's rules."""

    code = "ledger"


class WatchError(TocsinError):
    """Reports or series do not allow an answer."""

    code = "watch"


class IntakeError(TocsinError):
    """A submission cannot be taken in."""

    code = "intake"


class CountError(TocsinError):
    """The counts do not allow a statement."""

    code = "count"


class ActivateError(TocsinError):
    """The protocol does not allow this step now."""

    code = "activate"


class ProtectError(TocsinError):
    """A case, a place, a plan or a leg does not allow this step."""

    code = "protect"


class FeedError(TocsinError):
    """A file or feed from outside cannot be read as it claims."""

    code = "feed"


class RelayError(TocsinError):
    """The relay refused, or could not be reached, or answered what it must not."""

    code = "relay"


class DeskError(TocsinError):
    """Something on this machine needs a person: a passphrase, space, a clock, a file."""

    code = "desk"
