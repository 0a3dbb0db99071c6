"""What anybody can do who has the address of the witness's page: check it, and send by it without a browser.

The address is the relay's, followed by `#` and the pin (docs/formats.md section 21).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from tocsin.core.ledger.parts import is_signed, read_part
from tocsin.core.ledger.witness import WitnessFile, read_witness
from tocsin.core.seal import SigningKey
from tocsin.desk.errors import NoPageAddress, RelayMisled, RelayRefused
from tocsin.desk.wire import Wire

_ADDRESS = re.compile(r"(https?://[^/#?\s]+)/?(?:[a-z.]*)#([0-9a-f]{96})")


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where the page is, and whom to believe there."""

    relay: str
    pin: str

    @classmethod
    def parse(cls, text: str) -> PageAddress:
        """Read an address as it is spread.

        Raises
        ------
        NoPageAddress
            Not an address with a pin of 96 hex digits.
        """
        match = _ADDRESS.fullmatch(text.strip())
        if match is None:
            raise NoPageAddress
        return cls(match[1], match[2])

    @property
    def coalition(self) -> bytes:
        """The coalition's id, with which the pin begins."""
        return bytes.fromhex(self.pin[:64])


def _wire(address: PageAddress) -> Wire:
    key = SigningKey.fresh()  # Nothing is signed by it: everything here is open to anybody.
    return Wire(address.relay, coalition=address.coalition, device=0, key=key, relay_key=b"")


def fetch(address: PageAddress) -> bytes:
    """Fetch what the page fetches first; check it with `read`."""
    with _wire(address) as wire:
        return wire.witness_file()


def read(data: bytes, address: PageAddress) -> WitnessFile:
    """Check it as the page does; raises BadCharter, BadSignature, DamagedRecord."""
    return read_witness(data, address.pin)


def hand_in(address: PageAddress, file: bytes) -> None:
    """Hand in a sealed submission."""
    with _wire(address) as wire:
        wire.post_submission(file)


@dataclass(frozen=True, slots=True)
class PageCheck:
    """What a page was found to be."""

    witness: WitnessFile
    n_files: int
    other: tuple[str, ...]
    """Files that are not what founders signed, or are missing."""
    signed_parts: tuple[str, ...]
    drafts: tuple[str, ...]


def check_page(address: PageAddress) -> PageCheck:
    """Fetch every file of the page and hold it against the hash that founders signed.

    Raises
    ------
    RelayAway, RelayRefused
    BadCharter, BadSignature, DamagedRecord
        What the relay gives must not be believed at all.
    """
    with _wire(address) as wire:
        witness = read(wire.witness_file(), address)
        charter = witness.charter
        other = [name for name, expected in charter.page.items() if _hash_of(wire, name) != expected]
        first = charter.page.get("index.html")
        if first is not None and _hash_of(wire, "") != first:
            other.append("the first page")
    signed = [(read_part(text.payload).part, is_signed(text, charter)) for text in witness.parts]
    return PageCheck(
        witness=witness,
        n_files=len(charter.page),
        other=tuple(other),
        signed_parts=tuple(part for part, good in signed if good),
        drafts=tuple(part for part, good in signed if not good),
    )


def _hash_of(wire: Wire, name: str) -> str:
    try:
        return hashlib.sha256(wire.page_file(name)).hexdigest()
    except (RelayRefused, RelayMisled):
        return ""
