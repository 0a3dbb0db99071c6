"""core must load where there is neither Django nor a disk driver nor a network."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import importlib, pkgutil, sys

class Blocker:
    banned = {"django", "sqlite3", "httpx", "granian", "psycopg", "typer", "rich"}
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.banned:
            raise ImportError(f"core reached for {name}")

sys.meta_path.insert(0, Blocker())
import tocsin.core
for module in pkgutil.walk_packages(tocsin.core.__path__, "tocsin.core."):
    importlib.import_module(module.name)
    print(module.name)
"""


def test_core_loads_with_django_absent() -> None:
    answer = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert "tocsin.core.ledger" in answer.stdout
