"""The intake pages as a worker clicks through them: one desk in a process of its own, visited over HTTP."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from coalition import Coalition, make_coalition
from sitekit import Visitor, serve_first
from witnesskit import NAME, WORDS, Witness, sync_twice

from tocsin.desk.intake import page_texts
from tocsin.feeds.tables import UnreadableTable, read_table

SUBMISSION = re.compile(r'name="submission" value="([0-9a-f]{64})"')


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Coalition, Visitor, Witness]]:
    """Give a coalition with one call in the folder, its first desk served, and who called."""
    with make_coalition(tmp_path_factory.mktemp("room"), 3) as made:
        page_texts.propose_charter(made.desks[0])
        made.sync_all(2)
        witness = Witness(made)
        witness.send()
        site = serve_first(made)
        visitor = Visitor(site)
        visitor.come_in()
        witness.coalition.desks[:] = made.desks
        yield made, visitor, witness
        visitor.close()
        said = site.stop()
        assert NAME not in said
        assert WORDS not in said


def upload(visitor: Visitor, content: bytes) -> httpx.Response:
    """Send a file from the page of what was taken down."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', visitor.get("intake/write/").text)
    assert token is not None
    return visitor.http.post(
        visitor.home + "intake/write/table/",
        data={"csrfmiddlewaretoken": token[1]},
        files={"file": ("list.csv", content)},
        headers={"Origin": visitor.site.address},
    )


def test_a_call_is_read_answered_and_made_a_case_by_its_page(
    room: tuple[Coalition, Visitor, Witness],
) -> None:
    coalition, visitor, witness = room
    queue = visitor.get("intake/")
    assert WORDS not in queue.text
    assert NAME not in queue.text
    read = {
        digest: visitor.post("intake/one/", seen="intake/", submission=digest)
        for digest in SUBMISSION.findall(queue.text)
    }
    # Other tests hand in calls as well; this one says where it is.
    ((found, one),) = [(digest, page) for digest, page in read.items() if "az-ba" in page.text]
    assert WORDS in one.text
    assert NAME in one.text
    assert found not in str(one.url)

    answered = visitor.post(
        "intake/one/reply/", seen="intake/", submission=found, phrase="received", words="kind words"
    )
    assert "on its way" in answered.text
    empty = visitor.post("intake/one/reply/", seen="intake/", submission=found)
    assert empty.status_code == 400
    assert [(each.phrases, each.text) for each in witness.read()] == [(("received",), "kind words")]

    case = visitor.post("protect/open/", seen="intake/", submission=found, alternate="2")
    assert "Hand this case over" in case.text
    where = str(case.url).removeprefix(visitor.home)
    who = visitor.post(where + "who/", seen="protect/")
    assert NAME in who.text
    again = visitor.post(where + "reply/", seen="protect/", phrase="in-hand")
    assert "on its way" in again.text
    assert [each.phrases for each in witness.read()] == [("received",), ("in-hand",)]
    over = visitor.post(where + "over/", seen="protect/", to="2", alternate="3")
    assert over.status_code == 200
    sync_twice(coalition)
    visitor.post("sync/", seen="intake/")
    assert coalition.desks[0].n_cases == 1


def test_a_pocket_is_issued_and_its_words_are_shown_once(room: tuple[Coalition, Visitor, Witness]) -> None:
    _, visitor, _ = room

    issued = visitor.post("intake/pockets/issue/", seen="intake/pockets/", role="interpreter")
    words = re.findall(r"<li>([a-z]{5})</li>", issued.text)
    listed = visitor.get("intake/pockets/")

    assert len(words) == 12
    assert "somebody who interprets" in listed.text
    assert not any(word in listed.text for word in words)
    assert visitor.post("intake/pockets/issue/", seen="intake/pockets/", role="emperor").status_code == 404


def test_what_was_told_by_phone_goes_in_and_its_receipt_is_shown_once(
    room: tuple[Coalition, Visitor, Witness],
) -> None:
    _, visitor, _ = room

    done = visitor.post(
        "intake/write/in/",
        seen="intake/write/",
        channel="hotline",
        consent="yes",
        text=WORDS,
        name=NAME,
        people="1",
        danger_now="yes",
    )

    assert len(re.findall(r"<li>([a-z]{5})</li>", done.text)) == 12
    wrong = visitor.post("intake/write/in/", seen="intake/write/", channel="telepathy", people="1")
    assert wrong.status_code == 400


def test_a_tables_rows_that_do_not_fit_are_named_by_number_and_never_quoted(
    room: tuple[Coalition, Visitor, Witness],
) -> None:
    _, visitor, _ = room
    asked = upload(visitor, f"name,people\n{NAME},2\n{NAME},{WORDS}\n".encode())
    key = re.search(r'name="key" value="([0-9a-f]+)"', asked.text)
    assert key is not None

    wrong = visitor.post("intake/write/table/in/", seen="intake/write/", key=key[1], name="0", people="1")
    assert "Row 3: people" in wrong.text
    assert WORDS not in wrong.text
    right = visitor.post("intake/write/table/in/", seen="intake/write/", key=key[1], name="0")
    assert "2 rows handed in" in right.text
    assert upload(visitor, b"\xff\xfe\x00").status_code == 400


