"""Short lives that lose their power at one given change of their disk, by a real kill; disk_shim.c counts the changes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from wanting import go_without

sys.path.insert(0, str(Path(__file__).parents[1] / "relay"))

from relaykit import build_shim


def build_disk(folder: Path) -> Path:
    """Build the disk whose power goes, or go without."""
    shim = build_shim(folder)
    if shim is None:
        go_without("No compiler for a disk that loses its power.")
    return shim


class Lives:
    """A worker that lets them live, and what they said."""

    def __init__(self, command: Sequence[Path], environment: Mapping[str, str], shim: Path) -> None:
        self.returned: list[str] = []
        with_shim = {**environment, "LD_PRELOAD": str(shim)}
        pipe = subprocess.PIPE
        self._worker = subprocess.Popen(
            [sys.executable, *map(str, command)], stdin=pipe, stdout=pipe, env=with_shim, text=True
        )

    def live(self, name: str, at: int) -> list[str]:
        """Let one life lose its power at a change; give what became of it."""
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.write(f"{name} {at}\n")
        self._worker.stdin.flush()
        for line in self._worker.stdout:
            word, *rest = line.split()
            if word != "said":
                return [word, *rest]
            self.returned += rest
        raise AssertionError("a life ended in trouble that no power cut explains")

    def end(self) -> None:
        """End the worker."""
        self._worker.communicate(timeout=20)
