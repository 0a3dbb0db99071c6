"""The files to double-click: written for every system here, read back as that system reads them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tocsin.desk import starter
from tocsin.desk.starter import NoStarter, desktop_folder, installed_program, make_starter, starter_for

letters = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\0")
ODD = "a b'c\"d`e$f\\g%h&i;j(k)l^m!n*o?p~q#r|s<t>u={v}şəh\N{SLIGHTLY SMILING FACE}"


def as_exec(value: str) -> list[str]:
    """Read an Exec line as the Desktop Entry Specification says: escapes of a string, then quoting, then field codes."""
    string = re.sub(r"\\(.)", lambda found: {"s": " ", "n": "\n", "\\": "\\"}[found[1]], value)
    quoted = re.findall(r'"((?:[^"\\`$]|\\["`$\\])*)"|([^\s"]+)', string)
    words = [re.sub(r"\\(.)", r"\1", inside) or bare for inside, bare in quoted]
    assert not any("%" in word.replace("%%", "") for word in words)
    return [word.replace("%%", "%") for word in words]


@given(st.text(letters, min_size=1), st.text(letters.filter(lambda c: c != "="), min_size=1))
def test_a_desktop_entry_calls_the_program_with_the_folder(folder: str, program: str) -> None:
    made = starter_for("linux", PurePosixPath("/", program), PurePosixPath("/", folder))

    lines = made.content.decode().split("\n")
    assert lines[0] == "[Desktop Entry]"
    assert "Terminal=false" in lines
    (call,) = [line.removeprefix("Exec=") for line in lines if line.startswith("Exec=")]
    assert as_exec(call) == [str(PurePosixPath("/", program)), "--folder", str(PurePosixPath("/", folder))]


def test_a_desktop_entry_cannot_call_a_program_with_an_equals_sign() -> None:
    with pytest.raises(NoStarter, match="equals sign"):
        starter_for("linux", PurePosixPath("/a=b/tocsin-desk"), PurePosixPath("/desk"))


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize("folder", ["/desk", f"/{ODD}", "/-n", "/'", "/$(touch here)"])
def test_a_command_file_starts_the_program_and_lets_it_go(tmp_path: Path, folder: str) -> None:
    program = tmp_path / f"tocsin-desk {ODD.replace('/', '')}"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.part"\nmv "$0.part" "$0.said"\n')
    program.chmod(0o700)
    file = tmp_path / "Desk.command"
    file.write_bytes(starter_for("darwin", program, PurePosixPath(folder)).content)

    said = subprocess.run(["sh", file], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    subprocess.run(
        ["sh", "-c", f"while [ ! -f '{tmp_path}'/*.said ]; do sleep 0.01; done"], timeout=20, check=True
    )

    assert "can be closed" in said
    (told,) = tmp_path.glob("*.said")
    assert told.read_text() == f"--folder\n{folder}\n"
    assert not (tmp_path / "here").exists()


def as_cmd(line: str) -> list[str]:
    """Read a line of a batch file as cmd does, then its arguments as a program's start does."""
    assert not re.search(r"(?<!%)%(?:%%)*(?!%)", line)
    words, word, quoted, slashes = [], "", False, 0
    for letter in line.replace("%%", "%") + " ":
        if letter == "\\":
            slashes += 1
            continue
        if letter == '"':
            word += "\\" * (slashes // 2)
            quoted, word = (quoted, word + '"') if slashes % 2 else (not quoted, word)
        elif letter == " " and not quoted:
            words.append(word + "\\" * slashes)
            word = ""
        else:
            # Outside quotes cmd would take these for itself.
            assert quoted or letter not in "&|<>^()"
            word += "\\" * slashes + letter
        slashes = 0
    assert not quoted
    return words


@given(st.text(letters.filter(lambda c: c not in '"\\:*?<>|'), min_size=1))
def test_a_batch_file_calls_the_program_with_the_folder(name: str) -> None:
    program, folder = PureWindowsPath("C:\\", name, "tocsin-desk.exe"), PureWindowsPath("C:\\", name)

    made = starter_for("win32", program, folder)

    *before, call, end = made.content.decode().split("\r\n")
    assert (made.name, before, end) == ("Desk.cmd", ["@echo off", "chcp 65001 >nul"], "")
    assert as_cmd(call) == ["start", "", str(program), "--folder", str(folder)]


def test_a_batch_file_does_not_take_the_last_quote_of_a_drive_for_text() -> None:
    call = starter_for("win32", PureWindowsPath("C:\\tocsin-desk.exe"), PureWindowsPath("E:\\")).content

    assert as_cmd(call.decode().split("\r\n")[2])[-2:] == ["--folder", "E:\\"]


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("odd", ["\n", "\r", "\0", "\x1b"])
def test_a_path_with_a_control_character_is_refused(system: str, odd: str) -> None:
    with pytest.raises(NoStarter, match="holds a character"):
        starter_for(system, PurePath("tocsin-desk"), PurePath(f"de{odd}sk"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.delenv("ONEDRIVE", raising=False)
    return tmp_path


def test_the_desktop_is_found_under_its_name_in_the_language_of_the_machine(home: Path) -> None:
    (home / ".config").mkdir()
    (home / ".config" / "user-dirs.dirs").write_text('XDG_DESKTOP_DIR="$HOME/Masaüstü"\n', encoding="utf-8")
    (home / "Masaüstü").mkdir()
    (home / "Desktop").mkdir()

    assert desktop_folder() == home / "Masaüstü"


def test_the_desktop_is_found_in_a_cloud_folder_before_the_plain_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "Desktop").mkdir()
    plain = desktop_folder()
    (home / "OneDrive" / "Desktop").mkdir(parents=True)
    monkeypatch.setenv("ONEDRIVE", str(home / "OneDrive"))

    assert plain == home / "Desktop"
    assert desktop_folder() == home / "OneDrive" / "Desktop"


def test_without_a_desktop_the_home_folder_will_do(home: Path) -> None:
    assert desktop_folder() == home


def test_a_starter_is_put_down_once_and_overwrites_nothing_of_others(tmp_path: Path) -> None:
    made = make_starter(tmp_path, tmp_path / "desk")
    again = make_starter(tmp_path, tmp_path / "desk")
    content = made.read_bytes()
    made.write_bytes(b"somebody's own")

    with pytest.raises(NoStarter, match="is there already"):
        make_starter(tmp_path, tmp_path / "desk")

    assert made == again
    assert content == starter_for(sys.platform, installed_program(), tmp_path / "desk").content
    assert made.read_bytes() == b"somebody's own"
    assert os.name != "posix" or made.stat().st_mode & 0o777 == 0o700


def test_a_starter_needs_a_place_and_an_installed_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoStarter, match="no such folder"):
        make_starter(tmp_path / "nowhere", tmp_path)
    monkeypatch.setattr(starter, "PROGRAM", "tocsin-desk-of-nobody")
    with pytest.raises(NoStarter, match="Install tocsin"):
        make_starter(tmp_path, tmp_path)
