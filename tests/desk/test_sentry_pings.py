"""The file that says whom to ping is checked before anything is sent, and nothing of it is repeated."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tocsin.desk.pings import BadPings, read_pings

MAIL = '[mail]\nhost = "mail.example"\nsender = "bell@coalition.example"\n'
PING = '[[ping]]\nseat = "seat-1"\nby = "{}"\nto = "{}"\n'
BAD = {
    "no mail server": PING.format("mail", "brindlewick@seat.example"),
    "no address": MAIL + PING.format("mail", "brindlewick"),
    "a header smuggled in": MAIL + PING.format("mail", "a@brindlewick.example\\nBcc: b@c.example"),
    "in clear": PING.format("webhook", "http://brindlewick.example/hook"),
    "another scheme": PING.format("ntfy", "ftp://brindlewick.example/topic"),
    "mail in clear": "ping = []\n" + MAIL + 'security = "none"\nuser = "brindlewick"\n',
    "a way unknown": PING.format("pigeon", "brindlewick"),
    "a field unknown": PING.format("ntfy", "https://ntfy.example/x") + 'place = "brindlewick"\n',
    "no TOML": "brindlewick",
}


def write(folder: Path, text: str) -> Path:
    path = folder / "pings.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_file_that_would_tell_or_fail_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadPings) as refusal:
        read_pings(write(tmp_path, text))

    assert "brindlewick" not in str(refusal.value)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadPings, match="not there"):
        read_pings(tmp_path / "pings.toml")


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "ping = []")
    path.chmod(0o644)

    with pytest.raises(BadPings, match="others"):
        read_pings(path)


def test_the_file_of_the_how_to_is_read(tmp_path: Path, checkout: Path) -> None:
    page = (checkout / "docs" / "how-to" / "run-a-sentry.md").read_text(encoding="utf-8")
    text = page.partition("```toml\n")[2].partition("```")[0]

    (tmp_path / "mail-password").write_text("invented", encoding="utf-8")
    pings = read_pings(write(tmp_path, text))

    assert [target.by for target in pings.ping] == ["mail", "webhook", "ntfy"]
