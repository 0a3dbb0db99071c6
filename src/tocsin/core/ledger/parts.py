"""The page's words as signed data: a part for each language, and one for what has none (formats, section 21).

Edited on a desk, served without a rebuild. A language's part counts as signed once two devices that the charter lets sign
words have signed it, of two organisations where there are two; until then it is a draft, and the page says so.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tocsin.core.ledger.charter import SIGNS_WORDS, Charter
from tocsin.core.ledger.errors import DamagedRecord
from tocsin.core.ledger.signed_text import SignedText

VERSION: Final = 1
NO_LANGUAGE: Final = "*"
"""The part that holds contacts and addresses, in force only when signed."""
N_SIGNERS: Final = 2

_Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Name = Annotated[str, msgspec.Meta(pattern=r"^([a-z]{2,3}|\*)\Z")]
_Label = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.-]{1,60}\Z")]
_Text = Annotated[str, msgspec.Meta(max_length=4000)]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Words by their label, in one language."""

    v: int = VERSION
    coalition: _Hash
    part: _Name
    serial: Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
    day: Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
    words: Annotated[dict[_Label, _Text], msgspec.Meta(max_length=1000)]

    def to_bytes(self) -> bytes:
        """Write the JSON that speakers sign."""
        return msgspec.json.encode(self)

    @property
    def phrasebook(self) -> dict[str, str]:
        """Replies by their code."""
        lead = "phrase."
        return {
            label.removeprefix(lead): text for label, text in self.words.items() if label.startswith(lead)
        }


def read_part(payload: bytes) -> Part:
    """Read a part, whoever signed it; raises DamagedRecord."""
    try:
        part = msgspec.json.decode(payload, type=Part)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as trouble:
        raise DamagedRecord("it is no part of the page's words") from trouble
    if part.v != VERSION:
        raise DamagedRecord("its words are of another version")
    return part


def is_signed(text: SignedText, charter: Charter) -> bool:
    """Say whether enough speakers have signed a part."""
    signers = text.signed_by("words", charter.keys_with(SIGNS_WORDS), charter.coalition_id)
    organisations = {charter.organisation_of(device) for device in signers}
    return len(signers) >= N_SIGNERS and len(organisations) >= min(2, charter.n_organisations)
