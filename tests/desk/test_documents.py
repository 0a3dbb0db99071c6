"""A PDF is drawn as pictures by a child with little time and memory; what breaks it shows nothing and harms nothing."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pypdfium2
import pytest

from tocsin.desk.intake import documents
from tocsin.desk.intake.documents import draw_pages, png


def document(n_pages: int, *, wide: float = 200, high: float = 100) -> bytes:
    made, written = pypdfium2.PdfDocument.new(), io.BytesIO()
    for _ in range(n_pages):
        made.new_page(wide, high)
    made.save(written)
    return written.getvalue()


def size_of(picture: bytes) -> tuple[int, int]:
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")


def test_every_page_comes_back_as_a_picture_of_one_width() -> None:
    n, pages = draw_pages(document(2))

    assert n == len(pages) == 2
    assert {size_of(page) for page in pages} == {(documents.WIDTH, documents.WIDTH // 2)}


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 canary-broken",
        document(1, wide=1, high=14_000)[:300],
        b"%PDF-1.7\n<html><script>alert(1)</script>",
    ],
    ids=["broken", "cut off", "a page in disguise"],
)
def test_what_cannot_be_drawn_shows_nothing(content: bytes) -> None:
    assert draw_pages(content) == (0, ())


def test_a_page_a_thousand_times_taller_than_wide_is_cut_down() -> None:
    _, (page,) = draw_pages(document(1, wide=10, high=10_000))

    assert size_of(page)[1] == 4 * documents.WIDTH


def test_a_document_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "SECONDS", 0.01)

    assert draw_pages(document(30)) == (0, ())


def test_pixels_come_back_from_a_png_as_they_went_in() -> None:
    pixels = np.random.default_rng(7).integers(0, 256, (5, 3, 4), dtype=np.uint8)

    written = png(pixels)

    at = written.index(b"IDAT") + 4
    lines = np.frombuffer(zlib.decompress(written[at:]), np.uint8).reshape(5, 1 + 3 * 3)
    assert (lines[:, 0] == 0).all()
    assert (lines[:, 1:].reshape(5, 3, 3) == pixels[:, :, :3]).all()
