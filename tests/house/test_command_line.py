"""The frame of the command line: quick, lazy, and plain when something is wrong."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tocsin.cli import VERBS

TOCSIN = [sys.executable, "-m", "tocsin"]
HEAVY = ["django", "numpy", "scipy", "httpx", "rich", "cryptography", "msgspec"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TOCSIN, *words], capture_output=True, text=True, check=False)


def test_help_names_every_verb() -> None:
    answer = run("--help")

    assert answer.returncode == 0
    assert [verb for verb in VERBS if verb not in answer.stdout] == []


def test_help_loads_nothing_heavy() -> None:
    program = (
        f"import sys, tocsin.cli; tocsin.cli.build_app(); print([m for m in {HEAVY} if m in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_own_help(verb: str) -> None:
    answer = run(verb, "--help")

    assert answer.returncode == 0
    assert import_module(f"tocsin.cli.{verb}").run.__doc__.splitlines()[0] in " ".join(answer.stdout.split())


def test_an_unknown_verb_is_refused_in_a_sentence() -> None:
    answer = run("sing")

    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_expected_trouble_is_a_sentence_with_its_code(tmp_path: Path) -> None:
    program = (
        "import sys, types; from tocsin import cli; from tocsin.errors import DeskError\n"
        "def run() -> None:\n    'Fail.'\n    raise DeskError('The disk is full; free some space.')\n"
        "sys.modules['tocsin.cli.desk'] = types.SimpleNamespace(run=run)\n"
        "sys.argv = ['tocsin', 'desk']; cli.main()"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert answer.returncode == 1
    assert answer.stderr == "tocsin: The disk is full; free some space. [desk]\n"


def test_check_says_that_this_machine_is_fit() -> None:
    answer = run("check")

    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.startswith("yes   Python 3.11 or newer\nyes   hybrid keys")
    assert "A crash leaves no copy of the memory" in answer.stdout
