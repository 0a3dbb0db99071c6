"""Write tests/golden/formats.json: one vector for every format of docs/formats.md, from fixed seeds.

Run it only when a format was changed on purpose; `test_formats.py` recomputes every vector by other means than ours.
Sealed files (sections 7 and 10) are drawn anew at each run: nobody can fix what hybrid sealing draws.

    python tests/golden/make_formats.py
"""

from __future__ import annotations

import hashlib
import io
import json
from base64 import b64encode
from itertools import count
from pathlib import Path
from typing import Any, get_args

import msgspec

from tocsin.core.activate.records import ActivationCode, Vote
from tocsin.core.activate.votes import vote_message
from tocsin.core.count import Estimate, Figure, Table, TableCode, hash_estimate, hash_table
from tocsin.core.intake import Asking, Mailbox, Message, message_id, write_reply, write_submission
from tocsin.core.intake.records import Facts
from tocsin.core.intake.submission import Account, Submission, Who
from tocsin.core.ledger import (
    SEALED,
    Cosignature,
    DeviceEntry,
    Duties,
    Duty,
    EpochOpened,
    Founder,
    Grant,
    GrantedKey,
    Head,
    Header,
    PublishedKey,
    Purpose,
    Record,
    RelayEntry,
    Roll,
    Tree,
    coalition_id,
    cosign,
    first_roll,
    found,
    grant_hash,
    head_words,
    make_record,
    publish_key,
    sign_head,
    witness,
)
from tocsin.core.ledger.cards import make_card
from tocsin.core.ledger.ceremony import Ground, add_signature, propose
from tocsin.core.ledger.charter import draw_up
from tocsin.core.ledger.compartments import epoch_id
from tocsin.core.ledger.content import Envelope
from tocsin.core.ledger.grants import GrantedShare, seal_grant
from tocsin.core.ledger.joining import answer_offer, invite, joining_words
from tocsin.core.ledger.parts import Part
from tocsin.core.ledger.signed_text import SignedText, sign_text
from tocsin.core.ledger.succession import change_relay
from tocsin.core.seal import (
    Identity,
    Keyring,
    PassphraseFile,
    Receipt,
    SigningKey,
    Use,
    deal,
    frame,
    pad_file,
    seal_body,
    seal_snapshot,
)
from tocsin.core.seal.mailbox import key_for
from tocsin.core.seal.work import solve
from tocsin.desk.copies import CHOICES, COSIGNATURES, KEYS, RECORDS, write_sections
from tocsin.terms import Day, Period, Place

HERE = Path(__file__).parent
DAY = Day(17400)

_numbers = count()


def draw(n: int) -> bytes:
    """Draw bytes that are the same at every run."""
    return hashlib.shake_256(b"formats %d" % next(_numbers)).digest(n)


