"""A browser of its own for the desk's page: a fresh Chromium profile, in memory where there is some, gone with the window.

A person's own browser keeps addresses, forms and sessions, asks services about spelling, and copies all of it to other
machines. This one is told to do none of that; and what it writes all the same lies in a folder that is removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tocsin.desk.site.entrance import Entrance

LEAD = "tocsin-page-"
LOCK = "desk.sqlite3"
CLOSE_SECONDS, REMOVE_SECONDS = 8.0, 5.0

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "brave-browser",
    "microsoft-edge",
    "microsoft-edge-stable",
)
MAC_APPLICATIONS = ("Chromium", "Google Chrome", "Brave Browser", "Microsoft Edge")
WINDOWS_PROGRAMS = (
    "Chromium/Application/chrome.exe",
    "Google/Chrome/Application/chrome.exe",
    "BraveSoftware/Brave-Browser/Application/brave.exe",
    "Microsoft/Edge/Application/msedge.exe",
)

FLAGS = (
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--no-pings",
    "--disable-background-mode",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=AutofillServerCommunication,MediaRouter,OptimizationHints,SpareRendererForSitePerProcess,Translate",
    "--disable-session-crashed-bubble",
    "--disable-sync",
    "--disk-cache-size=1",
    "--media-cache-size=1",
    # Else it asks for the key ring of the desktop, where its cookies' key would stay.
    "--password-store=basic",
    "--use-mock-keychain",
)

OWN_BROWSER = (
    "This page opens in your own browser, whose history keeps that you were here, though not what you read. "
    "With Chromium, Chrome, Brave or Edge on this machine the desk opens a window that keeps nothing."
)

PREFERENCES = {
    "autofill": {"credit_card_enabled": False, "profile_enabled": False},
    "browser": {"enable_spellchecking": False},
    "credentials_enable_service": False,
    "download": {"prompt_for_download": True},
    "net": {"network_prediction_options": 2},
    "profile": {"password_manager_enabled": False},
    "safebrowsing": {"enabled": False},
    "search": {"suggest_enabled": False},
    "session": {"restore_on_startup": 5},
    "spellcheck": {"use_spelling_service": False},
    "translate": {"enabled": False},
}


def find_chromium(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Find a browser of Chromium's kind on this machine."""
    return next((path for path in _candidates(environment) if path.is_file()), None)


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    if sys.platform == "win32":
        for root in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            if root in environment:
                yield from (Path(environment[root], program) for program in WINDOWS_PROGRAMS)
    elif sys.platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            yield from (folder / f"{name}.app/Contents/MacOS/{name}" for name in MAC_APPLICATIONS)
    for name in NAMES:
        if found := shutil.which(name, path=environment.get("PATH")):
            yield Path(found)


def is_snap(program: Path) -> bool:
    """Say whether a program came as a snap, which sees no folder but its own."""
    return "snap" in program.resolve().parts


def profile_root(program: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Choose where the profile lies: in memory if the system has a place for that, else where temporary files are."""
    if is_snap(program):
        return Path.home() / "snap" / "chromium" / "common"
    memory = [Path(environment["XDG_RUNTIME_DIR"])] if environment.get("XDG_RUNTIME_DIR") else []
    for folder in (*memory, Path("/dev/shm")):  # noqa: S108 - a folder only its owner enters is made in it
        if sys.platform == "linux" and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return Path(tempfile.gettempdir())


def make_profile(root: Path) -> tuple[Path, sqlite3.Connection]:
    """Make a profile that only this person enters, held by a lock that ends with this process, however it ends."""
    folder = Path(tempfile.mkdtemp(prefix=LEAD, dir=root))
    preferences = folder / "Default" / "Preferences"
    preferences.parent.mkdir(mode=0o700)
    preferences.write_text(json.dumps(PREFERENCES), encoding="utf-8")
    return folder, _hold(folder)


def _hold(folder: Path) -> sqlite3.Connection:
    lock = sqlite3.connect(folder / LOCK, isolation_level=None, check_same_thread=False, timeout=0)
    with contextlib.ExitStack() as undo:
        undo.callback(lock.close)
        lock.execute("begin exclusive")
        undo.pop_all()
    return lock


def remove_left_behind(root: Path) -> int:
    """Remove profiles whose desk was killed; say how many."""
    n_removed = 0
    for folder in root.glob(f"{LEAD}*"):
        try:
            _hold(folder).close()
        except sqlite3.OperationalError:
            # Another desk shows its page there, or it is another person's.
            continue
        remove(folder)
        n_removed += 1
    return n_removed


def remove(folder: Path) -> None:
    """Remove a profile; Windows lets go of a browser's files a little after its end."""
    give_up = time.monotonic() + REMOVE_SECONDS
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=time.monotonic() < give_up)
        if folder.exists():
            time.sleep(0.1)


