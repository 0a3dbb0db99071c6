"""How much the witness's page weighs and how fast it seals, in a real Chromium in front of a real relay.

What is fetched is counted as it travels, compressed. "4x" is Chromium's own brake on its processor, about an old phone.
Photographs are drawn in the browser, go through the page's own form, are cleaned, sealed and sent; memory is what the
renderer's process holds more at its worst than before, in a browser none of whose instruments is on (`_bare.py`).
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _bare import BarePage
from _table import Figure, main
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / part) for part in ("desk", "page", "house/plugins")]

from coalition import Coalition, make_coalition  # noqa: E402
from pagekit import Witness, address_of, publish_charter, witness  # noqa: E402

from chromium import FLAGS, find_chromium, is_root  # noqa: E402
from tocsin.core.seal import Identity  # noqa: E402

FIRST, ALL, UPLOAD = 30.0, 110.0, 24.0
SEAL_MS, SEAL_SLOW_MS, WORK_SECONDS, PHOTOS_SECONDS, GROWTH_MB = 100.0, 700.0, 5.0, 10.0, 48.0
SLOW = 4
MOST_WORK_BITS = 12

SEAL = """async ([recipients, times]) => {
  const { sealSubmission } = await import("./seal.js");
  const took = [];
  for (let n = 0; n < times; n++) {
    const began = performance.now();
    await sealSubmission("{}", recipients);
    took.push(performance.now() - began);
  }
  return took.sort((one, other) => one - other)[Math.floor(times / 2)];
}"""
WORK = """async (bits) => {
  const { solve } = await import("./seal.js");
  const began = performance.now();
  await solve({ challenge: crypto.getRandomValues(new Uint8Array(40)), bits }, new Uint8Array(23000));
  return (performance.now() - began) / 1000;
}"""
PHOTOGRAPH = """async (side) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side * 3 / 4 });
  const pen = canvas.getContext("2d"), image = pen.createImageData(canvas.width, canvas.height);
  for (let at = 0; at < image.data.length; at += 4) {
    const light = 128 + 60 * Math.sin(at / 40000) + 60 * (Math.random() - 0.5);
    image.data.set([light, light * 0.9, light * 0.7, 255], at);
  }
  pen.putImageData(image, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


def measure(quick: bool) -> Iterator[Figure]:
    """Weigh the files, then seal, work, send photographs and a film."""
    path = find_chromium()
    if path is None:
        sys.exit("No Chromium: install one, or name it in TOCSIN_CHROMIUM.")
    flags = [*FLAGS, "--no-sandbox"] if is_root() else FLAGS
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-page-") as name,
        make_coalition(Path(name) / "coalition", 4) as coalition,
        sync_playwright() as playwright,
    ):
        publish_charter(coalition)
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield from weigh(browser, coalition)
        yield from seal_and_work(browser, coalition)
        yield from send_photographs(browser, coalition, Path(name))
        browser.close()
        if not quick:
            yield from send_films(path, flags, coalition, Path(name))


def weigh(browser: Browser, coalition: Coalition) -> Iterator[Figure]:
    """Count what travels until a text has gone."""
    sat = witness(browser, coalition)
    sizes: dict[str, float] = {}
    cdp = sat.page.context.new_cdp_session(sat.page)
    names: dict[str, str] = {}
    cdp.on(
        "Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]})
    )
    cdp.on("Network.loadingFinished", lambda event: note(sizes, names, event))
    sent: list[int] = []
    sat.page.on(
        "request",
        lambda request: (
            sent.append(len(request.post_data_buffer or b"")) if request.method == "POST" else None
        ),
    )
    cdp.send("Network.enable")
    sat.come("ar").write()
    sat.answer("what", "x" * 2000)
    sat.send()
    first = sum(size for name, size in sizes.items() if name in ("", "page.css", "page.js"))
    yield Figure(name="first screen, gzip", value=round(first, 1), unit="kB", bar=FIRST, at_most=True)
    whole = sum(size for name, size in sizes.items() if name != "submissions")
    yield Figure(
        name="all to send a text in any language, keys of 4 included",
        value=round(whole, 1),
        unit="kB",
        bar=ALL,
        at_most=True,
    )
    yield Figure(
        name="upload of a text", value=round(max(sent) / 1000, 1), unit="kB", bar=UPLOAD, at_most=True
    )
    sat.page.context.close()


