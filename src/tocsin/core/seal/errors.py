"""What can be wrong with a key, a sealed file, a signature or a share: one class per thing to tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tocsin.errors import SealError


class BadSignature(SealError):
    """A signature does not fit its key, its use, its coalition or its message."""

    code = "seal.signature"

    def __init__(self) -> None:
        super().__init__("A signature does not fit what it stands under; do not rely on it.")


class WrongKey(SealError):
    """No key of ours opens this file."""

    code = "seal.wrong_key"

    def __init__(self) -> None:
        super().__init__("None of the keys held here opens this; it may be meant for someone else.")


class DamagedFile(SealError):
    """Sealed or framed bytes were cut, changed or never well-formed."""

    code = "seal.damaged"

    def __init__(self, what: str) -> None:
        super().__init__(f"A sealed file is damaged: {what}. Fetch it again, or ask for a new copy.")
        self.what = what


class NewerVersion(SealError):
    """A keyring was written by a newer program than this one."""

    code = "seal.newer"

    def __init__(self) -> None:
        super().__init__(
            "A newer version of the program wrote this file. Start the newer one; nothing was changed."
        )


class DamagedKey(SealError):
    """The text or bytes of a key are not those of a key, or contradict one already held."""

    code = "seal.damaged_key"

    def __init__(self, what: str) -> None:
        super().__init__(f"A key cannot be used: {what}. Ask its holder for it again.")
        self.what = what


class ClassicalRecipient(SealError):
    """A file or key relies, wholly or in part, on cryptography a quantum computer breaks."""

    code = "seal.classical"

    def __init__(self) -> None:
        super().__init__("Only post-quantum hybrid recipients are accepted; ask the sender to seal it again.")


class WrongPassphrase(SealError):
    """The passphrase does not open this file."""

    code = "seal.passphrase"

    def __init__(self) -> None:
        super().__init__("This passphrase does not open the file. Check the keyboard layout and try again.")


class EmptyPassphrase(SealError):
    """Somebody tried to seal a file under no passphrase at all."""

    code = "seal.empty_passphrase"

    def __init__(self) -> None:
        super().__init__("The passphrase is empty; choose one of at least five words.")


class WorkFactorTooHigh(SealError):
    """A passphrase file asks for more memory and time than any file of ours."""

    code = "seal.work_factor"

    def __init__(self, *, limit: int) -> None:
        super().__init__(f"This passphrase file asks for a work factor above 2^{limit}; it was not opened.")
        self.limit = limit


class NoPostQuantum(SealError):
    """This machine's cryptography cannot do ML-KEM, so nothing may be sealed with it."""

    code = "seal.no_post_quantum"

    def __init__(self) -> None:
        super().__init__(
            "The cryptography on this machine lacks working ML-KEM-768; install tocsin's own wheel of "
            "`cryptography` (50 or newer) and start again."
        )


class BadWords(SealError):
    """Twelve words as entered are not what they should be; says which one looks wrong, never the word."""

    code = "seal.words"
    WHAT: ClassVar[str] = "A secret in words"

    def __init__(self, *, word: int | None = None, n_words: int | None = None) -> None:
        if n_words is not None:
            sentence = f"{self.WHAT} has 12 words; {n_words} were entered."
        elif word is not None:
            sentence = f"Word {word} does not look right; compare it with what was written down."
        else:
            sentence = "These words do not belong together; compare each with what was written down."
        super().__init__(sentence)
        self.word, self.n_words = word, n_words


class BadReceipt(BadWords):
    """The words entered are not a receipt."""

    code = "seal.receipt"
    WHAT = "A receipt"


class BadCode(BadWords):
    """The words entered are not the code of an invitation."""

    code = "seal.code"
    WHAT = "The code of an invitation"


class BadShareWords(BadWords):
    """The words entered are not a founder's share of a travel lock."""

    code = "seal.share-words"
    WHAT = "A founder's share"


class BadShare(SealError):
    """Some custodians' shares are not what was dealt."""

    code = "seal.share"

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = tuple(sorted(set(numbers)))
        named = ", ".join(map(str, self.numbers))
        super().__init__(f"Not all of these shares are as dealt: {named}. Ask those custodians again.")


class TooFewShares(SealError):
    """Fewer distinct shares of one deal than its threshold."""

    code = "seal.too_few_shares"

    def __init__(self, *, have: int, need: int) -> None:
        super().__init__(f"{have} of {need} shares so far; ask another custodian.")
        self.have, self.need = have, need


class TooLongToSeal(SealError):
    """What is to be sealed does not fit the largest size."""

    code = "seal.too_long"

    def __init__(self, *, have: int, limit: int, unit: str = "bytes") -> None:
        super().__init__(f"{have} {unit} do not fit; at most {limit} do. Shorten it, or attach a file.")
        self.have, self.limit = have, limit


class CaseloadFull(SealError):
    """This keyring already opens as many cases as one person may be made to open."""

    code = "seal.caseload"

    def __init__(self, *, have: int, cap: int) -> None:
        super().__init__(f"{have} of {cap} cases are open here; close, park or hand over one first.")
        self.have, self.cap = have, cap


class KeyErased(SealError):
    """The key asked for is not, or no longer, in this keyring."""

    code = "seal.erased"

    def __init__(self) -> None:
        super().__init__("The key to this is not held here any more; whoever holds it can grant it again.")
