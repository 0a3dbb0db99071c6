"""Whoever seizes the relay, off or running, with every secret on it, learns no name, place, language, category or words.

Invented people are written down by real desks and handed in by the witness's way; then every byte the relay has is looked
through, its memory too, in every way a word may be written. A leak planted in each place is found.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from wanting import go_without

DESK = Path(__file__).parents[1] / "desk"
sys.path[:0] = [str(DESK)]

from coalition import Coalition, make_coalition  # noqa: E402
from deskkit import aside, find_words, forms_of, note, said  # noqa: E402

from tocsin.core.intake import (  # noqa: E402
    Account,
    Asking,
    Facts,
    Mailbox,
    Message,
    Submission,
    Who,
    call_by,
    read_reply,
    write_submission,
)
from tocsin.core.ledger import Purpose, case_compartments  # noqa: E402
from tocsin.core.protect.records import CaseCode, CaseOpened, Identity  # noqa: E402
from tocsin.core.seal import Receipt, Recipient, pad_file, seal  # noqa: E402
from tocsin.core.seal.mailbox import SLOT_SIZE, Key, key_for  # noqa: E402
from tocsin.desk.desk import Desk  # noqa: E402
from tocsin.desk.intake.actions import open_week  # noqa: E402
from tocsin.desk.intake.replying import reply  # noqa: E402
from tocsin.desk.sync import sync  # noqa: E402
from tocsin.terms import Day, DeviceNumber  # noqa: E402

CANARY = "canaryqx"
"""Stands in every invented name, place, code and sentence, so that one search finds them all."""

CLEAR_WORDS = ["case/", "response/", "watch.panel", "protect.identity", "narrative", "az-ba", "handler"]
"""Compartments, kinds, parts, places and duties: sealed as well, and nowhere in the relay's files."""


def words(what: str) -> str:
    """Invent a word that says what it is and bears the canary."""
    return f"{CANARY}-{what}"


