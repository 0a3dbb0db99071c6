"""Photographs are drawn again in a real browser; what comes out is the same picture without any of its notes."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from coalition import Coalition
from picturekit import CANARY, exif, segment
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

DRAW = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#205080"; pen.fillRect(0, 0, 640, 480);
  pen.fillStyle = "#f0d040"; pen.fillRect(40, 40, 200, 100);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
  return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
}"""
CLEAN = """async ([text, kind]) => {
  const { cleanPicture } = await import("./files.js");
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const { blob, way } = await cleanPicture(new Blob([bytes]), kind);
  const clean = new Uint8Array(await blob.arrayBuffer());
  const bitmap = await createImageBitmap(blob);
  const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
  const pen = canvas.getContext("2d"); pen.drawImage(bitmap, 0, 0);
  const at = (x, y) => [...pen.getImageData(x, y, 1, 1).data.slice(0, 3)];
  const text64 = btoa(Array.from(clean, (byte) => String.fromCharCode(byte)).join(""));
  return { way, size: [bitmap.width, bitmap.height], marks: [at(60, 60), at(60, 420), at(420, 60)], bytes: text64 };
}"""


@pytest.fixture
def page(browser: Browser, coalition: Coalition) -> Any:
    opened = browser.new_page()
    opened.goto(coalition.address)
    yield opened
    opened.close()


def photograph(page: Page, orientation: int) -> bytes:
    """Draw a picture as a camera would hand it out: with EXIF, XMP and a comment, turned by a note."""
    plain = base64.b64decode(page.evaluate(DRAW))
    return (
        plain[:2]
        + exif(orientation)
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + CANARY)
        + segment(0xFE, CANARY)
        + plain[2:]
    )


def clean(page: Page, picture: bytes, kind: str) -> dict[str, Any]:
    said: dict[str, Any] = page.evaluate(CLEAN, [base64.b64encode(picture).decode(), kind])
    return said


def is_near(one: list[int], other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))


def test_a_photograph_is_drawn_again_without_its_notes(page: Page) -> None:
    said = clean(page, photograph(page, 1), "jpeg")

    made = base64.b64decode(said["bytes"])
    assert (said["way"], said["size"]) == ("drawn", [640, 480])
    assert CANARY not in made
    assert b"Exif" not in made
    assert is_near(said["marks"][0], (0xF0, 0xD0, 0x40))
    assert is_near(said["marks"][1], (0x20, 0x50, 0x80))


def test_a_photograph_that_lay_on_its_side_stands_up(page: Page) -> None:
    said = clean(page, photograph(page, 6), "jpeg")

    # Turned by a quarter clockwise: what was at the top left is at the top right.
    assert said["size"] == [480, 640]
    assert is_near(said["marks"][2], (0xF0, 0xD0, 0x40))


def test_a_picture_of_a_whole_gigapixel_is_not_drawn(page: Page) -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head

    said = page.evaluate(
        "(asked) => (" + CLEAN + ")(asked).then(() => 'taken', () => 'refused')",
        [base64.b64encode(bomb).decode(), "png"],
    )

    assert said == "refused"
