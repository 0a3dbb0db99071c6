"""docs/formats.md is exact: every vector is recomputed from its words alone, by a reader that imports nothing of ours."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import struct
from base64 import b64decode, urlsafe_b64decode
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

HERE = Path(__file__).parent
VECTORS: dict[str, Any] = json.loads((HERE / "formats.json").read_text(encoding="utf-8"))


def raw(text: str) -> bytes:
    return b64decode(text[7:]) if text.startswith("base64:") else bytes.fromhex(text)


def h(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def public(seed: str) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(raw(seed)).public_key().public_bytes_raw()


def sign(seed: str, use: str, coalition: bytes, message: bytes) -> bytes:
    """Section 1."""
    scope = b"tocsin/1 " + use.encode() + b"\n" + coalition
    return Ed25519PrivateKey.from_private_bytes(raw(seed)).sign(scope + message)


def hkdf(secret: bytes, info: bytes, n: int, salt: bytes = b"") -> bytes:
    return HKDF(algorithm=SHA256(), length=n, salt=salt, info=info).derive(secret)


def test_every_section_that_has_bytes_of_its_own_has_a_vector() -> None:
    text = (HERE.parents[1] / "docs" / "formats.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^## (\d+)\.", text, flags=re.M))

    # Section 14 lists kinds: what it says of the ledger's is held against the code in tests/core/ledger.
    assert sections - {"14"} == {name.split()[0] for name in VECTORS}


@pytest.mark.parametrize("vector", VECTORS["1 signatures"], ids=lambda vector: vector["use"])
def test_signatures(vector: dict[str, str]) -> None:
    made = sign(vector["seed"], vector["use"], raw(vector["coalition"]), raw(vector["message"]))

    assert made == raw(vector["signature"])


def split(record: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    size = int.from_bytes(record[90:94], "big")
    return record[:110], record[110:142], record[142 : 142 + size], record[142 + size :]


def test_the_founding_record_names_the_coalition() -> None:
    vector = VECTORS["2 founding record"]
    header, tag, body, signature = split(raw(vector["record"]))

    assert h(header + body) == raw(vector["coalition"])
    assert (header[0], header[1], tag) == (1, 1, bytes(32))
    assert signature == sign(vector["device_seed"], "record", bytes(32), header + tag + h(body))
    assert h(b"\x00" + header + tag + h(body)) == raw(vector["leaf"])
    assert h(header + tag + h(body) + signature) == raw(vector["hash"])


def test_a_sealed_record_byte_by_byte() -> None:
    vector = VECTORS["2 sealed record"]
    fields = vector["header"]
    content, coalition = raw(vector["content"]), raw(vector["coalition"])
    header = (
        struct.pack(">BBII", fields["version"], fields["mark"], fields["device"], fields["chain"])
        + raw(fields["previous"])
        + struct.pack(">IQ", fields["roll_version"], fields["seen_size"])
        + raw(fields["seen_root"])
        + struct.pack(">II", fields["day"], fields["size"])
        + raw(fields["random"])
    )
    derived = hmac.digest(raw(vector["compartment_key"]), b"tocsin/1 record\n" + header, "sha512")
    tag, once = derived[:32], derived[32:]
    framed = struct.pack(">I", len(content)) + content + bytes(fields["size"] - 16 - 4 - len(content))
    body = ChaCha20Poly1305(once).encrypt(bytes(12), framed, header + tag)
    signature = sign(vector["device_seed"], "record", coalition, header + tag + h(body))

    assert len(header) == 110
    assert header + tag + body + signature == raw(vector["record"])
    assert h(b"\x00" + header + tag + h(body)) == raw(vector["leaf"])
    assert h(header + tag + h(body) + signature) == raw(vector["hash"])
    assert raw(fields["previous"]) == raw(VECTORS["2 founding record"]["hash"])


def test_the_content_of_a_sealed_record() -> None:
    vector = VECTORS["2 sealed record"]
    kind, schema, _, compartment, epoch, draft, based_on, content = msgspec.msgpack.decode(
        raw(vector["content"])
    )

    assert (kind, schema, compartment, based_on) == ("ledger.epoch", 1, "watch", None)
    assert len(draft) == 16
    assert content == {"parent": None, "grantees": [2, 3]}
    assert epoch == raw(vector["epoch"]) == h(b"tocsin/1 epoch\n" + raw(vector["compartment_key"]))[:16]


def word(index: int) -> str:
    """Section 11."""
    consonants, vowels = "bdfghjklmnprstvz", "aeiou"
    first, second = divmod(index // 25 * 103 % 256, 16)
    v1, v2 = divmod(index % 25, 5)
    last = (first + 3 * v1 + 5 * second + 7 * v2) % 16
    return consonants[first] + vowels[v1] + consonants[second] + vowels[v2] + consonants[last]


def spell(bits: str) -> list[str]:
    return [word(int(bits[at : at + 11], 2)) for at in range(0, len(bits), 11)]


def test_a_head_its_signatures_and_its_words() -> None:
    vector = VECTORS["3 head"]
    coalition = raw(vector["coalition"])
    first, second = map(raw, vector["leaves"])
    root = h(b"\x01" + first + second)
    head = struct.pack(">Q", 2) + root + struct.pack(">I", 17400)
    word_given = struct.pack(">Q", 2) + root

    assert raw(vector["root"]) == root
    assert raw(vector["head"]) == head
    assert raw(vector["head_signature"]) == sign(vector["relay_seed"], "head", coalition, head)
    assert raw(vector["cosignature"]) == struct.pack(">I", 1) + word_given + sign(
        vector["device_seed"], "cosign", coalition, word_given
    )
    assert vector["words"].split() == spell(f"{int.from_bytes(root, 'big'):0256b}"[:66])


def test_a_roll_and_its_founders_signatures() -> None:
    vector = VECTORS["4 roll"]
    body = msgspec.msgpack.decode(raw(vector["body"]))
    roll = msgspec.msgpack.decode(body["roll"])

    assert list(body) == ["roll", "signatures"]
    assert body["roll"] == raw(vector["roll"])
    assert h(body["roll"]) == raw(vector["roll_hash"])
    assert body["signatures"] == [
        [number, sign(vector["founder_seeds"][number - 1], "roll", bytes(32), body["roll"])]
        for number in (1, 3)
    ]
    assert list(roll) == [
        "version", "previous", "lapses_on", "threshold", "founders", "devices", "relays", "duties_hash", "exercise",
        "offset_days",
    ]  # fmt: skip
    assert list(roll["devices"][0]) == ["number", "organisation", "key", "may_take_duty", "keeper", "removed"]
    assert roll["founders"] == [
        {"number": n, "key": public(seed)} for n, seed in enumerate(vector["founder_seeds"], 1)
    ]
    assert roll["duties_hash"] == h(raw(vector["duties"]))
    assert (roll["version"], roll["previous"], roll["lapses_on"]) == (1, bytes(32), 17414)


def identity(seed: bytes) -> tuple[MLKEM768X25519PrivateKey, bytes]:
    """X-Wing: SHAKE-256 stretches the seed; public key is ML-KEM's, then X25519's."""
    stretched = hashlib.shake_256(seed).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(stretched[:64])
    x25519 = X25519PrivateKey.from_private_bytes(stretched[64:])
    known = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    return MLKEM768X25519PrivateKey(mlkem, x25519), known


def test_a_published_key() -> None:
    vector = VECTORS["5 published key"]
    _, known = identity(raw(vector["identity_seed"]))
    signed = struct.pack(">BIII", 1, 1, 2485, 1) + known

    assert len(raw(vector["key"])) == 1293
    assert raw(vector["key"]) == signed + sign(vector["device_seed"], "key", raw(vector["coalition"]), signed)


def test_a_request() -> None:
    vector = VECTORS["6 request"]
    message = raw(vector["challenge"]) + raw(vector["relay_key"])
    message += h(vector["line"].encode()) + h(raw(vector["body"]))

    assert raw(vector["signature"]) == sign(
        vector["device_seed"], "request", raw(vector["coalition"]), message
    )


def unpad(text: bytes) -> bytes:
    return b64decode(text + b"=" * (-len(text) % 4))


def open_payload(file_key: bytes, payload: bytes) -> bytes:
    """C2SP age, payload of one chunk: a 16-byte nonce, then ChaCha20-Poly1305 with the last chunk's nonce."""
    key = hkdf(file_key, b"payload", 32, salt=payload[:16])
    return ChaCha20Poly1305(key).decrypt(bytes(11) + b"\x01", payload[16:], None)


