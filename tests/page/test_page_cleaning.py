"""Film and documents leave a browser without what was planted in them; what cannot be looked through is refused."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from picturekit import CANARY, jpeg

from tocsin.bundle import bundle_path


def run(node: str, script: str, **asked: Any) -> Any:
    """Make a file in node with the libraries themselves, clean it with the bundle as served, and look at what is left."""
    words = [node, str(Path(__file__).with_name(script)), (bundle_path() / "media.js").as_uri()]
    given = json.dumps({"canary": CANARY.decode(), **asked})
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm"])
def test_a_film_keeps_its_pictures_and_loses_every_note(node: str, kind: str) -> None:
    said = run(node, "film.mjs", kind=kind, frames=25, size=3000)

    assert said["planted"]
    assert not said["left"]
    assert (said["tags"], said["dated"]) == ([], [])
    assert said["firsts"] == list(range(1, 26))
    assert said["size"] == said["length"]
    assert said["same"]


def test_a_document_keeps_its_pages_and_says_no_longer_who_made_it(node: str) -> None:
    said = run(node, "document.mjs")

    assert said == {"pages": 1, "left": False, "title": None, "made": None, "drawn": True}


def test_comments_of_named_people_are_taken_out_of_a_document(node: str) -> None:
    assert run(node, "document.mjs", holds="comment")["left"] is False


def test_a_photograph_inside_a_document_loses_its_notes(node: str) -> None:
    said = run(node, "document.mjs", jpeg=base64.b64encode(jpeg(6)).decode())

    assert (said["pages"], said["left"]) == (1, False)


@pytest.mark.parametrize("what", ["script", "file", "launch"])
def test_a_document_that_acts_or_carries_files_is_refused(node: str, what: str) -> None:
    assert run(node, "document.mjs", holds=what) == "refused"
