"""Check that all a desk needs at run time is to be had as a wheel on Windows and on Apple's processors.

pip evaluates markers for the machine it runs on; so they are evaluated here for the target, and pip is asked
for each pin by itself.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

from packaging.requirements import Requirement

import pin

TARGETS = {
    "win_amd64": {
        "sys_platform": "win32",
        "platform_system": "Windows",
        "os_name": "nt",
        "platform_machine": "AMD64",
    },
    "macosx_14_0_arm64": {
        "sys_platform": "darwin",
        "platform_system": "Darwin",
        "os_name": "posix",
        "platform_machine": "arm64",
    },
}
PYTHON = {"python_version": "3.11", "python_full_version": "3.11.9", "implementation_name": "cpython"}


def needed_on(environment: dict[str, str]) -> list[str]:
    """List the runtime pins that hold in an environment."""
    requirements = [Requirement(line) for line in pin.export(pin.ROOT, "--no-dev")]
    held = [r for r in requirements if r.marker is None or r.marker.evaluate({**environment, **PYTHON})]
    return [f"{requirement.name}{requirement.specifier}" for requirement in held]


def find_wheels(platform: str, requirements: list[str]) -> bool:
    """Ask pip, without installing anything, whether every pin has a wheel."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--dry-run", "--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check"]
        target = ["--target", folder, "--platform", platform, "--python-version", PYTHON["python_version"]]
        command = [sys.executable, "-m", "pip", "install", *options, *target, *requirements]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
    return done.returncode == 0


def main() -> None:
    """Check every target; end with 1 if one lacks a wheel."""
    missing = []
    for platform, environment in TARGETS.items():
        requirements = needed_on(environment)
        found = find_wheels(platform, requirements)
        print(f"{platform}: {len(requirements)} packages,", "all as wheels" if found else "NOT all as wheels")
        if not found:
            missing.append(platform)
    if missing:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
