"""What the witness's page reads, made on desks: the charter, which founders sign, and its words, which speakers sign.

Both are proposed and signed in `watch`, since they are public once signed; every desk posts what is complete, so that it
reaches the relay whoever completes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from tocsin.bundle import MANIFEST, bundle_path
from tocsin.core.intake import TextProposed, TextSigned
from tocsin.core.ledger import WATCH
from tocsin.core.ledger.charter import SIGNS_WORDS, Charter, check_step, draw_up, read_charter
from tocsin.core.ledger.errors import BadCharter, DamagedRecord
from tocsin.core.ledger.parts import NO_LANGUAGE, Part, is_signed, read_part
from tocsin.core.ledger.signed_text import SignedText, Use, sign_text
from tocsin.desk.desk import Desk
from tocsin.desk.errors import NotHere, RelayRefused
from tocsin.desk.ledger.changes import founder_key
from tocsin.desk.site.waiting import waiting_contents
from tocsin.desk.wire import Wire

FOR_THE_MACHINE = frozenset({MANIFEST, "licences.txt"})
"""Files of the bundle that no browser runs or shows: they need no signature."""
STALE = ("relay.older-text", "ledger.charter", "relay.duty", "ledger.damaged")
"""What the relay answers to a text that others have overtaken: no reason to stop a sync."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text with the signatures that it has so far."""

    use: Use
    signed: SignedText

    @property
    def hash(self) -> bytes:
        """What signatures name."""
        return hashlib.sha256(self.signed.payload).digest()


def texts(desk: Desk) -> list[Text]:
    """List every text that was proposed, also here while it waits, with its signatures."""
    waiting = waiting_contents(desk)
    proposed = [*desk.contents(TextProposed), *(each for each in waiting if isinstance(each, TextProposed))]
    signatures = [*desk.contents(TextSigned), *(each for each in waiting if isinstance(each, TextSigned))]
    found: dict[bytes, Text] = {}
    for each in proposed:
        use: Use = "page" if each.use == "page" else "words"
        text = Text(use, SignedText(each.payload))
        found.setdefault(text.hash, text)
    for signed in signatures:
        if (known := found.get(signed.text)) is not None:
            found[signed.text] = Text(known.use, known.signed.with_signature(signed.number, signed.signature))
    return list(found.values())


# the charter ---


def charters(desk: Desk) -> list[tuple[Text, Charter]]:
    """List the charters that were proposed and read, oldest first."""
    read = []
    for text in texts(desk):
        if text.use == "page":
            try:
                read.append((text, read_charter(text.signed.payload)))
            except DamagedRecord:
                continue  # A newer program's, or nonsense: nobody can sign it here.
    return sorted(read, key=lambda each: each[1].serial)


def charter_in_force(desk: Desk) -> Charter | None:
    """Give the newest charter that enough founders have signed, each after the one before.

    It begins with founders of a roll of ours: anybody here may propose a text, with founders of their own.
    """
    before: Charter | None = None
    ours = [
        (roll.threshold, {each.number: each.key for each in roll.founders})
        for roll in {id(standing.roll): standing.roll for standing in desk.world.history.all}.values()
    ]
    for text, charter in charters(desk):
        is_other = charter.coalition_id != desk.world.coalition
        if is_other or (before is None and (charter.threshold, charter.founder_keys) not in ours):
            continue
        try:
            check_step(text.signed, charter, before or charter)
        except BadCharter:
            continue
        before = charter
    return before


def wanted_charter(desk: Desk) -> Charter:
    """Draw up the charter that the roll and this program's page ask for today."""
    duties = desk.world.history.duties
    known = [charter.serial for _, charter in charters(desk)]
    return draw_up(
        desk.world.history.now.roll,
        desk.world.coalition,
        serial=max(known, default=0) + 1,
        day=desk.today,
        page=page_hashes(),
        speakers=duties.languages if duties is not None else (),
    )


def page_hashes() -> dict[str, str]:
    """Hash every file of the page, by name."""
    folder = bundle_path()
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in FOR_THE_MACHINE]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
    }


def is_current(charter: Charter, wanted: Charter) -> bool:
    """Say whether a charter says what is wanted today; its day and number do not matter."""
    return msgspec.structs.replace(charter, serial=0, day=0) == msgspec.structs.replace(
        wanted, serial=0, day=0
    )


def propose_charter(desk: Desk) -> bytes:
    """Propose the charter that is wanted, and sign it if this is a founder's desk; give its hash."""
    wanted = wanted_charter(desk)
    return _propose(desk, Text("page", SignedText(wanted.to_bytes())))


