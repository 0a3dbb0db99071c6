"""A desk started twice opens its page again, by its starter and without a terminal; and it can be told to quit."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from coalition import PASSPHRASE, Coalition, make_coalition
from sitekit import Visitor, start_site

import nursery
from tocsin.desk.errors import DeskInUse
from tocsin.desk.site import door
from tocsin.desk.site.browser import OWN_BROWSER
from tocsin.desk.starter import installed_program

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the browser of these tests is a shell script")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give one coalition for all tests here, its first desk closed."""
    with make_coalition(tmp_path_factory.mktemp("town"), n=2) as made:
        made.desks.pop(0).close()
        yield made


@dataclass
class Opener:
    """A browser that writes down what it was told to open."""

    program: Path

    @property
    def environment(self) -> dict[str, str]:
        """Make it this machine's browser."""
        return {"BROWSER": f"{self.program} %s"}

    def pages(self, n: int) -> list[str]:
        """Wait until it was told to open so many pages; give what each held then."""
        give_up = time.monotonic() + 30
        while len(found := sorted(self.program.parent.glob("page-*"))) < n and time.monotonic() < give_up:
            time.sleep(0.02)
        return [page.read_text() for page in found]

    def links(self, n: int) -> list[str]:
        """Wait for so many pages; give the link in each."""
        return [page.partition("url=")[2].partition('"')[0] for page in self.pages(n)]


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    program = tmp_path / "opener"
    copy = 'n=$(ls "${0%/*}" | wc -l)\ncp "${1#file://}" "${0%/*}/copied.$$"\nmv "${0%/*}/copied.$$" "${0%/*}/page-$n"\n'
    program.write_text(f"#!/bin/sh\n{copy}", encoding="ascii")
    program.chmod(0o700)
    return Opener(program)


STARTED: list[subprocess.Popen[str]] = []


