"""Attachments: in chunks, resumable, served only when complete."""

from __future__ import annotations

import io
import secrets

import pytest
from relaykit import Answer, Desk, RunningRelay, Town

from tocsin.core.seal import Identity, pad_file, seal_stream

CHUNK = 1 << 20


@pytest.fixture
def address() -> str:
    """Draw an address."""
    return secrets.token_hex(32)


def sealed(n_bytes: int = 1_500_000) -> bytes:
    """Seal an attachment as a page does."""
    out = io.BytesIO()
    seal_stream(pad_file(io.BytesIO(secrets.token_bytes(n_bytes)), n_bytes), out, [Identity.fresh().recipient])
    return out.getvalue()


def send_chunk(desk: Desk, address: str, data: bytes, at: int, *, last: bool = False) -> Answer:
    """Send one chunk."""
    headers = {"Upload-Offset": str(at), "Upload-Complete": str(int(last))}
    return desk.ask("PATCH", f"/attachment/{address}", data[at : at + CHUNK], signed=False, **headers)


def send_whole(desk: Desk, address: str, data: bytes) -> None:
    """Send all chunks."""
    for at in range(0, len(data), CHUNK):
        assert send_chunk(desk, address, data, at, last=at + CHUNK >= len(data)).status == 200


def state(desk: Desk, address: str) -> tuple[str, str]:
    """Ask how much is there."""
    headers = desk.ask("HEAD", f"/attachment/{address}", signed=False).headers
    return headers["upload-offset"], headers["upload-complete"]


def test_an_upload_goes_on_where_it_stopped(desk: Desk, address: str) -> None:
    data = sealed()
    assert state(desk, address) == ("0", "0")
    send_chunk(desk, address, data, 0)

    assert state(desk, address) == (str(CHUNK), "0")
    assert desk.ask("GET", f"/attachment/{address}", signed=False).status == 404
    assert send_chunk(desk, address, data, 0).code == "relay.offset"
    assert send_chunk(desk, address, data, CHUNK, last=True).status == 200
    assert send_chunk(desk, address, data, CHUNK, last=True).status == 200

    assert state(desk, address) == (str(len(data)), "1")
    assert desk.ask("GET", f"/attachment/{address}", signed=False).body == data
    assert send_chunk(desk, address, sealed(), 0, last=False).status == 409


def test_an_upload_goes_on_after_the_relay_was_killed(tmp_path, address: str) -> None:
    relay = RunningRelay(tmp_path / "home")
    town, data = Town.found(), sealed()
    town.lodge(relay)
    desk = town.desk(relay)
    send_chunk(desk, address, data, 0)

    relay.kill()
    relay.start()
    desk = town.desk(relay)

    assert state(desk, address) == (str(CHUNK), "0")
    send_chunk(desk, address, data, CHUNK, last=True)
    assert desk.ask("GET", f"/attachment/{address}", signed=False).body == data
    relay.stop()


def test_a_truncated_attachment_is_not_complete_and_not_served(desk: Desk, address: str) -> None:
    data = sealed(200_000)

    answer = send_chunk(desk, address, data[:-1000], 0, last=True)

    assert (answer.status, answer.code) == (400, "relay.malformed")
    assert desk.ask("GET", f"/attachment/{address}", signed=False).status == 404


def test_a_part_is_given_when_a_part_is_asked_for(desk: Desk, address: str) -> None:
    data = sealed(300)
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
    data = sealed(1_500_000)
    plain = b"Seymur Canary-Dunnock, flat 4. " * 40_000

    assert desk.ask(
        "PATCH", f"/attachment/{address}", plain[:CHUNK], signed=False, **{"Upload-Offset": "0"}
    ).code == "relay.plaintext"
    send_chunk(desk, address, data, 0)
    behind = desk.ask("PATCH", f"/attachment/{address}", plain[:9000], signed=False, **{"Upload-Offset": str(CHUNK)})
    assert behind.code == "relay.plaintext"
    assert state(desk, address) == (str(CHUNK), "0")


def test_a_chunk_above_one_mebibyte_is_refused(desk: Desk, address: str) -> None:
    headers = {"Upload-Offset": "0"}

    assert desk.ask("PATCH", f"/attachment/{address}", sealed()[: CHUNK + 1], signed=False, **headers).status == 413


def test_an_attachment_is_not_seen_from_another_coalition(desk: Desk, relay: RunningRelay, address: str) -> None:
    send_whole(desk, address, sealed(300))
    other = Town.found()
    other.lodge(relay)

    assert other.desk(relay).ask("GET", f"/attachment/{address}", signed=False).status == 404
    assert state(other.desk(relay), address) == ("0", "0")


def test_the_files_times_say_the_day_and_nothing_more(desk: Desk, relay: RunningRelay, address: str) -> None:
    send_whole(desk, address, sealed(300))
    desk.append(desk.make())
    desk.ask("GET", f"/attachment/{address}", signed=False)
    desk.ask("GET", "/head", signed=False)

    for path in [relay.home, *relay.home.rglob("*")]:
        assert path.stat().st_mtime % 86_400 == 0, path.name
