"""Start our own programs quickly: a process that has imported what they need forks once for each start.

What runs is real: a process with its own number, environment, channels and, if wanted, process group; it can be killed.
Saved are the seconds in which Python imports Django and ours, which is most of what a test of the relay used to take. The
nursery imports nothing that reads the environment or draws secrets: two programs share no more than the modules' code.

Where there is no fork, outside pytest, under LD_PRELOAD, where a `sitecustomize` waits on PYTHONPATH, and with
TOCSIN_TEST_COLD set, programs start from nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

SOURCE = Path(__file__).parents[3] / "src"

AHEAD = (
    "django.core.management.commands.migrate",
    "django.core.servers.basehttp",
    "django.core.wsgi",
    "django.db.backends.sqlite3.base",
    "django.middleware.csrf",
    "django.shortcuts",
    "django.template.backends.django",
    "granian.server",
    "httpx",
    "psycopg",
    "pydantic.json_schema",
    "pydantic.type_adapter",
    "tocsin.cli",
    "tocsin.core.activate",
    "tocsin.core.count",
    "tocsin.core.intake",
    "tocsin.core.protect",
    "tocsin.core.watch",
    "tocsin.desk.sync",
)
NEVER = ("tocsin.relay.settings", "tocsin.desk.site.settings")
"""They read the environment or draw secrets: each program does so for itself."""


class Sprout:
    """A program that the nursery started, in the manner of `subprocess.Popen`."""

    def __init__(
        self, command: Sequence[str], pid: int, line: socket.socket, *streams: IO[Any] | None
    ) -> None:
        self.args, self.pid = command, pid
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = streams
        self._line = line

    def poll(self) -> int | None:
        """Give the code it ended with, None while it runs."""
        return self._ask(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""
        code = self._ask(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _ask(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self.returncode = _take_number(self._line)
            except (BlockingIOError, TimeoutError):
                return None
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal unless it is known to have ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, said: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        """Say something to it, read both of its channels to the end and wait for it."""
        heard: dict[int, Any] = {}
        readers = [
            threading.Thread(target=lambda n=n, pipe=pipe: heard.update({n: pipe.read()}), daemon=True)
            for n, pipe in enumerate((self.stdout, self.stderr))
            if pipe is not None
        ]
        for reader in readers:
            reader.start()
        if self.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # It ended without listening.
                if said:
                    self.stdin.write(said)
                self.stdin.close()
        self.wait(timeout)
        for reader in readers:
            reader.join()
        self._close()
        return heard.get(0), heard.get(1)

    def _close(self) -> None:
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Sprout:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        self.wait()


def popen(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: Any = None,
    stdout: Any = None,
    stderr: Any = None,
    text: bool = False,
    start_new_session: bool = False,
) -> subprocess.Popen[Any]:
    """Start `[sys.executable, "-m", module, ...]` or `[sys.executable, script, ...]` as `subprocess.Popen` would."""
    if not _has_nursery(env):
        return subprocess.Popen(
            command,
            env=env,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=text,
            start_new_session=start_new_session,
        )
    assert command[0] == sys.executable
    ours, theirs = zip(*(_pipe(given, fd) for fd, given in enumerate((stdin, stdout, stderr))), strict=True)
    theirs = [theirs[1] if fd is None else fd for fd in theirs]
    line, far = socket.socketpair()
    socket.send_fds(_the_nursery(), [b"!"], [far.fileno(), *theirs])
    order = {
        "words": command[1:],
        "env": dict(env),
        "session": start_new_session,
        "folder": os.getcwd(),
        "background": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    }
    line.sendall(json.dumps(order).encode() + b"\n")
    far.close()
    for given, fd in zip((stdin, stdout, stderr), theirs, strict=True):
        if given in (subprocess.PIPE, subprocess.DEVNULL):
            os.close(fd)
    modes = ("w", "r", "r") if text else ("wb", "rb", "rb")
    streams = [None if fd is None else os.fdopen(fd, mode) for fd, mode in zip(ours, modes, strict=True)]
    return Sprout(command, _take_number(line), line, *streams)  # type: ignore[return-value]  # in its manner


def _has_nursery(env: Mapping[str, str]) -> bool:
    cold = "LD_PRELOAD" in env or _is_customized(env) or bool(os.environ.get("TOCSIN_TEST_COLD"))
    return hasattr(os, "fork") and "pytest" in sys.modules and not cold


def _is_customized(env: Mapping[str, str]) -> bool:
    """Say whether Python would run a file of ours as it starts, which what forks never does."""
    folders = filter(None, env.get("PYTHONPATH", "").split(os.pathsep))
    return any(Path(folder, "sitecustomize.py").exists() for folder in folders)


def run(
    command: Sequence[str], *, env: Mapping[str, str], said: str = "", timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Start a program as `popen` does, say something to it, and wait until it has ended."""
    pipe = subprocess.PIPE
    with popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as program:
        out, err = program.communicate(said, timeout)
        return subprocess.CompletedProcess(command, program.wait(), out, err)


