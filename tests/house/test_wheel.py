"""The package as a person installs it: a wheel that holds all it needs, and the two programs that come with it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

from tocsin import bundle
from tocsin.core.seal import Keyring
from tocsin.desk.keyfile import KeyFile

UV = [sys.executable, "-m", "uv", "--quiet"]
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, from what uv has at hand if it can."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [*UV, "build", "--wheel", "--out-dir", str(folder)]
    if subprocess.run([*build, "--offline"], cwd=checkout, capture_output=True, check=False).returncode:
        subprocess.run(build, cwd=checkout, check=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own; what it depends on is lent by this one."""
    home = tmp_path_factory.mktemp("home")
    subprocess.run([*UV, "venv", "--offline", "--python", sys.executable, str(home)], check=True)
    python = home / SCRIPTS / Path(sys.executable).name
    install = ["pip", "install", "--offline", "--no-deps", "--python", str(python)]
    subprocess.run([*UV, *install, str(wheel)], check=True)
    (site,) = home.glob("Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages")
    (site / "zz-lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home / SCRIPTS


def run(program: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [program, *words], input=said, capture_output=True, text=True, env=environment, check=False
    )


def test_a_wheel_holds_the_bundle_the_pages_and_the_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        sealing = packed.read("tocsin/relay/static/bundle/seal.js")

    assert sealing == (bundle.bundle_path() / "seal.js").read_bytes()
    source = Path(bundle.__file__).parent
    needed = {
        path.relative_to(source.parent).as_posix()
        for pattern in ("**/*.py", "**/*.html", "**/*.css", "**/*.csv", "**/*.js", "**/*.json")
        for path in source.glob(pattern)
    }
    assert needed - names == set()


def test_a_wheel_brings_a_program_for_terminals_and_one_without(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        (listing,) = [name for name in packed.namelist() if name.endswith("entry_points.txt")]
        entries = ConfigParser()
        entries.read_string(packed.read(listing).decode())

    assert dict(entries["console_scripts"]) == {"tocsin": "tocsin.cli:main"}
    assert dict(entries["gui_scripts"]) == {"tocsin-desk": "tocsin.cli.windowless:main"}


def test_an_installed_tocsin_helps_checks_and_opens_a_desk(installed: Path, tmp_path: Path) -> None:
    KeyFile.create(tmp_path / "desk", Keyring.fresh(), "kestrel ladder moss", log_n=10)
    where = run(installed / "python", "-c", "import tocsin; print(tocsin.__file__)").stdout

    helped = run(installed / "tocsin", "--help")
    checked = run(installed / "tocsin", "check")
    desk = [str(installed / "tocsin"), "desk", "--no-browser", "--folder", str(tmp_path / "desk")]
    with subprocess.Popen(desk, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        link = running.stdout.readline()
        running.terminate()

    assert Path(where).is_relative_to(installed.parent)
    assert (helped.returncode, "desk" in helped.stdout) == (0, True)
    assert checked.returncode == 0, checked.stdout
    assert link.startswith("http://127.0.0.1:")
    assert running.returncode == 0


def test_an_installed_tocsin_puts_down_a_starter_that_calls_it(installed: Path, tmp_path: Path) -> None:
    made = run(installed / "tocsin", "starter", "--folder", str(tmp_path), "--to", str(tmp_path))

    (starter,) = tmp_path.iterdir()
    assert made.stdout == f"Double-click {starter.name} to open the desk.\n"
    assert str(installed / "tocsin-desk") in starter.read_text(encoding="utf-8")
