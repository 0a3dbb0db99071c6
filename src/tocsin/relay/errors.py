"""Why the relay refuses: one class per thing a caller tells apart, each with its HTTP status."""

from __future__ import annotations

from typing import ClassVar

from tocsin.errors import RelayError


class Refused(RelayError):
    """The relay will not do this."""

    status: ClassVar[int] = 400


class Malformed(Refused):
    """The request does not have the form that docs/formats.md section 6 gives it."""

    code = "relay.malformed"

    def __init__(self, what: str) -> None:
        super().__init__(f"The relay could not read this request: {what}. Update tocsin on this machine.")
        self.what = what


class LooksPlain(Refused):
    """Bytes that ought to be sealed look like plain text."""

    code = "relay.plaintext"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The relay refused {what}: it does not look sealed. Nothing was kept; seal it and send it again."
        )


class UnknownHere(Refused):
    """No such coalition or device, or a signature that does not fit: a stranger must not learn which."""

    code = "relay.unknown"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "The relay does not know this coalition or this device, or the signature does not fit."
        )


class StaleChallenge(Refused):
    """The challenge was not made by this relay, or more than ten minutes ago."""

    code = "relay.challenge"
    status = 401

    def __init__(self) -> None:
        super().__init__("The relay's challenge is no longer fresh; fetch a new one and sign again.")


class NotEntitledHere(Refused):
    """The device is on the roll, but this is not for it."""

    code = "relay.duty"
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "Only a device that may take duty or is a keeper may do this. "
            "Ask the founders to say so in the roll."
        )


class NotThere(Refused):
    """Nothing lies there: never was, not complete yet, or dropped after fourteen days."""

    code = "relay.not-there"
    status = 404

    def __init__(self) -> None:
        super().__init__("Nothing lies here: it never did, is not complete yet, or its days are over.")


class NoSuchPath(Refused):
    """A path the relay does not have."""

    code = "relay.path"
    status = 404

    def __init__(self) -> None:
        super().__init__("The relay has no such path.")


class WrongMethod(Refused):
    """A path asked in a way it is not served."""

    code = "relay.method"
    status = 405

    def __init__(self) -> None:
        super().__init__("The relay does not answer this kind of request here.")


class OlderRoll(Refused):
    """A record made under a roll that is not the one in force."""

    code = "relay.roll"
    status = 409

    def __init__(self, *, have: int, in_force: int) -> None:
        super().__init__(
            f"A record was made under roll {have}, but roll {in_force} is in force; sync and seal it again."
        )
        self.have, self.in_force = have, in_force


class ClockDiffers(Refused):
    """The day in a record is too far from the relay's day."""

    code = "relay.clock"
    status = 409

    def __init__(self, *, days: int) -> None:
        side = "ahead of" if days > 0 else "behind"
        super().__init__(
            f"This machine's clock is {abs(days)} days {side} the relay's; set the date right and send again."
        )
        self.days = days


class ChainTaken(Refused):
    """Another record of that device has this chain number already: a restored backup or a copied device."""

    code = "relay.chain-taken"
    status = 409

    def __init__(self, *, device: int, chain: int) -> None:
        super().__init__(
            f"Another record {chain} of device {device} is here already: "
            "the device was restored from a backup or copied. "
            "Stop using it, have it barred, and let it join anew."
        )
        self.device, self.chain = device, chain


class ChainGap(Refused):
    """A record that does not follow its author's record before."""

    code = "relay.chain"
    status = 409

    def __init__(self, *, device: int, chain: int, need: int) -> None:
        super().__init__(
            f"Record {chain} of device {device} does not follow; the relay waits for record {need}. "
            "Sync, then send from there."
        )
        self.device, self.chain, self.need = device, chain, need


class RelayBehind(Refused):
    """An author has seen more of the ledger than the relay holds: the relay lost its newest records."""

    code = "relay.behind"
    status = 409

    def __init__(self, *, have: int, seen: int) -> None:
        super().__init__(
            f"The relay holds {have} records, but {seen} were seen by this author: it was set back. "
            "Tell the relay's keeper; nothing is lost that a desk still has."
        )
        self.have, self.seen = have, seen


class FillingHere(Refused):
    """The ledger is being filled again after a loss, and takes nothing new meanwhile."""

    code = "relay.filling"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This ledger is being filled again after a loss and takes nothing new meanwhile. Keep it; it is sent when the "
            "founders, or the relay's keeper, open it again."
        )


class NotFilling(Refused):
    """Somebody would fill a ledger that is in use."""

    code = "relay.in-use"
    status = 409

    def __init__(self) -> None:
        super().__init__("This ledger is in use and is not filled any more; sync with it as always.")


