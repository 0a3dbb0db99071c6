"""The bytes do not change unnoticed: what was once written must open for ever, here and in the browser."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tocsin.core.seal import Identity, Receipt, SigningKey, deal, padme, seal_body, tag_and_key
from tocsin.core.seal.receipt import WORDS

SEED = bytes(range(32))
COALITION = bytes([7]) * 32
HEADER = bytes(range(110))


def compute() -> dict[str, object]:
    """Work out every answer that known_answers.json holds, bytes as hex."""
    tag, body = seal_body(SEED, HEADER, b"words", size=2048)
    identity, receipt = Identity.from_seed(SEED), Receipt(SEED[:16])
    return {
        "signing public": SigningKey.from_seed(SEED).public.hex(),
        "signature": SigningKey.from_seed(SEED).sign("record", coalition=COALITION, message=b"message").hex(),
        "tag": tag.hex(),
        "once": tag_and_key(SEED, HEADER)[1].hex(),
        "H(body)": hashlib.sha256(body).hexdigest(),
        "identity": identity.encode(),
        "H(recipient)": hashlib.sha256(identity.recipient.public).hexdigest(),
        "H(words of receipts)": hashlib.sha256(" ".join(WORDS).encode()).hexdigest(),
        "receipt": " ".join(receipt.words),
        "locators": [receipt.locator(i).hex() for i in range(3)],
        "reply seed": receipt.reply_identity().seed.hex(),
        "deal id": deal(SEED, label=b"case/example")[0].deal_id.hex(),
        "shares": [share.value.hex() for share in deal(SEED, label=b"case/example")],
        "commitment": deal(SEED, label=b"case/example")[0].commitment.hex(),
        "padme": [padme(n, 65536) for n in (8, 65537, 100_000, 5_000_000)],
    }


def test_every_answer_is_the_known_one() -> None:
    known = json.loads(Path(__file__).with_name("known_answers.json").read_text(encoding="utf-8"))

    assert compute() == known
