"""What can be wrong with records, heads, rolls and grants: one class per thing a caller tells apart."""

from tocsin.errors import LedgerError


class DamagedRecord(LedgerError):
    """The bytes are not a record, or not the one they claim to be."""

    code = "ledger.damaged"

    def __init__(self, why: str) -> None:
        super().__init__(f"This record is damaged: {why}. It is kept and shown, and changes nothing.")
        self.why = why


class NotSealedTo(LedgerError):
    """A device that nothing may be sealed or granted to today."""

    code = "ledger.not-sealed-to"

    def __init__(self, *, device: int) -> None:
        super().__init__(
            f"Nothing may be granted to device {device} today: it is barred, removed, or joined less than a day ago."
        )
        self.device = device


class UnknownKind(LedgerError):
    """A kind, schema or record version this program does not know."""

    code = "ledger.unknown-kind"

    def __init__(self, *, kind: str, schema: int) -> None:
        super().__init__(
            "A record was written by a newer version of tocsin; it is kept unopened. Update to read it."
        )
        self.kind, self.schema = kind, schema


class BadProof(LedgerError):
    """A Merkle proof does not lead to the root it was made for."""

    code = "ledger.proof"

    def __init__(self) -> None:
        super().__init__(
            "The relay's proof does not fit its own head. Compare head words with a colleague before going on."
        )


class BadRoll(LedgerError):
    """A roll is not the lawful successor of the one before it."""

    code = "ledger.roll"

    def __init__(self, why: str) -> None:
        super().__init__(f"This change of the roll does not count: {why}.")
        self.why = why


class NotOnRoll(LedgerError):
    """A device that the roll does not list, or lists as removed."""

    code = "ledger.not-on-roll"

    def __init__(self, *, device: int) -> None:
        super().__init__(f"Device {device} is not on the roll, or was removed from it.")
        self.device = device


class BrokenChain(LedgerError):
    """An author's record does not follow the author's record before it."""

    code = "ledger.chain"

    def __init__(self, *, device: int, chain: int) -> None:
        super().__init__(
            f"Record {chain} of device {device} does not follow its predecessor: two copies of that device exist, "
            "or the relay left something out. Bar the device and ask its holder."
        )
        self.device, self.chain = device, chain


class ForkSeen(LedgerError):
    """Somebody was shown another order of records than we were."""

    code = "ledger.fork"

    def __init__(self, *, device: int, size: int) -> None:
        super().__init__(
            f"Device {device} was shown a different ledger of {size} records than this desk: the relay is showing two "
            "versions. Stop trusting it and compare head words with colleagues by telephone."
        )
        self.device, self.size = device, size


class NotEntitled(LedgerError):
    """The author's duties do not include writing this kind."""

    code = "ledger.not-entitled"

    def __init__(self, *, device: int, kind: str) -> None:
        super().__init__(f"Device {device} has no duty that may write {kind}; ask a founder to give it one.")
        self.device, self.kind = device, kind


class NoKey(LedgerError):
    """This device holds no key of that compartment."""

    code = "ledger.no-key"

    def __init__(self) -> None:
        super().__init__("This device holds no key for that. Ask a colleague who works on it to grant it.")


class StaleGrantKey(LedgerError):
    """Nobody grants to a device that has not published a fresh grant key."""

    code = "ledger.stale-grant-key"

    def __init__(self, *, device: int) -> None:
        super().__init__(
            f"Device {device} has published no grant key for two weeks, so nothing can be granted to it. "
            "Ask its holder to open the desk and sync."
        )
        self.device = device


class TooManyBars(LedgerError):
    """A desk may bar two devices a week."""

    code = "ledger.bars"

    def __init__(self) -> None:
        super().__init__(
            "This desk has barred two devices this week already; ask a colleague to bar this one."
        )


class BadGrant(LedgerError):
    """A grant is not what a holder may give."""

    code = "ledger.grant"

    def __init__(self, why: str) -> None:
        super().__init__(f"A grant does not count: {why}.")
        self.why = why
