"""A call from the phone to the case and back: the witness on the page, the worker on the desk's pages, two pockets.

The witness is on a small phone in Arabic; nothing here is answered by anything but the pages that people have.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from coalition import make_coalition
from pagekit import Witness, address_of, publish_charter, publish_words, with_slip
from picturekit import CANARY as NOTE
from picturekit import exif, segment
from playwright.sync_api import Browser, expect
from sitekit import serve_first
from walkkit import Walk, check_page

pytestmark = pytest.mark.browser

NAME, WORDS, ANSWER = "canary-name-quillon", "canary-words-orrery", "canary-answer-tamsin"
OWN, YES = "هل معك هاتف آخر؟", "نعم"
"""A question that the coalition asks of its own, and its answer."""
SENT, READ = "أُرسل.", "قرأنا ما أرسلت."
"""What the page says in Arabic of a file that was sent, and the phrasebook's "We have read what you sent."."""
HERE = "Buradayım"  # noqa: RUF001 - Turkish has two letters i
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def people(browser: Browser, tmp_path: Path) -> Iterator[tuple[Walk, Witness]]:
    """Give a worker at the first desk of three that are on duty, and somebody with a phone."""
    with make_coalition(tmp_path) as coalition:
        publish_charter(coalition)
        publish_words(coalition, "*", {"form": "own.1? own.2 reach name"})
        publish_words(coalition, "ar", {"q.own.1": OWN})
        address = address_of(coalition)
        site = serve_first(coalition)
        desk, phone = browser.new_context(), browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
        worker, witness = Walk(coalition, site, desk.new_page()), Witness(phone.new_page(), address)
        worker.page.goto(site.link)
        yield worker, witness
        phone.close()
        desk.close()
        said = site.stop()
        assert not any(canary in said for canary in (NAME, WORDS, ANSWER))


def check_phone(sat: Witness) -> None:
    """Nothing that keeps somebody out, and nothing beyond the edge."""
    found = Axe().run(sat.page)
    assert found.violations_count == 0, found.generate_report()
    assert sat.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def photograph(sat: Witness) -> bytes:
    """Draw a JPEG and put where it was taken into its notes."""
    drawn = sat.page.evaluate(
        """async () => {
          const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 200 });
          canvas.getContext("2d").fillRect(20, 20, 200, 100);
          const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg"));
          return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
        }"""
    )
    plain = base64.b64decode(drawn)
    return plain[:2] + exif(1) + segment(0xFE, NOTE) + plain[2:]


def read_mail(sat: Witness, words: list[str], language: str) -> None:
    """Come back another day and type the receipt, with a slip of the pen."""
    sat.come(language).ask_for_mail(with_slip(words))
    check_phone(sat)


def take_in(worker: Walk) -> None:
    """Fetch what came in and read what stands first."""
    worker.press("Sync now")
    worker.follow("Intake")
    worker.press("Take in and read number 1")


def issue_pocket(worker: Walk, role: str) -> list[str]:
    """Make a pocket's words and read them off the page."""
    worker.follow("Intake")
    worker.follow("Pockets")
    worker.page.get_by_label("For whom").select_option(role)
    worker.press("Make its words")
    words = worker.page.locator("ol.words li").all_inner_texts()
    worker.follow("I have passed them on")
    return words


def answer_a_call(worker: Walk, witness: Witness) -> None:
    """Take a call in, answer it by the phrasebook, and make a case of it."""
    page = worker.page

    # Words first, then the receipt, then a photograph.
    witness.come("ar").write()
    witness.answer("what", f"جاؤوا إلى البيت {WORDS}")
    witness.answer("name", NAME)
    witness.choose("danger", "yes")
    # What the coalition chose to ask: its own question in the language that has words for it, and no more of ours.
    expect(witness.page.get_by_text(OWN)).to_be_visible()
    witness.page.locator("input[name='own.1'][value=yes]").check()
    for left_out in ("own.2", "area", "not"):
        expect(witness.page.locator(f"[id='f-{left_out}']")).to_have_count(0)
    words = witness.send()
    files = [{"name": "canary-file-name.jpg", "mimeType": "image/jpeg", "buffer": photograph(witness)}]
    witness.page.locator("#f-files").set_input_files(files)  # type: ignore[arg-type]  # a list of such maps is what it takes
    expect(witness.page.locator(".files li")).to_contain_text(SENT, timeout=60_000)
    check_phone(witness)

    # From home to the reply in four loads: intake, the words, the reply. Nothing of it stands in the queue or an address.
    worker.press("Sync now")
    worker.loads.clear()
    worker.follow("Intake")
    expect(page.get_by_text("in danger now")).to_have_count(1)
    assert WORDS not in page.content()
    assert NAME not in page.content()
    worker.press("Take in and read number 1")
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(page.get_by_text(f"{OWN}\n{YES}")).to_be_visible()
    expect(page.locator("dd", has_text=NAME)).to_be_visible()
    page.get_by_role("checkbox", name="We have read what you sent.").check()
    worker.press("Reply")
    assert len(worker.loads) <= 4
    expect(page.get_by_text("on its way")).to_be_visible()
    check_photograph(worker)

    # The witness reads it in Arabic, and answers under the same receipt.
    read_mail(witness, words, "ar")
    expect(witness.page.get_by_text(READ)).to_be_visible()
    witness.page.locator("main textarea").fill(ANSWER)
    witness.page.locator("section .row button").click()
    expect(witness.page.locator("main textarea")).to_have_count(0)

    # The answer stands with the call, and the call becomes a case.
    take_in(worker)
    expect(page.get_by_text(ANSWER)).to_be_visible()
    expect(page.get_by_text(WORDS)).to_be_visible()
    worker.follow("Hide this")
    worker.press("Open")
    assert re.fullmatch(r".*/protect/case/[0-9a-f]{8}/", page.url)
    worker.press("Show who this is")
    expect(page.get_by_text(WORDS)).to_be_visible()
    worker.follow("Intake")
    expect(page.get_by_role("button", name="Read call 1")).to_have_count(0)
    assert not any(canary in url for url in worker.loads for canary in (NAME, WORDS, ANSWER))
    assert worker.complaints == []
    assert witness.complaints == []