def note(sizes: dict[str, float], names: dict[str, str], event: dict[str, object]) -> None:
    """Add what one answer weighed, headers included, under the last part of its path."""
    address = names.get(str(event["requestId"]), "").partition("#")[0]
    name = address.rpartition("/")[2]
    sizes[name] = sizes.get(name, 0.0) + float(str(event["encodedDataLength"])) / 1000


@contextmanager
def braked(page: Page, rate: int) -> Iterator[CDPSession]:
    """Slow the page's processor down."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    yield cdp
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})


def seal_and_work(browser: Browser, coalition: Coalition) -> Iterator[Figure]:
    """Seal a text to four devices, and do the hardest sum the relay ever asks for."""
    page = browser.new_page()
    page.goto(coalition.address)
    recipients = [Identity.fresh().recipient.encode() for _ in range(4)]
    took = page.evaluate(SEAL, [recipients, 9])
    yield Figure(
        name="seal a text to 4 devices (median of 9)",
        value=round(took, 1),
        unit="ms",
        bar=SEAL_MS,
        at_most=True,
    )
    with braked(page, SLOW):
        took = page.evaluate(SEAL, [recipients, 5])
        yield Figure(name="the same at 4x", value=round(took, 1), unit="ms", bar=SEAL_SLOW_MS, at_most=True)
        took = page.evaluate(WORK, MOST_WORK_BITS)
        yield Figure(
            name="the hardest work at 4x", value=round(took, 2), unit="s", bar=WORK_SECONDS, at_most=True
        )
    page.close()


def send_photographs(browser: Browser, coalition: Coalition, folder: Path) -> Iterator[Figure]:
    """Send 20 MB of photographs by the form: chosen, cleaned, sealed, taken by the relay."""
    sat = ready(browser, coalition)
    files: list[Path] = []
    while sum(file.stat().st_size for file in files) < 20_000_000:
        files.append(folder / f"{len(files)}.jpg")
        files[-1].write_bytes(base64.b64decode(sat.page.evaluate(PHOTOGRAPH, 3000)))
    began = time.perf_counter()
    sat.page.locator("#f-files").set_input_files(files)
    wait_until_sent(sat, len(files), seconds=120)
    took = time.perf_counter() - began
    size = sum(file.stat().st_size for file in files) / 1e6
    yield Figure(
        name="photographs cleaned, sealed and sent",
        value=round(took, 1),
        unit="s",
        bar=PHOTOS_SECONDS,
        at_most=True,
        note=f"{len(files)} of {size:.0f} MB together",
    )
    sat.page.context.close()


def send_films(path: str, flags: list[str], coalition: Coalition, folder: Path) -> Iterator[Figure]:
    """Send a film of 40 MB and one of 100 MB, and watch how much more memory the browser holds meanwhile."""
    grown = {}
    for megabytes in (40, 100):
        film = make_film(folder, megabytes)
        with BarePage(path, folder / f"profile-{megabytes}", flags) as page:
            send_words(page, address_of(coalition))
            before, peak = resident_mb(page.pid), Peak(page.pid)
            began = time.perf_counter()
            page.choose_file("#f-files", film)
            page.wait_for(
                "[...document.querySelectorAll('.files li')].some((line) => line.innerText.includes('Sent.'))",
                seconds=300,
            )
            took = time.perf_counter() - began
            grown[megabytes] = peak.stop() - before
        yield Figure(
            name=f"a film of {megabytes} MB: cleaned, sealed and sent", value=round(took, 1), unit="s"
        )
        yield Figure(
            name=f"a film of {megabytes} MB: more memory at its worst",
            value=round(grown[megabytes]),
            unit="MB",
        )
    more = max(0, round(grown[100] - grown[40]))
    yield Figure(
        name="what 60 MB more of film add to memory", value=more, unit="MB", bar=GROWTH_MB, at_most=True
    )


def send_words(page: BarePage, address: str) -> None:
    """Come, write one letter and send it."""
    page.run(f"location.href = {json.dumps(address)}")
    page.press(".languages button[lang=en]")
    page.wait_for("!!document.querySelector('details#know')")
    page.press("main > button.wide")
    page.wait_for("!!document.querySelector('#f-what')")
    page.run(
        "{ const words = document.querySelector('#f-what'); words.value = 'x';"
        " words.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    page.press("form button.wide")
    page.wait_for("!!document.querySelector('#f-files')")


def ready(browser: Browser, coalition: Coalition) -> Witness:
    """Sit somebody down who has sent their words."""
    sat = witness(browser, coalition)
    sat.come().write()
    sat.answer("what", "x")
    sat.send()
    return sat


def wait_until_sent(sat: Witness, n_files: int, *, seconds: int) -> None:
    """Wait until every file is said to be sent."""
    sat.page.wait_for_function(
        """(n) => {
          const lines = [...document.querySelectorAll(".files li")];
          return lines.length === n && lines.every((line) => line.innerText.includes("Sent."));
        }""",
        arg=n_files,
        timeout=seconds * 1000,
    )


FILM = """
import { open } from "node:fs/promises";
import * as m from "mediabunny";
const file = await open(process.argv[1], "w");
let at = 0;
const sink = new WritableStream({ write: async (piece) => { await file.write(piece); at += piece.length; } });
const format = new m.WebMOutputFormat({ appendOnly: true });
const output = new m.Output({ format, target: new m.AppendOnlyStreamTarget(sink) });
const track = new m.EncodedVideoPacketSource("vp9");
output.addVideoTrack(track, { frameRate: 10 });
await output.start();
const decoderConfig = { codec: "vp09.00.10.08", codedWidth: 64, codedHeight: 64 };
for (let n = 0; n < 10 * process.argv[2]; n++) {
  const frame = new Uint8Array(100000).fill(n);
  await track.add(new m.EncodedPacket(frame, n % 10 ? "delta" : "key", n / 10, 0.1), { decoderConfig });
}
await output.finalize();
await file.close();
"""


def make_film(folder: Path, megabytes: int) -> Path:
    """Write a film of so many megabytes with frames that nobody can look at."""
    film = folder / f"{megabytes}.webm"
    node = Path(sys.executable).with_name("node.exe" if os.name == "nt" else "node")
    subprocess.run([node, "--input-type=module", "-e", FILM, film, str(megabytes)], cwd=ROOT, check=True)  # noqa: S603 - our own words
    return film


def resident_mb(browser: int) -> float:
    """Add up what all renderers of a browser hold."""
    kb = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if b"--type=renderer" in status.with_name("cmdline").read_bytes() and is_below(status, browser):
                kb += field_of(status, "RssAnon")
        except OSError:
            continue  # It ended meanwhile.
    return kb / 1000


def is_below(status: Path, ancestor: int) -> bool:
    """Say whether a process comes from another one."""
    parent = field_of(status, "PPid")
    return parent == ancestor or (parent > 1 and is_below(Path(f"/proc/{parent}/status"), ancestor))


def field_of(status: Path, name: str) -> int:
    """Read a number of /proc; a process that is ending has none."""
    lines = [line.split() for line in status.read_text().splitlines()]
    return next((int(words[1]) for words in lines if words[0] == f"{name}:"), 0)


class Peak:
    """The most that was held, looked at four times a second."""

    def __init__(self, browser: int) -> None:
        self.most = 0.0
        self._browser = browser
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.25):
            self.most = max(self.most, resident_mb(self._browser))

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        return self.most


if __name__ == "__main__":
    main("Witness's page", measure, left_out="films of 40 and 100 MB")
