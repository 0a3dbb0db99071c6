"""A real PostgreSQL for tests: TOCSIN_TEST_PG, else the one on this machine, else one of our own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from wanting import go_without

LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"
FOLDERS = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
START_SECONDS = 30
NONE = "No PostgreSQL: name one in TOCSIN_TEST_PG, or install the package postgresql."


def answers(url: str) -> bool:
    """Say whether a server lets us in."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def find_binaries() -> Path | None:
    """Look for the folder that holds initdb and postgres, the newest first."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = [path.parent for folder in FOLDERS for path in Path(folder).glob("*/bin/initdb")]
    return max(versions, default=None)


def free_port() -> int:
    """Find a port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def private_cluster(binaries: Path) -> Iterator[str]:
    """Run a cluster of our own. It refuses root, so root runs it as the user postgres."""
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="tocsin-pg-") as folder:
        home = Path(folder) / "pg"
        home.mkdir(mode=0o700)
        if as_postgres:
            Path(folder).chmod(0o755)
            shutil.chown(home, "postgres")
        create = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
        initdb = [*as_postgres, str(binaries / "initdb"), "-D", str(home), *create]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder)
        port = free_port()
        # No unix socket: its path must be short, and nobody here needs one.
        listen = ["-h", "127.0.0.1", "-p", str(port), "-c", "unix_socket_directories="]
        command = [*as_postgres, str(binaries / "postgres"), "-D", str(home), *listen]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(command, cwd=folder, **quiet)
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        try:
            wait_for(url, server)
            yield url
        finally:
            stop(server, home / "postmaster.pid")


def stop(server: subprocess.Popen[bytes], written: Path) -> None:
    """End a server quickly and tidily. runuser may stand between, so the number is the one it wrote down."""
    if written.is_file():
        os.kill(int(written.read_text().split()[0]), signal.SIGINT)
    else:
        server.terminate()
    server.wait(START_SECONDS)


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until a server that is starting lets us in."""
    give_up = time.monotonic() + START_SECONDS
    while not answers(url):
        if server.poll() is not None or time.monotonic() > give_up:
            pytest.fail("The private PostgreSQL did not start.")
        time.sleep(0.1)


@contextmanager
def any_server() -> Iterator[str]:
    """Give the address of a server where databases may be made."""
    binaries = find_binaries()
    if url := os.environ.get("TOCSIN_TEST_PG"):
        yield url
    elif answers(LOCAL):
        yield LOCAL
    elif binaries:
        with private_cluster(binaries) as private:
            yield private
    else:
        go_without(NONE)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the URL of a fresh database, dropped when the session ends."""
    with any_server() as server:
        name = f"tocsin_test_{secrets.token_hex(6)}"
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
            try:
                yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
            finally:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
