"""Reading replies: eight slots at a time, and the same for a receipt that was never given out."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from wirekit import TODAY, b64

from tocsin.core.seal import Identity, Receipt, seal

Asker = Callable[[str, Any], Any]

READ = """
const receipt = new seal.Receipt(seal.unhex(asked.secret));
const lying = new Map(asked.lying.map(([name, file]) => [name, seal.unbase64(file)]));
const filler = seal.unbase64(asked.filler);
const sizes = [];
const mail = await seal.readMail(receipt, {
  ask: async (body) => {
    sizes.push(body.length);
    const names = Array.from({ length: 8 }, (_, at) => seal.hex(body.subarray(65 * at, 65 * at + 65)));
    return seal.join(...names.map((name) => lying.get(name) ?? filler));
  },
  open: (file) => seal.openWith(file, receipt.replySeed).catch(() => null),
});
return { sizes, texts: mail.messages.map(({ text }) => text), next: mail.nextSending, foreign: mail.hasForeign };
"""


def slot(receipt: Receipt, sending: int, place: int) -> str:
    """Name a place as the page asks for it."""
    token = receipt.derive(b"tocsin/1 receipt write\n" + sending.to_bytes(4, "big"))
    return (receipt.locator(sending) + hashlib.sha256(token).digest() + bytes([place])).hex()


def reply(receipt: Receipt, sending: int, place: int, text: str, **changed: Any) -> list[str]:
    """Seal a message into a place."""
    written = {
        "v": 1,
        "id": b64(secrets.token_bytes(16)),
        "kind": "reply",
        "day": TODAY,
        "until": None,
        "text": text,
    }
    written |= {"language": "en", "phrases": [], "part": 1, "parts": 1, "content": {}}
    content = json.dumps(written | changed).encode()
    rest = (len(content).to_bytes(4, "big") + content).ljust(4064, b"\0")
    key = receipt.derive(b"tocsin/1 receipt answer\n" + sending.to_bytes(4, "big"))
    mac = hmac.digest(key, b"tocsin/1 reply\n" + receipt.locator(sending) + bytes([place]) + rest, "sha256")
    file = seal(mac + rest, [receipt.reply_identity().recipient])
    return [slot(receipt, sending, place), b64encode(file).decode()]


def read(ask_page: Asker, receipt: Receipt, lying: list[list[str]]) -> Any:
    filler = b64encode(seal(bytes(4096), [Identity.fresh().recipient])).decode()
    return ask_page(READ, {"secret": receipt.secret.hex(), "lying": lying, "filler": filler})


def test_a_receipt_that_was_never_given_out_reads_as_an_empty_mailbox_does(ask_page: Asker) -> None:
    receipt = Receipt.fresh()
    others = [reply(Receipt.fresh(), 0, 0, "for somebody else")]

    assert read(ask_page, receipt, []) == read(ask_page, receipt, others)
    assert read(ask_page, receipt, [])["sizes"] == [520]


def test_all_replies_are_found_and_the_next_sending_follows(ask_page: Asker) -> None:
    receipt = Receipt.fresh()
    lying = [reply(receipt, sending, 0, f"to {sending}") for sending in range(4)]
    lying += [reply(receipt, 0, place, f"more {place}") for place in (1, 2)]

    said = read(ask_page, receipt, lying)

    assert sorted(said["texts"]) == ["more 1", "more 2", "to 0", "to 1", "to 2", "to 3"]
    assert said["next"] == 4
    assert said["sizes"] == [520] * 3


def test_parts_of_a_long_text_are_put_together(ask_page: Asker) -> None:
    receipt = Receipt.fresh()
    same = b64(bytes(16))
    lying = [
        reply(receipt, 0, n, text, id=same, part=n + 1, parts=2) for n, text in enumerate(["one, ", "two"])
    ]

    assert read(ask_page, receipt, lying)["texts"] == ["one, two"]


def test_what_was_not_made_by_who_opened_the_words_is_not_shown(ask_page: Asker) -> None:
    receipt = Receipt.fresh()
    plain = secrets.token_bytes(32) + reply_bytes("forged")
    lying = [[slot(receipt, 0, 0), b64encode(seal(plain, [receipt.reply_identity().recipient])).decode()]]

    said = read(ask_page, receipt, lying)

    assert (said["texts"], said["foreign"]) == ([], True)


def reply_bytes(text: str) -> bytes:
    """Lay a reply out without a MAC."""
    content = json.dumps({"v": 1, "text": text}).encode()
    return (len(content).to_bytes(4, "big") + content).ljust(4064, b"\0")