def main() -> None:
    """Write the file."""
    device, founders = SigningKey(draw(32)), [SigningKey(draw(32)) for _ in range(3)]
    relay, identity = SigningKey(draw(32)), Identity(draw(32))
    duties = Duties(duties={1: (Duty.HANDLER, Duty.FOUNDER)}, languages={1: ("az", "ru")})
    roll = first_roll(
        founders=[Founder(n, key.public) for n, key in enumerate(founders, 1)],
        threshold=2,
        devices=[DeviceEntry(1, 1, device.public, True, False)],
        relays=[RelayEntry(relay.public, "relay.invalid")],
        duties=duties,
        day=DAY,
        exercise=True,
        offset_days=-3000,
    )
    founding = found(
        roll, signers={1: founders[0], 3: founders[2]}, poster=1, key=device, day=DAY, fresh=draw
    )
    coalition = coalition_id(founding)
    sealed, record = sealed_record(device, coalition, founding)
    tree = Tree()
    tree.append(founding.leaf)
    tree.append(record.leaf)
    head = Head(2, tree.root(), DAY)
    word = cosign(device, coalition, device=1, size=2, root=tree.root())
    published = publish_key(
        device,
        coalition,
        purpose=Purpose.GRANT,
        device=1,
        period=2485,
        roll_version=1,
        public=identity.recipient.public,
    )
    vectors = {
        "1 signatures": signatures(device, coalition),
        "2 founding record": {
            "device_seed": device.seed,
            "record": founding.to_bytes(),
            "coalition": coalition,
            "leaf": founding.leaf,
            "hash": founding.hash,
        },
        "2 sealed record": sealed,
        "3 head": {
            "relay_seed": relay.seed,
            "device_seed": device.seed,
            "coalition": coalition,
            "leaves": [founding.leaf, record.leaf],
            "root": tree.root(),
            "head": head.to_bytes(),
            "head_signature": sign_head(relay, coalition, head),
            "cosignature": word.to_bytes(),
            "words": head_words(tree.root()),
        },
        "4 roll": {
            "founder_seeds": [key.seed for key in founders],
            "body": founding.body,
            "roll": roll.to_bytes(),
            "roll_hash": roll.hash,
            "duties": msgspec.msgpack.encode(duties),
        },
        "5 published key": {
            "device_seed": device.seed,
            "identity_seed": identity.seed,
            "coalition": coalition,
            "key": published.to_bytes(),
        },
        "6 request": request(device, relay, coalition),
        "7 grant": grant(identity, coalition),
        "8 submission": submission(),
        "9 attachment": attachment(),
        "10 passphrase file": passphrase_file(),
        "11 receipt": receipt(),
        "12 shares": shares(),
        "13 vote": vote(device, coalition),
        "15 joining": joining(founding, coalition),
        "16 card": card(),
        "16 proposal": proposal(coalition, roll, founders),
        "17 copy": copy([founding, record], word, published),
        "18 snapshot": snapshot(),
        "19 mailbox": mailbox(),
        "20 work": work(),
        "21 charter": charter(coalition, roll, founders),
        "21 words": words(coalition, device),
        "22 witness file": witness_file(coalition, relay, head, word),
        "23 estimate": estimate(),
    }
    text = json.dumps(plain(vectors), indent=1, ensure_ascii=False)
    (HERE / "formats.json").write_text(text + "\n", encoding="utf-8")


def plain(thing: Any) -> Any:
    """Write bytes as hex, long ones as base64."""
    match thing:
        case bytes():
            return thing.hex() if len(thing) <= 128 else "base64:" + b64encode(thing).decode()
        case dict():
            return {name: plain(inner) for name, inner in thing.items()}
        case list():
            return [plain(inner) for inner in thing]
    return thing


def signatures(device: SigningKey, coalition: bytes) -> list[dict[str, Any]]:
    """Sign one message for every use."""
    message = draw(20)
    return [
        {
            "use": use,
            "seed": device.seed,
            "coalition": coalition,
            "message": message,
            "signature": device.sign(use, coalition=coalition, message=message),
        }
        for use in get_args(Use)
    ]


def sealed_record(device: SigningKey, coalition: bytes, before: Record) -> tuple[dict[str, Any], Record]:
    """Seal the first record of a compartment."""
    key = draw(32)
    epoch = epoch_id(key)
    content = msgspec.Raw(msgspec.msgpack.encode(EpochOpened(parent=None, grantees=(2, 3))))
    envelope = Envelope(EpochOpened.KIND, 1, 1503360000, "watch", epoch, draw(16), None, content)
    inner = msgspec.msgpack.encode(envelope)
    header = Header(1, SEALED, 1, 1, before.hash, 1, 1, before.leaf, DAY, 2048, draw(16))
    tag, body = seal_body(key, header.to_bytes(), inner, size=2048)
    record = make_record(header, tag=tag, body=body, key=device, coalition=coalition)
    vector = {
        "compartment_key": key,
        "epoch": epoch,
        "header": header._asdict(),
        "content": inner,
        "device_seed": device.seed,
        "coalition": coalition,
        "record": record.to_bytes(),
        "leaf": record.leaf,
        "hash": record.hash,
    }
    return vector, record