def _propose(desk: Desk, text: Text) -> bytes:
    desk.append(TextProposed(use=text.use, payload=text.signed.payload), to=WATCH)
    if may_sign(desk, text):
        sign(desk, text.hash)
    return text.hash


def may_sign(desk: Desk, text: Text) -> bool:
    """Say whether this desk's signature is asked for: a founder's, or that of whoever speaks the language."""
    if text.use == "page":
        return founder_key(desk) is not None
    return read_part(text.signed.payload).part in spoken(desk) | {NO_LANGUAGE} and bool(spoken(desk))


def spoken(desk: Desk) -> set[str]:
    """Say which languages the person at this desk speaks, by the duties in force."""
    duties = desk.world.history.duties
    return set(duties.languages.get(desk.device, ())) if duties is not None else set()


def sign(desk: Desk, text: bytes) -> None:
    """Sign a text as a founder or as a speaker.

    Raises
    ------
    NotHere
        It was not proposed, or this desk's signature is not asked for.
    """
    found = next((each for each in texts(desk) if each.hash == text), None)
    if found is None or not may_sign(desk, found):
        raise NotHere
    number, key = desk.device, desk.keyring.signing_key
    if found.use == "page":
        founder = founder_key(desk)
        if founder is None:
            raise NotHere
        number, key = founder
    signature = sign_text(found.signed.payload, found.use, key, desk.world.coalition)
    desk.append(TextSigned(text=text, number=number, signature=signature), to=WATCH)


# words ---


def parts(desk: Desk) -> list[tuple[Text, Part, bool]]:
    """List the newest words of each part, and whether they are signed; drafts that are newer stand beside."""
    charter = charter_in_force(desk)
    newest: dict[tuple[str, bool], tuple[Text, Part, bool]] = {}
    for text in texts(desk):
        if text.use != "words":
            continue
        try:
            part = read_part(text.signed.payload)
        except DamagedRecord:
            continue  # A newer program's: it stands there for those who read it.
        signed = charter is not None and is_signed(text.signed, charter)
        before = newest.get((part.part, signed))
        if before is None or part.serial >= before[1].serial:
            newest[part.part, signed] = (text, part, signed)
    best = {name: part.serial for (name, signed), (_, part, _) in newest.items() if signed}
    return [
        each for _, each in sorted(newest.items()) if each[2] or each[1].serial > best.get(each[1].part, -1)
    ]


def change_words(desk: Desk, part: str, words: dict[str, str]) -> bytes:
    """Propose other words for a part, on top of the newest ones, and sign them if this desk may; give their hash."""
    before = [each for _, each, _ in parts(desk) if each.part == part]
    newest = max(before, key=lambda each: each.serial, default=None)
    merged = {**(newest.words if newest else {}), **words}
    made = Part(
        coalition=desk.world.coalition.hex(),
        part=part,
        serial=newest.serial + 1 if newest else 1,
        day=desk.today,
        words={label: text for label, text in sorted(merged.items()) if text},
    )
    return _propose(desk, Text("words", SignedText(made.to_bytes())))


def newest_words(desk: Desk, part: str) -> dict[str, str]:
    """Give a part's newest words, signed or not; none where nothing was changed."""
    standing = [each for _, each, _ in parts(desk) if each.part == part]
    return dict(max(standing, key=lambda each: each.serial).words) if standing else {}


# at every sync ---


def post_texts(desk: Desk, wire: Wire) -> None:
    """Give the relay the charter in force, and every part that a speaker signed, if it may not have them yet."""
    charter = charter_in_force(desk)
    if charter is None:
        return
    ready = [text for text, each in charters(desk) if each == charter]
    speakers = charter.keys_with(SIGNS_WORDS)
    ready += [
        text for text, _, _ in parts(desk) if text.signed.signed_by("words", speakers, charter.coalition_id)
    ]
    for text in ready:
        _post(desk, wire, text)


def _post(desk: Desk, wire: Wire, text: Text) -> None:
    whole = text.signed.to_bytes()
    mark = hashlib.sha256(whole).digest()
    if mark in desk.texts_posted:
        return
    try:
        (wire.post_charter if text.use == "page" else wire.post_words)(whole)
    except RelayRefused as refusal:
        if refusal.refusal not in STALE:
            raise
    desk.texts_posted.add(mark)


def pin(desk: Desk) -> str | None:
    """Say what the page's address carries after its `#`, once there is a charter."""
    charter = charter_in_force(desk)
    return charter.pin if charter else None
