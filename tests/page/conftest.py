"""What tests of the witness's page share: its modules in node, and bytes as JSON carries them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "desk"))

from coalition import Coalition, make_coalition
from pagekit import publish_charter
from playwright.sync_api import expect

from tocsin.bundle import bundle_path

# Two cores shared by a browser, a relay and other tests: five seconds are not enough to call something missing.
expect.set_options(timeout=30_000)

Asker = Callable[[str, Any], Any]


@pytest.fixture(scope="session")
def ask_page(node: str, checkout: Path) -> Asker:
    """Run a few lines against the bundle as it is served: they read `asked` and return what is to be said."""

    def ask(lines: str, asked: Any) -> Any:
        program = f"""
        const seal = await import({json.dumps((bundle_path() / "seal.js").as_uri())});
        const files = await import({json.dumps((bundle_path() / "files.js").as_uri())});
        const asked = JSON.parse(require("fs").readFileSync(0));
        const said = await (async () => {{ {lines} }})();
        process.stdout.write(JSON.stringify(said));
        """
        program = 'import { createRequire } from "node:module"; const require = createRequire("/");' + program
        words = [node, "--input-type=module", "-e", program]
        done = subprocess.run(
            words, input=json.dumps(asked), cwd=checkout, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return ask


@pytest.fixture(scope="session")
def coalition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coalition]:
    """Give a relay that serves the page, and three desks of three organisations, all on duty today."""
    with make_coalition(tmp_path_factory.mktemp("page") / "coalition") as made:
        publish_charter(made)
        yield made
