"""What a test cannot do without: on a user's machine it skips in one clear line, under CI it fails."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def go_without(why: str) -> NoReturn:
    """Skip a test for want of something; where CI is set, everything it needs has to be there."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)