class ForkHere(Refused):
    """A co-signature, or what would fill a ledger again, is of another order than the relay's own."""

    code = "relay.fork"
    status = 409

    def __init__(self, *, size: int) -> None:
        super().__init__(
            f"This is of a different ledger of {size} records than the relay's. "
            "Compare head words with a colleague."
        )
        self.size = size


class KeyTaken(Refused):
    """Another key was published for the same device and time before."""

    code = "relay.key-taken"
    status = 409

    def __init__(self, *, device: int) -> None:
        super().__init__(
            f"Device {device} published another key for this time before, and the first one stands."
        )
        self.device = device


class KeyPeriod(Refused):
    """A key for a time that is over, or too far ahead."""

    code = "relay.key-period"
    status = 409

    def __init__(self) -> None:
        super().__init__("A key is for a time that is over or too far ahead; check this machine's date.")


class WrongOffset(Refused):
    """An attachment's next chunk does not start where the last one ended."""

    code = "relay.offset"
    status = 409

    def __init__(self, *, have: int) -> None:
        super().__init__(f"The relay holds {have} bytes of this attachment; go on from there.")
        self.have = have


class TooLarge(Refused):
    """More bytes at once than the relay takes."""

    code = "relay.too-large"
    status = 413

    def __init__(self) -> None:
        super().__init__("This is more than the relay takes at once; send it in smaller parts.")


class WrongRange(Refused):
    """A part of an attachment that does not exist."""

    code = "relay.range"
    status = 416

    def __init__(self) -> None:
        super().__init__("The attachment has no such part.")


class QuotaReached(Refused):
    """A device or a folder has taken its share of the day."""

    code = "relay.quota"
    status = 429

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The relay takes no more {what} today. What was sent before is safe; try again tomorrow."
        )
        self.what = what


class LodgingRefused(Refused):
    """A lodging code that is unknown or was used."""

    code = "relay.lodging"
    status = 403

    def __init__(self) -> None:
        super().__init__("This lodging code is unknown or was used; ask the relay's keeper for a new one.")


class RelayDiskFull(Refused):
    """The relay's disk is full; nothing of the request was kept."""

    code = "relay.full"
    status = 507

    def __init__(self) -> None:
        super().__init__(
            "The relay's disk is full; nothing was kept. Keep it here, tell the relay's keeper, "
            "and try again later."
        )


class WorkNeeded(Refused):
    """Many send at once: every sender does some work first."""

    code = "relay.work"
    status = 429

    def __init__(self) -> None:
        super().__init__("Many are sending at once. The page does some work first and sends again by itself.")


class PlaceTaken(Refused):
    """Another message lies in that place of a mailbox."""

    code = "relay.place"
    status = 409

    def __init__(self) -> None:
        super().__init__("Another reply lies in this place of the mailbox; put this one into the next place.")


class OlderText(Refused):
    """A charter or words that are not newer than those here."""

    code = "relay.older-text"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "The relay has a newer one of these already; fetch it, and make the change again from it."
        )


class NoPage(Refused):
    """The witness's page was not built into this installation."""

    code = "relay.page"
    status = 503

    def __init__(self) -> None:
        super().__init__("The page was not built; the relay's keeper must install tocsin completely.")


class Fault(Refused):
    """Something nobody expected; the log holds the same random code and nothing of the request."""

    code = "relay.fault"
    status = 500

    def __init__(self, *, code: str) -> None:
        super().__init__(f"The relay failed; tell its keeper this code: {code}. Nothing was kept; try again.")


class UnsoundBackup(RelayError):
    """A relay's backup is not whole, or not what was signed."""

    code = "relay.backup"

    def __init__(self) -> None:
        super().__init__(
            "This backup of a relay is not whole, or was changed, so nothing was restored. Take an older one."
        )


class RelayThere(RelayError):
    """A place where a relay, or a backup, is already."""

    code = "relay.there"

    def __init__(self) -> None:
        super().__init__(
            "There is something at that place already, and nothing was changed. Name an empty one."
        )


class NoRelayHere(RelayError):
    """A folder that is no relay's home."""

    code = "relay.none"

    def __init__(self) -> None:
        super().__init__(
            "There is no relay in this folder. Name the folder that `tocsin relay --home` was given."
        )


class OtherTables(RelayError):
    """A database whose tables are of another version than this program's."""

    code = "relay.version"

    def __init__(self) -> None:
        super().__init__(
            "The tables are of another version than this program's. Start the relay once with this version, which brings "
            "them up to date, and try again."
        )
