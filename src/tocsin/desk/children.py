"""Long calculations in a child process, fed and read by pipes: no file, command line or environment says anything of them.

A child's module ends with `if __name__ == "__main__": answer(work)`. Frames go both ways: four bytes of length, then the
bytes; an empty frame ends the question. A parent that is gone ends its child, and a job that is stopped does.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

import msgspec

from tocsin.desk.errors import ChildEnded
from tocsin.desk.hardening import keep_memory_private
from tocsin.desk.jobs import Progress

INHERITED = ("PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What an interpreter may need to start; no other variable is handed on."""

_LENGTH = 4

Step = Callable[[int], None]


def run_in_child(module: str, question: Iterable[bytes], progress: Progress, *, total: int = 0) -> Any:
    """Run a module of ours as a child: feed it the question piece by piece, pass on how far it is, give its answer.

    The answer is whatever msgpack carries: caller and child know what.

    Raises
    ------
    JobCancelled
        The child was ended.
    ChildEnded
        It ended without an answer.
    """
    command = [sys.executable, "-P", "-m", module]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with (
        subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
            command, stdin=pipe, stdout=pipe, stderr=nowhere, env=_environment()
        ) as child,
        progress.ended_by(child.kill),
        ThreadPoolExecutor(1) as feeder,
    ):
        fed = feeder.submit(_feed, child.stdin, question)
        try:
            return _answer_of(child.stdout, progress, total)
        except EOFError:
            progress.step(0, total)
            raise ChildEnded from None
        finally:
            child.kill()
            # Should the question itself have run into something, that is what is raised.
            fed.result()


def _answer_of(source: IO[bytes] | None, progress: Progress, total: int) -> Any:
    while True:
        done, answer = msgspec.msgpack.decode(_frame(source))
        progress.step(done, total)
        if answer is not None:
            return answer[0]


def answer(work: Callable[[Iterator[bytes], Step], Any]) -> None:
    """Be the child: read the question, say now and then how far this is, write the answer and end."""
    keep_memory_private()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    # Nothing but frames may go there.
    sys.stdout = sys.stderr
    steps = 0

    def step(done: int) -> None:
        nonlocal steps
        steps = done
        _write(sink, msgspec.msgpack.encode((done, None)))

    given = work(_question(source), step)
    _write(sink, msgspec.msgpack.encode((steps, [given])))


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def _feed(sink: IO[bytes] | None, question: Iterable[bytes]) -> None:
    assert sink is not None  # noqa: S101 - it is a pipe
    try:
        with sink:
            for piece in question:
                _write(sink, piece)
            _write(sink, b"")
    except OSError as trouble:
        # The child has ended, and whoever reads its answer says so. Windows calls it by the second name.
        if trouble.errno not in (errno.EPIPE, errno.EINVAL):
            raise


def _write(sink: IO[bytes], piece: bytes) -> None:
    sink.write(len(piece).to_bytes(_LENGTH, "big") + piece)
    sink.flush()


def _question(source: IO[bytes]) -> Iterator[bytes]:
    while piece := _frame(source):
        yield piece


def _frame(source: IO[bytes] | None) -> bytes:
    """Read one frame; raises EOFError if the other end is gone."""
    assert source is not None  # noqa: S101 - it is a pipe
    return _whole(source, int.from_bytes(_whole(source, _LENGTH), "big"))


def _whole(source: IO[bytes], n_bytes: int) -> bytes:
    data = source.read(n_bytes)
    if len(data) < n_bytes:
        raise EOFError
    return data
