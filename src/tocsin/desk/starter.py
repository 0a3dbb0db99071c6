"""What a person double-clicks to open their desk: a small file for each system, written here as bytes and nothing else.

All three call the installed program `tocsin-desk`, which opens no window of its own. Paths may hold anything that the system
allows in them, and are quoted as that system asks. The file is called `Desk`, like every page: a desktop is seen by others.

- Linux: a `.desktop` entry, quoted twice as the Desktop Entry Specification says.
- macOS: a `.command` file, which Terminal runs; it leaves the desk running and says that its window can be closed.
- Windows: a `.cmd` file whose window is gone at once, since `start` waits for nothing. VBScript would show none at all, but
  Windows is doing away with it.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path, PurePath

from tocsin.desk.keyfile import write_whole
from tocsin.desk.machine.places import named_by_the_desktop
from tocsin.errors import DeskError

PROGRAM = "tocsin-desk"


class NoStarter(DeskError):
    """A starter for this desk cannot be written."""

    code = "desk.starter"

    def __init__(self, why: str) -> None:
        super().__init__(f"No starter was made: {why}")
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """A file to double-click."""

    name: str
    content: bytes


def starter_for(system: str, program: PurePath, folder: PurePath) -> Starter:
    """Write the starter of a desk for a system as `sys.platform` names it.

    Raises
    ------
    NoStarter
        A path holds a line break or another control character, or this system cannot start it by a file.
    """
    if re.search(r"[\x00-\x1f\x7f]", f"{program}{folder}"):
        raise NoStarter(
            "the folder's name holds a character that no starter can hold. Move the desk elsewhere."
        )
    if system == "win32":
        return Starter(name="Desk.cmd", content=_for_windows(program, folder).encode())
    if system == "darwin":
        return Starter(name="Desk.command", content=_for_macos(program, folder).encode())
    return Starter(name="Desk.desktop", content=_for_linux(program, folder).encode())


def _for_windows(program: PurePath, folder: PurePath) -> str:
    call = f'start "" {_quote_for_cmd(program)} --folder {_quote_for_cmd(folder)}'
    lines = ["@echo off", "chcp 65001 >nul", call]
    return "".join(f"{line}\r\n" for line in lines)


def _quote_for_cmd(path: PurePath) -> str:
    """Quote once for cmd, which looks for % also inside quotes, and for the program, to which \\" is no end."""
    text = str(path).replace("%", "%%")
    return f'"{text}\\"' if text.endswith("\\") else f'"{text}"'


def _for_macos(program: PurePath, folder: PurePath) -> str:
    call = f"nohup {shlex.quote(str(program))} --folder {shlex.quote(str(folder))}"
    return (
        f"#!/bin/sh\n{call} </dev/null >/dev/null 2>&1 &\n"
        "echo 'The desk opens in your browser. This window can be closed.'\n"
    )


def _for_linux(program: PurePath, folder: PurePath) -> str:
    if "=" in str(program):
        raise NoStarter("the program lies in a folder with an equals sign in its name. Install it elsewhere.")
    call = f"{_quote_for_exec(program)} --folder {_quote_for_exec(folder)}"
    return f"[Desktop Entry]\nType=Application\nName=Desk\nTerminal=false\nExec={call}\n"


def _quote_for_exec(path: PurePath) -> str:
    """Quote an argument of `Exec`, and then the value that it stands in."""
    argument = re.sub(r'(["`$\\])', r"\\\1", str(path)).replace("%", "%%")
    return '"' + argument.replace("\\", "\\\\") + '"'


def installed_program() -> Path:
    """Say where the program is that starters call.

    Raises
    ------
    NoStarter
        Tocsin runs here without having been installed.
    """
    program = Path(sysconfig.get_path("scripts")) / (f"{PROGRAM}.exe" if sys.platform == "win32" else PROGRAM)
    if not program.is_file():
        raise NoStarter("the program tocsin-desk is missing. Install tocsin again, as a package.")
    return program


def desktop_folder() -> Path:
    """Find the desktop, which may be called otherwise in the language of the machine, or lie in a cloud's folder."""
    home = Path.home()
    found = [
        *named_by_the_desktop(home, "DESKTOP"),
        Path(os.environ.get("ONEDRIVE") or home) / "Desktop",
        home / "Desktop",
    ]
    return next((folder for folder in found if folder.is_dir() and folder != home), home)


def make_starter(place: Path, folder: Path) -> Path:
    """Put the starter of a desk's folder into a place; one that is there already, and the same, stays.

    Raises
    ------
    NoStarter
    DiskFull
    """
    starter = starter_for(sys.platform, installed_program(), folder.resolve())
    file = place / starter.name
    if not place.is_dir():
        raise NoStarter("there is no such folder to put it in. Name another.")
    if file.exists() and file.read_bytes() != starter.content:
        raise NoStarter(f"a file {starter.name} of other content is there already. Move it away first.")
    write_whole(file, starter.content)
    file.chmod(0o700)
    return file
