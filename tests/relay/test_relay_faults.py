"""Full disks, quotas, killed parents, a missing page: a sentence each, and nothing half-written."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest
from pytest_django.fixtures import Settings
from relaykit import (
    CHUNK,
    SOURCE,
    RunningRelay,
    Town,
    build_shim,
    fresh_attachment,
    fresh_grant,
    fresh_submission,
    send_chunk,
    upload_state,
)

import nursery
from tocsin.relay.hygiene import explain
from wanting import go_without


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    shim, mark = build_shim(tmp_path), tmp_path / "full"
    if shim is None:
        go_without("No C compiler: the full disk cannot be played.")
    relay = RunningRelay(tmp_path / "home", env={"LD_PRELOAD": str(shim), "TOCSIN_SHIM_FULL": str(mark)})
    town = Town.found()
    town.lodge(relay)
    desk, address, file = town.desk(relay), secrets.token_hex(32), fresh_attachment()
    desk.append(desk.make())
    send_chunk(desk, address, file, 0)
    waiting = desk.make()

    mark.touch()
    refused = [
        desk.append(waiting),
        desk.ask("POST", "/submissions", fresh_submission(), signed=False),
        send_chunk(desk, address, file, CHUNK, last=True),
    ]
    mark.unlink()

    assert [(answer.status, answer.code) for answer in refused] == [(507, "relay.full")] * 3
    assert len(desk.read_all()) == 2
    assert desk.append(waiting).value["numbers"] == [2]
    assert upload_state(desk, address) == (str(CHUNK), "0")
    assert send_chunk(desk, address, file, CHUNK, last=True).status == 200
    relay.stop()


def test_a_full_postgresql_is_said_with_the_same_words() -> None:
    from django.db import OperationalError

    trouble = OperationalError("could not extend file")
    trouble.__cause__ = psycopg.errors.DiskFull()

    assert explain(trouble)[:2] == (507, "relay.full")


def test_quotas_bound_a_device_and_a_folder(tmp_path: Path) -> None:
    quotas = {
        "records": [3, 10**9],
        "grants": [2, 10**9],
        "submissions": [5, 10**9],
        "attachments": [9, CHUNK],
    }
    relay = RunningRelay(tmp_path / "home", env={"TOCSIN_RELAY_QUOTAS": json.dumps(quotas)})
    town = Town.found()
    town.lodge(relay)
    desk, other = town.desk(relay), town.desk(relay, 2)
    three, one_more = [desk.make() for _ in range(3)], desk.make()
    file, address = fresh_attachment(), secrets.token_hex(32)

    assert desk.append(*three).status == 200
    assert desk.append(one_more).code == "relay.quota"
    assert desk.append(*three).status == 200, "sending again costs nothing"
    assert other.append(other.make()).status == 200
    assert desk.ask("POST", "/grants", fresh_grant() + fresh_grant() + fresh_grant()).code == "relay.quota"
    assert desk.ask("POST", "/grants", fresh_grant() + fresh_grant()).status == 200
    sent = [fresh_submission() for _ in range(9)]
    with ThreadPoolExecutor(9) as threads:
        # At once, so that what is refused shares a transaction with what is taken; then all again.
        answers = [
            list(threads.map(lambda one: relay.ask("POST", f"{town.path}/submissions", one).status, sent))
            for _ in range(2)
        ]
    assert sorted(answers[0]) == [200] * 5 + [429] * 4
    assert answers[1] == answers[0]
    assert send_chunk(desk, address, file, 0).status == 200
    assert send_chunk(desk, address, file, CHUNK, last=True).code == "relay.quota"
    assert len(desk.read_all()) == 5
    relay.stop()


@pytest.mark.skipif(os.name != "posix", reason="Only POSIX leaves orphans this way.")
def test_a_worker_whose_main_process_was_killed_ends_too(tmp_path: Path) -> None:
    relay = RunningRelay(tmp_path / "home")

    os.kill(relay.process.pid, signal.SIGKILL)
    relay.process.wait(10)

    deadline = time.monotonic() + 30
    while answers(relay.port):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Say whether somebody listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def test_a_page_that_was_not_built_is_said(tmp_path: Path, settings: Settings) -> None:
    from django.test import RequestFactory

    from tocsin.relay.errors import NoPage
    from tocsin.relay.page import bundle

    settings.PAGE_BUNDLE = tmp_path
    bundle._files.cache_clear()

    with pytest.raises(NoPage):
        bundle.give_file(RequestFactory().get("/"))
    bundle._files.cache_clear()


def test_the_page_lets_nothing_in_but_its_own_files(tmp_path: Path, settings: Settings) -> None:
    from django.test import RequestFactory

    from tocsin.relay.page import bundle

    settings.PAGE_BUNDLE = tmp_path
    (tmp_path / "index.html").write_text("<!doctype html>")
    bundle._files.cache_clear()

    response = bundle.give_file(RequestFactory().get("/"))

    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert response["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    bundle._files.cache_clear()


@pytest.mark.parametrize("words", [["check"], ["makemigrations", "--check", "--dry-run"]])
def test_django_finds_nothing_wrong_and_no_migration_missing(words: list[str], tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "DJANGO_SETTINGS_MODULE": "tocsin.relay.settings",
        "TOCSIN_RELAY_HOME": str(tmp_path),
    }

    told = nursery.run([sys.executable, "-m", "django", *words], env=environment)

    assert told.returncode == 0, told.stdout + told.stderr
