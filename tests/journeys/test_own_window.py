"""The window that the desk opens for its page: a profile of its own, of which nothing is left anywhere afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from coalition import Coalition, make_coalition
from deskkit import find_in_files
from playwright.sync_api import Browser
from sitekit import Site, start_site

from tocsin.desk.ledger.notes import write_note
from tocsin.desk.site import browser as own

pytestmark = pytest.mark.browser

CANARY = "canarywindowqx"


@dataclass
class House:
    """Where a person's programs may leave something."""

    home: Path
    runtime: Path
    temporary: Path
    program: Path
    """A Chromium without a screen, for whoever looks for `chromium`."""

    def environment(self, coalition: Coalition) -> dict[str, str]:
        """Give the environment in which the desk runs."""
        usual = {key: value for key, value in coalition.environment().items() if key != "BROWSER"}
        return {
            **usual,
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "TMPDIR": str(self.temporary),
            "PATH": f"{self.program.parent}{os.pathsep}{os.environ['PATH']}",
        }

    @property
    def profiles(self) -> list[Path]:
        """The throw-away profiles there are."""
        return list(self.runtime.glob(f"{own.LEAD}*"))

    def find(self, *words: str) -> set[str]:
        """Look through everything that is left."""
        return {
            hit
            for folder in (self.home, self.runtime, self.temporary)
            for hit in find_in_files(folder, list(words))
        }


@pytest.fixture(scope="module")
def house(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Give a person's folders, and a browser that needs no screen; its pages are led over a port."""
    root = tmp_path_factory.mktemp("house")
    made = House(root / "home", root / "runtime", root / "temporary", root / "bin" / "chromium")
    for folder in (made.home, made.runtime, made.temporary, made.program.parent):
        folder.mkdir(mode=0o700)
    flags = "--headless=new --disable-gpu --no-sandbox --remote-debugging-port=0"
    made.program.write_text(f'#!/bin/sh\nexec "{chromium_path}" {flags} "$@"\n', encoding="ascii")
    made.program.chmod(0o700)
    return made


@pytest.fixture(scope="module")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give a desk that has something to show."""
    with make_coalition(tmp_path_factory.mktemp("window"), n=2) as made:
        write_note(made.desks[0], to="intake", text=CANARY)
        made.sync_all(2)
        made.desks.pop(0).close()
        yield made


def wait_for(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def pages_of(profile: Path) -> list[dict[str, str]]:
    """List what a browser shows, by the port that it wrote down."""
    port_file = profile / "DevToolsActivePort"
    if not port_file.exists():
        return []
    port = port_file.read_text(encoding="ascii").split()[0]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
            listed: list[dict[str, str]] = json.load(answer)
    except urllib.error.URLError:
        # It has written its port down and does not listen yet.
        return []
    return listed


def is_at_home(house: House) -> bool:
    """Say whether the window has come in."""
    return any(
        "http://127.0.0.1:" in page["url"] and "/open/" not in page["url"]
        for profile in house.profiles
        for page in pages_of(profile)
    )


@contextmanager
def open_desk(house: House, coalition: Coalition) -> Iterator[Site]:
    """Start a desk that opens its own window, and wait until that has come in."""
    site = start_site(coalition.folders[0], house.environment(coalition), browser=True)
    try:
        wait_for(lambda: is_at_home(house))
        yield site
    finally:
        site.stop()
        for profile in house.profiles:
            end_browser(profile, signal.SIGKILL)


def end_browser(profile: Path, how: signal.Signals) -> None:
    """Tell the browser of a profile to end, as closing its window does."""
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        words = line.read_bytes() if line.exists() else b""
        if str(profile).encode() in words and b"--type=" not in words:
            os.kill(int(line.parent.name), how)


def read_and_write(browser: Browser, profile: Path) -> str:
    """Read a page in the window that somebody's words stand on, and write some into a form."""
    port = (profile / "DevToolsActivePort").read_text(encoding="ascii").split()[0]
    window = browser.browser_type.connect_over_cdp(f"http://127.0.0.1:{port}")
    page = window.contexts[0].pages[0]
    page.goto(page.url + "ledger/duty/")
    page.locator("details:has(#text) > summary").click()
    page.locator("#text").fill(f"{CANARY}typed")
    shown = page.content()
    window.close()
    return shown


def command_lines(word: str) -> list[str]:
    """List the command lines on this machine that hold a word."""
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return [line.replace(b"\0", b" ").decode() for line in lines if word.encode() in line]


def test_a_window_of_its_own_leaves_nothing_when_the_desk_ends(
    house: House, coalition: Coalition, browser: Browser
) -> None:
    with open_desk(house, coalition) as site:
        (profile,) = house.profiles
        mode = profile.stat().st_mode & 0o777
        seen = command_lines(str(profile))
        token = site.link.rpartition("/")[2]
        shown = read_and_write(browser, profile)
        site.stop()
        left, running = house.profiles, command_lines(str(profile))

    assert mode == 0o700
    assert CANARY in shown
    assert seen
    assert not [line for line in seen if token in line]
    assert left == []
    assert running == []
    assert not (coalition.folders[0] / "open.html").exists()
    assert house.find(CANARY, token, site.address.rpartition("/")[2]) == set()


def test_closing_the_window_removes_its_profile_and_ends_the_desk(house: House, coalition: Coalition) -> None:
    with open_desk(house, coalition) as site:
        end_browser(house.profiles[0], signal.SIGTERM)
        out, err = site.process.communicate(timeout=60)
        left = house.profiles

    assert (out, err, site.process.returncode) == ("", "", 0)
    assert left == []


def test_what_a_killed_desk_left_behind_goes_at_the_next_start(house: House, coalition: Coalition) -> None:
    with open_desk(house, coalition) as site:
        (left,) = house.profiles
        site.process.kill()
        site.process.communicate(timeout=20)
        end_browser(left, signal.SIGKILL)
        wait_for(lambda: not command_lines(str(left)))
        stayed = left.exists()
    with open_desk(house, coalition):
        now = house.profiles

    assert stayed
    assert left not in now
    assert len(now) == 1
    assert house.profiles == []


def test_a_window_that_never_comes_up_is_no_reason_to_end(house: House, coalition: Coalition) -> None:
    broken = house.program.parent.parent / "broken"
    broken.mkdir(exist_ok=True)
    (broken / "chromium").write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    (broken / "chromium").chmod(0o700)
    environment = house.environment(coalition)
    environment["PATH"] = f"{broken}{os.pathsep}/usr/bin{os.pathsep}/bin"
    environment["DISPLAY"] = ""
    site = start_site(coalition.folders[0], environment, browser=True)
    assert site.process.stdout is not None
    said = site.process.stdout.readline()
    runs = site.process.poll() is None
    site.stop()

    assert "your own browser" in said
    assert runs
    assert house.profiles == []


def test_a_persons_own_browser_would_have_kept_where_they_were(house: House, coalition: Coalition) -> None:
    """The control: the same search finds the address in a usual profile, whose person did not ask it to forget."""
    site = start_site(coalition.folders[0], house.environment(coalition))
    port = site.address.rpartition(":")[2]
    usual = house.home / "usual"
    command = [str(house.program), f"--user-data-dir={usual}", "--no-first-run", site.link]
    window = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: any("/open/" not in page["url"] and port in page["url"] for page in pages_of(usual)))
        time.sleep(1)
    finally:
        window.terminate()
        window.wait(30)
        site.stop()
    found = house.find(port)
    shutil.rmtree(usual)

    assert found