def open_age(file: bytes, seed: bytes) -> bytes:
    """C2SP age with one hybrid stanza, and a payload of one chunk."""
    head, _, payload = file.partition(b"\n---")
    lines = head.split(b"\n")
    kind, encapsulated = lines[1].removeprefix(b"-> ").split(b" ")
    secret, _ = identity(seed)
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    wrapped = unpad(encapsulated) + unpad(b"".join(lines[2:]))
    file_key = suite.decrypt(wrapped, secret, info=b"age-encryption.org/mlkem768x25519")
    assert (lines[0], kind) == (b"age-encryption.org/v1", b"mlkem768x25519")
    return open_payload(file_key, payload.partition(b"\n")[2])


def test_a_grant() -> None:
    vector = VECTORS["7 grant"]
    file = raw(vector["file"])
    plaintext = open_age(file, raw(vector["identity_seed"]))
    content = raw(vector["content"])

    assert plaintext == struct.pack(">I", len(content)) + content + bytes(4096 - 4 - len(content))
    assert h(file) == raw(vector["hash"])
    grant = msgspec.msgpack.decode(content)
    assert list(grant) == ["coalition", "by", "keys", "shares"]
    assert grant["keys"][0]["epoch"] == h(b"tocsin/1 epoch\n" + grant["keys"][0]["key"])[:16]
    assert list(grant["keys"][0]) == ["compartment", "epoch", "key"]
    assert list(grant["shares"][0]) == ["case", "share"]
    assert list(grant["shares"][0]["share"]) == ["number", "threshold", "deal_id", "value"]


