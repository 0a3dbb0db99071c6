"""A Chromium for browser tests: one already there, else the distribution's, else Playwright's download."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from sharing import alone
from wanting import go_without

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
MAC = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]
# What a browser does of its own accord on the network would blur what our pages do.
FLAGS = [
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
# Ten seconds to answer, tried at most five times: under a minute until we know that there is none.
ANSWER_MS = "10000"
NONE = "No Chromium: install one, or name it in TOCSIN_CHROMIUM."


def is_root() -> bool:
    """Say whether this process may install packages."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def find_chromium() -> str | None:
    """Look for a Chromium that is already there."""
    named = os.environ.get("TOCSIN_CHROMIUM")
    found = [named] if named else [*map(shutil.which, NAMES), *(path for path in MAC if Path(path).exists())]
    return next((path for path in found if path), None)


def install_from_distribution() -> str | None:
    """Install the distribution's package where that is allowed."""
    if not is_root() or not shutil.which("apt-get"):
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", "-qq", *words], env=environment, capture_output=True, check=False)
    return find_chromium()


def download_by_playwright() -> str | None:
    """Let Playwright fetch its own, if its server answers."""
    environment = {**os.environ, "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": ANSWER_MS}
    command = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
    if subprocess.run(command, env=environment, capture_output=True, check=False).returncode:
        return None
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


@pytest.fixture(scope="session")
def chromium_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the path of a Chromium; skip without one, but never under CI."""
    path = find_chromium()
    if path is None:
        with alone(tmp_path_factory):
            path = find_chromium() or install_from_distribution() or download_by_playwright()
    if path is None:
        go_without(NONE)
    return path


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Give one running browser; a test makes a context of its own in it."""
    flags = [*FLAGS, "--no-sandbox"] if is_root() else FLAGS
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=flags)
        yield running
        running.close()