def start(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a desk as a starter does: it prints nothing."""
    words = [sys.executable, str(installed_program()), "--folder", str(folder)]
    pipe = subprocess.PIPE
    STARTED.append(nursery.popen(words, env=environment, stdout=pipe, stderr=pipe, text=True))
    return STARTED[-1]


@pytest.fixture(autouse=True)
def _end() -> Iterator[None]:
    """End what a test has not ended."""
    yield
    while STARTED:
        with STARTED.pop() as left:
            left.kill()


def test_a_second_click_opens_the_running_desks_page_again(town: Coalition, opener: Opener) -> None:
    environment = {**town.environment(), **opener.environment}
    first = start(town.folders[0], environment)
    (one,) = opener.links(1)
    second = start(town.folders[0], environment)
    said = second.communicate(timeout=30)
    mode = (town.folders[0] / door.DOOR).stat().st_mode & 0o777
    _, two = opener.links(2)
    came = httpx.get(two, trust_env=False)
    first.terminate()

    assert (*said, second.returncode) == ("", "", 0)
    assert one.partition("/open/")[0] == two.partition("/open/")[0]
    assert one != two
    assert came.status_code == 302
    assert mode == 0o600
    assert first.communicate(timeout=20) == (f"{OWN_BROWSER}\n" * 2, "")
    assert not (town.folders[0] / door.DOOR).exists()


def test_two_clicks_at_once_start_one_desk(town: Coalition, opener: Opener) -> None:
    environment = {**town.environment(), **opener.environment}
    both = [start(town.folders[0], environment) for _ in range(2)]
    links = opener.links(2)
    ended = [program for program in both if program.poll() is not None]
    for program in both:
        program.terminate()
        program.communicate(timeout=20)

    assert len({link.partition("/open/")[0] for link in links}) == 1
    assert len(ended) <= 1


def test_without_a_browser_a_second_start_is_refused(town: Coalition) -> None:
    site = start_site(town.folders[0], town.environment(), passphrase=None)
    command = [sys.executable, "-m", "tocsin", "desk", "--no-browser", "--folder", str(town.folders[0])]
    try:
        second = nursery.run(command, env=town.environment())
    finally:
        site.stop()

    assert second.returncode == 1
    assert "[desk.in-use]" in second.stderr


def test_a_desk_that_was_killed_leaves_no_door_that_stays_shut(town: Coalition, opener: Opener) -> None:
    environment = {**town.environment(), **opener.environment}
    first = start(town.folders[0], environment)
    opener.links(1)
    door.knock(town.folders[0])
    opener.links(2)
    first.kill()
    first.communicate(timeout=20)
    left = (town.folders[0] / door.DOOR).exists()

    again = start(town.folders[0], environment)
    links = opener.links(3)
    again.terminate()
    again.communicate(timeout=20)

    assert left
    assert links[2].partition("/open/")[0] != links[0].partition("/open/")[0]


def test_trouble_is_a_page_where_there_is_no_terminal(tmp_path: Path, opener: Opener) -> None:
    words = f'"{installed_program()}" --folder "{tmp_path}/none" --port x'
    environment = {**os.environ, **opener.environment}

    silent = subprocess.run(["sh", "-c", f"exec {words} <&- >&- 2>&-"], env=environment, check=False)
    (page,) = opener.pages(1)

    assert silent.returncode == 1
    assert "<h1>The desk did not open</h1>" in page
    assert "This starter asks for something" in page
    assert "<title>Desk</title>" in page


def test_what_nobody_expected_shows_its_class_and_no_words(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin.cli import windowless

    monkeypatch.setenv("BROWSER", opener.environment["BROWSER"])
    with pytest.raises(SystemExit):
        windowless.show_trouble(ValueError, ValueError("canary-wren"), None)

    (page,) = opener.pages(1)
    assert "ValueError" in page
    assert "canary" not in page


@pytest.fixture
def opened() -> list[int]:
    return []


@pytest.fixture
def folder(tmp_path: Path, opened: list[int]) -> Iterator[Path]:
    """Give a folder whose door is answered in this process."""
    with door.held(tmp_path) as is_ours, door.answered(tmp_path, lambda: opened.append(1)):
        assert is_ours
        yield tmp_path


def ring(folder: Path, said: bytes) -> bytes:
    """Say something at the door; give the answer."""
    port = int.from_bytes((folder / door.DOOR).read_bytes()[:2], "big")
    with socket.create_connection((door.HOST, port), timeout=20) as line:
        line.sendall(said)
        with contextlib.suppress(OSError):  # It hangs up without having read all.
            line.shutdown(socket.SHUT_WR)
            return line.recv(100)
    return b""


def test_the_door_opens_to_whoever_can_read_the_folder_and_to_nobody_else(
    folder: Path, opened: list[int]
) -> None:
    fresh = secrets.token_bytes(door.N_BYTES)
    answers = [ring(folder, said) for said in (b"", b"knock", fresh + fresh, secrets.token_bytes(500))]
    before = len(opened)

    door.knock(folder)
    # Whoever knocked is answered first: opening a browser takes its time.
    patience = time.monotonic() + 10
    while not opened and time.monotonic() < patience:
        time.sleep(0.01)

    assert answers == [b""] * 4
    assert before == 0
    assert len(opened) == 1


def test_somebody_on_a_dead_desks_port_is_not_taken_for_the_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0.0)
    heard: list[bytes] = []
    secret = secrets.token_bytes(door.N_BYTES)
    with socket.create_server((door.HOST, 0)) as impostor:

        def pretend() -> None:
            line, _ = impostor.accept()
            with line:
                heard.append(line.recv(100))
                line.sendall(heard[0][door.N_BYTES :])

        threading.Thread(target=pretend).start()
        (tmp_path / door.DOOR).write_bytes(impostor.getsockname()[1].to_bytes(2, "big") + secret)
        with pytest.raises(DeskInUse):
            door.knock(tmp_path)

    assert secret not in heard[0]
    assert heard[0][door.N_BYTES :] != hmac.digest(secret, heard[0][: door.N_BYTES], "sha256")


def test_a_desk_can_be_told_to_quit(town: Coalition) -> None:
    site = start_site(town.folders[0], town.environment(), passphrase=None)
    person = Visitor(site)
    person.come_in()
    person.post("unlock/", seen="unlock/", passphrase=PASSPHRASE)
    said = person.post("quit/", seen="machine/")
    person.close()

    printed = site.process.communicate(timeout=20)

    assert "The desk is closed" in said.text
    assert (*printed, site.process.returncode) == ("", "", 0)
    assert not (town.folders[0] / "open.html").exists()
