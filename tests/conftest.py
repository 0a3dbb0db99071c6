"""What all tests share: real tools (Chromium, PostgreSQL, node) by fixture, no network, and quick laws."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from wanting import go_without

ROOT = Path(__file__).parents[1]

# In tests/house/plugins, which pyproject.toml puts on the path.
pytest_plugins = ["memory", "sharing", "loopback", "chromium", "firefox", "postgres", "nursery"]

# Most of what a test makes lives as long as the test: looking through it after every 700 objects costs a twentieth.
gc.set_threshold(100_000, 50, 50)

settings.register_profile("here", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Give the folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of the shared data; it is not part of the repository."""
    folder = Path(os.environ.get("TOCSIN_SHARED") or ROOT.parent / "shared")
    if not (folder / "data").is_dir():
        go_without("No shared data: name its folder in TOCSIN_SHARED.")
    return folder


@pytest.fixture(scope="session")
def node() -> str:
    """Give the path of node; the packages of package-lock.json are there for it in the checkout."""
    path = Path(sys.executable).with_name("node.exe" if os.name == "nt" else "node")
    if not path.is_file() or not (ROOT / "node_modules" / ".tocsin-lock").is_file():
        pytest.fail("node and its packages are missing; `make test` brings them.")
    return str(path)
