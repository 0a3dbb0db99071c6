"""Who is let in: forged, stale, replayed and alien requests, and coalitions side by side."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from relaykit import Desk, RunningRelay, Town

from tocsin.core.seal import SigningKey
from tocsin.relay import identity
from tocsin.relay.clock import steady_seconds
from tocsin.relay.errors import StaleChallenge


def test_an_unsigned_request_is_refused(desk: Desk) -> None:
    assert desk.ask("POST", "/records", desk.make().to_bytes(), signed=False).status == 401
    assert desk.ask("GET", "/records?since=0", signed=False).status == 401


def test_a_forged_request_is_refused(desk: Desk) -> None:
    record = desk.make()
    desk.key = SigningKey.fresh()

    assert desk.append(record).code == "relay.unknown"


def test_a_signature_serves_no_other_path_query_or_body(desk: Desk, town: Town) -> None:
    path = f"{town.path}/records?since=0&limit=1"
    headers = desk.sign("GET", path, b"")

    for other in ("/records?since=0&limit=2", "/records?since=1&limit=1", "/records"):
        assert desk.ask("GET", other, signed=False, **headers).code == "relay.unknown"
    post = desk.sign("POST", f"{town.path}/records", b"")
    assert desk.ask("POST", "/records", desk.make().to_bytes(), signed=False, **post).code == "relay.unknown"
    assert desk.ask("GET", "/records?since=0&limit=1", signed=False, **headers).status == 200


def test_a_signature_made_for_another_relay_is_refused(desk: Desk) -> None:
    desk.fetch_challenge()
    desk.relay_key = secrets.token_bytes(32)

    assert desk.ask("GET", "/records?since=0").code == "relay.unknown"


def test_a_replayed_append_appends_nothing(desk: Desk, town: Town) -> None:
    body = desk.make().to_bytes()
    headers = desk.sign("POST", f"{town.path}/records", body)

    answers = [desk.ask("POST", "/records", body, signed=False, **headers).value["numbers"] for _ in range(3)]

    assert answers == [[1]] * 3
    assert len(desk.read_all()) == 2


def test_a_challenge_made_up_is_refused(desk: Desk) -> None:
    desk.fetch_challenge()
    desk.challenge = secrets.token_bytes(16) + steady_seconds().to_bytes(8, "big") + secrets.token_bytes(16)

    answer = desk.ask("GET", "/records?since=0")

    assert (answer.status, answer.code) == (401, "relay.challenge")


def test_a_header_that_is_no_base64_is_a_sentence_and_no_fault(desk: Desk) -> None:
    headers = desk.sign("GET", f"{desk.town.path}/records?since=0", b"")

    for bad in ({"Tocsin-Challenge": "%%%"}, {"Tocsin-Signature": "%%%"}, {"Tocsin-Device": "one"}):
        assert 400 <= desk.ask("GET", "/records?since=0", signed=False, **headers | bad).status < 404


def test_an_unknown_coalition_and_an_unknown_device_look_alike(relay: RunningRelay, town: Town) -> None:
    stranger, nowhere = town.desk(relay, 77), Town.found().desk(relay, 1)

    answers = [stranger.ask("GET", "/records?since=0"), nowhere.ask("GET", "/records?since=0")]

    assert answers[0].status == answers[1].status == 403
    assert answers[0].body == answers[1].body
    assert set(answers[0].headers) == set(answers[1].headers)


def test_coalitions_on_one_relay_cannot_see_one_another(relay: RunningRelay, town: Town, desk: Desk) -> None:
    other = Town.found()
    other.lodge(relay)
    neighbour = other.desk(relay, 1)
    mine = desk.make()
    desk.append(mine)

    assert neighbour.read_all() == [other.founding]
    assert neighbour.append(mine).code == "relay.unknown"
    neighbour.town = town
    assert neighbour.ask("GET", "/records?since=0").code == "relay.unknown"
    assert neighbour.ask("GET", "/records?since=0").code == "relay.unknown"


def test_a_lodging_code_works_once_and_its_lost_answer_may_be_asked_for_again(relay: RunningRelay) -> None:
    code, first, second = relay.codes[0], Town.found(), Town.found()
    lodged = first.lodge(relay)

    headers = {"Tocsin-Lodging": code}
    again = relay.ask("POST", "/lodge", first.founding.to_bytes(), headers)
    taken = relay.ask("POST", "/lodge", second.founding.to_bytes(), headers)
    none = relay.ask("POST", "/lodge", second.founding.to_bytes())

    assert lodged.value == again.value
    assert lodged.value["coalition"] == first.name
    assert taken.code == none.code == "relay.lodging"


def test_a_lodging_code_is_kept_only_as_a_hash(relay: RunningRelay) -> None:
    if relay.database:
        return
    stored = b"".join(path.read_bytes() for path in relay.home.rglob("*") if path.is_file())

    assert relay.codes
    assert not any(code.encode() in stored for code in relay.codes)


def test_nonsense_is_answered_with_a_sentence(relay: RunningRelay, desk: Desk) -> None:
    head = desk.town.path

    assert relay.ask("GET", "/c/zz/head").code == "relay.path"
    assert relay.ask("DELETE", f"{head}/records").code == "relay.method"
    assert desk.ask("GET", "/records?since=x").code == "relay.malformed"
    assert desk.ask("POST", "/records", b"\x01" * 300).status == 400
    assert desk.ask("POST", "/records", b"").code == "relay.malformed"
    assert desk.ask("POST", "/records", bytes(5 << 20)).code == "relay.too-large"
    assert relay.ask("GET", f"{head}/inclusion?number=0&size={'9' * 30}").code == "relay.malformed"
    assert relay.ask("GET", f"{head}/keys?since=0{'&a=1' * 1100}").code == "relay.malformed"


def test_a_challenge_is_fresh_for_ten_minutes_only(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path
    identity.make_key()
    identity.relay_key.cache_clear()
    identity._challenge_key.cache_clear()
    challenge = identity.make_challenge(1000)

    identity.check_challenge(challenge, 1600)
    for now in (1601, 999):
        with pytest.raises(StaleChallenge):
            identity.check_challenge(challenge, now)
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600
    identity.relay_key.cache_clear()
    identity._challenge_key.cache_clear()
