"""docs/formats.md names every kind of the ledger with its compartment and fields, as the code has them."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec.structs import fields

from tocsin.core.ledger import LEDGER_KINDS


def test_the_table_of_kinds_is_the_codes(checkout: Path) -> None:
    text = (checkout / "docs" / "formats.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `(ledger\.[a-z-]+)` \| `([^`]+)` \| ([^|]*) \|", text, flags=re.M)

    written = {kind: (where, re.findall(r"`(\w+)`", named)) for kind, where, named in table}

    assert written == {
        kind.KIND: (kind.WHERE, [field.encode_name for field in fields(kind)]) for kind in LEDGER_KINDS
    }
