"""The choices for this machine: defaults where none were made, and a plain sentence where the file is damaged."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tocsin.desk.errors import DamagedSettings
from tocsin.desk.settings_file import NAME, Settings, read_settings, save_settings


def test_what_was_chosen_comes_back_and_the_rest_stands_at_its_default(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()

    save_settings(tmp_path, Settings(daily_megabytes=20))

    assert read_settings(tmp_path) == Settings(daily_megabytes=20)


def test_choices_of_another_version_are_read_as_far_as_they_are_known(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(msgspec.json.encode({"daily_megabytes": 7, "of_tomorrow": True}))

    assert read_settings(tmp_path).daily_megabytes == 7


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"daily_megabytes": "many"}', b"\xff\xfe", b'{"x":' + b"[" * 100_000]
)
def test_a_damaged_file_is_said_to_be_one(tmp_path: Path, data: bytes) -> None:
    (tmp_path / NAME).write_bytes(data)

    with pytest.raises(DamagedSettings, match=r"desk\.json"):
        read_settings(tmp_path)
