"""Programs that tests start from the nursery are programs like any other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nursery

ECHO = """
import os, sys
print(sys.argv[1:], os.environ["CANARY"], os.getcwd(), sys.stdin.readline().strip())
print([name for name in ("pytest", "tocsin.relay.settings", "tocsin.desk.site.settings") if name in sys.modules])
print("aside", file=sys.stderr)
raise SystemExit(7)
"""
SLEEP = "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.py"


def test_a_program_has_its_own_words_environment_channels_and_code(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.write_text(ECHO)
    monkeypatch.chdir(script.parent)

    ended = nursery.run([sys.executable, str(script), "one"], env={"CANARY": "wren"}, said="hear\n")

    assert ended.stdout.splitlines() == [f"['one'] wren {script.parent} hear", "[]"]
    assert (ended.stderr, ended.returncode) == ("aside\n", 7)


def test_what_ends_by_an_error_shows_it(script: Path) -> None:
    script.write_text("raise ValueError('as written')\n")

    ended = nursery.run([sys.executable, str(script)], env={})

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == "ValueError: as written"


def test_a_module_is_started_by_its_name() -> None:
    ended = nursery.run([sys.executable, "-m", "tocsin", "--version"], env=dict(os.environ))

    assert (ended.returncode, ended.stdout.split()[0]) == (0, "tocsin")


def test_what_waits_for_python_to_start_is_run_before_the_program(script: Path) -> None:
    (script.parent / "sitecustomize.py").write_text("import sys\nsys.canary = 'wren'\n")
    script.write_text("import sys\nprint(sys.canary)\n")

    ended = nursery.run([sys.executable, str(script)], env={"PYTHONPATH": str(script.parent)})

    assert (ended.stdout, ended.returncode) == ("wren\n", 0)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_program_can_be_killed_with_its_group(script: Path, how: signal.Signals) -> None:
    script.write_text(SLEEP)
    program = nursery.popen(
        [sys.executable, str(script)], env={}, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        ran = program.poll()
        os.killpg(program.pid, how)

    assert ran is None
    assert program.returncode == -how


def test_waiting_for_a_program_has_an_end(script: Path) -> None:
    script.write_text(SLEEP)
    with nursery.popen([sys.executable, str(script)], env={}, stdout=subprocess.DEVNULL) as program:
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(0.1)
        program.kill()


def test_programs_end_with_nobody_waiting_for_them(script: Path) -> None:
    script.write_text("")
    program = nursery.popen([sys.executable, str(script)], env={})
    give_up = time.monotonic() + 20

    while program.poll() is None and time.monotonic() < give_up:
        time.sleep(0.01)

    assert program.returncode == 0
