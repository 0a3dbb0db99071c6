"""Debian's firefox-esr by its own remote control (Marionette), hardened as Tor Browser's users have it.

No driver stands between: Marionette is JSON on a socket of this machine, each message preceded by its length and a colon.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chromium import is_root
from sharing import alone
from wanting import go_without

NAMES = ["firefox-esr", "firefox"]
NONE = "No Firefox: install firefox-esr, or name it in TOCSIN_FIREFOX."
START_SECONDS = 60
SCRIPT_MS = 120_000

HARDENED: dict[str, bool | int | str] = {
    "privacy.resistFingerprinting": True,
    "javascript.options.ion": False,
    "javascript.options.baselinejit": False,
    "javascript.options.native_regexp": False,
    "javascript.options.wasm": False,
    "javascript.options.asmjs": False,
    # What a browser does of its own accord on the network would blur what our page does.
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "services.settings.server": "data:,",
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "browser.startup.homepage": "about:blank",
    "browser.sessionstore.interval": 500,
}


def find_firefox() -> str | None:
    """Look for a Firefox that is already there."""
    named = os.environ.get("TOCSIN_FIREFOX")
    found = [named] if named else [*map(shutil.which, NAMES)]
    return next((path for path in found if path), None)


def install_firefox() -> str | None:
    """Install the distribution's package where that is allowed."""
    if not is_root() or not shutil.which("apt-get"):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", "firefox-esr"]):
        subprocess.run(["apt-get", "-qq", *words], env=environment, capture_output=True, check=False)
    return find_firefox()


class Firefox:
    """One Firefox with a profile of its own, and the conversation with it."""

    def __init__(self, path: str, profile: Path, *, preferences: dict[str, bool | int | str]) -> None:
        self.profile = profile
        profile.mkdir()
        port = _free_port()
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});"
            for name, value in {**preferences, "marionette.port": port}.items()
        ]
        (profile / "user.js").write_text("\n".join(lines) + "\n", "utf-8")
        # Its own caches and crash reports belong into the profile as well, where the test looks for what was left.
        environment = {
            **os.environ,
            "HOME": str(profile),
            "MOZ_HEADLESS": "1",
            "MOZ_CRASHREPORTER_DISABLE": "1",
        }
        command = [path, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._socket = self._connect(port)
        self._last = 0
        self._receive()
        self.say("WebDriver:NewSession", capabilities={"alwaysMatch": {"timeouts": {"script": SCRIPT_MS}}})

    def _connect(self, port: int) -> socket.socket:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=SCRIPT_MS / 1000)
            except ConnectionRefusedError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.2)

    def _receive(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            size += self._socket.recv(1)
        left = int(size[:-1])
        pieces = []
        while left:
            pieces.append(self._socket.recv(left))
            left -= len(pieces[-1])
        return json.loads(b"".join(pieces))

    def say(self, command: str, **parameters: Any) -> Any:
        """Send a command and give its answer; what Firefox could not do is raised."""
        self._last += 1
        message = json.dumps([0, self._last, command, parameters]).encode()
        self._socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, trouble, value = self._receive()
        if trouble:
            raise AssertionError(f"{command}: {trouble['message']}")
        return value

    def open(self, address: str) -> None:
        """Go to a page."""
        self.say("WebDriver:Navigate", url=address)

    def run(self, lines: str, *words: Any) -> Any:
        """Run lines in the page that return something, or a promise of it; `arguments` are the words."""
        script = (
            "const words = [...arguments], done = words.pop(); "
            f"(async (...arguments) => {{ {lines} }})(...words)"
            ".then((said) => done({ said }), (trouble) => done({ trouble: String(trouble) }));"
        )
        answer = self.say("WebDriver:ExecuteAsyncScript", script=script, args=list(words))["value"]
        assert "trouble" not in answer, answer["trouble"]
        return answer.get("said")

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Wait until an expression of the page is true."""
        until = time.monotonic() + seconds
        while not self.run(f"return Boolean({condition});"):
            assert time.monotonic() < until, f"never: {condition}"
            time.sleep(0.1)

    def stop(self) -> None:
        """Quit as a person would, so that it writes what it would write."""
        if self.process.poll() is None:
            self.say("Marionette:Quit", flags=["eForceQuit"])
        self._socket.close()
        self.process.wait(30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="session")
def firefox_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the path of a Firefox; skip without one, but never under CI."""
    path = find_firefox()
    if path is None:
        with alone(tmp_path_factory):
            path = find_firefox() or install_firefox()
    if path is None:
        go_without(NONE)
    return path


@pytest.fixture
def firefox(firefox_path: str, tmp_path: Path) -> Iterator[Firefox]:
    """Give a running, hardened Firefox."""
    running = Firefox(firefox_path, tmp_path / "firefox", preferences=HARDENED)
    yield running
    running.stop()
