"""Planted words are nowhere on the relay afterwards, running, and nowhere in what a browser keeps of the visit."""

from __future__ import annotations

import base64
import gzip
import sys
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from coalition import Coalition
from pagekit import Witness, address_of, arrived, reply
from picturekit import PLANT, jpeg
from playwright.sync_api import Browser, expect

from chromium import FLAGS, is_root
from firefox import Firefox
from tocsin.core.seal import Receipt

pytestmark = pytest.mark.browser

PLANTED = {name: f"{PLANT}-{name}" for name in ("what", "warn", "name", "reach", "not", "area")}
REPLY = f"{PLANT}-reply"
FILE_NAME = f"{PLANT}-file-name"


def encodings(word: str) -> Iterator[bytes]:
    """Write a word in every way in which a program may have kept it."""
    plain = word.encode()
    yield from (
        plain,
        word.encode("utf-16-le"),
        plain[::-1],
        plain.hex().encode(),
        urllib.parse.quote(word).encode(),
    )
    for shift in range(3):
        # The letters in the middle are the same wherever the word stands in a longer text.
        yield base64.b64encode(b"\0" * shift + plain)[4:-4]
        yield base64.urlsafe_b64encode(b"\0" * shift + plain)[4:-4]


def readings(data: bytes) -> Iterator[bytes]:
    """Give bytes as they are, and all compressed streams that begin in them."""
    yield data
    for magic, opener in ((b"\x1f\x8b\x08", gzip.decompress), (b"\x78\x9c", zlib.decompress)):
        at = data.find(magic)
        while at >= 0:
            with suppress(OSError, EOFError, zlib.error):  # It only looked like one.
                yield opener(data[at:])
            at = data.find(magic, at + 1)


def leaks(pieces: Iterable[bytes], words: Iterable[str]) -> set[str]:
    """Say which words are found."""
    sought = [(word, form) for word in words for form in encodings(word)]
    return {
        word for piece in pieces for reading in readings(piece) for word, form in sought if form in reading
    }


def files_below(folder: Path) -> Iterator[bytes]:
    """Read every file of a folder, and its name."""
    for path in folder.rglob("*"):
        yield str(path.relative_to(folder)).encode()
        if path.is_file():
            yield path.read_bytes()


def memory_of(pid: int) -> Iterator[bytes]:
    """Read all a running process and its children hold."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from memory_of(int(child))
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, rights = line.split()[:2]
            start, end = (int(part, 16) for part in place.split("-"))
            if rights.startswith("rw") and end - start < 1 << 28:
                try:
                    memory.seek(start)
                    yield memory.read(end - start)
                except OSError:
                    continue  # A guard page.


def test_a_visit_leaves_nothing_on_the_relay_nor_in_chromium(
    browser: Browser, chromium_path: str, coalition: Coalition, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    flags = [*FLAGS, "--no-sandbox"] if is_root() else FLAGS
    photograph = tmp_path / f"{FILE_NAME}.jpg"
    photograph.write_bytes(jpeg(1))
    # By the driver that runs already: a process has one.
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=chromium_path, args=flags
    )
    words = visit(Witness(context.pages[0], address_of(coalition)), coalition, photograph)
    context.close()
    sought = [PLANT, *pairs(words)]

    assert leaks(files_below(profile), sought) == set()
    assert leaks(files_below(coalition.relay_home), sought) == set()
    if sys.platform == "linux":
        assert leaks(memory_of(coalition.relay.pid), sought) == set()


def pairs(words: list[str]) -> list[str]:
    """Give neighbours of a receipt: one word alone is too short to be told from chance."""
    return [" ".join(words[at : at + 2]) for at in (0, 5, 10)]


def visit(sat: Witness, coalition: Coalition, photograph: Path) -> list[str]:
    """Write everything, send a photograph, come back, read the reply; then leave in haste."""
    sat.come().write()
    sat.choose("named", "yes")
    for name, word in PLANTED.items():
        sat.answer(name, word)
    words = sat.send()
    sat.page.locator("#f-files").set_input_files(photograph)
    expect(sat.page.locator(".files li")).to_contain_text("Sent.", timeout=60_000)
    coalition.sync_all()
    locator = Receipt.parse(" ".join(words)).locator(0)
    sent = next(
        each for each in arrived(coalition.desks[0]) if each.locator == locator and each.identity.name
    )
    reply(coalition, sent, text=REPLY)
    sat.come()
    sat.page.locator("main > button.wide").nth(1).click()
    sat.answer("receipt", " ".join(words))
    sat.page.locator("form button.wide").click()
    expect(sat.page.get_by_text(REPLY)).to_be_visible()
    sat.page.locator(".leave").click()
    expect(sat.page).to_have_url("about:blank")
    return words


def test_a_planted_leak_is_found_in_every_form(tmp_path: Path) -> None:
    word = PLANTED["what"]
    kept = [
        word.encode(),
        word.encode("utf-16-le"),
        b"xx" + base64.b64encode(f"a longer text with {word} inside".encode()),
        word.encode().hex().encode(),
        gzip.compress(word.encode()),
        b"junk" + zlib.compress(f"... {word} ...".encode()),
    ]
    for n, piece in enumerate(kept):
        (tmp_path / str(n)).write_bytes(piece)

    assert [leaks([piece], [word]) for piece in kept] == [{word}] * len(kept)
    assert leaks(files_below(tmp_path), [word, "canary-never-written"]) == {word}


def test_a_visit_with_a_hardened_firefox_seals_and_leaves_nothing(
    firefox: Firefox, coalition: Coalition
) -> None:
    firefox.open(address_of(coalition))
    firefox.wait("document.querySelector('details#know')")
    firefox.run(
        "document.querySelector('#speak-en').click(); document.querySelector('main > button.wide').click();"
    )
    firefox.run(
        """for (const [name, word] of Object.entries(arguments[0])) {
          const box = document.querySelector(`#f-${name}`);
          if (box) { box.value = word; box.dispatchEvent(new Event("input")); }
        }
        document.querySelector("form button.wide").click();""",
        PLANTED,
    )
    firefox.wait("document.querySelectorAll('ol.receipt li').length === 12")
    words = firefox.run(
        "return [...document.querySelectorAll('ol.receipt li')].map((each) => each.innerText.split(' ').pop());"
    )
    # Without a compiler sealing is slow: more than 20 MB are not begun, and the page says so.
    firefox.run(
        """const chosen = new DataTransfer(), field = document.querySelector("#f-files");
        chosen.items.add(new File([new Uint8Array(21 * 1024 * 1024).fill(1, 0, 9)], "canary-file.mp4"));
        field.files = chosen.files;
        field.dispatchEvent(new Event("change"));"""
    )
    firefox.wait("document.querySelector('.files li')?.innerText.includes('Too large: at most 20 MB here.')")
    firefox.run("document.querySelector('.leave').click();")

    coalition.sync_all()
    assert any(each.identity.reach == PLANTED["reach"] for each in arrived(coalition.desks[0]))
    firefox.stop()
    sought = [PLANT, *pairs(words)]
    assert leaks(files_below(firefox.profile), sought) == set()


def test_the_hardest_work_is_done_in_time_without_a_compiler(firefox: Firefox, coalition: Coalition) -> None:
    firefox.open(coalition.address)

    seconds = firefox.run(
        """const { solve } = await import(arguments[0] + "/seal.js");
        const began = performance.now();
        await solve({ challenge: new Uint8Array(40), bits: 12 }, new Uint8Array(23000));
        return (performance.now() - began) / 1000;""",
        coalition.address,
    )

    assert seconds < 15