def request(device: SigningKey, relay: SigningKey, coalition: bytes) -> dict[str, Any]:
    """Sign a request."""
    challenge, line, body = draw(40), f"GET /c/{coalition.hex()}/records?since=0&limit=10", b""
    message = (
        challenge + relay.public + hashlib.sha256(line.encode()).digest() + hashlib.sha256(body).digest()
    )
    return {
        "device_seed": device.seed,
        "coalition": coalition,
        "challenge": challenge,
        "relay_key": relay.public,
        "line": line,
        "body": body,
        "signature": device.sign("request", coalition=coalition, message=message),
    }


def grant(identity: Identity, coalition: bytes) -> dict[str, Any]:
    """Seal a grant of a key and a share."""
    key = draw(32)
    share = deal(draw(40), label=b"abcd")[0]
    given = Grant(coalition, 1, (GrantedKey("watch", epoch_id(key), key),), (GrantedShare("abcd", share),))
    file = seal_grant(given, identity.recipient)
    content = msgspec.msgpack.encode(given)
    return {"identity_seed": identity.seed, "content": content, "file": file, "hash": grant_hash(file)}


def submission() -> dict[str, Any]:
    """Write what a page would seal."""
    written = Submission(
        drill=False,
        answer_key=draw(32),
        locator=draw(32),
        write_token=draw(32),
        identity=Who(name="invented Heron"),
        narrative=Account(text="canary word: quillwort"),
        facts=Facts(place="az"),
    )
    plaintext = write_submission(written)
    used = plaintext[: 4 + int.from_bytes(plaintext[:4], "big")]
    return {
        "used": used,
        "plaintext_sha256": hashlib.sha256(plaintext).digest(),
        "answer_key": written.answer_key,
        "locator": written.locator,
        "write_token": written.write_token,
    }


def attachment() -> list[dict[str, Any]]:
    """Pad files of several lengths."""
    vectors = []
    for n in (0, 1, 65528, 65529, 100000, 1000003):
        padded = pad_file(io.BytesIO(bytes(n)), n).read()
        vectors.append({"bytes": n, "head": padded[:8], "plaintext": len(padded)})
    return vectors


def shares() -> dict[str, Any]:
    """Deal a secret."""
    secret = draw(48)
    return {
        "secret": secret,
        "label": b"abcd",
        "shares": [
            {
                "number": s.number,
                "threshold": s.threshold,
                "deal": s.deal_id,
                "share": s.value,
                "commitment": s.commitment,
            }
            for s in deal(secret, label=b"abcd")
        ],
    }


def vote(device: SigningKey, coalition: bytes) -> dict[str, Any]:
    """Sign a brief for a seat."""
    protocol, brief = (
        hashlib.sha256(b"protocol").digest(),
        hashlib.sha256("the brief, ağ".encode()).digest(),
    )
    cast = Vote(
        activation=ActivationCode("autumn"),
        seat="first",
        protocol_hash=protocol,
        brief_hash=brief,
        signature=b"",
        voted_at=1503360000,
    )
    return {
        "device_seed": device.seed,
        "coalition": coalition,
        "brief": "the brief, ağ",
        "vote": [cast.activation, cast.seat, protocol, brief, cast.voted_at],
        "signature": device.sign("vote", coalition=coalition, message=vote_message(cast)),
    }


