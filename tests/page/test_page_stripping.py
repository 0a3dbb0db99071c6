"""What is cut out of pictures without decoding them: all planted notes, and nothing of the picture."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from picturekit import CANARY, JPEG_BODY, chunk, jpeg, png, segment, webp

Asker = Callable[[str, Any], Any]

STRIP = "return seal.base64(files.strip(seal.unbase64(asked.bytes), asked.kind));"


def strip(ask_page: Asker, picture: bytes, kind: str) -> bytes:
    return base64.b64decode(ask_page(STRIP, {"bytes": base64.b64encode(picture).decode(), "kind": kind}))


def test_a_jpeg_keeps_its_picture_and_which_way_is_up_and_nothing_else(ask_page: Asker) -> None:
    clean = strip(ask_page, jpeg(6), "jpeg")

    assert CANARY not in clean
    assert clean.endswith(JPEG_BODY + b"\xff\xd9")
    assert struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) in clean


def test_an_upright_jpeg_carries_no_note_at_all(ask_page: Asker) -> None:
    clean = strip(ask_page, jpeg(1), "jpeg")

    assert clean == b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + JPEG_BODY + b"\xff\xd9"


def test_a_png_keeps_its_points_only(ask_page: Asker) -> None:
    clean = strip(ask_page, png(), "png")

    assert CANARY not in clean
    assert b"tIME" not in clean
    assert clean.endswith(chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b""))


def test_a_webp_no_longer_promises_notes(ask_page: Asker) -> None:
    clean = strip(ask_page, webp(), "webp")

    assert CANARY not in clean
    assert clean[20] == 0
    assert struct.unpack("<I", clean[4:8])[0] == len(clean) - 8


@pytest.mark.parametrize(
    ("picture", "kind"), [(jpeg(1)[:200], "jpeg"), (png()[:40], "png"), (webp()[:30], "webp"), (b"", "jpeg")]
)
def test_a_truncated_picture_is_refused(ask_page: Asker, picture: bytes, kind: str) -> None:
    said = ask_page(
        "try { files.strip(seal.unbase64(asked.bytes), asked.kind); return 'taken'; } catch { return 'refused'; }",
        {"bytes": base64.b64encode(picture).decode(), "kind": kind},
    )

    assert said == "refused"
