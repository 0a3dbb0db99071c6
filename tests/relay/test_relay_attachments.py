"""Attachments: in chunks, resumable, served only when complete."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from relaykit import CHUNK, Desk, RunningRelay, Town, fresh_attachment, send_chunk, upload_state


@pytest.fixture
def address() -> str:
    """Draw an address."""
    return secrets.token_hex(32)


def send_whole(desk: Desk, address: str, data: bytes) -> None:
    """Send all chunks."""
    for at in range(0, len(data), CHUNK):
        assert send_chunk(desk, address, data, at, last=at + CHUNK >= len(data)).status == 200


def test_an_upload_goes_on_where_it_stopped(desk: Desk, address: str) -> None:
    data = fresh_attachment()
    assert upload_state(desk, address) == ("0", "0")
    send_chunk(desk, address, data, 0)

    assert upload_state(desk, address) == (str(CHUNK), "0")
    assert desk.ask("GET", f"/attachment/{address}", signed=False).status == 404
    assert send_chunk(desk, address, data, 0).code == "relay.offset"
    assert send_chunk(desk, address, data, CHUNK, last=True).status == 200
    assert send_chunk(desk, address, data, CHUNK, last=True).status == 200

    assert upload_state(desk, address) == (str(len(data)), "1")
    assert desk.ask("GET", f"/attachment/{address}", signed=False).body == data
    assert send_chunk(desk, address, fresh_attachment(), 0, last=False).status == 409


def test_an_upload_goes_on_after_the_relay_was_killed(tmp_path: Path, address: str) -> None:
    relay = RunningRelay(tmp_path / "home")
    town, data = Town.found(), fresh_attachment()
    town.lodge(relay)
    desk = town.desk(relay)
    send_chunk(desk, address, data, 0)

    relay.kill()
    relay.start()
    desk = town.desk(relay)

    assert upload_state(desk, address) == (str(CHUNK), "0")
    send_chunk(desk, address, data, CHUNK, last=True)
    assert desk.ask("GET", f"/attachment/{address}", signed=False).body == data
    relay.stop()


def test_a_chunk_sent_many_times_at_once_lies_there_once(
    relay: RunningRelay, town: Town, desk: Desk, address: str
) -> None:
    data = fresh_attachment()

    with ThreadPoolExecutor(8) as threads:
        for at in range(0, len(data), CHUNK):
            last = at + CHUNK >= len(data)
            answers = threads.map(
                lambda d, at=at, last=last: send_chunk(d, address, data, at, last=last),
                [town.desk(relay) for _ in range(8)],
            )
            assert {answer.status for answer in answers} <= {200, 409}

    assert upload_state(desk, address) == (str(len(data)), "1")
    assert desk.ask("GET", f"/attachment/{address}", signed=False).body == data
    assert not list(relay.home.rglob(f"{address}.part"))


def test_a_truncated_attachment_is_not_complete_and_not_served(desk: Desk, address: str) -> None:
    data = fresh_attachment(200_000)

    answer = send_chunk(desk, address, data[:-1000], 0, last=True)

    assert (answer.status, answer.code) == (400, "relay.malformed")
    assert desk.ask("GET", f"/attachment/{address}", signed=False).status == 404


def test_a_part_is_given_when_a_part_is_asked_for(desk: Desk, address: str) -> None:
    data = fresh_attachment(300)
    send_whole(desk, address, data)

    def part(asked: str) -> tuple[int, bytes]:
        answer = desk.ask("GET", f"/attachment/{address}", signed=False, Range=asked)
        return answer.status, answer.body

    assert part("bytes=10-19") == (206, data[10:20])
    assert part("bytes=60000-") == (206, data[60000:])
    assert part("bytes=-5") == (206, data[-5:])
    for wrong in (f"bytes={len(data)}-", "bytes=5-4", "bytes=0-1,4-5", "bytes=-", "miles=1-2", "bytes=-0"):
        assert part(wrong)[0] == 416


def test_only_sealed_attachments_are_taken(desk: Desk, address: str) -> None:
    data = fresh_attachment(1_500_000)
    plain = b"Seymur Canary-Dunnock, flat 4. " * 40_000

    assert (
        desk.ask(
            "PATCH", f"/attachment/{address}", plain[:CHUNK], signed=False, **{"Upload-Offset": "0"}
        ).code
        == "relay.plaintext"
    )
    send_chunk(desk, address, data, 0)
    behind = desk.ask(
        "PATCH", f"/attachment/{address}", plain[:9000], signed=False, **{"Upload-Offset": str(CHUNK)}
    )
    assert behind.code == "relay.plaintext"
    assert upload_state(desk, address) == (str(CHUNK), "0")


def test_a_chunk_above_one_mebibyte_is_refused(desk: Desk, address: str) -> None:
    headers = {"Upload-Offset": "0"}

    assert (
        desk.ask(
            "PATCH", f"/attachment/{address}", fresh_attachment()[: CHUNK + 1], signed=False, **headers
        ).status
        == 413
    )


def test_an_attachment_is_not_seen_from_another_coalition(
    desk: Desk, relay: RunningRelay, address: str
) -> None:
    send_whole(desk, address, fresh_attachment(300))
    other = Town.found()
    other.lodge(relay)

    assert other.desk(relay).ask("GET", f"/attachment/{address}", signed=False).status == 404
    assert upload_state(other.desk(relay), address) == ("0", "0")


def test_the_files_times_say_the_day_and_nothing_more(desk: Desk, relay: RunningRelay, address: str) -> None:
    send_whole(desk, address, fresh_attachment(300))
    desk.append(desk.make())
    desk.ask("GET", f"/attachment/{address}", signed=False)
    desk.ask("GET", "/head", signed=False)

    for path in [relay.home, *relay.home.rglob("*")]:
        assert path.stat().st_mtime % 86_400 == 0, path.name


def test_keepers_are_told_what_is_complete_and_nobody_else_is(
    desk: Desk, town: Town, relay: RunningRelay
) -> None:
    keeper = town.desk(relay, 2)
    sent = {secrets.token_hex(32): fresh_attachment(70_000) for _ in range(3)}
    for address, data in sent.items():
        send_whole(desk, address, data)
    send_chunk(desk, secrets.token_hex(32), fresh_attachment(), 0)

    listed = keeper.ask("GET", "/attachments").body
    middle = sorted(sent)[1]
    rest = keeper.ask("GET", f"/attachments?after={middle}").body

    rows = [
        (listed[at : at + 32].hex(), int.from_bytes(listed[at + 32 : at + 40], "big")) for at in (0, 40, 80)
    ]
    assert rows == sorted((address, len(data)) for address, data in sent.items())
    assert rest == listed[80:]
    assert desk.ask("GET", "/attachments").code == "relay.duty"
    assert desk.ask("GET", "/attachments", signed=False).status == 401
    assert keeper.ask("GET", "/attachments?after=xyz").code == "relay.malformed"
