"""A Chromium that is driven over a pipe with none of its instruments on, for measuring memory.

Playwright switches the browser's Network instrument on, which keeps the body of every request: what a page sends then counts
as memory that it holds. Here a page is told what to evaluate, and nothing listens.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

_BROWSER_READS, _BROWSER_WRITES = 3, 4
"""The channels that `--remote-debugging-pipe` names."""
_HIGH = 64


class BarePage:
    """One page of a browser of its own."""

    def __init__(self, chromium: str, profile: Path, flags: list[str]) -> None:
        to_browser, from_browser = _pipe(), _pipe()

        def take_channels() -> None:
            os.dup2(to_browser[0], _BROWSER_READS)
            os.dup2(from_browser[1], _BROWSER_WRITES)

        command = [
            chromium,
            "--headless=new",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            *flags,
        ]
        self._process = subprocess.Popen(  # noqa: S603 - the browser of this benchmark
            [*command, "about:blank"],
            close_fds=False,
            preexec_fn=take_channels,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser[0])
        os.close(from_browser[1])
        self._to, self._from = to_browser[1], from_browser[0]
        self._heard, self._numbers = b"", itertools.count(1)
        self._session = ""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    @property
    def pid(self) -> int:
        """The number of the browser's process."""
        return self._process.pid

    def __enter__(self) -> BarePage:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def run(self, script: str) -> Any:
        """Evaluate a line in the page; give its value."""
        return self._evaluate(script, by_value=True).get("value")

    def wait_for(self, script: str, *, seconds: float = 60) -> None:
        """Look five times a second until a line is true; raises TimeoutError."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if self.run(script):
                return
            time.sleep(0.2)
        raise TimeoutError(script)

    def press(self, selector: str) -> None:
        """Wait for an element and click it."""
        self.wait_for(f"!!document.querySelector({json.dumps(selector)})")
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def choose_file(self, selector: str, file: Path) -> None:
        """Choose a file, as a person does."""
        field = self._evaluate(f"document.querySelector({json.dumps(selector)})", by_value=False)
        self._call("DOM.setFileInputFiles", files=[str(file)], objectId=field["objectId"])

    def _evaluate(self, script: str, *, by_value: bool) -> dict[str, Any]:
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=by_value)
        return dict(answer["result"])

    def _call(self, method: str, **values: object) -> dict[str, Any]:
        number = next(self._numbers)
        words: dict[str, object] = {"id": number, "method": method, "params": values}
        if self._session:
            words["sessionId"] = self._session
        os.write(self._to, json.dumps(words).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(answer["error"]["message"])
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._heard:
            piece = os.read(self._from, 1 << 16)
            if not piece:
                raise EOFError("the browser has ended")
            self._heard += piece
        one, _, self._heard = self._heard.partition(b"\0")
        return dict(json.loads(one))


def _pipe() -> tuple[int, int]:
    """Make a pipe whose ends lie above the numbers that the browser takes."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, _HIGH) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]
