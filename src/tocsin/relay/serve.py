"""Start the relay: make its key, bring its tables up to date, and run granian.

Tests, the demo and benchmarks start it as a process of its own: `python -m tocsin.relay.serve --home DIR
--port N [--lodge [CODES]]`; it prints a lodging code if asked for one, then its address when it answers.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

THREADS = 24
"""Requests at work at once; those that append wait together for one commit."""

_NOBODY = "0" * 64


def serve(
    home: Path,
    *,
    port: int,
    host: str = "127.0.0.1",
    lodge: int = 0,
    database: str = "",
    opens: bool = False,
) -> None:
    """Run the relay until it is told to stop; print so many lodging codes before, and open restored ledgers if told to."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.umask(0o077)  # SQLite makes its files by this.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.relay.settings"
    os.environ["TOCSIN_RELAY_HOME"] = str(home.resolve())
    if database:
        os.environ["TOCSIN_RELAY_DB"] = database
    for line in _prepare(lodge, opens=opens):
        print(line, flush=True)
    port = port or free_port(host)
    # The worker says it once it has loaded: asking it from here would be a connection.
    os.environ["TOCSIN_RELAY_ADDRESS"] = f"http://{host}:{port}"
    _run_granian(host, port)


def _prepare(n_codes: int, *, opens: bool) -> list[str]:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    from tocsin.core.seal import self_test

    self_test()
    from tocsin.relay.identity import make_key
    from tocsin.relay.store.filling import begin_if_restored, open_again
    from tocsin.relay.store.lodging import make_code

    make_key()
    call_command("migrate", verbosity=0, interactive=False)
    _forget_when()
    begin_if_restored()
    lines = [f"Ledgers that take new records again: {open_again()}"] if opens else []
    lines += [f"Lodging code, for one coalition: {make_code()}" for _ in range(n_codes)]
    connection.close()  # The worker is forked from here and must not share it.
    return lines


def _forget_when() -> None:
    """Django notes the second in which each migration ran; leave it the day."""
    from datetime import UTC, datetime

    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from tocsin.relay.clock import DAY_SECONDS, real_day

    midnight = datetime.fromtimestamp(real_day() * DAY_SECONDS, tz=UTC)
    MigrationRecorder(connection).migration_qs.update(applied=midnight)


def _run_granian(host: str, port: int) -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    # Its log would say when it started; its access log, who came.
    server = Server(
        "tocsin.relay.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        blocking_threads_idle_timeout=600,
        log_enabled=False,
        log_access=False,
        workers_kill_timeout=10,
        websockets=False,
    )
    server.serve()
    from tocsin.relay.hygiene import blur_home

    blur_home()


def wait_until_ready(host: str, port: int, *, seconds: float = 30) -> None:
    """Wait until a relay answers at an address.

    Raises
    ------
    TimeoutError
        It did not.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ask = HTTPConnection(host, port, timeout=2)
        try:
            ask.request("GET", f"/c/{_NOBODY}/challenge")
            if ask.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            ask.close()
    raise TimeoutError(f"no relay answers at port {port}")


def free_port(host: str = "127.0.0.1") -> int:
    """Find a port nobody uses."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def main(arguments: list[str]) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="tocsin-relay")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--lodge", type=int, nargs="?", const=1, default=0)
    parser.add_argument("--open", action="store_true")
    given = parser.parse_args(arguments)
    serve(given.home, port=given.port, host=given.host, lodge=given.lodge, opens=given.open)


if __name__ == "__main__":
    main(sys.argv[1:])
