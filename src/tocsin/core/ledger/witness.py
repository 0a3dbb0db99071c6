"""One file with all that the witness's page needs before it can seal: the same for everybody, whoever asks
(formats, section 22).

Sections as in a copy: `kind (1) ‖ size (4) ‖ bytes`; unknown kinds are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.core.ledger.charter import COSIGNS, TAKES_DUTY, Charter, check_chain
from tocsin.core.ledger.errors import DamagedRecord
from tocsin.core.ledger.head import COSIGNATURE_SIZE, Cosignature, Head, verify_cosignature, verify_head
from tocsin.core.ledger.roll import PUBLISHED_KEY_SIZE, PublishedKey, Purpose
from tocsin.core.ledger.signed_text import SignedText, unpack
from tocsin.core.seal import BadSignature, Recipient, verify
from tocsin.terms import Day

LEAD: Final = b"tocsin/1 witness\n"
END, CHARTER, HEAD, COSIGNATURES, INTAKE_KEYS, DAY, PART, WORK, FILE_KEYS = range(9)
MOST_DEVICES: Final = 4
"""A submission is sealed to no more."""


def write_sections(sections: Iterable[tuple[int, bytes]]) -> bytes:
    """Write the file."""
    body = b"".join(bytes([kind]) + len(data).to_bytes(4, "big") + data for kind, data in sections)
    return LEAD + body + bytes(5)


def read_sections(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Read the sections one by one; raises DamagedRecord where it is cut short."""
    if not data.startswith(LEAD):
        raise DamagedRecord("this is not what a relay gives to a witness's page")
    at = len(LEAD)
    while at + 5 <= len(data):
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 5], "big")
        at += 5
        if kind == END:
            return
        if at + size > len(data):
            break
        yield kind, data[at : at + size]
        at += size
    raise DamagedRecord("what the relay gave is cut short")


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFile:
    """What was read and checked: everything in it is signed by whom the charter names."""

    charter: Charter
    day: Day
    head: Head
    firm: bool
    """Whether two organisations (or the only one) vouch for the head."""
    keys: tuple[PublishedKey, ...]
    file_keys: tuple[PublishedKey, ...]
    parts: tuple[SignedText, ...]
    work: tuple[bytes, int]
    """The challenge, and the bits asked when it was given."""

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Whom to seal to today: those on duty, else each device's newest key."""
        return tuple(Recipient(key.public) for key in choose_keys(self.keys, self.day))

    @property
    def days_without_duty(self) -> int:
        """For how many days nobody has been on duty; 0 when somebody is today."""
        return max(0, self.day - max((key.period for key in self.keys), default=0)) if self.keys else 0


def choose_keys(keys: Sequence[PublishedKey], day: int) -> tuple[PublishedKey, ...]:
    """Choose at most four: today's, else the newest of each device."""
    todays = {key.device: key for key in keys if key.period == day}
    newest = {key.device: key for key in sorted(keys, key=lambda key: key.period) if key.period <= day}
    return tuple(sorted((todays or newest).values(), key=lambda key: key.device)[:MOST_DEVICES])


def read_witness(data: bytes, pin: str) -> WitnessFile:
    """Read and check the file as the page does.

    Parameters
    ----------
    data : bytes
        As the relay gave it.
    pin : str
        From the page's address.

    Raises
    ------
    BadCharter, BadSignature, DamagedRecord
        Not to be sealed by. That nobody is on duty, or that no head is firm, is not an error.
    """
    found: dict[int, list[bytes]] = {}
    for kind, section in read_sections(data):
        found.setdefault(kind, []).append(section)
    if not found.keys() >= {CHARTER, HEAD, DAY, WORK}:
        raise DamagedRecord("what the relay gave is not whole")
    charter = check_chain([SignedText.from_bytes(section) for section in found[CHARTER]], pin)
    head = _read_head(found[HEAD][0], charter)
    words = _cut(b"".join(found.get(COSIGNATURES, [])), COSIGNATURE_SIZE)
    work = found[WORK][0]
    return WitnessFile(
        charter=charter,
        day=Day(int.from_bytes(found[DAY][0], "big")),
        head=head,
        firm=_is_firm([Cosignature.from_bytes(word) for word in words], charter, head),
        keys=_read_keys(found.get(INTAKE_KEYS, []), charter, Purpose.INTAKE),
        file_keys=_read_keys(found.get(FILE_KEYS, []), charter, Purpose.FILE),
        parts=tuple(SignedText.from_bytes(section) for section in found.get(PART, [])),
        work=(work[:-1], work[-1]),
    )


def _read_head(section: bytes, charter: Charter) -> Head:
    head = Head.from_bytes(section[:44])
    for key, _ in charter.relays:
        try:
            verify_head(unpack(key, 32), charter.coalition_id, head, section[44:])
        except BadSignature:
            continue
        return head
    raise BadSignature


def _is_firm(words: Sequence[Cosignature], charter: Charter, head: Head) -> bool:
    keys, by_head = charter.keys_with(COSIGNS), dict[tuple[int, bytes], set[int | None]]()
    for word in words:
        if word.device in keys and word.size <= head.size:
            verify_cosignature(keys[word.device], charter.coalition_id, word)
            by_head.setdefault((word.size, word.root), set()).add(charter.organisation_of(word.device))
    return any(len(who) >= min(2, charter.n_organisations) for who in by_head.values())


def _read_keys(sections: list[bytes], charter: Charter, purpose: int) -> tuple[PublishedKey, ...]:
    signers = charter.keys_with(TAKES_DUTY)
    keys = [PublishedKey.from_bytes(part) for part in _cut(b"".join(sections), PUBLISHED_KEY_SIZE)]
    # A device that the charter does not know yet is passed over; a signature that does not fit refuses all.
    known = [key for key in keys if key.device in signers and key.purpose == purpose]
    for key in known:
        verify(
            signers[key.device],
            key.signature,
            "key",
            coalition=charter.coalition_id,
            message=key.to_bytes()[:-64],
        )
    return tuple(known)


def _cut(data: bytes, size: int) -> list[bytes]:
    if len(data) % size:
        raise DamagedRecord("a list in it is cut short")
    return [data[at : at + size] for at in range(0, len(data), size)]