class Showing:
    """Shows the desk's page while the desk runs, as often as it is asked for; `end` is called when its window was closed.

    The link goes by a file that only this person can read: a command line is seen by everybody on the machine. Whoever
    named a browser in BROWSER gets that one, and without Chromium it is the one that this system opens.
    """

    def __init__(self, folder: Path, entrance: Entrance, *, end: Callable[[], None]) -> None:
        self._page = folder / "open.html"
        self._entrance, self._end = entrance, end
        self._window: Window | None = None
        self._turn = threading.Lock()

    def show(self, link: str) -> None:
        """Open the page by a link that was not used yet: in the window, if one stands open, else in a new one."""
        with self._turn:
            self._write(link)
            program = None if os.environ.get("BROWSER") else find_chromium()
            if self._window is not None:
                self._window.open_again()
            elif program is not None:
                self._window = Window(program, self._address, self._over, profile_root(program))
                self._window.open()
            else:
                _in_own_browser(self._address)

    def close(self) -> None:
        """Close the window, and leave no link behind."""
        with self._turn:
            if self._window is not None:
                self._window.close()
            self._page.unlink(missing_ok=True)

    @property
    def _address(self) -> str:
        return self._page.resolve().as_uri()

    def _write(self, link: str) -> None:
        lead = '<!doctype html><meta charset="utf-8"><title>Desk</title><meta http-equiv="refresh" content="0;url='
        descriptor = os.open(self._page, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as sink:
            sink.write(f'{lead}{link}">')

    def _over(self) -> None:
        """A window that never came up is no reason to end."""
        if self._entrance.was_used:
            self._end()
        else:
            _in_own_browser(self._address)


def _in_own_browser(address: str) -> None:
    print(OWN_BROWSER, flush=True)
    webbrowser.open(address)


@dataclass
class Window:
    """A browser with a throw-away profile; `close` ends it, and `on_end` is called when it has ended by itself."""

    program: Path
    page: str
    """Address of a file that leads to the desk: what stands on a command line everybody on this machine may read."""
    on_end: Callable[[], None]
    root: Path
    _closing: threading.Event = field(default_factory=threading.Event)

    def open(self) -> None:
        """Open the window, and watch over it."""
        remove_left_behind(self.root)
        self.profile, self._lock = make_profile(self.root)
        self._process = self._start()
        self._watcher = threading.Thread(target=self._watch, name="window", daemon=True)
        self._watcher.start()

    def open_again(self) -> None:
        """Open the page once more: a second browser with this profile hands it to the first, and ends."""
        threading.Thread(target=self._start().wait, name="second window", daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        quiet = "--inprivate" if "edge" in self.program.name.lower() else "--incognito"
        command = [
            str(self.program),
            f"--user-data-dir={self.profile}",
            *FLAGS,
            quiet,
            "--new-window",
            self.page,
        ]
        nowhere = subprocess.DEVNULL
        # In a session of its own: Ctrl-C is for the desk, which closes the window itself.
        return subprocess.Popen(  # noqa: S603 - a browser that was looked for, our flags, a file of ours
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
        )

    def close(self) -> None:
        """Tell the window to close, make sure of it, and remove the profile."""
        self._closing.set()
        self._process.terminate()
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._watcher.join()

    def _watch(self) -> None:
        self._process.wait()
        self._lock.close()
        remove(self.profile)
        if not self._closing.is_set():
            self.on_end()