def test_a_submission() -> None:
    vector = VECTORS["8 submission"]
    used = raw(vector["used"])
    length = int.from_bytes(used[:4], "big")
    written = json.loads(used[4 : 4 + length])

    assert len(used) == 4 + length
    assert h(used + bytes(16384 - len(used))) == raw(vector["plaintext_sha256"])
    assert (written["v"], written["drill"]) == (1, False)
    for name in ("answer_key", "locator", "write_token"):
        assert urlsafe_b64decode(written[name] + "=") == raw(vector[name])


@pytest.mark.parametrize("vector", VECTORS["9 attachment"], ids=lambda vector: str(vector["bytes"]))
def test_attachments_are_padded_to_padme_sizes(vector: dict[str, Any]) -> None:
    n = vector["bytes"] + 8
    exponent = n.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())

    assert raw(vector["head"]) == struct.pack(">Q", vector["bytes"])
    assert vector["plaintext"] == max(65536, -(-n // step) * step)


def test_a_passphrase_file() -> None:
    vector = VECTORS["10 passphrase file"]
    head, _, payload = raw(vector["file"]).partition(b"\n---")
    lines = head.split(b"\n")
    kind, salt, log_n = lines[1].removeprefix(b"-> ").split(b" ")
    stretched = Scrypt(
        salt=b"age-encryption.org/v1/scrypt" + unpad(salt), length=32, n=1 << int(log_n), r=8, p=1
    ).derive(vector["passphrase"].encode())
    file_key = ChaCha20Poly1305(stretched).decrypt(bytes(12), unpad(lines[2]), None)

    assert kind == b"scrypt"
    assert open_payload(file_key, payload.partition(b"\n")[2]) == raw(vector["content"])


def times(a: int, b: int) -> int:
    """Multiply in GF(256) modulo x^8 + x^4 + x^3 + x + 1, bit by bit."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def test_custodians_shares() -> None:
    vector = VECTORS["12 shares"]
    secret, k = raw(vector["secret"]), 3
    n = len(secret)
    deal = hkdf(secret, b"tocsin/1 deal\n" + bytes([k]) + raw(vector["label"]), 16)
    first, second = (hkdf(secret, b"tocsin/1 shares\n" + bytes([k, power]) + deal, n) for power in (1, 2))

    for share in vector["shares"]:
        x, value = share["number"], raw(share["share"])
        expected = bytes(secret[at] ^ times(first[at], x) ^ times(second[at], times(x, x)) for at in range(n))
        assert (share["threshold"], raw(share["deal"]), value) == (k, deal, expected)
        assert raw(share["commitment"]) == h(b"tocsin/1 share\n" + bytes([x, k]) + deal + value)
    assert [share["number"] for share in vector["shares"]] == [1, 2, 3, 4, 5]


def test_a_receipt() -> None:
    vector = VECTORS["11 receipt"]
    secret = raw(vector["secret"])
    check = h(b"tocsin/1 receipt checksum\n" + secret)[0] >> 4

    assert vector["words"] == spell(f"{int.from_bytes(secret, 'big'):0128b}{check:04b}")
    for i, locator in enumerate(vector["locators"]):
        assert raw(locator) == hkdf(secret, b"tocsin/1 receipt locator\n" + struct.pack(">I", i), 32)
    for name, label in (("write_tokens", b"write"), ("answer_keys", b"answer")):
        for i, derived in enumerate(vector[name]):
            assert raw(derived) == hkdf(
                secret, b"tocsin/1 receipt " + label + b"\n" + struct.pack(">I", i), 32
            )
    assert raw(vector["thread"]) == hkdf(secret, b"tocsin/1 receipt thread\n", 32)
    assert raw(vector["reply_seed"]) == hkdf(secret, b"tocsin/1 receipt reply\n", 32)
    assert int(vector["digits"]) == int.from_bytes(secret, "big") << 4 | check
    assert len(vector["digits"]) == 40


def test_a_vote() -> None:
    vector = VECTORS["13 vote"]
    activation, seat, protocol, brief, voted_at = vector["vote"]
    message = msgspec.msgpack.encode([activation, seat, raw(protocol), raw(brief), voted_at])

    assert raw(brief) == h(vector["brief"].encode())
    assert raw(vector["signature"]) == sign(vector["device_seed"], "vote", raw(vector["coalition"]), message)


def test_an_estimate_and_its_table() -> None:
    vector = VECTORS["23 estimate"]
    table, stated = vector["table"], vector["estimate"]

    assert raw(vector["table_hash"]) == h(msgspec.msgpack.encode(table | {"salt": raw(table["salt"])}))
    assert stated["table_hash"] == vector["table_hash"]
    said = stated | {"table_hash": raw(stated["table_hash"])}
    assert raw(vector["estimate_hash"]) == h(msgspec.msgpack.encode(said))


def test_an_offer_and_its_code() -> None:
    vector = VECTORS["15 joining"]
    code, offer = raw(vector["code"]), raw(vector["offer"])
    checksum = h(b"tocsin/1 invitation checksum\n" + code)[0] >> 4
    bits = f"{int.from_bytes(code, 'big'):0128b}{checksum:04b}"
    address = "relay.invalid/ağ".encode()
    key = hkdf(code, b"tocsin/1 invitation offer\n", 32)

    assert vector["words"] == spell(bits)
    assert len(offer) == 431
    assert offer[0] == 1
    assert offer[1:65] == raw(vector["coalition"]) + raw(vector["founding_hash"])
    assert struct.unpack(">Q", offer[97:105]) + struct.unpack(">I", offer[137:141]) == (2, 17407)
    assert offer[141:399] == struct.pack(">H", len(address)) + address.ljust(256, b"\0")
    assert offer[399:] == hmac.digest(key, offer[:399], "sha256")


def test_an_answer_and_the_words_read_aloud() -> None:
    vector = VECTORS["15 joining"]
    coalition, newcomer = raw(vector["coalition"]), public(vector["signing_seed"])
    wishes = 1 << 0 | 1 << 10
    message = (
        b"\x01"
        + h(raw(vector["offer"]))
        + newcomer
        + struct.pack(">HI", wishes, 17396 // 7)
        + b"".join(identity(raw(seed))[1] for seed in vector["grant_seeds"])
    )
    message += sign(vector["signing_seed"], "join", coalition, message)
    key = hkdf(raw(vector["code"]), b"tocsin/1 invitation answer\n", 32)
    words = h(b"tocsin/1 joining words\n" + coalition + newcomer)

    assert raw(vector["answer"]) == message + hmac.digest(key, message, "sha256")
    assert len(raw(vector["answer"])) == 3815
    assert vector["joining_words"] == spell(f"{int.from_bytes(words, 'big'):0256b}"[:88])


def test_a_founders_card_and_its_words() -> None:
    vector = VECTORS["16 card"]
    seeds = vector["founder_seed"], vector["device_seed"]
    message = struct.pack(">BII", 1, 2, 7) + b"".join(map(public, seeds))
    words = h(b"tocsin/1 card words\n" + message)

    assert raw(vector["card"]) == message + b"".join(sign(seed, "card", bytes(32), message) for seed in seeds)
    assert vector["words"] == spell(f"{int.from_bytes(words, 'big'):0256b}"[:88])


def test_a_proposal_becomes_a_signed_roll() -> None:
    vector = VECTORS["16 proposal"]
    coalition = raw(vector["coalition"])
    proposal = msgspec.msgpack.decode(raw(vector["proposal"]))
    roll = msgspec.msgpack.decode(proposal["roll"])

    assert list(proposal) == ["coalition", "roll", "signatures"]
    assert proposal["coalition"] == coalition
    assert (roll["version"], roll["previous"], roll["lapses_on"]) == (2, h(raw(vector["roll_before"])), 17414)
    assert proposal["signatures"] == [
        [number, sign(vector["founder_seeds"][number - 1], "roll", coalition, proposal["roll"])]
        for number in (1, 3)
    ]


def test_a_copy_of_a_ledger() -> None:
    vector = VECTORS["17 copy"]
    parts = [(1, record) for record in vector["records"]]
    parts += [(2, vector["cosignature"]), (3, vector["key"]), (4, vector["choices"])]

    file = b"tocsin/1 copy\n" + b"".join(struct.pack(">BI", kind, len(raw(p))) + raw(p) for kind, p in parts)
    file += struct.pack(">BI", 0, 32) + h(file)

    assert h(file) == raw(vector["file_sha256"])


def test_a_snapshot() -> None:
    vector = VECTORS["18 snapshot"]
    held = sorted([name, raw(epoch), raw(key)] for name, epoch, key in vector["compartments"])
    file = raw(vector["file"])
    lead, tag, payload = file[:34], file[34:66], file[66:]

    key = hmac.digest(
        raw(vector["signing_seed"]), b"tocsin/1 snapshot\n" + msgspec.msgpack.encode(held), "sha256"
    )
    derived = hmac.digest(key, b"tocsin/1 record\n" + lead, "sha512")

    assert lead[:18] == b"tocsin/1 snapshot\n"
    assert tag == derived[:32]
    assert open_payload(derived[32:], payload) == raw(vector["plain"])


def test_a_message_in_a_mailbox() -> None:
    vector = VECTORS["19 mailbox"]
    secret, i, place = raw(vector["secret"]), struct.pack(">I", vector["sending"]), bytes([vector["place"]])
    locator, token, answer_key = (
        hkdf(secret, b"tocsin/1 receipt " + label + b"\n" + i, 32)
        for label in (b"locator", b"write", b"answer")
    )
    posting, seed = raw(vector["posting"]), hkdf(secret, b"tocsin/1 receipt reply\n", 32)
    plain = open_age(posting[65:], seed)
    length = struct.unpack(">I", plain[32:36])[0]

    assert raw(vector["key"]) == locator + h(token) + place
    assert posting[:65] == h(locator) + token + place
    assert raw(vector["name"]) == h(b"tocsin/1 mailbox\n" + h(locator) + h(token) + place)
    assert len(plain) == 4096
    assert plain[:32] == hmac.digest(answer_key, b"tocsin/1 reply\n" + locator + place + plain[32:], "sha256")
    assert plain[36:] == raw(vector["message"]) + bytes(4096 - 36 - length)
    assert list(json.loads(raw(vector["message"]))) == (
        ["v", "id", "kind", "day", "until", "text", "language", "phrases", "part", "parts", "content"]
    )


def test_work() -> None:
    vector = VECTORS["20 work"]
    challenge, done = raw(vector["challenge"]), raw(vector["work"])

    assert done[:40] == challenge
    for t in range(8):
        nonce = done[40 + 4 * t : 44 + 4 * t]
        hashed = h(b"tocsin/1 work\n" + challenge + h(raw(vector["body"])) + bytes([t]) + nonce)
        assert f"{int.from_bytes(hashed, 'big'):0256b}".startswith("0" * vector["bits"])


def signed_text(data: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
    """Section 21."""
    length = struct.unpack(">I", data[:4])[0]
    signed = data[5 + length :]
    assert len(signed) == 68 * data[4 + length]
    parts = [signed[at : at + 68] for at in range(0, len(signed), 68)]
    return data[4 : 4 + length], [(struct.unpack(">I", part[:4])[0], part[4:]) for part in parts]


def test_a_charter_and_its_pin() -> None:
    vector = VECTORS["21 charter"]
    coalition = raw(vector["coalition"])
    payload, signatures = signed_text(raw(vector["charter"]))
    charter = json.loads(payload)
    keys = b"".join(
        struct.pack(">I", number) + public(seed) for number, seed in enumerate(vector["founder_seeds"], 1)
    )
    n = len(vector["founder_seeds"])

    pin = h(b"tocsin/1 pin\n" + coalition + bytes([vector["threshold"], n]) + keys)
    assert vector["pin"] == coalition.hex() + pin.hex()[:32]
    assert signatures == [
        (number, sign(vector["founder_seeds"][number - 1], "page", coalition, payload)) for number in (1, 3)
    ]
    assert [urlsafe_b64decode(key + "=") for _, key in charter["founders"]] == [
        public(seed) for seed in vector["founder_seeds"]
    ]
    assert list(charter) == [
        "v",
        "coalition",
        "serial",
        "day",
        "roll",
        "exercise",
        "offset_days",
        "threshold",
        "founders",
        "n_organisations",
        "devices",
        "relays",
        "page",
    ]


def test_words_signed_by_a_speaker() -> None:
    vector = VECTORS["21 words"]
    payload, signatures = signed_text(raw(vector["words"]))

    assert signatures == [(1, sign(vector["device_seed"], "words", raw(vector["coalition"]), payload))]
    assert list(json.loads(payload)) == ["v", "coalition", "part", "serial", "day", "words"]


def test_what_the_page_fetches_first() -> None:
    vector = VECTORS["22 witness file"]
    joined = b"".join(
        bytes([kind]) + struct.pack(">I", len(raw(data))) + raw(data) for kind, data in vector["sections"]
    )

    assert raw(vector["file"]) == b"tocsin/1 witness\n" + joined + bytes(5)
