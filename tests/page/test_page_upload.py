"""Files after the words: broken connections are resumed where the relay's copy ends, and what cannot go is said calmly."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from coalition import Coalition
from pagekit import Witness, arrived, path_of, witness
from playwright.sync_api import Browser, Route, expect

from tocsin.core.intake import Attachment

pytestmark = pytest.mark.browser

FINAL = re.compile(r"Sent\.|not taken|Too large|cannot be read|cannot clean")
"""What the page says last of a file."""
NOISE = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1600, height: 1600 });
  const pen = canvas.getContext("2d"), image = pen.createImageData(1600, 1600);
  for (let at = 0; at < image.data.length; at++) image.data[at] = at % 4 === 3 ? 255 : Math.random() * 255;
  pen.putImageData(image, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""
"""A picture of several chunks."""


@pytest.fixture(scope="module")
def sat(browser: Browser, coalition: Coalition) -> Iterator[Witness]:
    """Somebody who has sent their words, and adds one file after the other."""
    made = witness(browser, coalition)
    made.come().write()
    made.answer("what", "canary-before-the-files")
    made.send()
    yield made
    made.page.context.close()


def add(sat: Witness, name: str, content: bytes, kind: str = "image/jpeg") -> None:
    """Choose a file."""
    files = [{"name": name, "mimeType": kind, "buffer": content}]
    sat.page.locator("#f-files").set_input_files(files)  # type: ignore[arg-type]  # a list of such maps is what it takes


def line(sat: Witness, name: str) -> str:
    """Read what the page says of a file once it is through with it."""
    found = sat.page.locator(".files li", has_text=name)
    expect(found).to_contain_text(FINAL, timeout=60_000)
    return found.inner_text()


def sent(coalition: Coalition) -> list[Attachment]:
    """List the files that messages name, as the first desk opens them."""
    coalition.sync_all()
    return [file for each in arrived(coalition.desks[0]) for file in each.attachments]


@pytest.mark.parametrize("what", ["never arrives", "arrives unanswered"])
def test_a_chunk_that_is_cut_off_is_sent_once_and_nobody_is_asked_again(
    sat: Witness, coalition: Coalition, what: str
) -> None:
    cut: list[str] = []
    offsets: list[str] = []

    def pass_on(route: Route) -> None:
        offset = route.request.headers.get("upload-offset", "")
        if route.request.method != "PATCH":
            route.continue_()
            return
        if offset != "0" and not cut:
            cut.append(offset)
            if what == "arrives unanswered":
                route.fetch()
            route.abort("connectionreset")
            return
        offsets.append(offset)
        route.continue_()

    sat.page.route("**/attachment/*", pass_on)
    before = sent(coalition)
    add(sat, f"{what}.jpg", base64.b64decode(sat.page.evaluate(NOISE)))
    assert "Sent." in line(sat, what)
    sat.page.unroute("**/attachment/*")
    (file,) = [each for each in sent(coalition) if each not in before]

    state = sat.page.request.head(f"{path_of(coalition)}/attachment/{file.address.hex()}")
    assert len(cut) == 1
    assert (cut[0] in offsets) == (what == "never arrives")
    assert len(offsets) == len(set(offsets))
    assert state.headers["upload-complete"] == "1"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
        ("page.jpg", b"<!doctype html><script>alert(1)</script>", "image/jpeg"),
        ("bomb.zip", b"PK\x03\x04" + bytes(100), "application/zip"),
        ("both.pdf", b"GIF89a;%PDF-1.7", "application/pdf"),
        ("..%2f<img src=x onerror=alert(1)>.png", b"MZ\x90\x00", "image/png"),
        ("phone.heic", b"\0\0\0\x18ftypheic" + bytes(40), "image/heic"),
        ("cut.jpg", b"\xff\xd8\xff\xe0\x00", "image/jpeg"),
    ],
)
def test_what_is_no_picture_film_or_document_is_not_taken_and_its_name_is_only_a_name(
    sat: Witness, coalition: Coalition, name: str, content: bytes, kind: str
) -> None:
    asked = len(sat.asked)

    add(sat, name, content, kind)

    assert "Sent." not in line(sat, name)
    assert not any("attachment" in url for _, url in sat.asked[asked:])
    assert sat.page.locator(".files li img, .files li script").count() == 0
