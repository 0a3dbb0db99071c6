"""What the witness's page reads, as founders and speakers signed it: kept by serial, given with the newest in force."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.core.ledger import Founder, Roll
from tocsin.core.ledger.charter import SIGNS_WORDS, Charter, check_step, read_charter
from tocsin.core.ledger.errors import BadCharter
from tocsin.core.ledger.parts import Part, is_signed, read_part
from tocsin.core.ledger.signed_text import SignedText, unpack
from tocsin.relay.errors import NotEntitledHere, OlderText
from tocsin.relay.store.models import Coalition, PageText
from tocsin.relay.store.writer import one_by_one

CHARTER = "charter"


@dataclass(frozen=True, slots=True)
class Text:
    """A signed text for one coalition, under the roll in force."""

    coalition: Coalition
    roll: Roll
    text: SignedText


def charters(coalition: Coalition) -> list[SignedText]:
    """Give the charters that lead from the first founders to the newest, oldest first."""
    rows = PageText.objects.filter(coalition=coalition, part=CHARTER).order_by("serial")
    return [SignedText.from_bytes(bytes(content)) for content in rows.values_list("content", flat=True)]


def newest_charter(coalition: Coalition) -> Charter | None:
    """Give the charter in force."""
    texts = charters(coalition)
    return read_charter(texts[-1].payload) if texts else None


def words(coalition: Coalition) -> list[bytes]:
    """Give the newest words of each part: signed ones before any draft."""
    rows = PageText.objects.filter(coalition=coalition).exclude(part=CHARTER)
    newest: dict[str, bytes] = {}
    for part, content in rows.order_by("part", "is_signed", "serial").values_list("part", "content"):
        newest[part] = bytes(content)
    return [newest[part] for part in sorted(newest)]


def _keep_charter(asked: Text) -> None:
    coalition, text = asked.coalition, asked.text
    charter = read_charter(text.payload)
    _check_against_roll(charter, asked)
    known = charters(coalition)
    before = read_charter(known[-1].payload) if known else None
    if before is not None and known[-1].payload == text.payload:
        before = read_charter(known[-2].payload) if len(known) > 1 else None
    if before is not None and charter.serial <= before.serial:
        raise OlderText
    check_step(text, charter, before or charter)
    rows = PageText.objects.filter(coalition=coalition, part=CHARTER)
    if before is not None and (before.founders, before.threshold) == (charter.founders, charter.threshold):
        # The chain needs only those at which founders changed.
        rows.filter(serial=before.serial).delete()
    rows.filter(serial=charter.serial).delete()
    PageText.objects.create(
        coalition=coalition, part=CHARTER, serial=charter.serial, is_signed=True, content=text.to_bytes()
    )


def _check_against_roll(charter: Charter, asked: Text) -> None:
    roll = asked.roll
    founders = tuple(Founder(number, unpack(key, 32)) for number, key in charter.founders)
    devices = {entry.number: entry.key for entry in roll.active}
    if (
        charter.coalition_id != bytes(asked.coalition.name)
        or (founders, charter.threshold) != (roll.founders, roll.threshold)
        or any(devices.get(number) != key for number, key in charter.keys_with(-1).items())
    ):
        raise BadCharter("it was not drawn up from the roll in force; draw it up again")


keep_charter = one_by_one(_keep_charter)


def _keep_words(asked: Text) -> None:
    coalition, text = asked.coalition, asked.text
    part, charter = read_part(text.payload), newest_charter(coalition)
    if charter is None or part.coalition != charter.coalition:
        raise NotEntitledHere
    speakers = charter.keys_with(SIGNS_WORDS)
    rows = PageText.objects.filter(coalition=coalition, part=part.part)
    before = rows.filter(serial=part.serial).values_list("content", flat=True).first()
    same = text if before is None else _merge(SignedText.from_bytes(bytes(before)), text)
    if not same.signed_by("words", speakers, charter.coalition_id):
        raise NotEntitledHere
    _replace(coalition, part, same, signed=is_signed(same, charter))


def _merge(known: SignedText, text: SignedText) -> SignedText:
    if known.payload != text.payload:
        raise OlderText
    for number, signature in text.signatures:
        known = known.with_signature(number, signature)
    return known


def _replace(coalition: Coalition, part: Part, text: SignedText, *, signed: bool) -> None:
    rows = PageText.objects.filter(coalition=coalition, part=part.part)
    if rows.filter(serial__gt=part.serial, is_signed=signed).exists():
        raise OlderText
    # A draft replaces drafts only: one speaker cannot take down what two have signed.
    older = rows.filter(serial__lte=part.serial)
    (older if signed else older.filter(is_signed=False)).delete()
    PageText.objects.create(
        coalition=coalition, part=part.part, serial=part.serial, is_signed=signed, content=text.to_bytes()
    )


keep_words = one_by_one(_keep_words)
