"""Three founders who are cut off again and again; see test_founding.py.

python found_worker.py FOLDER ADDRESS CODE CLOCK_FILE, with disk_shim.c preloaded. Each line on standard input is the change
of the disk at which the power goes. Answers `cut`, or `lived` when all three desks stood. A life
that raises ends the worker.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from foundkit import Lodgings, carry_on

from tocsin.desk.clock import Clock


def main(folder: Path, address: str, code: str, clock: Clock) -> None:
    """Let one life after another be born in a process of its own, everything imported before."""
    shim = ctypes.CDLL(None)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            shim.tocsin_cut_power_at(ctypes.c_long(int(line)))
            for desk in carry_on(folder, Lodgings(None, folder, address, clock), code):  # type: ignore[arg-type]
                desk.close()
            shim.tocsin_cut_power_at(ctypes.c_long(-1))
            print("lived", flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            print("cut", flush=True)
        elif status:
            raise SystemExit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Clock(Path(sys.argv[4])))
