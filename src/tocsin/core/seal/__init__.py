"""Keys, seals and signatures: the only room that calls cryptography.

In come bytes, passphrases and public keys; out go sealed files, opened bytes, signatures, shares and
receipts, or one of the errors. Nothing here reads a clock or a file; chance comes from the operating
system alone, since a key drawn from a seeded generator is no key.

Read in this order: `errors`; `signing` (Ed25519 with labels); `padding` and `body` (one record);
`header`, `hybrid`, `stream`, `age` and `armoring` (a file for people and devices; `bech32` writes its
keys as text); `passphrase`, `keyring` and `snapshot` (what a device keeps); `receipt` (twelve words), `mailbox` (where its
replies lie), `work` (what a sender does when many send); `shares` (custodians); `selftest` (run before anything else).
"""

from tocsin.core.seal.age import (
    GRANT_SIZE,
    open_sealed,
    open_stream,
    seal,
    seal_stream,
    sealed_size,
    stanza_kinds,
)
from tocsin.core.seal.armoring import armor, dearmor
from tocsin.core.seal.body import BODY_SIZES, body_size_for, open_body, seal_body, tag_and_key
from tocsin.core.seal.errors import (
    BadCode,
    BadReceipt,
    BadShare,
    BadShareWords,
    BadSignature,
    BadWords,
    CaseloadFull,
    ClassicalRecipient,
    DamagedFile,
    DamagedKey,
    EmptyPassphrase,
    KeyErased,
    NewerVersion,
    NoPostQuantum,
    TooFewShares,
    TooLongToSeal,
    WorkFactorTooHigh,
    WrongKey,
    WrongPassphrase,
)
from tocsin.core.seal.hybrid import HYBRID, Identity, Recipient
from tocsin.core.seal.keyring import CASELOAD_CAP, Keyring, Tip, case_of
from tocsin.core.seal.padding import ATTACHMENT_FLOOR, frame, pad_file, padme, unframe, unpad_file
from tocsin.core.seal.passphrase import PassphraseFile
from tocsin.core.seal.receipt import WORDS, Receipt, TwelveWords
from tocsin.core.seal.selftest import self_test
from tocsin.core.seal.shares import Share, check, deal, join
from tocsin.core.seal.signing import NO_COALITION, SigningKey, Use, verify
from tocsin.core.seal.snapshot import SNAPSHOT_LEAD, fits_snapshot, open_snapshot, seal_snapshot, snapshot_key

__all__ = [
    "ATTACHMENT_FLOOR",
    "BODY_SIZES",
    "CASELOAD_CAP",
    "GRANT_SIZE",
    "HYBRID",
    "NO_COALITION",
    "SNAPSHOT_LEAD",
    "WORDS",
    "BadCode",
    "BadReceipt",
    "BadShare",
    "BadShareWords",
    "BadSignature",
    "BadWords",
    "CaseloadFull",
    "ClassicalRecipient",
    "DamagedFile",
    "DamagedKey",
    "EmptyPassphrase",
    "Identity",
    "KeyErased",
    "Keyring",
    "NewerVersion",
    "NoPostQuantum",
    "PassphraseFile",
    "Receipt",
    "Recipient",
    "Share",
    "SigningKey",
    "Tip",
    "TooFewShares",
    "TooLongToSeal",
    "TwelveWords",
    "Use",
    "WorkFactorTooHigh",
    "WrongKey",
    "WrongPassphrase",
    "armor",
    "body_size_for",
    "case_of",
    "check",
    "deal",
    "dearmor",
    "fits_snapshot",
    "frame",
    "join",
    "open_body",
    "open_sealed",
    "open_snapshot",
    "open_stream",
    "pad_file",
    "padme",
    "seal",
    "seal_body",
    "seal_snapshot",
    "seal_stream",
    "sealed_size",
    "self_test",
    "snapshot_key",
    "stanza_kinds",
    "tag_and_key",
    "unframe",
    "unpad_file",
    "verify",
]
