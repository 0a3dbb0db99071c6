"""The order of the page's questions: read as written, whatever stands in it, and by the page in the same way."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.ledger.questions import MOST_OWN, OURS, free_own, read_questions, write_questions

OWN = tuple(f"own.{n}" for n in range(1, MOST_OWN + 1))
known = st.sampled_from((*OURS, *OWN, *(f"{name}?" for name in OWN)))
texts = st.lists(
    st.one_of(known, st.text(max_size=6), st.sampled_from(("own.9", "own.0", "own.1??", "what")))
)


@given(st.lists(known, min_size=1, unique_by=lambda name: name.removesuffix("?")))
def test_what_was_written_is_read(asked: list[str]) -> None:
    assert read_questions(write_questions(asked)) == tuple(asked)


@given(texts.map(" ".join))
def test_whatever_is_read_is_asked_once_and_known(text: str) -> None:
    asked = read_questions(text)

    names = [question.removesuffix("?") for question in asked]
    assert len(names) == len(set(names)) > 0
    assert set(names) <= {*OURS, *OWN}
    assert read_questions(write_questions(asked)) == asked
    assert (free_own(asked) is None) == (set(OWN) <= set(names))


def test_the_page_reads_it_alike(node: str, checkout: Path) -> None:
    asked = [
        "",
        "area",
        "own.1? name own.1 area area",
        "own.9 what more",
        "\tmore\n own.8",
        "own.1?? x",
        "when\u00a0not",
    ]
    module = (checkout / "js" / "page" / "questions.js").as_uri()
    lines = (
        f"const {{ readQuestions }} = await import({json.dumps(module)});"
        f"process.stdout.write(JSON.stringify({json.dumps(asked)}.map(readQuestions)))"
    )
    done = subprocess.run(
        [node, "--input-type=module", "-e", lines], capture_output=True, text=True, check=True, cwd=checkout
    )

    assert json.loads(done.stdout) == [list(read_questions(text)) for text in asked]