def estimate() -> dict[str, Any]:
    """Hash a table with its random number, and the estimate that names it."""
    table = Table(
        code=TableCode("k7"),
        salt=bytes(range(16)),
        n_lists=3,
        cells=((1, 18), (2, 12), (3, 5), (4, 6), (5, 3), (6, 1), (7, 1)),
        strata=(((1, 10), (3, 5)), ((1, 8), (2, 12), (4, 6), (5, 3), (6, 1), (7, 1))),
        derived=((1, 0),),
        percent_missed=5,
    )
    stated = Estimate(
        place=Place("az"),
        period=Period(Day(17424), Day(17437)),
        as_of=Day(17440),
        table=table.code,
        table_hash=hash_table(table),
        program="0",
        seed=1,
        is_quick=False,
        n_lists=3,
        documented=46,
        figures=(
            Figure(method="decomposable", median=83, low=59, high=141, reasons=()),
            Figure(method="latent-class", median=None, low=None, high=None, reasons=("mcmc.unmixed",)),
        ),
        refusals=(),
        warnings=("interval.wide",),
    )
    return {
        "table": msgspec.to_builtins(table, builtin_types=(bytes,)),
        "table_hash": hash_table(table),
        "estimate": msgspec.to_builtins(stated, builtin_types=(bytes,)),
        "estimate_hash": hash_estimate(stated),
    }


def passphrase_file() -> dict[str, Any]:
    """Seal under a passphrase, with less work than any real one."""
    passphrase, content = "nine invented moths", frame(b"keyring", 32)
    return {
        "passphrase": passphrase,
        "content": content,
        "file": PassphraseFile.create(passphrase, log_n=10).reseal(content),
    }


def receipt() -> dict[str, Any]:
    """Spell a receipt and derive from it."""
    secret = draw(16)
    made = Receipt(secret)
    return {
        "secret": secret,
        "words": list(made.words),
        "locators": [made.locator(n) for n in range(3)],
        "write_tokens": [made.write_token(n) for n in range(3)],
        "answer_keys": [made.answer_key(n) for n in range(3)],
        "thread": made.thread,
        "digits": made.digits,
        "reply_seed": made.reply_identity().seed,
    }


def joining(founding: Record, coalition: bytes) -> dict[str, Any]:
    """Invite and answer."""
    made = invite(
        founding, RelayEntry(draw(32), "relay.invalid/ağ"), firm=(2, draw(32)), today=DAY, fresh=draw
    )
    keyring = Keyring(signing_seed=draw(32))
    answer = answer_offer(
        made.offer, made.code, keyring, wishes=[Duty.ANALYST, Duty.SENTRY], today=DAY, fresh=draw
    )
    return {
        "code": made.secret,
        "words": list(made.code.words),
        "founding_hash": founding.hash,
        "coalition": coalition,
        "offer": made.offer,
        "signing_seed": keyring.signing_seed,
        "grant_seeds": list(keyring.grant_keys.values()),
        "answer": answer,
        "joining_words": joining_words(coalition, keyring.signing_key.public).split(),
    }


def card() -> dict[str, Any]:
    """Make a founder's card."""
    founder, device = SigningKey(draw(32)), SigningKey(draw(32))
    made = make_card(number=2, organisation=7, founder=founder, device=device)
    return {
        "founder_seed": founder.seed,
        "device_seed": device.seed,
        "card": made.to_bytes(),
        "words": made.words.split(),
    }


def proposal(coalition: bytes, roll: Roll, founders: list[SigningKey]) -> dict[str, Any]:
    """Propose a change and sign it with two founders."""
    ground = Ground(coalition, roll)
    made = propose(change_relay(roll, [RelayEntry(draw(32), "other.invalid")], day=DAY), ground)
    for number in (3, 1):
        made = add_signature(made, founders[number - 1], ground, number=number, today=DAY)
    return {
        "coalition": coalition,
        "founder_seeds": [key.seed for key in founders],
        "roll_before": roll.to_bytes(),
        "proposal": made.to_bytes(),
    }