def _pipe(given: Any, fd: int) -> tuple[int | None, int | None]:
    """Say which end of a stream is ours, and which is the program's; None and None for a second way into stdout."""
    if given == subprocess.PIPE:
        read, write = os.pipe()
        return (write, read) if fd == 0 else (read, write)
    if given == subprocess.DEVNULL:
        return None, os.open(os.devnull, os.O_RDWR)
    if given == subprocess.STDOUT:
        return None, None
    if given is None:
        return None, fd
    return None, given if isinstance(given, int) else given.fileno()


def _take_number(line: socket.socket) -> int:
    raw = line.recv(4)
    assert len(raw) == 4, "the nursery was killed"
    return int.from_bytes(raw, "big", signed=True)


_open: list[tuple[socket.socket, subprocess.Popen[bytes]]] = []


def _the_nursery() -> socket.socket:
    """Open the nursery when the first program is wanted. It ends when nobody is left who might want one."""
    if not _open:
        here, there = socket.socketpair()
        nursery = subprocess.Popen(
            [sys.executable, __file__, str(there.fileno())],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "OPENBLAS_NUM_THREADS": "1"},
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        there.close()
        _open.append((here, nursery))
    return _open[0][0]


def pytest_unconfigure() -> None:
    """Close the nursery."""
    while _open:
        counter, nursery = _open.pop()
        counter.close()
        nursery.wait(20)


# In the nursery ---


def take_orders(counter: socket.socket) -> dict[str, Any] | None:
    """Fork for every order; come back with it in the program that is to be, and with nothing at the end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Who waits for a program is not waited for.
    while True:
        order, descriptors, _, _ = socket.recv_fds(counter, 1, 4)
        if not order:
            return None
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            counter.close()
            return tend(socket.socket(fileno=descriptors[0]), descriptors[1:])
        for descriptor in descriptors:
            os.close(descriptor)


def tend(line: socket.socket, streams: list[int]) -> dict[str, Any]:
    """Fork the program, tell its number, and tell the code that it ended with."""
    with line.makefile("rb") as reader:
        order: dict[str, Any] = json.loads(reader.readline())
    number = os.fork()
    if number == 0:
        line.close()
        for fd, given in enumerate(streams):
            os.dup2(given, fd)
        os.closerange(3, max(streams) + 1)
        return order
    for given in (0, 1, 2, *streams):
        os.close(given)
    line.sendall(number.to_bytes(4, "big"))
    code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    line.sendall(code.to_bytes(4, "big", signed=True))
    os._exit(0)


def become(order: dict[str, Any]) -> None:
    """Be the program that was asked for, as Python would start it."""
    if order["session"]:
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN if order["background"] else signal.default_int_handler)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["env"])
    words = order["words"]
    with Leaving():
        if words[0] == "-m":
            sys.path[0] = os.getcwd()
            sys.argv = words[1:]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        else:
            sys.path[0] = str(Path(words[0]).parent)
            sys.argv = words
            runpy.run_path(words[0], run_name="__main__")


class Leaving:
    """End a program as Python would, but leave the interpreter whole: to take it apart would cost as much as the start."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(trouble, KeyboardInterrupt):
            return  # Python ends itself by the signal then.
        code = 0
        if isinstance(trouble, SystemExit):
            code = trouble.code if isinstance(trouble.code, int) else int(trouble.code is not None)
            if isinstance(trouble.code, str):
                print(trouble.code, file=sys.stderr)
        elif kind is not None:
            sys.excepthook(kind, trouble, trace)
            code = 1
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()
        for channel in (sys.stdout, sys.stderr):
            channel.flush()
        os._exit(code)


def main() -> None:
    """Import ahead, then take orders until nobody is there to give any."""
    for name in AHEAD:
        importlib.import_module(name)
    assert not set(NEVER) & sys.modules.keys()
    gc.freeze()  # What is there already is garbage to no program, and is not looked through, and so copied, in each.
    order = take_orders(socket.socket(fileno=int(sys.argv[1])))
    if order is not None:
        become(order)


if __name__ == "__main__":
    main()
