"""What can be wrong with records, heads, rolls and grants: one class per thing a caller tells apart."""

from collections.abc import Sequence

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


class BadCharter(LedgerError):
    """What the witness's page would have to believe is not signed by those whom its address names."""

    code = "ledger.charter"

    def __init__(self, why: str) -> None:
        super().__init__(f"This charter must not be believed: {why}.")
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


class DamagedMessage(LedgerError):
    """A file passed between people to found, invite or sign is cut, changed or of another sort."""

    code = "ledger.message"

    def __init__(self, why: str) -> None:
        super().__init__(f"This file cannot be used: {why}. Ask for it to be sent again.")
        self.why = why


class WrongCode(LedgerError):
    """An invitation or its answer was not made with these twelve words, or was changed on its way."""

    code = "ledger.code"

    def __init__(self) -> None:
        super().__init__(
            "This file was not made with this code, or was changed on its way. Check the twelve words; if they are "
            "right, ask for a new invitation by another channel."
        )


class TooFewFounders(LedgerError):
    """Not enough other founders can keep a share of a travel lock."""

    code = "ledger.too-few-founders"

    def __init__(self, *, have: int, need: int) -> None:
        super().__init__(
            f"{have} of {need} other founders can keep a share now, so nobody could unlock this desk again. Nothing was "
            "locked. Ask founders to sync, or travel without this machine."
        )
        self.have, self.need = have, need


class CodeExpired(LedgerError):
    """An invitation is older than its seven days."""

    code = "ledger.code-expired"

    def __init__(self, *, expired_on: int) -> None:
        super().__init__(
            "This invitation was good for seven days, and they are over. Ask for a new one; if it is new, check the "
            "date of this machine."
        )
        self.expired_on = expired_on


class CodeUsed(LedgerError):
    """Somebody answered the invitation before."""

    code = "ledger.code-used"

    def __init__(self) -> None:
        super().__init__(
            "Another answer to this invitation came before, and it can be used once. If the person you invited did not "
            "send it, somebody else knows the code: do not go on with either answer, and make a new invitation."
        )


class WordsDiffer(LedgerError):
    """Words read aloud are not those that stand here."""

    code = "ledger.words"

    def __init__(self) -> None:
        super().__init__(
            "The words do not match. Read them once more; if they still differ, somebody stands between you: stop, and "
            "begin again with a new invitation or card by another channel."
        )


class OtherCoalition(LedgerError):
    """A device that has answered one coalition is invited to another."""

    code = "ledger.other-coalition"

    def __init__(self) -> None:
        super().__init__(
            "This desk has already answered an invitation to another coalition. If its words did not match, or for a second "
            "coalition, set up a new desk with keys of its own and ask for a new invitation."
        )


class OtherLedger(LedgerError):
    """The ledger that a newcomer was given is not the one the invitation speaks of."""

    code = "ledger.other"

    def __init__(self) -> None:
        super().__init__(
            "What the relay shows is not the ledger you were invited to. Join nothing; tell the person who invited you."
        )


class NotAFounder(LedgerError):
    """A number and key that the roll does not list as a founder's."""

    code = "ledger.not-founder"

    def __init__(self, *, number: int) -> None:
        super().__init__(
            f"The key held here is not that of founder {number} on the roll, so it cannot sign this."
        )
        self.number = number


class TooFewSigned(LedgerError):
    """Not enough founders have signed a change yet."""

    code = "ledger.signatures"

    def __init__(self, *, have: int, need: int) -> None:
        super().__init__(f"{have} of {need} founders have signed; pass it to another founder.")
        self.have, self.need = have, need


class ChangeLapsed(LedgerError):
    """A change was not signed by enough founders in its fourteen days."""

    code = "ledger.change-lapsed"

    def __init__(self, *, lapsed_on: int) -> None:
        super().__init__(
            "This change was not signed in its fourteen days and has lapsed. If it is still wanted, propose it again."
        )
        self.lapsed_on = lapsed_on


class ChangeOvertaken(LedgerError):
    """The roll has moved on since a change was proposed."""

    code = "ledger.change-overtaken"

    def __init__(self, *, is_in_force: bool) -> None:
        super().__init__(
            "This change is in force already; nothing is left to sign."
            if is_in_force
            else "Another change of the roll came first, so signatures on this one count no more. Look at the roll as it "
            "is now and propose the change again if it is still wanted."
        )
        self.is_in_force = is_in_force


class ChangeAhead(LedgerError):
    """A change builds on a roll that this desk has not seen."""

    code = "ledger.change-ahead"

    def __init__(self) -> None:
        super().__init__(
            "This change builds on a roll that this desk has not seen yet. Sync, then open it again."
        )


class RivalChanges(LedgerError):
    """Founders have signed different changes of the same roll."""

    code = "ledger.change-rivals"

    def __init__(self, signers: Sequence[Sequence[int]]) -> None:
        said = "; ".join(f"change {n}: {_founders(numbers)}" for n, numbers in enumerate(signers, 1))
        super().__init__(
            f"{len(signers)} different changes of the same roll are about, and only one can count ({said}). Agree on one, "
            "sign that one and let the others lapse; what is still wanted of them is proposed again afterwards."
        )
        self.signers = tuple(tuple(numbers) for numbers in signers)


def _founders(numbers: Sequence[int]) -> str:
    if not numbers:
        return "signed by nobody"
    return f"signed by founder{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