def check_photograph(worker: Walk) -> None:
    """Look at what was sent: it is shown in a frame without rights, and where it was taken is gone."""
    with worker.page.expect_response(re.compile("/one/file/[0-9a-f]+/look/$")) as answer:
        worker.press("Look at file 1")
    rights = answer.value.headers["content-security-policy"].split("; ")
    assert rights[:2] == ["sandbox", "default-src 'none'"]
    assert not any("'self'" in right for right in rights if not right.startswith("frame-ancestors"))
    _, _, inline = answer.value.text().partition("data:image/jpeg;base64,")
    body = base64.b64decode(inline.partition('"')[0])
    assert body.startswith(b"\xff\xd8\xff")
    assert NOTE not in body
    shown = worker.page.frame_locator("iframe[sandbox='']").get_by_role("img")
    expect(shown).to_have_js_property("naturalWidth", 300)
    check_page(worker)
    worker.press("Back to the words")


def set_check_in(worker: Walk, what: str) -> None:
    """Have the case's page ring unless something is said by tonight."""
    worker.follow("Home")
    with worker.page.expect_navigation():
        worker.page.locator("main a[href*='/protect/case/']").first.click()
    worker.page.get_by_text("Set a check-in").click()
    worker.page.get_by_label("What must have happened").fill(what)
    worker.page.get_by_label("Within how many hours").fill("2")
    worker.press("Set it")


def work_by_pockets(worker: Walk, witness: Witness) -> None:
    """Give an interpreter another call's words, and the night the case's check-in."""
    words = issue_pocket(worker, "interpreter")
    witness.come("az").write()
    witness.answer("what", f"Evə gəldilər {WORDS}")
    witness.send()
    take_in(worker)
    worker.press("Give the words, without name")

    read_mail(witness, words, "ru")
    assert witness.page.get_by_text("Evə gəldilər").get_attribute("lang") == "az"
    witness.page.locator("main textarea").fill("They came to the house")
    witness.page.locator("section .row button").first.click()
    expect(witness.page.locator("main textarea")).to_have_count(0)
    worker.press("Sync now")
    worker.follow("Intake")
    worker.follow("Pockets")
    expect(worker.page.get_by_text("They came to the house")).to_be_visible()

    set_check_in(worker, "canary-check-in")
    words = issue_pocket(worker, "night")
    worker.press("check-ins on it")
    read_mail(witness, words, "tr")
    witness.page.get_by_role("button", name=HERE).click()
    expect(witness.page.get_by_text(f"{HERE}: Gönderildi.")).to_be_visible()
    for words in ("Bu zinciri durdur", "Dizüstüm elimden gitti"):
        danger = witness.page.locator("details", has_text=words)
        danger.locator("summary").click()
        danger.get_by_role("button").click()
        expect(danger).to_have_count(0)
    check_phone(witness)

    # The desk heard it all: the check-in is met, and the pocket's page says what to do.
    worker.press("Sync now")
    worker.press("Sync now")
    worker.follow("Intake")
    worker.follow("Pockets")
    alerts = worker.page.get_by_role("alert")
    expect(alerts).to_have_count(2)
    for said in ("stop the chain", "my laptop is gone"):
        expect(alerts.filter(has_text=said)).to_have_count(1)
    worker.follow("Home")
    expect(worker.page.get_by_text("canary-check-in")).to_have_count(0)
    assert worker.complaints == []
    assert witness.complaints == []


def test_a_call_becomes_a_case_and_pockets_go_on_with_it(people: tuple[Walk, Witness]) -> None:
    answer_a_call(*people)
    work_by_pockets(*people)