def test_the_file_of_a_table_is_destroyed_and_no_other(
    room: tuple[Coalition, Visitor, Witness], tmp_path: Path
) -> None:
    _, visitor, _ = room
    content = f"name,people\n{NAME},2\n".encode()
    its, other, link = tmp_path / "list.csv", tmp_path / "other.csv", tmp_path / "link.csv"
    its.write_bytes(content)
    other.write_bytes(content + b"x")
    link.symlink_to(its)
    key = re.search(r'name="key" value="([0-9a-f]+)"', upload(visitor, content).text)
    assert key is not None
    done = visitor.post("intake/write/table/in/", seen="intake/write/", key=key[1], name="0")
    assert "1 row handed in" in done.text
    its_code = re.search(r'name="key" value="([0-9a-f]+)"', done.text)
    assert its_code is not None

    def destroy(path: Path) -> httpx.Response:
        return visitor.post(
            "intake/write/table/destroy/", seen="intake/write/", key=its_code[1], where=str(path)
        )

    assert destroy(other).status_code == destroy(link).status_code == destroy(tmp_path).status_code == 404
    assert "overwritten and removed" in destroy(its).text
    assert not its.exists()
    assert other.exists()
    assert destroy(its).status_code == 404


def test_questions_are_moved_left_out_added_and_proposed(room: tuple[Coalition, Visitor, Witness]) -> None:
    _, visitor, _ = room
    at = "intake/page/questions/"
    form = "area when name reach not more"

    def act(what: str, form: str) -> str:
        page = visitor.post(f"{at}move/", seen=at, form=form, act=what)
        found = re.search(r'name="form" value="([^"]+)"', page.text)
        assert found is not None
        return found[1]

    assert f'value="{form}"' in visitor.get(at).text
    assert act("up:when", form) == "when area name reach not more"
    assert act("up:area", "when area name reach not more") == act("up:area", form) == form
    form = act("add:own?", act("leave:name", form))
    assert form == "area when reach not more own.1?"
    assert act("add:name", form).endswith("own.1? name")
    for wrong in ("add:name", "up:own.2", "leave:what", "other:area"):
        named = "area name" if wrong == "add:name" else form
        assert visitor.post(f"{at}move/", seen=at, form=named, act=wrong).status_code == 400

    proposed = visitor.post(f"{at}propose/", seen=at, form=form)
    assert "no language" in proposed.text
    assert f'value="{form}"' in visitor.get(at).text
    words = visitor.post("intake/page/words/", seen="intake/page/", part="az")
    assert 'name="w:q.own.1"' in words.text


def test_the_page_and_its_words_are_seen_and_changed(room: tuple[Coalition, Visitor, Witness]) -> None:
    _, visitor, _ = room
    page = visitor.get("intake/page/")
    assert "1 of 2 signatures" in page.text
    assert re.search(r'aria-current="page">Intake<', page.text)

    editing = visitor.post("intake/page/words/", seen="intake/page/", part="az")
    assert 'name="w:' in editing.text
    changed = visitor.post(
        "intake/page/words/change/", seen="intake/page/", part="az", **{"w:phrase.received": "Oxuduq."}
    )

    assert changed.status_code == 200
    assert re.search(r"<th scope=\"row\">Azerbaijani</th>", changed.text)
    assert visitor.post("intake/page/words/", seen="intake/page/", part="../x").status_code == 400


def zipped(**members: bytes) -> bytes:
    """Write a workbook that is none."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def test_a_workbook_is_read_by_its_first_sheet() -> None:
    sheet = b"<worksheet %b><sheetData><row><c r='A1' t='s'><v>0</v></c><c r='C1'><v>n</v></c></row>" % MAIN
    sheet += b"<row><c r='A2' t='inlineStr'><is><t>Heron</t></is></c><c r='C2'><v>2</v></c></row>"
    data = zipped(
        **{
            SHEET: sheet + b"</sheetData></worksheet>",
            "xl/sharedStrings.xml": b"<sst %b><si><t>name</t></si></sst>" % MAIN,
        }
    )

    table = read_table(data)

    assert table.columns == ("name", "", "n")
    assert table.rows == (("Heron", "", "2"),)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 cut short",
        zipped(**{SHEET: b"<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet/>"}),
        zipped(**{SHEET: b"0" * (21 << 20)}),
        zipped(**{SHEET: b"<not closed"}),
        zipped(**{"xl/other.xml": b"<x/>"}),
        b'"a,b\nno end',
        b"a\x00b\n",
        ("a," * 100).encode(),
        b"a\n" + b"b\n" * 6000,
    ],
    ids=["empty", "cut", "entities", "bomb", "broken", "no-sheet", "quotes", "zeros", "columns", "rows"],
)
def test_what_is_no_table_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(UnreadableTable):
        read_table(data)
