"""Pin every package, direct or not, of every platform, in pyproject.toml and without any address.

    python tools/pin.py            take the newest versions that fit, and write them down
    python tools/pin.py --check    end with 1 if a package that uv resolves is not pinned

uv.lock would do, but it names the registry it was made with; it is ignored, and these constraints stand in.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYPROJECT = ROOT / "pyproject.toml"
BLOCK = re.compile(r"(?<=\nconstraint-dependencies = \[\n)(?:  .*\n)*(?=\]\n)")


def export(project: Path, *options: str) -> list[str]:
    """List what uv resolves for a project, `name==version ; marker`, one line per package."""
    shared = ["--no-hashes", "--no-annotate", "--no-header", "--no-emit-project", "--all-extras"]
    command = [sys.executable, "-m", "uv", "export", "--quiet", "--project", str(project), *shared, *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()  # noqa: S603


def resolve_afresh() -> list[str]:
    """Resolve everything anew, as if nothing were pinned, away from the checkout's lock file."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "pyproject.toml").write_text(BLOCK.sub("", PYPROJECT.read_text()))
        shutil.copy(ROOT / "README.md", project)
        return export(project, "--all-groups")


def pinned() -> list[str]:
    """List the pins of pyproject.toml."""
    pins: list[str] = tomllib.loads(PYPROJECT.read_text())["tool"]["uv"]["constraint-dependencies"]
    return pins


def main(arguments: list[str]) -> None:
    """Write the pins down, or check that none is missing."""
    if arguments == ["--check"]:
        missing = sorted(set(export(ROOT, "--all-groups")) - set(pinned()))
        if missing:
            raise SystemExit("Not pinned: " + ", ".join(missing) + ". Run `python tools/pin.py`.")
        return
    lines = "".join(f'  "{pin}",\n' for pin in resolve_afresh())
    PYPROJECT.write_text(BLOCK.sub(lines, PYPROJECT.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
