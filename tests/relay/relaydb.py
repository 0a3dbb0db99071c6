"""The databases that relay tests run on."""

from __future__ import annotations

import pytest

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def address_of(database: str, request: pytest.FixtureRequest) -> str:
    """Give the database's address; nothing stands for SQLite in the relay's home."""
    return "" if database == "sqlite" else str(request.getfixturevalue("postgres_url"))
