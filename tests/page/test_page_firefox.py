"""Debian's Firefox as its careful users have it: no just-in-time compiler, no WASM, and canvases that hand out noise."""

from __future__ import annotations

import base64

import pytest
from coalition import Coalition
from picturekit import CANARY, jpeg

from firefox import Firefox

pytestmark = pytest.mark.browser

CLEAN = """
const { cleanPicture } = await import(arguments[0] + "/files.js");
const bytes = Uint8Array.from(atob(arguments[1]), (letter) => letter.charCodeAt(0));
const { blob, way } = await cleanPicture(new Blob([bytes]), "jpeg");
return [way, btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(""))];
"""


def test_a_spoilt_canvas_is_noticed_and_the_notes_are_cut_out_instead(
    firefox: Firefox, coalition: Coalition
) -> None:
    firefox.open(coalition.address)

    way, made = firefox.run(CLEAN, coalition.address, base64.b64encode(jpeg(1)).decode())

    assert way == "stripped"
    assert CANARY not in base64.b64decode(made)