def copy(records: list[Record], word: Cosignature, key: PublishedKey) -> dict[str, Any]:
    """Write a small ledger as one file."""
    file, choices = io.BytesIO(), b'{"daily_megabytes": 20}'
    sections = [(RECORDS, record.to_bytes()) for record in records]
    write_sections(
        file, [*sections, (COSIGNATURES, word.to_bytes()), (KEYS, key.to_bytes()), (CHOICES, choices)]
    )
    return {
        "records": [record.to_bytes() for record in records],
        "cosignature": word.to_bytes(),
        "key": key.to_bytes(),
        "choices": choices,
        "file_sha256": hashlib.sha256(file.getvalue()).digest(),
    }


def snapshot() -> dict[str, Any]:
    """Seal a snapshot under two keys and a signing seed."""
    keyring = Keyring(signing_seed=draw(32))
    for name in ("watch", "case/abcd/file"):
        key = draw(32)
        keyring.hold(name, epoch_id(key), key)
    plain, file = draw(64), io.BytesIO()
    seal_snapshot(keyring, io.BytesIO(plain), file)
    return {
        "signing_seed": keyring.signing_seed,
        "compartments": [
            [name, epoch, key]
            for name, epochs in keyring.compartments.items()
            for epoch, key in epochs.items()
        ],
        "plain": plain,
        "file": file.getvalue(),
    }


def mailbox() -> dict[str, Any]:
    """Seal a reply for one place of a mailbox."""
    held = Receipt(draw(16))
    to = Mailbox(
        held.locator(1), held.write_token(1), held.answer_key(1), held.reply_identity().recipient.public
    )
    message = Message(
        id=message_id(draw(16)),
        kind=Asking.REPLY,
        day=DAY,
        until=Day(DAY + 3),
        text="canary word: quillwort, ağ",
        language="az",
        phrases=("received",),
    )
    posting = write_reply(message, to, place=2)
    return {
        "secret": held.secret,
        "sending": 1,
        "place": 2,
        "message": msgspec.json.encode(message),
        "key": key_for(to.locator, to.write_token, 2).to_bytes(),
        "posting": posting.to_bytes(),
        "name": posting.mailbox,
    }


def work() -> dict[str, Any]:
    """Do a little work."""
    challenge, body = draw(40), draw(100)
    return {"challenge": challenge, "body": body, "bits": 6, "work": solve(challenge, body, 6)}


def charter(coalition: bytes, roll: Roll, founders: list[SigningKey]) -> dict[str, Any]:
    """Draw up a charter and have two founders sign it."""
    page = {"index.html": hashlib.sha256(b"page").hexdigest()}
    made = draw_up(roll, coalition, serial=1, day=DAY, page=page, speakers=[1])
    text = SignedText(made.to_bytes())
    for number in (1, 3):
        text = text.with_signature(number, sign_text(text.payload, "page", founders[number - 1], coalition))
    return {
        "coalition": coalition,
        "founder_seeds": [key.seed for key in founders],
        "threshold": roll.threshold,
        "charter": text.to_bytes(),
        "pin": made.pin,
    }


def words(coalition: bytes, device: SigningKey) -> dict[str, Any]:
    """Sign words as one speaker: a draft."""
    part = Part(
        coalition=coalition.hex(), part="az", serial=1, day=DAY, words={"phrase.received": "Qeyd etdik, ağ"}
    )
    text = SignedText(part.to_bytes())
    text = text.with_signature(1, sign_text(text.payload, "words", device, coalition))
    return {"coalition": coalition, "device_seed": device.seed, "words": text.to_bytes()}


def witness_file(coalition: bytes, relay: SigningKey, head: Head, word: Cosignature) -> dict[str, Any]:
    """Write the file without keys and charter."""
    signed = head.to_bytes() + sign_head(relay, coalition, head)
    sections = [
        (witness.HEAD, signed),
        (witness.COSIGNATURES, word.to_bytes()),
        (witness.DAY, DAY.to_bytes(4, "big")),
        (witness.WORK, draw(40) + b"\x00"),
    ]
    return {"sections": [[kind, data] for kind, data in sections], "file": witness.write_sections(sections)}


if __name__ == "__main__":
    main()