@pytest.fixture(scope="module")
def seized(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """A coalition at work, and its relay."""
    with make_coalition(tmp_path_factory.mktemp("seizure"), n=2) as made:
        one, two = made.desks
        code = words("case")
        facts = Facts(place="az-ba", people=2, languages=("az", "ru"))
        one.do(
            lambda member, moment: member.open_compartments(
                [*case_compartments(code), "response/" + words("r")], [2], moment
            )
        )
        made.sync_all(2)
        one.append(
            note(f"{words('town')}: {words('narrative')} was taken from {words('street')}"), to="watch"
        )
        one.append(aside(words("reason")), to="response/" + words("r"))
        one.append(identity(code), to=case_compartments(code)[0])
        one.append(opened(code, one.today, facts), to=case_compartments(code)[1])
        keys = [Recipient(key.public) for key in one.replica.published() if key.purpose == Purpose.INTAKE]
        for n in range(3):
            one.wire().post_submission(seal(write_submission(call(n, facts)), keys[:4]))
        answer_all(one)
        sync(one)
        assert [each.text for each in read_mailbox(one)] == [words("reply"), words("to-interpret")]
        attach(made, words("photograph").encode() * 500)
        made.sync_all(2)
        assert CANARY in said(two)[0]
        assert two.contents(Identity)[0].name == words("name")
        yield made


RECEIPT = Receipt.fresh()
"""Of the first invented witness; its mailbox is filled and read through the relay."""


def answer_all(desk: Desk) -> None:
    """Reply to the first witness, in a mailbox that only their receipt opens."""
    to = Mailbox(
        RECEIPT.locator(0),
        RECEIPT.write_token(0),
        RECEIPT.answer_key(0),
        RECEIPT.reply_identity().recipient.public,
    )
    for asking, text in ((Asking.REPLY, words("reply")), (Asking.INTERPRET, words("to-interpret"))):
        reply(desk, [to], to=open_week(desk), asking=asking, text=text)


def read_mailbox(desk: Desk) -> list[Message]:
    """Read the first two places, as the witness's page does."""
    keys = [key_for(RECEIPT.locator(0), RECEIPT.write_token(0), place) for place in range(8)]
    slots = desk.wire().read_mailboxes(b"".join(map(Key.to_bytes, keys)))
    return [
        read_reply(
            slots[place * SLOT_SIZE : (place + 1) * SLOT_SIZE],
            RECEIPT.reply_identity(),
            answer_key=RECEIPT.answer_key(0),
            locator=RECEIPT.locator(0),
            place=place,
        )
        for place in (0, 1)
    ]


def identity(code: str) -> Identity:
    """Who the invented case is about."""
    return Identity(
        case=CaseCode(code),
        name=words("name"),
        reach=words("number"),
        locator=bytes(32),
        write_token=bytes(32),
        answer_key=bytes(32),
    )


def opened(code: str, day: Day, facts: Facts) -> CaseOpened:
    """How the invented case began."""
    return CaseOpened(
        case=CaseCode(code),
        submission=bytes(32),
        opened_on=day,
        waiting_since=day,
        handler=DeviceNumber(1),
        alternate=DeviceNumber(2),
        facts=facts,
    )


def call(n: int, facts: Facts) -> Submission:
    """What an invented witness hands in."""
    return call_by(
        Receipt.fresh() if n else RECEIPT,
        nonce=secrets.token_bytes(16),
        who=Who(
            name=words(f"witness-{n}"),
            reach=words("reach"),
            not_ask=words("not-ask"),
            to_warn=words("to-warn"),
        ),
        account=Account(
            text=f"{words('account')} they came to {words('place')}", language="az", when=words("when")
        ),
        facts=facts,
    )


def attach(coalition: Coalition, content: bytes) -> None:
    """Upload a sealed attachment as the witness's page does."""
    padded = pad_file(io.BytesIO(content), len(content)).read()
    sealed = seal(padded, [Recipient(key.public) for key in coalition.desks[0].replica.published()[:1]])
    path = f"/c/{coalition.desks[0].world.coalition.hex()}/attachment/{secrets.token_hex(32)}"
    port = int(coalition.address.rsplit(":", 1)[1])
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for at in range(0, len(sealed), 1 << 20):
            chunk = sealed[at : at + (1 << 20)]
            last = str(int(at + len(chunk) == len(sealed)))
            headers = {
                "Upload-Offset": str(at),
                "Upload-Complete": last,
                "Content-Type": "application/octet-stream",
            }
            connection.request("PATCH", path, chunk, headers)
            response = connection.getresponse()
            assert response.status < 300, response.read()
            response.read()


# What whoever seizes it does ---


def look(data: bytes, needles: list[str]) -> set[str]:
    """Find words in bytes, also in what was compressed there."""
    found = find_words(data, needles)
    for start in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data):
        stream = zlib.decompressobj(31 if data[start.start()] == 0x1F else 15)
        try:
            inside = stream.decompress(data[start.start() : start.start() + 65_536], 1 << 20)
        except zlib.error:
            continue
        found |= {f"{word}, compressed" for word in find_words(inside, needles)}
    return found


def look_through_files(home: Path, needles: list[str]) -> set[str]:
    """Look through all files of a relay, their names, and every value in its database."""
    found: set[str] = set()
    for path in home.rglob("*"):
        found |= look(str(path.relative_to(home)).encode(), needles)
        if path.is_file():
            found |= look(path.read_bytes(), needles)
    with closing(sqlite3.connect(home / "relay.sqlite3")) as db:
        # A value longer than a page lies in pieces in the file; here each is whole.
        for (table,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in db.execute(f'select * from "{table}"'):  # noqa: S608 - the database's own names
                for value in row:
                    data = value if isinstance(value, bytes) else str(value).encode()
                    found |= {f"{hit} in {table}" for hit in look(data, needles)}
    return found


def memory_of(pid: int) -> Iterator[bytes]:
    """Read all that a process has in memory and may write."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            first, last = (int(end, 16) for end in span.split("-"))
            if not rights.startswith("rw") or last - first > 1 << 30:
                continue
            try:
                memory.seek(first)
                yield memory.read(last - first)
            except OSError:
                continue


def family_of(pid: int) -> list[int]:
    """List a process and all it started."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *(each for child in children for each in family_of(child))]


def needs_memory() -> None:
    """Skip where a process's memory cannot be read."""
    if not Path("/proc/self/mem").exists():
        go_without("This system does not show a process's memory.")


def in_memory(pids: list[int], needle: bytes) -> bool:
    """Say whether bytes lie in the memory of processes."""
    return any(needle in part for pid in pids for part in memory_of(pid))


# The law ---


def test_no_word_lies_in_any_file_of_the_relay(seized: Coalition) -> None:
    assert (seized.relay_home / "signing.key").exists()
    assert sum(path.stat().st_size for path in seized.relay_home.rglob("*") if path.is_file()) > 200_000

    assert look_through_files(seized.relay_home, [CANARY, *CLEAR_WORDS]) == set()


def test_no_word_lies_in_the_memory_of_the_running_relay(seized: Coalition) -> None:
    needs_memory()
    pids = family_of(seized.relay.pid)
    # It is the relay's memory, and its secrets are in it: the search would see what is there.
    assert in_memory(pids, (seized.relay_home / "signing.key").read_bytes())

    found = {form for pid in pids for part in memory_of(pid) for form in find_words(part, [CANARY])}

    assert found == set()


def test_the_relay_never_holds_what_opens_a_reply_or_makes_one_believed(seized: Coalition) -> None:
    needs_memory()
    pids = family_of(seized.relay.pid)
    kept = [RECEIPT.secret, RECEIPT.reply_identity().seed, RECEIPT.answer_key(0), RECEIPT.thread]

    assert [secret for secret in kept if in_memory(pids, secret)] == []
    files = [path.read_bytes() for path in seized.relay_home.rglob("*") if path.is_file()]
    assert [secret for secret in kept if any(secret in data for data in files)] == []


def test_a_relay_stopped_prints_and_leaves_no_word(tmp_path: Path) -> None:
    with make_coalition(tmp_path, n=2) as made:
        made.desks[0].append(note(words("last")), to="watch")
        made.sync_all()
        made.relay.terminate()
        assert made.relay.stdout is not None
        printed = made.relay.stdout.read()

        assert look(printed.encode(), [CANARY]) == set()
        assert look_through_files(made.relay_home, [CANARY]) == set()


@pytest.mark.parametrize("form", forms_of(CANARY))
def test_a_leak_planted_in_the_files_is_found_in_every_form(
    seized: Coalition, tmp_path: Path, form: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with (
        closing(sqlite3.connect(seized.relay_home / "relay.sqlite3")) as there,
        closing(sqlite3.connect(home / "relay.sqlite3")) as copy,
    ):
        there.backup(copy)
    (home / "leak").write_bytes(os.urandom(999) + forms_of(words("name"))[form].ljust(5) + os.urandom(99))

    found = look_through_files(home, [CANARY])

    # Whoever looks for the stem finds it inside the longer word, except that base64 cuts at other places.
    assert found or form.startswith("base64")
    (home / "leak").write_bytes(os.urandom(999) + forms_of(CANARY)[form] + os.urandom(99))
    assert any(form in hit for hit in look_through_files(home, [CANARY]))


def test_a_leak_planted_in_a_table_a_name_or_compressed_is_found(seized: Coalition, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    database = home / "relay.sqlite3"
    with (
        closing(sqlite3.connect(seized.relay_home / "relay.sqlite3")) as there,
        closing(sqlite3.connect(database)) as copy,
    ):
        there.backup(copy)
    clean = home.with_name("clean")
    shutil.copytree(home, clean)
    with closing(sqlite3.connect(database)) as db:
        db.execute("create table log (line text)")
        db.execute("insert into log values (?)", ("x" * 40_000 + words("name"),))
        db.commit()

    assert look_through_files(clean, [CANARY]) == set()
    assert any("in log" in hit for hit in look_through_files(home, [CANARY]))
    (clean / words("name")).touch()
    assert look_through_files(clean, [CANARY])
    assert look(os.urandom(50) + zlib.compress(words("name").encode() * 3), [CANARY])


def test_a_leak_planted_in_memory_is_found() -> None:
    needs_memory()
    secret = f"'-'.join(['{CANARY[:4]}' + '{CANARY[4:]}', 'name'])"
    program = f"import sys; kept = {secret}; print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as leaking:
        assert leaking.stdout is not None
        leaking.stdout.readline()

        found = {form for part in memory_of(leaking.pid) for form in find_words(part, [CANARY])}

    assert f"{CANARY} as utf-8" in found


def test_the_desks_did_read_what_the_relay_could_not(seized: Coalition) -> None:
    two = seized.desks[1]
    sync(two)

    assert [each.name for each in two.contents(Identity)] == [words("name")]
    assert len(two.replica.submissions()) == 3
